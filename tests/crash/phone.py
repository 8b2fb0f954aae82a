"""The load: calls at random moments, none of which cares whether an engine runs."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import gevent
from gevent.event import Event
from gevent.pool import Group

from esl.errors import EslError
from esl.link import Link
from tests.crash.plan import Moment
from tests.crash.switches import SwitchPlace
from tests.crash.witness import Alarm

ORIGINATE_S = 30.0
SHORTEST_S, LONGEST_S = 0.2, 2.0
"""After which callers hang up who do."""


@dataclass(slots=True)
class Phone:
    """Places calls from `start` to `stop`.

    Attributes: cut: numbers whose callers hang up themselves; placed: uuids and their numbers; refused:
    causes of calls that nobody answered.
    """

    place: SwitchPlace
    link: Link
    numbers: Sequence[str]
    cut: frozenset[str]
    calls_per_s: float
    chance: random.Random
    alarm: Alarm
    placed: dict[str, str] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    answered: int = 0
    _hung_up: Event = field(default_factory=Event)
    _calls: Group = field(default_factory=Group)
    _dialling: gevent.Greenlet | None = None

    def start(self) -> None:
        """Begin to place calls."""
        self._dialling = gevent.spawn(self._dial)

    def stop(self) -> None:
        """Place no more, and wait for those that are being placed."""
        self._hung_up.set()
        if self._dialling is not None:
            self._dialling.get()
        self._calls.join(ORIGINATE_S + LONGEST_S)

    def _dial(self) -> None:
        while not self._hung_up.wait(min(3.0, self.chance.expovariate(self.calls_per_s))):
            number = self.chance.choice(self.numbers)
            seconds = self.chance.uniform(SHORTEST_S, LONGEST_S) if number in self.cut else 0.0
            self._calls.spawn(self._call, number, seconds)

    def _call(self, number: str, seconds: float) -> None:
        caller = str(uuid.uuid4())
        self.placed[caller] = number
        self.alarm.ring(Moment.CALL)
        try:
            self.link.bgapi("originate", self.place.originate(number, caller), ORIGINATE_S)
            self.answered += 1
            if seconds:
                gevent.sleep(seconds)
                self.link.api("uuid_kill", caller)
        except EslError as exc:
            self.refused[str(exc).rsplit(maxsplit=1)[-1]] += 1
