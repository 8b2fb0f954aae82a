"""Go on with recordings that pause. Source: Telnyx' call control, record_resume."""

from __future__ import annotations

from callcontrol.command import Command, Data, Invocation
from callcontrol.commands._recording_order import RecordingOrderData, tell
from callcontrol.token import Scope
from recording.leg_recorder import LegOrder


def run(invocation: Invocation, data: Data) -> None:
    """See callcontrol.commands._recording_order."""
    tell(invocation, data, LegOrder.RESUME)


COMMAND = Command(
    schema=RecordingOrderData,
    scope=Scope.RECORD,
    run=run,
    summary="Go on with recordings that pause",
)
