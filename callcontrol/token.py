"""Bearer tokens: what one says of its bearer, and how it is kept.

A token is `KEY`, its id, and 256 random bits, written in base64 of URLs. Of it only the SHA-256 is kept. A
slow hash (bcrypt, argon2) makes guessing of *chosen* secrets dear; there is nothing to guess in 256 random
bits, and a tenth of a second for each request would be dear for us alone.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from storage.names import is_account_id

PREFIX = "KEY"
"""Telnyx' keys begin so, and scanners for leaked secrets look for it."""

DOCUMENT_TYPE = "api_token"
MAX_LENGTH = 128
"""Characters of a header's token that is looked at; ours have 63."""

_ID_BYTES = 6
_SECRET_BYTES = 32
_ID = re.compile(r"[0-9a-f]{12}\Z")
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_TOKEN = re.compile(r"KEY[0-9a-f]{12}_[A-Za-z0-9_-]{43}\Z")


class Scope(StrEnum):
    """What a token may be used for."""

    RECORD = "record"  # begin, pause, stop recordings
    LISTEN = "listen"  # fetch and list recordings and transcripts
    CONTROL = "control"  # command calls, dial
    ADMIN = "admin"  # all of this; delete recordings, change connections


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is kept, without what must be secret.

    Attributes: id: 12 hex digits, may be told; account_id: nothing of any other account is reached with it;
    name: for people; digest: SHA-256 of the token, in hex; expires_at, created_at: epoch seconds, 0: never,
    unknown.
    """

    id: str
    account_id: str
    scopes: frozenset[Scope]
    digest: str
    name: str = ""
    created_at: int = 0
    expires_at: int = 0

    def allows(self, scope: Scope) -> bool:
        """Whether its bearer may do that."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def is_valid(self, now_s: float) -> bool:
        """Whether it has not expired."""
        return not self.expires_at or now_s < self.expires_at

    def document(self) -> dict[str, Any]:
        """Return the document that keeps it."""
        return {
            "_id": self.id,
            "pvt_type": DOCUMENT_TYPE,
            "pvt_account_id": self.account_id,
            "name": self.name,
            "scopes": sorted(self.scopes),
            "sha256": self.digest,
            "created_at": self.created_at,
            "expires_at": self.expires_at,
        }


def new_token(
    account_id: str, scopes: Iterable[Scope], *, name: str = "", created_at: int = 0, expires_at: int = 0
) -> tuple[str, Token]:
    """Return a fresh token's text, which is nowhere else to be had, and what is kept of it."""
    token_id = secrets.token_hex(_ID_BYTES)
    text = f"{PREFIX}{token_id}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    kept = Token(token_id, account_id, frozenset(scopes), digest_of(text), name, created_at, expires_at)
    return text, kept


def digest_of(text: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def id_of(text: str) -> str:
    """Return the id that a token's text claims, "" for a text that is no token of ours."""
    return text[len(PREFIX) : len(PREFIX) + 2 * _ID_BYTES] if _TOKEN.match(text) else ""


def is_of(token: Token, text: str) -> bool:
    """Whether this text is that token, in a time that tells nothing."""
    return hmac.compare_digest(token.digest, digest_of(text))


def read_document(document: dict[str, Any]) -> Token | None:
    """Return the token of a document, None for a document that is none, or that somebody broke."""
    token_id, digest = document.get("_id"), document.get("sha256")
    account_id, scopes = document.get("pvt_account_id"), document.get("scopes")
    if document.get("pvt_type") != DOCUMENT_TYPE or document.get("pvt_deleted"):
        return None
    if not isinstance(token_id, str) or not _ID.match(token_id):
        return None
    if not isinstance(digest, str) or not _DIGEST.match(digest):
        return None
    if not isinstance(account_id, str) or not is_account_id(account_id) or not isinstance(scopes, list):
        return None
    expires_at = document.get("expires_at", 0)
    if not isinstance(expires_at, int) or isinstance(expires_at, bool):
        return None  # an expiry that cannot be read is no licence for ever
    known = frozenset(Scope(one) for one in scopes if one in tuple(Scope))
    return Token(
        token_id,
        account_id,
        known,
        digest,
        name=_text(document.get("name")),
        created_at=_moment(document.get("created_at")),
        expires_at=expires_at,
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _moment(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
