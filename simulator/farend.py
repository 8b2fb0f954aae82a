"""The far end of a leg: does what its script says, when it says so.

Speech goes on along the leg's own voice, so that no two utterances are alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from simulator import refer, signalling
from simulator.decode import clip
from simulator.dtmf import DEFAULT_SAMPLES, Digit
from simulator.errors import CannotDecode
from simulator.events import Event
from simulator.joining import hold, unhold
from simulator.loop import Signal, Task, current, new_signal, spawn
from simulator.script import Act, Step, Trigger
from simulator.session import Session
from simulator.source import Speech
from simulator.voice import seed_of

# How long a phone talks to whom it consults before it hands the call over.
_TALK_S = 1.0
_PAUSE_S = {"w": 0.5, "W": 1.0}


class FarEnd:
    """Whoever is on the other side of a leg."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._voice = seed_of(session.channel.uuid)
        self._spoken_ms = 0
        self._began_s = session.clock.now()
        self._seen: dict[tuple[str, str], int] = {}
        self._waiting: list[tuple[Trigger, Signal]] = []
        self._tasks: list[Task] = []
        session.watchers.append(self._watch)
        session.on_down.append(self.stop)

    def begin(self, steps: Sequence[Step]) -> None:
        """Start on a script; times count from now."""
        self._began_s = self._session.clock.now()
        self._tasks += [spawn(self._wait_and_perform, step) for step in steps]

    def stop(self) -> None:
        """The leg is down; nothing more happens here."""
        for task in self._tasks:
            if task is not current():
                task.kill(block=False)

    def _watch(self, event: Event) -> None:
        """Count events; wake the steps that waited for this one."""
        for key in {(event.name, ""), (event.name, event.own.get("Application", ""))}:
            self._seen[key] = self._seen.get(key, 0) + 1
        for trigger, signal in self._waiting:
            if self._reached(trigger):
                signal.set()

    def _reached(self, trigger: Trigger) -> bool:
        return self._seen.get((trigger.event, trigger.app), 0) >= trigger.nth

    def _wait_and_perform(self, step: Step) -> None:
        session = self._session
        if step.after is None:
            session.clock.sleep(self._began_s + step.at_s - session.clock.now())
        else:
            if not self._reached(step.after):
                signal = new_signal()
                self._waiting.append((step.after, signal))
                signal.wait()
            session.clock.sleep(step.at_s)
        self.perform(step)

    def perform(self, step: Step) -> None:
        """Do one thing now; nothing once the leg is down."""
        session = self._session
        if session.channel.is_down:
            return
        match step.act:
            case Act.SAY:
                self._say(round(step.seconds * 1000))
            case Act.SILENT:
                session.note("far end", f"is silent for {step.seconds:g} s")
            case Act.PRESS:
                self._press(step)
            case Act.PLAY:
                self._play(step.value)
            case Act.HANG_UP:
                session.note("far end", f"hangs up ({step.value})")
                signalling.part(session, step.value)
            case Act.HOLD:
                hold(session)
            case Act.UNHOLD:
                unhold(session)
            case Act.TRANSFER:
                refer.blind_transfer(session, step.value)
            case Act.CONSULT:
                spawn(refer.attended_transfer, session, step.value, _TALK_S)

    def _say(self, duration_ms: int) -> None:
        session = self._session
        source = Speech(self._voice, self._spoken_ms, duration_ms)
        self._spoken_ms += duration_ms
        session.note("far end", f"speaks for {duration_ms / 1000:g} s")
        session.said.begin(source, session.slots.nearest(session.clock.now()))

    def _press(self, step: Step) -> None:
        session = self._session
        session.note("far end", f"presses {len(step.value)} keys")
        for number, key in enumerate(step.value):
            if key in _PAUSE_S:
                session.clock.sleep(_PAUSE_S[key])
                continue
            if number:
                session.clock.sleep(step.every_s)
            session.press([Digit(key, DEFAULT_SAMPLES, step.source)])

    def _play(self, name: str) -> None:
        session = self._session
        try:
            source = clip(Path(name), session.channel.rate_hz)
        except CannotDecode as exc:
            session.note("far end", f"cannot play {name} ({exc})")
            return
        session.note("far end", f"plays {name}")
        session.said.begin(source, session.slots.nearest(session.clock.now()))
