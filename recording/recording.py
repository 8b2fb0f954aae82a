"""One recording while it lives: what has been asked of it, what FreeSWITCH has told, who waits for it.

Facts may come from the call's connection and from the inbound link, twice and in any order; the first one
counts. Nothing here blocks: commands and waiting are recording.watch's.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from calls.bell import Bell
from recording.control import Control
from recording.ending import Asked
from recording.finisher import Ending
from recording.lifecycle import FINAL, OVER, Happening, Lifecycle, State
from recording.outcome import RecordingOutcome
from recording.stop_event import EventData, Stop, event_time_us, read_stop
from recording.ticket import Ticket

MAX_AGE_S = 2.0
"""RECORD_START reaches us within milliseconds; one that seems older, or to come from the future, was stamped
by a clock that is not ours."""


class Recording:
    """A recording of one leg.

    Attributes: ticket: who it is and what was asked for; path: of its media; control: how FreeSWITCH is
    told; asked: what FreeSWITCH was last told; started_at_us: by FreeSWITCH's clock, epoch microseconds, 0
    before; stop: its RECORD_STOP; outcome: what became of it, None before that is known; bell: rings at each
    change; is_hung_up: its channel was; told_at_s: when FreeSWITCH was last told to stop (time.monotonic()).
    """

    __slots__ = (
        "_life",
        "_notes",
        "_on_change",
        "_started_s",
        "asked",
        "bell",
        "control",
        "is_hung_up",
        "outcome",
        "path",
        "started_at_us",
        "stop",
        "ticket",
        "told_at_s",
    )

    def __init__(
        self,
        ticket: Ticket,
        path: Path,
        control: Control,
        *,
        asked: Asked = Asked.NOTHING,
        started_at_us: int = 0,
        on_change: Callable[[Recording], None] | None = None,
    ) -> None:
        """Args: asked, started_at_us: known from its manifest; on_change: called when either changes."""
        self.ticket = ticket
        self.path = path
        self.control = control
        self.asked = asked
        self.started_at_us = started_at_us
        self.stop: Stop | None = None
        self.outcome: RecordingOutcome | None = None
        self.bell = Bell()
        self.is_hung_up = False
        self.told_at_s = 0.0
        self._life = Lifecycle()
        self._notes: list[str] = []
        self._on_change = on_change
        self._started_s = 0.0
        if started_at_us:
            self._life.advance(Happening.STARTED)
            self._started_s = time.monotonic() - (time.time() - started_at_us / 1e6)

    @property
    def id(self) -> str:
        """32 hex digits."""
        return self.ticket.name.recording_id

    @property
    def document_id(self) -> str:
        """`YYYYMM-<id>`."""
        return self.ticket.name.document_id

    @property
    def name(self) -> str:
        """What documents call it: its `media_name`, "" when none was given."""
        return self.ticket.request.media_name

    @property
    def state(self) -> State:
        """See recording.lifecycle."""
        return self._life.state

    @property
    def is_over(self) -> bool:
        """Whether nothing more is written."""
        return self.state in OVER

    @property
    def has_started(self) -> bool:
        """Whether FreeSWITCH ever began to write it."""
        return bool(self.started_at_us) or self.stop is not None

    @property
    def limit_at_s(self) -> float | None:
        """When its time limit is reached, by time.monotonic(); None for no limit, or before it began."""
        limit_s = self.ticket.request.time_limit_s
        return self._started_s + limit_s if limit_s is not None and self._started_s else None

    def answers_to(self, name: str) -> bool:
        """Whether a document that says `name` means this one; "" means any."""
        return name in ("", self.name, self.id, self.document_id)

    def wait_started(self, timeout_s: float) -> bool:
        """Wait until FreeSWITCH writes; whether it does, or did. Never raises."""
        self._wait(lambda: self.has_started or self.is_over, timeout_s)
        return self.has_started

    def wait_finished(self, timeout_s: float) -> RecordingOutcome | None:
        """Wait until it is dealt with; its outcome, None when that takes longer. Never raises."""
        self._wait(lambda: self.state in FINAL, timeout_s)
        return self.outcome if self.state in FINAL else None

    def ask(self, asked: Asked) -> None:
        """Have it stopped: by somebody, or by its limit. What was asked first is what counts.

        The command goes out at once where the call's connection reaches the channel; else recording.watch
        sees to it.
        """
        if self.is_over or self.asked is not Asked.NOTHING:
            return
        self.asked = asked
        self._life.advance(Happening.STOP_ASKED)
        if self.control.stop(is_running=self.has_started):
            self.told_at_s = time.monotonic()
        self._changed()

    def sent(self) -> None:
        """FreeSWITCH was told to record."""
        self._life.advance(Happening.SENT)

    def note(self, sentence: str) -> None:
        """Add what an operator should know of it."""
        if sentence not in self._notes:
            self._notes.append(sentence)

    def started(self, event: EventData) -> bool:
        """Take its RECORD_START in; return whether that was news."""
        if self.has_started or self.is_over:
            return False
        now_s = time.time()
        self.started_at_us = event_time_us(event) or int(now_s * 1e6)
        age_s = now_s - self.started_at_us / 1e6
        self._started_s = time.monotonic() - (age_s if 0 <= age_s <= MAX_AGE_S else 0.0)
        self._life.advance(Happening.STARTED)
        self._changed()
        return True

    def stopped(self, event: EventData) -> bool:
        """Take its RECORD_STOP in; return whether that was news."""
        if self.is_over:
            return False
        self.stop = read_stop(event)
        self._end()
        return True

    def hung_up(self) -> None:
        """Its channel was hung up."""
        self.is_hung_up = True
        self.bell.ring()

    def lost(self, sentence: str = "") -> None:
        """Nothing more will be told of it; what there is, is on disk."""
        if sentence:
            self.note(sentence)
        if not self.is_over:
            self._end()

    def ending(self) -> Ending:
        """Return all that is known of its end."""
        return Ending(
            ticket=self.ticket,
            asked=self.asked,
            started_at_us=self.started_at_us,
            stop=self.stop,
            hung_up=self.is_hung_up,
            notes=tuple(self._notes),
        )

    def verified(self, outcome: RecordingOutcome) -> None:
        """Its file was looked at."""
        self.outcome = outcome
        self._life.advance(Happening.VERIFIED)

    def settled(self, *, handed_over: bool) -> None:
        """There is nothing more to be done."""
        self._life.advance(Happening.HANDED_OVER if handed_over else Happening.DROPPED)
        self.bell.ring()

    def _end(self) -> None:
        self._life.advance(Happening.ENDED)
        self.bell.ring()

    def _changed(self) -> None:
        if self._on_change is not None:
            self._on_change(self)
        self.bell.ring()

    def _wait(self, condition: Callable[[], bool], timeout_s: float) -> None:
        deadline_s = time.monotonic() + timeout_s
        while not condition() and time.monotonic() < deadline_s:
            self.bell.wait(deadline_s - time.monotonic())
