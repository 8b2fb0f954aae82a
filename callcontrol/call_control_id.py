"""Call control ids: each names a leg and whose it is, so that any process can command it without a table.

`v3:` and, in base64 of URLs, a code of authenticity (HMAC-SHA-256, its first 16 bytes) before the account,
the FreeSWITCH and its channel. Whoever has not the secret can make none up: 128 bits cannot be guessed over
HTTP. The id says who a call belongs to, not who asks: a token of that account is needed besides.

What is called call_leg_id is FreeSWITCH's uuid of the leg, and call_session_id that of the leg the
conversation began with; they command nothing and are readable on purpose, so that logs of both sides can be
laid side by side.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from functools import lru_cache

PREFIX = "v3:"
"""Telnyx' ids of today begin so; some clients look at it."""

MAX_LENGTH = 600
"""Characters: 16 bytes and three names at their longest, in base64."""

REMEMBERED = 4_096
"""Ids whose reading is remembered: a call gets one command after the other."""

_CODE_BYTES = 16
_PURPOSE = b"callflows call_control_id 3"
_UUID = re.compile(r"[A-Za-z0-9_.:-]{1,128}\Z")
_NODE = re.compile(r"[A-Za-z0-9._@-]{1,255}\Z")
_ACCOUNT = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_TEXT = re.compile(r"v3:[A-Za-z0-9_-]+\Z")


@dataclass(frozen=True, slots=True)
class CallControlId:
    """What an id says.

    Attributes: account_id: whose call it is; node: the FreeSWITCH, as freeswitch.node names it; uuid: of the
    channel.
    """

    account_id: str
    node: str
    uuid: str


class CallControlIds:
    """Makes ids and reads them. Args: secret: shared by all processes, else each knows its own only."""

    def __init__(self, secret: bytes) -> None:
        self._key = hmac.digest(secret, _PURPOSE, hashlib.sha256)
        self._read = lru_cache(REMEMBERED)(self._judged)

    def text(self, named: CallControlId) -> str:
        """Return the id. Raises: ValueError: a name that none of ours could be."""
        if not is_nameable(named):
            raise ValueError(f"no call control id for {named}")
        body = "\n".join((named.account_id, named.node, named.uuid)).encode()
        return PREFIX + base64.urlsafe_b64encode(self._code(body) + body).rstrip(b"=").decode()

    def read(self, text: str) -> CallControlId | None:
        """Return what an id says, None when it is none of ours.

        Seen for the first time, either takes as long; that one was seen before is no secret.
        """
        return self._read(text) if len(text) <= MAX_LENGTH else None

    def _judged(self, text: str) -> CallControlId | None:
        if not _TEXT.match(text):
            return None
        encoded = text.removeprefix(PREFIX)
        try:
            packed = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        except (ValueError, binascii.Error):
            return None
        code, body = packed[:_CODE_BYTES], packed[_CODE_BYTES:]
        if not hmac.compare_digest(code, self._code(body)):
            return None
        account_id, node, uuid = body.decode().split("\n")  # we made it: the code says so
        named = CallControlId(account_id, node, uuid)
        # Base64's last character may hold bits that say nothing: one leg, one id.
        return named if hmac.compare_digest(text.encode(), self.text(named).encode()) else None

    def _code(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, hashlib.sha256)[:_CODE_BYTES]


def is_nameable(named: CallControlId) -> bool:
    """Whether a leg can have an id: whose account is known, and which bears ordinary names."""
    return bool(_ACCOUNT.match(named.account_id) and _NODE.match(named.node) and _UUID.match(named.uuid))
