"""Gets access tokens for Google's store from a service account's key, by google-auth (an optional extra).

The library signs the request for a token, which goes over connections of ours: a key may name any place to
ask for one.
Source: RFC 7523 (JWT bearer grants), as google.oauth2 has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request
from google.oauth2.service_account import Credentials

from storage.errors import DeliveryFailed
from storage.guarded_http import GuardedHttp
from storage.guarded_session import GuardedSession

SCOPES = ("https://www.googleapis.com/auth/devstorage.read_write",)
MAX_KEPT = 1000
"""Accounts whose tokens are kept; beyond that a delivery asks for its own."""


class TokenSource:
    """Tokens by account, each used until it is about to expire."""

    def __init__(self, http: GuardedHttp) -> None:
        self._ask = Request(session=GuardedSession(http))
        self._kept: dict[tuple[str, ...], Credentials] = {}

    def authorization(self, account: Mapping[str, Any]) -> str:
        """Return the Authorization header for a service account's key, as Google's JSON has it.

        Raises: DeliveryFailed, ExchangeFailed, AddressRefused.
        """
        name = tuple(
            str(account.get(each)) for each in ("client_email", "private_key_id", "private_key", "token_uri")
        )
        try:
            credentials = self._kept.get(name)
            if credentials is None:
                credentials = Credentials.from_service_account_info(dict(account), scopes=SCOPES)
                if len(self._kept) < MAX_KEPT:
                    self._kept[name] = credentials
            if not credentials.valid:
                credentials.refresh(self._ask)
        except GoogleAuthError as exc:
            raise DeliveryFailed(
                "no token was given for its service account", retryable=exc.retryable
            ) from exc
        except (ValueError, TypeError, KeyError) as exc:
            raise DeliveryFailed("the key of its service account cannot be used", retryable=False) from exc
        return f"Bearer {credentials.token}"

    def forget(self, account: Mapping[str, Any]) -> None:
        """Ask anew next time: the store did not take the token."""
        for name in [each for each in self._kept if each[0] == str(account.get("client_email"))]:
            del self._kept[name]
