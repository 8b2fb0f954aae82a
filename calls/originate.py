"""Makes a call that nobody waits for on another: a leg is dialled over the inbound connection.

    dialled --answered--> goes where `then` says: waits (PARK), or is handed over to an engine
            --refused, or the time is up--> the cause

The uuid of the leg is chosen by whoever dials, so its events can be followed from the first on. Of several
legs that ring at once the first to answer has it.
Source: FreeSWITCH mod_commands.c (originate_function), switch_ivr_originate.c.
"""

from __future__ import annotations

import re
from typing import Final, Protocol

from calls.cause import HangupCause
from calls.dial_rules import DialRules
from calls.dial_string import Groups, dial_string
from esl.errors import BadCommand, CommandRefused
from esl.quoting import word

PARK: Final = "&park()"
"""It waits until it is told what to do, or its caller's limit of parking is reached."""

BEYOND_S = 10.0
"""For FreeSWITCH to say how it went, after the last leg's limit."""

_ADDRESS = re.compile(r"[A-Za-z0-9_.:|\[\]-]{1,256}\Z")


class Jobs(Protocol):
    """The inbound connection (esl.link.Link)."""

    def bgapi(self, name: str, arg: str = "", timeout_s: float = 30.0) -> str:
        """Run an API command that may take its time, return its output."""


def handed_over(address: str) -> str:
    """Return the `then` of a leg that is to become a call of an engine.

    Args: address: `host:port` as FreeSWITCH reaches it. Raises: BadCommand: it is none.
    """
    if not _ADDRESS.match(address):
        raise BadCommand("no address of an engine")
    return f"&socket({address} async full)"


def originate(link: Jobs, groups: Groups, rules: DialRules, then: str) -> HangupCause:
    """Dial legs, and wait until one has answered or none has.

    Args: groups: as for a bridge: those of one group ring at once, groups follow each other; then: PARK, or
    from handed_over.
    Returns: NONE when one has answered, else why none did.
    Raises: NotDialable; LinkLost, ReplyTimeout: it may have been dialled, or may be being dialled.
    """
    dialled = dial_string(groups, rules, {"ignore_early_media": "true"})
    limit_s = sum(max(leg.limit_s for leg in group) for group in groups)
    try:
        link.bgapi("originate", f"{word(dialled)} {word(then)}", limit_s + BEYOND_S)
    except CommandRefused as exc:
        return HangupCause.of(exc.reply.removeprefix("-ERR").strip())
    return HangupCause.NONE
