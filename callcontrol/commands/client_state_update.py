"""Changes what further webhooks of a call carry. Source: Telnyx' call control, client_state_update."""

from __future__ import annotations

from callcontrol import variables
from callcontrol.command import Command, CommandData, Data, Invocation
from callcontrol.field import client_state
from callcontrol.token import Scope


class ClientStateUpdateData(CommandData):
    """Parameters of client_state_update."""

    client_state = client_state(required=True)


def run(invocation: Invocation, data: Data) -> None:
    """Put it on the channel; one that is gone is told."""
    invocation.channel.set({variables.CLIENT_STATE: data["client_state"]})


COMMAND = Command(
    schema=ClientStateUpdateData,
    scope=Scope.CONTROL,
    run=run,
    summary="Change the state that further webhooks carry",
    method="PUT",
)
