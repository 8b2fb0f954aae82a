"""How one recording stands: what is known of it, and who waits for it. Nothing here changes it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from calls.bell import Bell
from recording.control import Control
from recording.ending import Asked
from recording.journey import Journey
from recording.lifecycle import FINAL, OVER, Happening, Lifecycle, State
from recording.outcome import RecordingOutcome
from recording.segment import Segment
from recording.steering import Steering
from recording.stop_event import Stop
from recording.ticket import Ticket
from recording.timeline import Diary, Mark


class Standing:
    """How a recording of one leg stands, and how to wait for it.

    Attributes: ticket: who it is and what was asked for; path: of its media; control: how FreeSWITCH is
    told; asked: what FreeSWITCH was last told; started_at_us: by FreeSWITCH's clock, epoch microseconds, 0
    before; stop: its RECORD_STOP; outcome: what became of it, None before that is known; bell: rings at each
    change; is_hung_up: its channel was; told_at_s: when FreeSWITCH was last told to stop (time.monotonic());
    steering: what it leaves out; diary: its timeline; answered_at_us, bridged_at_us: when its leg was, as far
    as is known, 0 before; journey: its files, and where its conversation is; is_deferred: FreeSWITCH was left
    to begin it; review: somebody will say `keep` or `discard`; unwanted: why it is to be thrown away, "" when
    it is not.
    """

    __slots__ = (
        "_life",
        "_notes",
        "_on_change",
        "_started_s",
        "answered_at_us",
        "asked",
        "bell",
        "bridged_at_us",
        "control",
        "diary",
        "is_deferred",
        "is_hung_up",
        "journey",
        "outcome",
        "path",
        "review",
        "started_at_us",
        "steering",
        "stop",
        "ticket",
        "told_at_s",
        "unwanted",
    )

    def __init__(
        self,
        ticket: Ticket,
        path: Path,
        control: Control,
        *,
        asked: Asked = Asked.NOTHING,
        started_at_us: int = 0,
        marks: tuple[Mark, ...] = (),
        segments: tuple[Segment, ...] = (),
        on_change: Callable[[Any], None] | None = None,
    ) -> None:
        """Args: asked ... segments: known from its manifest; on_change: called when one of them changes."""
        self.ticket = ticket
        self.path = path
        self.control = control
        self.asked = asked
        self.started_at_us = started_at_us
        self.stop: Stop | None = None
        self.outcome: RecordingOutcome | None = None
        self.bell = Bell()
        self.is_hung_up = False
        self.is_deferred = False
        self.told_at_s = 0.0
        self._life = Lifecycle()
        self._notes: list[str] = []
        self._on_change = on_change
        self._started_s = 0.0
        self.unwanted = ""
        self.answered_at_us = 0
        self.bridged_at_us = 0
        self.review = False
        self.diary = Diary(marks)
        self.steering = Steering(control.tell)
        self.journey = Journey(segments or (Segment(ticket.uuid),), follow=ticket.request.follow_transfer)
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
    def is_paused(self) -> bool:
        """Whether nothing is written at the moment."""
        return self.steering.is_paused

    @property
    def is_masked(self) -> bool:
        """Whether silence is written at the moment."""
        return self.steering.is_masked

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Its files."""
        first, *others = self.journey.trail.segments
        return (replace(first, started_at_us=self.started_at_us), *others)

    @property
    def is_running(self) -> bool:
        """Whether FreeSWITCH writes it, and nobody has asked for its end."""
        return self.has_started and not self.is_over and self.asked is Asked.NOTHING

    @property
    def limit_at_s(self) -> float | None:
        """When its time limit is reached, by time.monotonic(); None for no limit, or before it began."""
        limit_s = self.ticket.request.time_limit_s
        return self._started_s + limit_s if limit_s is not None and self._started_s else None

    @property
    def awaits_answer(self) -> bool:
        """Whether FreeSWITCH has the file open and writes only once the leg is answered."""
        request = self.ticket.request
        return request.on_answer and request.on_bridge and not self.answered_at_us

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

    def wait_verified(self, timeout_s: float) -> RecordingOutcome | None:
        """Wait until it is over and was looked at; its outcome, None when that takes longer. Never raises."""
        self._wait(lambda: self.outcome is not None, timeout_s)
        return self.outcome

    def _wait(self, condition: Callable[[], bool], timeout_s: float) -> None:
        deadline_s = time.monotonic() + timeout_s
        while not condition() and time.monotonic() < deadline_s:
            self.bell.wait(deadline_s - time.monotonic())
