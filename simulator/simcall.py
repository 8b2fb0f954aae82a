"""One simulated call as its maker sees it: what happened, what was heard, and hands to take part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from simulator import refer
from simulator.dtmf import parse_digits
from simulator.events import Event
from simulator.farend import FarEnd
from simulator.joining import hold, unhold
from simulator.listen import Match, listen
from simulator.recording import Recording
from simulator.script import Act, Step
from simulator.session import Session
from simulator.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a call's story. at_s: seconds since the hand-off."""

    at_s: float
    kind: str
    detail: str

    def __str__(self) -> str:
        return f"{self.at_s:8.3f}  {self.kind:<12} {self.detail}"


@dataclass(frozen=True, slots=True)
class Seen:
    """One event of the call's channel: its name and the headers that are its own."""

    at_s: float
    name: str
    headers: dict[str, str] = field(default_factory=dict)


class Side(StrEnum):
    """Whose phone does something: the caller's, or that of whom the caller is joined with."""

    CALLER = "caller"
    CALLEE = "callee"


class SimCall:
    """A call handed to the engine. `log` tells its story, `events` what its channel fired."""

    def __init__(self, session: Session, on_step: Callable[[SimCall, Happening], None] | None = None) -> None:
        self.session = session
        self.log: list[Happening] = []
        self.events: list[Seen] = []
        self._on_step = on_step
        session.journal = self._note
        session.watchers.append(self._see)
        self._far_end = FarEnd(session)

    @property
    def uuid(self) -> str:
        """The channel's uuid."""
        return self.session.channel.uuid

    @property
    def hangup_cause(self) -> str:
        """Why it ended; "" while it lives."""
        return self.session.channel.hangup_cause

    @property
    def was_taken(self) -> bool:
        """Whether an engine took it."""
        return any(seen.name == "CHANNEL_PARK" for seen in self.events)

    @property
    def recordings(self) -> list[Recording]:
        """Every recording begun on this call with record_session or uuid_record."""
        return list(self.session.made)

    @property
    def spoken(self) -> dict[str, Timeline]:
        """What each side said: `caller`, and `callee` as the caller heard it."""
        return {"caller": self.session.said, "callee": self.session.heard}

    def begin(self, steps: tuple[Step, ...]) -> None:
        """Let the scripted far end begin."""
        self._far_end.begin(steps)

    def wait_ended(self, timeout_s: float | None = None) -> bool:
        """Wait for CHANNEL_HANGUP_COMPLETE; False when it did not come in that (real) time."""
        return bool(self.session.ended.wait(timeout=timeout_s))

    def say(self, seconds: float) -> None:
        """The caller speaks now."""
        self._far_end.perform(Step(Act.SAY, str(seconds)))

    def press(self, digits: str) -> None:
        """The caller presses keys now, all at once."""
        self.session.press(parse_digits(digits, "RTP"))

    def hang_up(self, cause: str = "NORMAL_CLEARING") -> None:
        """The caller hangs up now."""
        self._far_end.perform(Step(Act.HANG_UP, cause))

    def hold(self, *, by: Side = Side.CALLER) -> bool:
        """One side's phone holds; False when it is in no conversation."""
        leg = self._leg(by)
        return leg is not None and hold(leg)

    def unhold(self, *, by: Side = Side.CALLER) -> bool:
        """It takes the call back."""
        leg = self._leg(by)
        return leg is not None and unhold(leg)

    def transfer(self, to: str, *, by: Side = Side.CALLEE) -> bool:
        """One side sends the other to an extension of the script, blindly."""
        leg = self._leg(by)
        return leg is not None and refer.blind_transfer(leg, to)

    def attended_transfer(self, to: str, *, by: Side = Side.CALLEE, talk_s: float = 0.0) -> bool:
        """One side holds, calls an extension, talks, and hands the other over.

        Returns: whether it was handed over; when nobody answers the call is taken back.
        """
        leg = self._leg(by)
        return leg is not None and refer.attended_transfer(leg, to, talk_s)

    def consult(self, to: str, *, by: Side = Side.CALLEE) -> refer.Consultation | None:
        """The first half of that: the second call is on its way, and the test decides what becomes of it."""
        leg = self._leg(by)
        return None if leg is None else refer.consult(leg, to)

    def _leg(self, side: Side) -> Session | None:
        return self.session if side is Side.CALLER else self.session.partner

    def heard_in(self, path: Path, recording: Recording | None = None) -> list[Match]:
        """Compare a sound file with what was said and played while a recording ran.

        Args: recording: the last one unless given.
        Returns: one Match per channel of the file.
        Raises: simulator.decode.CannotDecode; ValueError: nothing was recorded.
        """
        made = self.recordings
        chosen = recording or (made[-1] if made else None)
        if chosen is None or chosen.ended_s is None:
            raise ValueError("no recording of this call has ended")
        duration_ms = round((chosen.ended_s - chosen.started_s) * 1000)
        return listen(path, [self.session.said, self.session.heard], chosen.started_s, duration_ms)

    def _note(self, kind: str, detail: str) -> None:
        happening = Happening(self.session.call_s, kind, detail)
        self.log.append(happening)
        if self._on_step is not None:
            self._on_step(self, happening)

    def _see(self, event: Event) -> None:
        self.events.append(Seen(self.session.call_s, event.name, event.own))
