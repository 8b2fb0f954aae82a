"""Queues: a call waits in one with music, and another one takes the call that has waited longest.

A queue is a FIFO of FreeSWITCH, so it is the same for all engines beside it, and is made by its first use.
Whoever waits leaves us when it is taken: FreeSWITCH connects it with whoever takes it, and afterwards sends
it where `afterwards` says; whoever takes it stays ours.

    WAITING --taken--> CONNECTED (it has left us)  --limit--> TIMEOUT (ours again)  --hangup--> gone

While a call waits FreeSWITCH pauses its recordings and takes up no commands for it.
Source: FreeSWITCH mod_fifo.c (fifo_function, caller_read_frame_callback), switch_ivr_bridge.c
(transfer_after_bridge).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from calls.call import Call
from calls.cause import HangupCause
from esl import loop
from esl.errors import EslError
from esl.event import Event
from esl.quoting import argument, word

SUBCLASS = "fifo::info"
BEYOND_S = 30.0
"""FreeSWITCH counts whole seconds, and ends music in blocks; after so much more it has not kept its limit."""

LOOK_S = 1.0
"""How often somebody who wants to take a call looks whether one waits."""

TALK_TIMEOUT_S = 8 * 86_400.0
SETTLE_S = 2.0
"""From being taken to having left: FreeSWITCH's threads part within milliseconds."""

ORBIT, AFTERWARDS = "fifo_orbit_exten", "transfer_after_bridge"


class QueueResult(StrEnum):
    """How waiting ended, for a call that is still there."""

    CONNECTED = "connected"  # somebody took it; it has left us
    TIMEOUT = "timeout"
    FAILED = "failed"  # FreeSWITCH let go of it and does not say why


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a queue. Attributes: position: 1 is served next; size: of the queue; 0: not known."""

    position: int
    size: int


@dataclass(frozen=True, slots=True)
class Waited:
    """How it went. Attributes: place: when it entered; taken_by: uuid of who took it."""

    result: QueueResult
    waited_s: float
    place: Place
    taken_by: str = ""


def enter(
    call: Call,
    room: str,
    limit_s: int,
    *,
    music: str,
    afterwards: str = "",
    on_entered: Callable[[Place], None] | None = None,
) -> Waited:
    """Wait in a queue, answering the call, until it is taken or the time is up.

    Args: room: the queue's name within FreeSWITCH (calls.room); music: what is heard meanwhile; afterwards:
    where the call goes when it has been taken and that is over, as FreeSWITCH writes it
    (extension[:dialplan[:context]]), "" to hang up; on_entered: told of the place; must not wait.
    Raises: CallGone: the caller hung up.
    """
    entered = _Entered(call, room, on_entered)
    began_s = time.monotonic()
    call.follow([], entered.hear, [f"CUSTOM {SUBCLASS}"])
    unsubscribe = call.on("CUSTOM", entered.hear)
    try:
        call.set(
            {
                ORBIT: f"_continue_:{limit_s:d}",
                AFTERWARDS: afterwards,
                "fifo_music": "",
                "fifo_serviced_uuid": "",
                "fifo_caller_exit_key": "",
            }
        )
        line = f"{argument(room)} in undef {word(music or 'silence')}"
        event = call.completed(call.submit("fifo", line), limit_s + BEYOND_S)
    finally:
        unsubscribe()
    waited_s = time.monotonic() - began_s
    taken_by = event.variable("fifo_serviced_uuid") or ""
    if taken_by:
        call.wait_ended(SETTLE_S)
        return Waited(QueueResult.CONNECTED, waited_s, entered.place, taken_by)
    _still_there(call)
    call.set({ORBIT: "", AFTERWARDS: ""})
    is_late = event.variable("fifo_status") == "TIMEOUT"
    result = QueueResult.TIMEOUT if is_late else QueueResult.FAILED
    return Waited(result, waited_s, entered.place)


@dataclass(frozen=True, slots=True)
class Taken:
    """Whom a call took out of a queue.

    Attributes: uuid: "" when nobody came in time; talked_s; cause: why the other one ended.
    """

    uuid: str = ""
    talked_s: float = 0.0
    cause: HangupCause = HangupCause.NONE


def take(call: Call, room: str, limit_s: float, *, on_taken: Callable[[str], object] | None = None) -> Taken:
    """Take the call that has waited longest, wait for one if none does, and wait until the two have parted.

    Args: limit_s: for a call to come; on_taken: told, in the hub, whom it has. Raises: CallGone, CallLeft.
    """
    connection = _Taking(on_taken)
    unsubscribe = call.on("CHANNEL_BRIDGE", connection.begin)
    deadline_s = time.monotonic() + limit_s
    try:
        call.set({"hangup_after_bridge": "false", "fifo_music": ""})
        while True:
            if waiting(call, room):
                line = f"{argument(room)} out nowait undef undef"
                event = call.completed(call.submit("fifo", line), TALK_TIMEOUT_S)
                _still_there(call)
                if connection.uuid:
                    cause = HangupCause.of(event.variable("bridge_hangup_cause") or "")
                    return Taken(connection.uuid, connection.talked_s, cause)
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                return Taken()
            call.sleep(min(LOOK_S, left_s))
    finally:
        unsubscribe()


def waiting(call: Call, room: str) -> int:
    """Return how many calls wait in a queue, 0 also when there is none of that name, or nobody to ask."""
    try:
        fields = call.api("fifo", f"count {argument(room)}").strip().split(":")
    except EslError:
        return 0
    return int(fields[2]) if len(fields) > 2 and fields[0] == room and fields[2].isdigit() else 0


def _still_there(call: Call) -> None:
    """Raise CallGone if the call ended: an application's end and the call's come together."""
    if call.end is not None:
        raise call.end.error()


class _Entered:
    """The place a call got."""

    def __init__(self, call: Call, room: str, on_entered: Callable[[Place], None] | None) -> None:
        self._call, self._room, self._on_entered = call, room, on_entered
        self._is_in = False
        self.place = Place(0, 0)

    def hear(self, event: Event) -> None:
        """Take an event of the queue; the first `push` is ours."""
        if event.subclass == SUBCLASS and event.get("FIFO-Action") == "push" and not self._is_in:
            self._is_in = True
            loop.spawn(self._look)

    def _look(self) -> None:
        """Ask how many wait: the last of them is this one. FreeSWITCH answers once it has taken it in."""
        size = max(1, waiting(self._call, self._room))
        self.place = Place(size, size)
        if self._on_entered is not None:
            self._on_entered(self.place)


class _Taking:
    """Whom a call has taken."""

    def __init__(self, on_taken: Callable[[str], object] | None) -> None:
        self._on_taken = on_taken
        self._began_s = 0.0
        self.uuid = ""

    @property
    def talked_s(self) -> float:
        """For how long, so far."""
        return time.monotonic() - self._began_s

    def begin(self, event: Event) -> None:
        """Take a CHANNEL_BRIDGE."""
        if not self.uuid:
            self.uuid = event.get("Bridge-B-Unique-ID") or event.get("Other-Leg-Unique-ID") or ""
            self._began_s = time.monotonic()
            if self._on_taken is not None:
                self._on_taken(self.uuid)
