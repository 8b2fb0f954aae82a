"""Health: the parts that can fail, asked each time, as one answer for people and load balancers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


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
