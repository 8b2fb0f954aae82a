"""Gathers digits. Source: Telnyx' call control, gather; see callcontrol.gathering."""

from __future__ import annotations

from callcontrol.command import Command, Data, Invocation
from callcontrol.field import Text, Whole
from callcontrol.gathering_fields import FIRST_MS, MAX_MS, TIMEOUT_MS, GatherData, begin, plain
from callcontrol.token import Scope


class PlainGatherData(GatherData):
    """Parameters of gather."""

    gather_id = Text(1, 255, "Handed back in call.gather.ended; one is made where none is given.")
    timeout_millis = Whole(1, MAX_MS, "All of it must be done in so long.", load_default=TIMEOUT_MS)
    initial_timeout_millis = Whole(1, MAX_MS, "The first digit must come so soon.", load_default=FIRST_MS)


def run(invocation: Invocation, data: Data) -> None:
    """Begin to listen at once, whatever is heard meanwhile; see callcontrol.gathering_fields.begin."""
    begin(invocation, plain(data), gather_id=data.get("gather_id") or "")


COMMAND = Command(
    schema=PlainGatherData,
    scope=Scope.CONTROL,
    run=run,
    summary="Gather digits",
    webhooks=("call.dtmf.received", "call.gather.ended"),
)
