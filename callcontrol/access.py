"""Who asks: the bearer's token, its scope and its rate; and the line in the log that every request leaves."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping

import structlog
from flask import Response, g, request

from callcontrol.errors import Forbidden, RateLimited, Unauthenticated
from callcontrol.rate_limit import RateLimit
from callcontrol.token import Scope, Token
from callcontrol.tokens import TokenBook

Observer = Callable[[str, int, float], object]
"""Hears of each request: its page (the endpoint's own name), status, and the seconds that it took."""

log = structlog.get_logger("callcontrol.access")


class Access:
    """Lets requests in or not. Its two hooks belong to blueprints whose every page needs a token.

    Args: scopes: of each endpoint, by its full name; an endpoint that is missing needs admin.
    """

    def __init__(
        self,
        tokens: TokenBook,
        limit: RateLimit,
        scopes: Mapping[str, Scope],
        observe: Observer = lambda *_: None,
    ) -> None:
        self._tokens = tokens
        self._limit = limit
        self._scopes = scopes
        self._observe = observe

    def check(self) -> None:
        """Before a request: find out who asks. Raises: Unauthenticated, RateLimited, Forbidden."""
        g.began_s = time.monotonic()
        scheme, _, text = (request.headers.get("Authorization") or "").partition(" ")
        token = self._tokens.find(text.strip()) if scheme.lower() == "bearer" else None
        if token is None:
            raise Unauthenticated
        g.token = token
        wait_s = self._limit.take(token.id)
        if wait_s:
            raise RateLimited(wait_s)
        scope = self._scopes.get(request.endpoint or "", Scope.ADMIN)
        if not token.allows(scope):
            raise Forbidden(scope)

    def note(self, response: Response) -> Response:
        """After a request: say what is left of the rate, and leave a line in the log."""
        token = token_of_request()
        if token is not None and self._limit.rate_per_s:
            response.headers["x-ratelimit-limit"] = str(self._limit.burst)
            response.headers["x-ratelimit-remaining"] = str(self._limit.left(token.id))
        took_s = time.monotonic() - g.get("began_s", time.monotonic())
        self._observe((request.endpoint or "").rpartition(".")[2], response.status_code, took_s)
        log.info(
            "api_request",
            key_id=token.id if token else "",
            account_id=token.account_id if token else "",
            method=request.method,
            path=request.path,
            status=response.status_code,
            peer=request.remote_addr or "",
            took_ms=round(took_s * 1000, 1),
        )
        return response


def token_of_request() -> Token | None:
    """Return the token of the request under way, None before it is known."""
    token: Token | None = g.get("token")
    return token


def asking() -> Token:
    """Return the token of a request that was let in."""
    token = token_of_request()
    if token is None:
        raise Unauthenticated  # a page that forgot the hook is closed, not open
    return token


def retry_after(error: RateLimited) -> dict[str, str]:
    """Return the headers that say when to come back; whole seconds, never 0."""
    return {
        "Retry-After": str(max(1, math.ceil(error.wait_s))),
        "retry-after-ms": str(max(1, math.ceil(error.wait_s * 1000))),
    }
