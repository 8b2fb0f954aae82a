"""A session of `requests` for libraries that want one, each of its exchanges a guarded one.

Libraries that sign in to clouds speak HTTP through a session they are given. Through this one they reach
vetted addresses only, and get at most so much of an answer.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import requests
from urllib3.response import HTTPResponse

from storage.guarded_http import USUAL, Body, BodySource, GuardedHttp, Terms, WholeBody


class GuardedSession(requests.Session):
    """Sends through a GuardedHttp; redirects are the library's to judge, as answers.

    Raises (from `request`): ExchangeFailed, AddressRefused, what reading the body raises.
    """

    def __init__(self, http: GuardedHttp, terms: Terms = USUAL) -> None:
        super().__init__()
        self._http = http
        self._terms = terms

    def request(  # type: ignore[override]  # libraries name what they pass
        self,
        method: str | bytes,
        url: str | bytes,
        *args: Any,
        headers: Mapping[str, str | bytes] | None = None,
        data: Any = None,
        **options: Any,
    ) -> requests.Response:
        """Send one request. Args: data: None, bytes, text, or a stream of known length."""
        del args, options  # deadlines and trust are ours, not the library's
        reply = self._http.exchange(
            _text(method),
            _text(url),
            headers={name: _text(value) for name, value in (headers or {}).items()},
            body=_source(data),
            max_redirects=0,
            terms=self._terms,
        )
        response = requests.Response()
        response.status_code = reply.status
        response.reason = reply.reason
        response.url = reply.url
        response.headers.update(reply.headers)
        response.raw = HTTPResponse(
            body=io.BytesIO(reply.body),
            headers=dict(reply.headers),
            status=reply.status,
            reason=reply.reason,
            request_method=_text(method),
            preload_content=False,
            decode_content=False,
        )
        return response


def _source(data: Any) -> BodySource | None:
    if data is None:
        return None
    if isinstance(data, str):
        data = data.encode()

    def opened() -> AbstractContextManager[Body]:
        return nullcontext(WholeBody(data) if isinstance(data, bytes) else data)

    return opened


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
