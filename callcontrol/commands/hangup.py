"""Ends a call. Source: Telnyx' call control, hangup; FreeSWITCH mod_sofia.c, sofia_on_hangup (sip_reason)."""

from __future__ import annotations

from marshmallow import ValidationError, fields, validate

from callcontrol.command import Command, CommandData, Data, Invocation
from callcontrol.sip_headers import Message, assignments, custom_headers
from callcontrol.token import Scope

MAX_REASON = 255


def _fits_a_header(value: str) -> None:
    if any(char in '"\\' or not 0x20 <= ord(char) <= 0xFFFF or ord(char) == 0x7F for char in value):
        raise ValidationError('Must not contain ", \\, control characters or emoji.')


class HangupData(CommandData):
    """Parameters of hangup."""

    reason = fields.String(
        validate=(validate.Length(max=MAX_REASON), _fits_a_header),
        metadata={
            "description": "Text of the SIP header Reason that cancels an outgoing leg nobody has answered.",
            "pattern": r"^[ !#-\[\]-~\x80-\uffff]*$",
        },
    )
    custom_headers = custom_headers("Put into the SIP message that ends the call.")


def run(invocation: Invocation, data: Data) -> None:
    """Hang the leg up, whatever it is doing."""
    channel = invocation.channel
    before = assignments(channel, Message.BYE, data["custom_headers"])
    reason = data.get("reason")
    if reason and _can_be_cancelled(invocation):
        before.append(channel.assigning("sip_reason", f'SIP;cause=200;text="{reason}"'))
    channel.run(*before, channel.of("uuid_kill", "NORMAL_CLEARING"))


def _can_be_cancelled(invocation: Invocation) -> bool:
    """Whether the leg is one that we called and that nobody has answered."""
    snapshot = invocation.snapshot()
    return not snapshot.is_incoming and not snapshot.is_answered


COMMAND = Command(
    schema=HangupData,
    scope=Scope.CONTROL,
    run=run,
    summary="Hang a call up",
    webhooks=("call.hangup", "call.recording.saved"),
)
