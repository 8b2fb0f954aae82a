"""Sends digits from a leg, which the other end hears. Source: Telnyx' call control, send_dtmf; FreeSWITCH
switch_core_io.c, switch_core_session_send_dtmf_string.
"""

from __future__ import annotations

from marshmallow import fields, validate

from callcontrol.command import Command, CommandData, Data, Invocation
from callcontrol.field import Whole
from callcontrol.token import Scope
from calls.digits import MAX_SENT_DIGITS

MAX_DIGITS = 512
"""Telnyx names no limit; sent at the shortest they take two minutes."""

MIN_MS, MAX_MS = 100, 500
DURATION_MS = 250


class SendDtmfData(CommandData):
    """Parameters of send_dtmf."""

    digits = fields.String(
        required=True,
        validate=(validate.Length(max=MAX_DIGITS), validate.Regexp(r"[0-9A-Da-d*#wW]+\Z")),
        metadata={
            "description": "0-9, A-D, * and #; w waits for half a second, W for a second.",
            "pattern": "^[0-9A-Da-d*#wW]+$",
        },
    )
    duration_millis = Whole(MIN_MS, MAX_MS, "Of each digit.", load_default=DURATION_MS)


def run(invocation: Invocation, data: Data) -> None:
    """Have the leg send them, without waiting for their end. Raises: CallNotAnswered, CallEnded."""
    invocation.answered()
    channel, digits = invocation.channel, data["digits"]
    parts = [digits[at : at + MAX_SENT_DIGITS] for at in range(0, len(digits), MAX_SENT_DIGITS)]
    channel.run(*(channel.of("uuid_send_dtmf", f"{part}@{data['duration_millis']}") for part in parts))


COMMAND = Command(schema=SendDtmfData, scope=Scope.CONTROL, run=run, summary="Send digits")
