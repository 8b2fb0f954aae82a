"""Takes a leg out of the bridge it is in, so that it can be given another.

FreeSWITCH would run a second bridge within the first one, whose other leg would hear nothing and stay; while
the first one is still being called, whoever answers the second would be hung up. A leg that is sent elsewhere
has left: the other one then goes where its own variables want it to, and who only rings is let go.
"""

from __future__ import annotations

import time

import gevent

from callcontrol.channel import LiveChannel
from callcontrol.errors import Unanswered
from callcontrol.parting import APPLICATIONS, WAITING
from callcontrol.snapshot import Snapshot

BRIDGE = "bridge"
"""The application that calls a leg and connects it."""

PATIENCE_S = 2.0
"""A leg leaves its bridge within two media frames."""

PAUSE_S = 0.02


def leave_bridge(channel: LiveChannel, snapshot: Snapshot) -> None:
    """Have a leg that talks with another, or calls one, wait for commands, and see that it has left.

    Any other leg is left where it is. Raises: CallEnded, Unanswered.
    """
    if not (snapshot.bridged_with or snapshot.variable("current_application") == BRIDGE):
        return
    channel.api("uuid_transfer", f"{WAITING} inline")
    deadline_s = time.monotonic() + PATIENCE_S
    while not _is_waiting(channel.snapshot()):
        if time.monotonic() > deadline_s:
            raise Unanswered
        gevent.sleep(PAUSE_S)


def _is_waiting(snapshot: Snapshot) -> bool:
    return not snapshot.bridged_with and snapshot.variable("current_application") in APPLICATIONS
