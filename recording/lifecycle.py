"""The life of a recording, as a table.

Law
1. Every change of state goes through `Lifecycle.advance`, and only TRANSITIONS says what may follow what.
2. FreeSWITCH tells each fact up to three times (the call's socket, the inbound link, the disk), and in any
   order: what has been heard already is a row that stays where it is, never an error.
3. A recording ends once. Whatever says so first decides; `ENDED` and what follows accept no other end.
4. Nothing leaves HANDED_OVER or DROPPED.

    requested --deferred--> waiting --+
        |                      |      |started
        +----sent--> starting -+------+--> recording --stop asked--> stopping
        |                  |                   |                         |
        +------------------+-------ended-------+-------------------------+
                                      |
                                    ended --verified--> verified --handed over--> handed over
                                                            +------dropped------> dropped
"""

from __future__ import annotations

from enum import StrEnum

from recording.errors import BadTransition


class State(StrEnum):
    """Where a recording is in its life."""

    REQUESTED = "requested"  # it has a name and a path
    WAITING = "waiting"  # FreeSWITCH begins by itself, with the answer or the bridge
    STARTING = "starting"  # FreeSWITCH was told
    RECORDING = "recording"  # FreeSWITCH said RECORD_START
    STOPPING = "stopping"  # FreeSWITCH was told to stop
    ENDED = "ended"  # nothing more is written
    VERIFIED = "verified"  # the file was looked at, the outcome stands
    HANDED_OVER = "handed_over"  # the outbox has it
    DROPPED = "dropped"  # there is nothing to deliver, or nowhere; the outcome says which


class Happening(StrEnum):
    """What can happen to a recording."""

    DEFERRED = "deferred"
    SENT = "sent"
    STARTED = "started"
    STOP_ASKED = "stop_asked"
    ENDED = "ended"
    VERIFIED = "verified"
    HANDED_OVER = "handed_over"
    DROPPED = "dropped"


TRANSITIONS: dict[tuple[State, Happening], State] = {
    (State.REQUESTED, Happening.SENT): State.STARTING,
    (State.REQUESTED, Happening.STARTED): State.RECORDING,  # adopted from an engine that is gone
    (State.REQUESTED, Happening.STOP_ASKED): State.STOPPING,
    (State.REQUESTED, Happening.ENDED): State.ENDED,  # the call was over before it could be asked for
    (State.REQUESTED, Happening.DEFERRED): State.WAITING,
    (State.WAITING, Happening.SENT): State.STARTING,  # its moment came, and FreeSWITCH did not act on it
    (State.WAITING, Happening.STARTED): State.RECORDING,
    (State.WAITING, Happening.STOP_ASKED): State.STOPPING,
    (State.WAITING, Happening.ENDED): State.ENDED,
    (State.STARTING, Happening.SENT): State.STARTING,  # asked for a second time
    (State.STARTING, Happening.STARTED): State.RECORDING,
    (State.STARTING, Happening.STOP_ASKED): State.STOPPING,
    (State.STARTING, Happening.ENDED): State.ENDED,
    (State.RECORDING, Happening.STARTED): State.RECORDING,
    (State.RECORDING, Happening.STOP_ASKED): State.STOPPING,
    (State.RECORDING, Happening.ENDED): State.ENDED,
    (State.STOPPING, Happening.STARTED): State.STOPPING,  # told to stop before it was heard to start
    (State.STOPPING, Happening.STOP_ASKED): State.STOPPING,
    (State.STOPPING, Happening.ENDED): State.ENDED,
    (State.ENDED, Happening.STARTED): State.ENDED,
    (State.ENDED, Happening.STOP_ASKED): State.ENDED,
    (State.ENDED, Happening.ENDED): State.ENDED,
    (State.ENDED, Happening.VERIFIED): State.VERIFIED,
    (State.VERIFIED, Happening.STOP_ASKED): State.VERIFIED,
    (State.VERIFIED, Happening.ENDED): State.VERIFIED,
    (State.VERIFIED, Happening.HANDED_OVER): State.HANDED_OVER,
    (State.VERIFIED, Happening.DROPPED): State.DROPPED,
    (State.HANDED_OVER, Happening.STOP_ASKED): State.HANDED_OVER,
    (State.HANDED_OVER, Happening.ENDED): State.HANDED_OVER,
    (State.DROPPED, Happening.STOP_ASKED): State.DROPPED,
    (State.DROPPED, Happening.ENDED): State.DROPPED,
}

OVER = frozenset({State.ENDED, State.VERIFIED, State.HANDED_OVER, State.DROPPED})
"""Nothing more is written to the file."""

FINAL = frozenset({State.HANDED_OVER, State.DROPPED})
"""Nothing more is to be done."""


class Lifecycle:
    """The state of one recording."""

    __slots__ = ("state",)

    def __init__(self) -> None:
        self.state = State.REQUESTED

    def advance(self, happening: Happening) -> bool:
        """Take a fact in; return whether it changed the state. Raises: BadTransition (a bug of ours)."""
        after = TRANSITIONS.get((self.state, happening))
        if after is None:
            raise BadTransition(f"a recording that is {self.state} cannot be {happening}")
        changed = after is not self.state
        self.state = after
        return changed
