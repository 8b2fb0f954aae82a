"""One recording while it lives: what has been asked of it, what FreeSWITCH has told, who waits for it.

Facts may come from the call's connection and from the inbound link, twice and in any order; the first one
counts. Nothing here blocks: commands and waiting are recording.watch's.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from calls.bell import Bell
from recording.control import Control
from recording.ending import Asked
from recording.finisher import Ending
from recording.journey import Close, Journey
from recording.lifecycle import FINAL, OVER, Happening, Lifecycle, State
from recording.outcome import RecordingOutcome
from recording.segment import Segment, number_of
from recording.steering import BY_COMMAND, Steering
from recording.stop_event import EventData, Stop, event_time_us, read_stop
from recording.ticket import Ticket
from recording.timeline import Diary, Mark, What

MAX_AGE_S = 2.0
"""RECORD_START reaches us within milliseconds; one that seems older, or to come from the future, was stamped
by a clock that is not ours."""


class Recording:
    """A recording of one leg.

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
        on_change: Callable[[Recording], None] | None = None,
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

    def ask(self, asked: Asked) -> None:
        """Have it stopped: by somebody, or by its limit. What was asked first is what counts.

        The command goes out at once where the call's connection reaches the channel; else recording.watch
        sees to it.
        """
        if self.is_over or self.asked is not Asked.NOTHING:
            return
        waits = self.state is State.WAITING
        self.asked = asked
        self._life.advance(Happening.STOP_ASKED)
        sent = self.control.cancel() if waits else self.control.stop(is_running=self.has_started)
        if sent:
            self.told_at_s = time.monotonic()
        self._changed()

    def keep(self) -> None:
        """Let a recording under review go its way."""
        self.review = False
        self.bell.ring()

    def discard(self, why: str) -> None:
        """Have it thrown away; one that still runs is stopped."""
        if self.state not in FINAL and not self.unwanted:
            self.unwanted = why
            self.review = False
            self.ask(Asked.STOP)
            self._changed()

    def pause(self) -> bool:
        """Leave out what comes; return whether that is news."""
        if self.is_over or not self.steering.pause(running=self.has_started):
            return False
        self.mark(What.PAUSED)
        return True

    def resume(self) -> bool:
        """Go on; return whether that is news."""
        if self.is_over or not self.steering.resume(running=self.has_started):
            return False
        self.mark(What.RESUMED)
        return True

    def mask(self, why: str = "") -> bool:
        """Write silence; return whether it was not masked before."""
        if self.is_over or not self.steering.mask(why, running=self.has_started):
            return False
        self.mark(What.MASKED, why=why or BY_COMMAND)
        return True

    def unmask(self, why: str = "") -> bool:
        """Give one reason for the mask up; return whether it was the last."""
        if self.is_over or not self.steering.unmask(why, running=self.has_started):
            return False
        self.mark(What.UNMASKED)
        return True

    def mark(self, what: What, at_us: int = 0, /, **detail: str) -> None:
        """Put something into the timeline. Args: at_us: epoch microseconds, 0 for now."""
        self.diary.write(Mark(at_us or int(time.time() * 1e6), what, detail))
        self._changed()

    def deferred(self) -> None:
        """FreeSWITCH will begin by itself."""
        self.is_deferred = True
        self._life.advance(Happening.DEFERRED)

    def answered(self, at_us: int) -> None:
        """Its leg was answered."""
        if not self.answered_at_us:
            if self.has_started and self.awaits_answer:
                self._started_s = time.monotonic()
            self.answered_at_us = at_us
            self._changed()

    def bridged(self, at_us: int) -> None:
        """Its leg was bridged."""
        if not self.bridged_at_us:
            self.bridged_at_us = at_us
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
        if number_of(event) > 1:
            self.write(self.journey.started(event))
            return False
        if self.has_started or self.is_over:
            return False
        now_s = time.time()
        self.started_at_us = event_time_us(event) or int(now_s * 1e6)
        age_s = now_s - self.started_at_us / 1e6
        self._started_s = time.monotonic() - (age_s if 0 <= age_s <= MAX_AGE_S else 0.0)
        self._life.advance(Happening.STARTED)
        if event.get("Answer-State") == "answered":
            self.answered_at_us = self.answered_at_us or self.started_at_us
        self.diary.write(Mark(self.started_at_us, What.STARTED, {"uuid": self.ticket.uuid}))
        self.steering.begin()
        self._changed()
        return True

    def unheard(self, sentence: str) -> None:
        """FreeSWITCH has begun, some time ago, and its RECORD_START reached nobody."""
        if self.has_started or self.is_over:
            return
        self.note(sentence)
        self.started_at_us = self.ticket.requested_at_us
        self._started_s = time.monotonic() - (time.time() - self.started_at_us / 1e6)
        self._life.advance(Happening.STARTED)
        self.steering.begin()
        self._changed()

    def stopped(self, event: EventData) -> bool:
        """Take RECORD_STOP of one of its files in; return whether it is over by that.

        Where the conversation may go on elsewhere it is not yet: see recording.following.
        """
        close = self.journey.stopped(event)
        if self.is_over:
            self.bell.ring()
            return False
        if close is Close.PART:
            self.write(self.journey.closing(number_of(event)))
        if close is Close.LAST:
            self.conclude()
        return close is Close.LAST

    def change_leg(self, control: Control) -> None:
        """Another leg is recorded, or another file written, from now on."""
        self.control = control
        self.path = control.path
        self.steering.go_on(control.tell)
        self.is_hung_up = False
        if self.asked is not Asked.NOTHING:
            self.told_at_s = 0.0  # this leg has not been told

    def conclude(self) -> None:
        """It is over if its file is."""
        if self.is_over or self.journey.last_stop is None:
            return
        self.stop = read_stop(self.journey.last_stop)
        self.answered_at_us = self.answered_at_us or self.stop.answered_at_us
        self._end()

    def write(self, mark: Mark | None = None) -> None:
        """Put something into the timeline, and have the manifest say what is known now."""
        if mark is not None:
            self.diary.write(mark)
        self._changed()

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
            marks=self.diary.marks,
            answered_at_us=self.answered_at_us,
            bridged_at_us=self.bridged_at_us,
            unwanted=self.unwanted,
            segments=self.segments,
        )

    def verified(self, outcome: RecordingOutcome) -> None:
        """Its file was looked at."""
        self.outcome = outcome
        self._life.advance(Happening.VERIFIED)
        self.bell.ring()  # a review waits for it

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
