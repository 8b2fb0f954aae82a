"""How a call ended, as told by its last events."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from calls.cause import HangupCause, Termination
from calls.errors import CallGone, CallLeft
from esl.event import Event


class How(StrEnum):
    """In which way a call ceased to be ours."""

    HANGUP = "hangup"  # the channel is gone
    LEFT = "left"  # the channel lives on, elsewhere in FreeSWITCH
    LINK_LOST = "link_lost"  # the connection broke; what became of the channel is not known


EXECUTING = "4"
DOWN = frozenset(("10", "11", "12"))
"""States, as Channel-State-Number has them: of a channel that runs applications, of one that is hung up.
Source: FreeSWITCH switch_types.h switch_channel_state_t; switch_channel_perform_hangup, which sets the state
before it tells of the hangup."""


@dataclass(frozen=True, slots=True)
class CallEnd:
    """The end of one call.

    Attributes: cause, verdict: why, and whose doing; raw_cause: FreeSWITCH's word for it; sip_code: the
    status the other side ended it with, 0 when there was none; reason: of a lost link, "" otherwise.
    """

    how: How
    cause: HangupCause
    verdict: Termination
    raw_cause: str = ""
    sip_code: int = 0
    reason: str = ""

    def error(self) -> CallGone:
        """Return what is to be raised from whoever waits on the call."""
        if self.how is How.HANGUP:
            return CallGone(self.cause, self.verdict)
        return CallLeft(self.reason or self.how.value)


def hung_up(event: Event) -> CallEnd:
    """Read CHANNEL_HANGUP. Source: FreeSWITCH switch_channel_perform_hangup; mod_sofia (sip_term_status)."""
    raw_cause = event.get("Hangup-Cause") or ""
    cause = HangupCause.of(raw_cause)
    status = event.variable("sip_term_status") or event.variable("sip_invite_failure_status") or ""
    sip_code = int(status) if status.isascii() and status.isdigit() and len(status) == 3 else 0
    return CallEnd(How.HANGUP, cause, cause.verdict, raw_cause, sip_code)


def is_elsewhere(event: Event) -> bool:
    """Whether a channel whose `socket` has ended was sent elsewhere.

    A channel that is transferred waits for routing by then (Channel-State-Number 2). One that is hung up is
    down, or still in CS_EXECUTE (4): a loopback leg cannot read any more before it is hung up itself.
    """
    return event.get("Channel-State-Number") != EXECUTING and not is_down(event)


def is_down(event: Event) -> bool:
    """Whether a channel was being hung up when it told of this."""
    return event.get("Channel-State-Number") in DOWN


def left() -> CallEnd:
    """The `socket` application ended before the channel did: it was transferred away."""
    return CallEnd(How.LEFT, HangupCause.UNKNOWN, Termination.INDETERMINATE, reason="transferred away")


def link_lost(reason: str) -> CallEnd:
    """The connection closed while the channel, as far as we know, was up."""
    return CallEnd(How.LINK_LOST, HangupCause.UNKNOWN, Termination.INDETERMINATE, reason=reason)
