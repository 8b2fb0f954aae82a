"""Identifiers for executes and background jobs: shaped and unique like UUIDs, a tenth of their cost.

FreeSWITCH hands them back and keeps 36 characters of a job's (mod_event_socket.c,
SWITCH_UUID_FORMATTED_LENGTH), so they have the shape of a UUID: 74 random bits drawn once per process,
then 48 bits of a counter.
"""

from __future__ import annotations

import itertools
import os
import uuid

_counter = itertools.count(1)
_prefix = ""


def new_identifier() -> str:
    """An identifier that no other execute or job has, in this process or another."""
    return f"{_prefix}{next(_counter):012x}"


def _draw() -> None:
    """Draw the random part; again in each forked process, or two would count through the same ones."""
    global _prefix  # noqa: PLW0603 - one per process by its very purpose
    _prefix = str(uuid.uuid4())[:24]


_draw()
os.register_at_fork(after_in_child=_draw)
