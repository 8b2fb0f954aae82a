"""Ends a call. Source: Telnyx' call control, hangup."""

from __future__ import annotations

from marshmallow import ValidationError

from callcontrol.command import Command, CommandData, Data, Invocation
from callcontrol.field import Text
from callcontrol.token import Scope


def _fits_a_header(value: str) -> None:
    if any(char in '"\\' or ord(char) > 0xFFFF for char in value):
        raise ValidationError('Must not contain ", \\ or characters beyond the Basic Multilingual Plane.')


class HangupData(CommandData):
    """Parameters of hangup."""

    reason = Text(0, 255, "Said in the SIP header Reason, where an unanswered outgoing leg is cancelled.")


def run(invocation: Invocation, data: Data) -> None:
    """Hang the leg up, whatever it is doing."""
    del data
    invocation.channel.api("uuid_kill", "NORMAL_CLEARING")


COMMAND = Command(
    schema=HangupData,
    scope=Scope.CONTROL,
    run=run,
    summary="Hang a call up",
    webhooks=("call.hangup", "call.recording.saved"),
)
