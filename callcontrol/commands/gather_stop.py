"""Ends a gather before its time. Source: Telnyx' call control, gather_stop."""

from __future__ import annotations

from callcontrol.command import Command, CommandData, Data, Invocation
from callcontrol.gathering_order import telling
from callcontrol.token import Scope


def run(invocation: Invocation, data: Data) -> None:
    """Have the gather ended, and its prompt; that nothing is gathered is no fault.

    Raises: CallEnded, Unavailable, Unanswered.
    """
    state = data.get("client_state") or ""
    invocation.channel.run(telling(invocation.snapshot(), invocation.account_id, state=state))


COMMAND = Command(
    schema=CommandData,
    scope=Scope.CONTROL,
    run=run,
    summary="Stop gathering digits",
    webhooks=("call.gather.ended",),
)
