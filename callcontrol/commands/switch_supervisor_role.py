"""Changes who hears a supervisor. Source: Telnyx' call control, switch_supervisor_role."""

from __future__ import annotations

from callcontrol import supervising
from callcontrol.command import Command, CommandData, Data, Invocation
from callcontrol.field import Word
from callcontrol.token import Scope


class SwitchSupervisorRoleData(CommandData):
    """Parameters of switch_supervisor_role."""

    role = Word(
        supervising.ROLES,
        "barge: heard by both sides; whisper: by the supervised call alone; monitor: by nobody.",
        required=True,
    )


def run(invocation: Invocation, data: Data) -> None:
    """Have FreeSWITCH mix otherwise. Raises: Unprocessable: the call supervises none; CallEnded."""
    supervising.switch(invocation.channel, invocation.snapshot(), data["role"])


COMMAND = Command(
    schema=SwitchSupervisorRoleData,
    scope=Scope.CONTROL,
    run=run,
    summary="Change who hears a supervisor",
)
