"""One recording while it lives: what is asked of it, and what FreeSWITCH tells.

Facts may come from the call's connection and from the inbound link, twice and in any order; the first one
counts. Nothing here blocks: commands and waiting are recording.watch's.
"""

from __future__ import annotations

import time

from recording.control import Control
from recording.ending import Asked
from recording.finisher import Ending
from recording.journey import Close
from recording.lifecycle import FINAL, Happening, State
from recording.outcome import RecordingOutcome
from recording.segment import number_of
from recording.standing import Standing
from recording.steering import BY_COMMAND
from recording.stop_event import EventData, event_time_us, read_stop
from recording.timeline import Mark, What

MAX_AGE_S = 2.0
"""RECORD_START reaches us within milliseconds; one that seems older, or to come from the future, was stamped
by a clock that is not ours."""


class Recording(Standing):
    """A recording of one leg; see Standing for what is known of it."""

    __slots__ = ()

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

    def pressed(self, digit: str) -> None:
        """A digit was pressed on the leg it began on; it is over if that is one of its terminators."""
        if digit and digit in self.ticket.request.terminators and self.is_running:
            self.ask(Asked.DIGIT)

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
