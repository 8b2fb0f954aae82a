"""Names of conferences and queues within FreeSWITCH, which has one namespace for all accounts.

A document's name is its account's own: the account is part of the name, and no two names of documents make
the same one. What may not stand in an application's argument is written `_` and two hex digits a byte.
"""

from __future__ import annotations

import re

from config.errors import CallflowsError

MAX_LENGTH = 128
"""Of a name as documents write it."""

_UNFIT = re.compile(rb"[^A-Za-z0-9.-]")


class BadRoomName(CallflowsError):
    """A name that is empty, or too long."""


def room_of(account_id: str, name: str) -> str:
    """Return FreeSWITCH's name for a conference or queue of an account. Raises: BadRoomName."""
    if not name.strip() or len(name) > MAX_LENGTH:
        raise BadRoomName(f"{name[:40]!r} is no name of 1 to {MAX_LENGTH} characters")
    return f"{_plain(account_id) or 'none'}__{_plain(name)}"


def _plain(text: str) -> str:
    raw = text.encode("utf-8", "replace")
    return _UNFIT.sub(lambda match: b"_%02x" % match[0][0], raw).decode("ascii")
