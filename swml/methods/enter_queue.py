"""Waits in a queue until somebody takes the call (`connect` to `queue:<name>`), or the time is up.

| variable | |
|---|---|
| `queue_result`, `return_value` | `timeout` or `failed`: the script goes on |
| `wait_time` | how long it waited, in whole seconds |
| `entry_position`, `entry_size` | its place when it entered, and the queue's size, -1: not known |

Whoever is taken has left this script: when the two have parted, FreeSWITCH hands the call over anew, and what
`transfer_after_bridge` says is run then, as the program of a call that brings it along. Any engine can take
it up. Queues are the account's own.
Source: SignalWire's SWML reference, enter_queue; its JSON schema, EnterQueueObject.
"""

from __future__ import annotations

import json
import time
import uuid
from typing import Any, Final

from calls.errors import CallGone
from calls.queue import Place, QueueResult, Waited, enter
from calls.room import BadRoomName, room_of
from swml.hold_music import music_of
from swml.method import LEFT, Data, Method, Outcome, Support
from swml.methods import _after_bridge
from swml.methods._destination import is_url
from swml.properties import MethodData, text, web_url, whole
from swml.run import ScriptRun

EVENT_TYPE: Final = "calling.call.queue"
DEFAULT_WAIT_S = 3600
PROGRAM_VARIABLE: Final = "callflows_swml"
"""Names the program of a call that brings it along (callflows.own_program)."""

ACCOUNT_VARIABLE: Final = "callflows_account_id"


class EnterQueueData(MethodData):
    """Which, for how long, and what then."""

    queue_name = text("The queue; made when it is first entered.", required=True)
    transfer_after_bridge = text(
        "A URL or a document as JSON, gone to when the two have parted.", required=True
    )
    status_url = web_url("Where to tell of entering and leaving it.")
    wait_url = web_url("A sound file, heard meanwhile; the house's music.")
    wait_time = whole("How long to wait at most, in s.", minimum=1, default=DEFAULT_WAIT_S)


def run(run: ScriptRun, data: Data) -> Outcome | None:
    """Wait; leave when taken, else say why and go on."""
    entry = _Entry(run, data)
    try:
        room = room_of(run.account_id, data["queue_name"])
    except BadRoomName as exc:
        run.log.warning("queue_not_entered", reason=str(exc))
        _conclude(run, Waited(QueueResult.FAILED, 0.0, Place(0, 0)))
        return None
    program = _program(run, data)
    if program:
        own = {ACCOUNT_VARIABLE: run.account_id} if run.account_id else {}
        run.call.set({PROGRAM_VARIABLE: program, **own})
    began_at = time.monotonic()
    try:
        waited = enter(
            run.call,
            room,
            data["wait_time"],
            music=music_of(run, data["wait_url"] or ""),
            afterwards=_way_back(run) if program else "",
            on_entered=entry.enqueued,
        )
    except CallGone:
        run.log.info("queue_left", result="hangup", waited_s=round(time.monotonic() - began_at, 3))
        entry.left()
        raise
    if waited.result is QueueResult.CONNECTED:
        run.log.info("queue_left", result=waited.result.value, by=waited.taken_by)
        entry.dequeued(waited.place)
        return LEFT
    if program:
        run.call.set({PROGRAM_VARIABLE: ""})
    entry.left()
    _conclude(run, waited)
    return None


def _program(run: ScriptRun, data: Data) -> str:
    """Return what the call is to bring along: a URL, or a document in one line; "" for nothing usable."""
    dest = _after_bridge.destination_of(run, data[_after_bridge.NAME])
    if not dest or is_url(dest):
        return dest
    try:
        return json.dumps(json.loads(dest), separators=(",", ":"))
    except ValueError:
        run.log.warning("no_document_after_bridge", outcome="the call is hung up then")
        return ""


def _way_back(run: ScriptRun) -> str:
    """Return where FreeSWITCH hands the call over anew, "" where that is not known."""
    door = run.call.identity.handed_to
    if not door:
        run.log.warning("no_way_back", outcome="the call is hung up after the talk")
        return ""
    return f"'socket:{door} async full':inline"


def _conclude(run: ScriptRun, waited: Waited) -> None:
    place = waited.place
    run.log.info("queue_left", result=waited.result.value, waited_s=round(waited.waited_s, 3))
    for name in ("queue_result", "return_value"):
        run.variables.set(name, waited.result.value)
    run.variables.set("wait_time", int(waited.waited_s))
    run.variables.set("entry_position", place.position or -1)
    run.variables.set("entry_size", place.size or -1)


class _Entry:
    """An entry in a queue, as its callbacks tell it. The times are epoch microseconds."""

    def __init__(self, run: ScriptRun, data: Data) -> None:
        self._run = run
        self._data = data
        self._control_id = str(uuid.uuid4())
        self._id = str(uuid.uuid4())
        self._place = Place(0, 0)
        self._at_us = 0

    def enqueued(self, place: Place) -> None:
        """Tell that it has entered, once. Never waits."""
        if self._at_us:
            return
        self._place, self._at_us = place, _now_us()
        self._tell("enqueue", place, enqueue_ts=self._at_us)

    def dequeued(self, place: Place) -> None:
        """Tell that somebody took it."""
        self.enqueued(place)
        self._tell("dequeue", Place(0, 0), dequeue_ts=_now_us(), control_id=None)

    def left(self) -> None:
        """Tell that it went without being taken, if it had entered."""
        if self._at_us:
            self._tell("leave", self._place, enqueue_ts=self._at_us, leave_ts=_now_us())

    def _tell(self, status: str, place: Place, **more: Any) -> None:
        params = {
            "status": status,
            "id": self._id,
            "name": self._data["queue_name"],
            "position": place.position,
            "size": place.size,
            "avg_time": 0,
            "enqueue_ts": 0,
            "dequeue_ts": 0,
            "leave_ts": 0,
            "status_url": self._data["status_url"] or "",
            "control_id": self._control_id,
            "call_id": self._run.call.uuid,
            "node_id": self._run.facilities.node,
        }
        self._run.callback(self._data["status_url"] or "", EVENT_TYPE, {**params, **more})


def _now_us() -> int:
    return int(time.time() * 1e6)


METHOD = Method(
    schema=EnterQueueData,
    run=run,
    summary="Waits in a queue for somebody to take the call.",
    keeps=frozenset({_after_bridge.NAME}),
    check=_after_bridge.check,
    support=Support.PARTLY,
    limits="while the call waits its recordings pause and it does nothing else; transfer_after_bridge begins "
    "without the variables set before; avg_time is 0",
)
