"""Answers a call. Source: Telnyx' call control, answer."""

from __future__ import annotations

from callcontrol.command import Command, CommandData, Data, Invocation
from callcontrol.token import Scope


class AnswerData(CommandData):
    """Parameters of answer."""


def run(invocation: Invocation, data: Data) -> None:
    """Have FreeSWITCH answer at once, whatever the leg is doing; one that is answered stays so."""
    del data
    invocation.channel.api("uuid_answer")


COMMAND = Command(
    schema=AnswerData,
    scope=Scope.CONTROL,
    run=run,
    summary="Answer an incoming call",
    webhooks=("call.answered",),
)
