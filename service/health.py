"""Health: the parts that can fail, asked each time, as one answer for people and load balancers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from storage.disk_guard import Level, PlaceState


class State(StrEnum):
    """How well a part is; the whole is as well as its worst part."""

    OK = "ok"
    DEGRADED = "degraded"  # it works on what is cached, queued or retried
    DOWN = "down"  # new calls cannot be served


ORDER = (State.OK, State.DEGRADED, State.DOWN)


@dataclass(frozen=True, slots=True)
class Condition:
    """The state of one part and why, in a sentence."""

    state: State
    detail: str = ""


class Health:
    """A list of named questions; asking one must not block for long."""

    def __init__(self) -> None:
        self._questions: dict[str, Callable[[], Condition]] = {}

    def add(self, name: str, question: Callable[[], Condition]) -> None:
        """Add one part; its name appears in /healthz."""
        self._questions[name] = question

    def report(self) -> dict[str, Condition]:
        """Ask every part."""
        return {name: question() for name, question in self._questions.items()}


def worst(conditions: dict[str, Condition]) -> State:
    """Return the state of the whole."""
    return max((one.state for one in conditions.values()), key=ORDER.index, default=State.OK)


def disk_condition(states: Iterable[PlaceState]) -> Condition:
    """Return how the disks are. Even a critical one does not keep calls from being served: see DiskGuard."""
    told, is_well = [], True
    for state in states:
        name = state.place.name
        if state.failed:
            told.append(f"{name}: {state.failed}")
        elif state.room is not None:
            free = f"{100 * state.room.share:.1f} % free"
            alarm = "CRITICAL, " if state.level is Level.CRITICAL else ""
            told.append(f"{name}: {alarm}{free}")
        is_well = is_well and state.level is Level.ROOM and not state.failed
    return Condition(State.OK if is_well else State.DEGRADED, "; ".join(told))
