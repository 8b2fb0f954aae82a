"""A second call that a command names by its id."""

from __future__ import annotations

from callcontrol.call_control_id import CallControlId
from callcontrol.channel import LiveChannel, channel_of
from callcontrol.errors import NO_SUCH_ASSOCIATE, CallEnded, invalid
from callcontrol.facilities import Facilities
from callcontrol.snapshot import Snapshot


def other_call(
    facilities: Facilities, account_id: str, text: str, pointer: str, *, node: str
) -> tuple[LiveChannel, Snapshot]:
    """Return the leg that a parameter names, and how it stands: of the same account and FreeSWITCH, and live.

    Args: pointer: to the parameter; node: where the first call is. Raises: Unprocessable, CallEnded: with the
    pointer; Unavailable, Unanswered.
    """
    named: CallControlId | None = facilities.ids.read(text)
    if named is None or named.account_id != account_id:
        raise invalid(pointer, "There is no call of that id.", NO_SUCH_ASSOCIATE)
    if named.node != node:
        raise invalid(pointer, "That call is on another FreeSWITCH.", NO_SUCH_ASSOCIATE)
    try:
        channel = channel_of(facilities.switches, named.node, named.uuid)
        snapshot = channel.snapshot()
    except CallEnded as exc:
        raise CallEnded(pointer) from exc
    if snapshot.is_over:
        raise CallEnded(pointer)
    return channel, snapshot
