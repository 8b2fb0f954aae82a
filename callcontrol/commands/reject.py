"""Refuses an incoming call that nobody has answered. Source: Telnyx' call control, reject; FreeSWITCH
mod_sofia.c, hangup_cause_to_sip.
"""

from __future__ import annotations

from callcontrol.command import Command, CommandData, Data, Invocation
from callcontrol.errors import invalid
from callcontrol.field import Word
from callcontrol.token import Scope
from calls.cause import HangupCause

CAUSES = {
    "CALL_REJECTED": HangupCause.CALL_REJECTED,  # 603
    "USER_BUSY": HangupCause.USER_BUSY,  # 486
    "NOT_FOUND": HangupCause.UNALLOCATED_NUMBER,  # 404
    "TEMPORARILY_UNAVAILABLE": HangupCause.NO_ANSWER,  # 480
}


class RejectData(CommandData):
    """Parameters of reject."""

    cause = Word(tuple(CAUSES), "What the caller is told: 603, 486, 404 or 480.", required=True)


def run(invocation: Invocation, data: Data) -> None:
    """Refuse it. Raises: Unprocessable: it is answered, or goes out; CallEnded."""
    snapshot = invocation.snapshot()
    if snapshot.is_answered or not snapshot.is_incoming:
        raise invalid("", "Only an incoming call that nobody has answered can be rejected.")
    invocation.channel.api("uuid_kill", CAUSES[data["cause"]].value)


COMMAND = Command(
    schema=RejectData,
    scope=Scope.CONTROL,
    run=run,
    summary="Refuse an incoming call",
    webhooks=("call.hangup",),
)
