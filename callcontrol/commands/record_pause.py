"""Leave out of recordings what comes. Source: Telnyx' call control, record_pause."""

from __future__ import annotations

from callcontrol.command import Command, Data, Invocation
from callcontrol.commands._recording_order import RecordingOrderData, tell
from callcontrol.token import Scope
from recording.leg_recorder import LegOrder


def run(invocation: Invocation, data: Data) -> None:
    """See callcontrol.commands._recording_order."""
    tell(invocation, data, LegOrder.PAUSE)


COMMAND = Command(
    schema=RecordingOrderData,
    scope=Scope.RECORD,
    run=run,
    summary="Leave out of recordings what comes",
)
