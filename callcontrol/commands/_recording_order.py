"""What record_stop, record_pause and record_resume have in common: one or all recordings are told
something.
"""

from __future__ import annotations

from callcontrol.command import CommandData, Data, Invocation
from callcontrol.errors import Fault, Kind, Unavailable, Unprocessable
from callcontrol.field import Text
from callcontrol.recording_parameters import ORIGIN
from recording.errors import LegNotRecorded
from recording.leg_recorder import LegOrder

NO_RECORDING = Kind("90042", "Call recording not found")


class RecordingOrderData(CommandData):
    """Parameters of such a command."""

    recording_id = Text(1, 64, "Which recording; without it all that record_start began on this leg.")


def tell(invocation: Invocation, data: Data, order: LegOrder) -> None:
    """Tell the recordings that are meant. Raises: Unprocessable: there is none; CallEnded; Unavailable."""
    recording_id = data.get("recording_id", "")
    try:
        obeyed = invocation.facilities.recorder.order_on(
            order,
            invocation.call.uuid,
            invocation.account_id,
            recording_id=_plain(recording_id),
            origin=ORIGIN,
        )
    except LegNotRecorded as exc:
        raise Unavailable(str(exc)) from exc
    if obeyed:
        return
    invocation.snapshot()  # a call that is over is told so
    detail = "There is no recording of this call that could do that now."
    pointer = "/recording_id" if recording_id else ""
    raise Unprocessable(Fault(NO_RECORDING, detail, pointer=pointer))


def _plain(recording_id: str) -> str:
    """Return our form of an id: clients may write it as a UUID."""
    return recording_id.replace("-", "").lower()
