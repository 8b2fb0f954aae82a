"""Looks after recordings, each in a greenlet of its own, from the command to the outbox.

A recording may come into care by a call that asks for it, from the manifest of an engine that died, or by an
event that nobody else acted on; from there on all are alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import structlog
from gevent.pool import Group

from calls.call import Call
from calls.ending import How
from calls.errors import CallError
from esl.errors import EslError
from esl.session import Completion
from recording import retold
from recording.control import Control, Link, Presence
from recording.ending import Asked
from recording.errors import Interrupted
from recording.finisher import Ending, Finisher
from recording.following import Following
from recording.handover import HandOver
from recording.journal import Journal
from recording.leg_event import LEG_EVENTS
from recording.leg_order import ORDER_EVENT
from recording.manifest import Manifest
from recording.opening import LegAtHand, ticket_for
from recording.parameters import AccountsConfiguration
from recording.patience import Patience
from recording.preparation import Preparation
from recording.recording import Recording
from recording.register import Register
from recording.request import RecordingRequest
from recording.roster import Roster
from recording.segment import Segment
from recording.status import Statuses
from recording.steering import BY_COMMAND
from recording.stop_event import EventData
from recording.ticket import Ticket
from recording.watch import Watch
from storage.outbox_delivery import StoredRecording

EVENTS = (
    "RECORD_START",
    "RECORD_STOP",
    "CHANNEL_HANGUP",
    "CHANNEL_ANSWER",
    "CHANNEL_BRIDGE",
    "CHANNEL_UNBRIDGE",
    "DTMF",
)
"""What is to be heard of a recorded call of ours."""

LINK_EVENTS = ("RECORD_START", "RECORD_STOP", *LEG_EVENTS, f"CUSTOM {ORDER_EVENT}")
"""What is to be heard on the inbound link, where events of all channels arrive: where a conversation goes on
is told by legs that are not ours. Filters would make FreeSWITCH compare each event with each filter."""

REVIEW_S = 600.0
"""How long somebody may think over whether to keep a recording; then it is kept."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Means:
    """What care takes. `owner`: this process, as manifests name it; `hear`: takes EVENTS in."""

    recordings_dir: Path
    config: AccountsConfiguration
    link: Callable[[], Link | None]
    roster: Roster
    journal: Journal
    finisher: Finisher
    preparation: Preparation
    hand_over: HandOver
    owner: str
    patience: Patience
    hear: Callable[[EventData], None]
    register: Register
    statuses: Statuses


class Care:
    """Brings recordings through their lives. Its methods return at once, unless they say otherwise."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._roster = means.roster
        self._greenlets = Group()
        self.following = Following(
            self._control, means.patience, self._greenlets.spawn, self._roster.relocate
        )

    def begin(self, call: Call, request: RecordingRequest, *, review: bool = False) -> Recording:
        """Have a call recorded. What goes wrong is told by the recording."""
        is_first = not self._roster.knows_call(call.uuid)
        ticket = ticket_for(call, request, time.time(), is_first=is_first)
        recording = self._enrol(Manifest(ticket), call)
        recording.review = review
        now_us = ticket.requested_at_us
        recording.answered_at_us = now_us if call.is_answered else 0
        recording.bridged_at_us = now_us if call.is_bridged else 0
        self._means.journal.announce(self._manifest(recording))
        completion = None
        try:
            completion = self._command(recording)
        except (CallError, EslError) as exc:
            recording.note(f"FreeSWITCH was not asked to record: {exc}")
        for why in self._roster.guards(call.uuid):
            recording.mask(why)
        self._roster.unguarded(call.uuid)
        self._look_after(recording, call, completion)
        return recording

    def begin_on(self, leg: LegAtHand, request: RecordingRequest) -> tuple[Recording, str]:
        """Have a leg recorded over the inbound link, whoever holds its call; blocks until it is known.

        Returns: the recording, and why FreeSWITCH does not record, "" when it does.
        """
        is_first = not self._roster.knows_call(leg.uuid)
        ticket = ticket_for(leg, request, time.time(), is_first=is_first)
        call = self._roster.call_of(leg.uuid)
        recording = self._enrol(Manifest(ticket), call)
        recording.answered_at_us = ticket.requested_at_us if leg.is_answered else 0
        recording.bridged_at_us = ticket.requested_at_us if leg.is_bridged else 0
        self._means.journal.announce(self._manifest(recording))
        failed = self._command_by_link(recording)
        if failed:
            recording.note(f"FreeSWITCH was not made to record: {failed}")
            recording.lost()
        for why in self._roster.guards(leg.uuid):
            recording.mask(why)
        self._roster.unguarded(leg.uuid)
        self._look_after(recording, call, None)
        return recording, failed

    def adopt(self, manifest: Manifest) -> Recording:
        """Take over a recording that FreeSWITCH still writes and whose engine died.

        Its masks go with the flow that wanted them, which died with that engine.
        """
        ticket = manifest.ticket
        began_at_us = int(time.time() * 1e6) if manifest.is_waiting else ticket.requested_at_us
        call = self._roster.call_of(ticket.uuid)
        recording = self._enrol(replace(manifest, started_at_us=manifest.started_at_us or began_at_us), call)
        log.warning("recording_adopted", recording_id=recording.id, call_id=ticket.call_id)
        for why in tuple(recording.steering.reasons):
            if why != BY_COMMAND:
                recording.unmask(why)
        self._look_after(recording, call, None)
        return recording

    def finish(self, manifest: Manifest, stop: EventData | None = None) -> None:
        """Finish a recording that is over, from its RECORD_STOP or, without one, from what is on disk."""
        recording = self._enrol(manifest, None)
        if stop is None:
            recording.lost()
        else:
            recording.stopped(stop)
        self._greenlets.spawn(self._finish, recording)

    def take(self, manifest: Manifest) -> bool:
        """Become the one who looks after a recording that nobody does; blocks."""
        return self._means.journal.take(manifest, self._means.owner)

    def presence(self, manifest: Manifest) -> Presence:
        """Ask FreeSWITCH whether it writes a recording; blocks."""
        return self._control(manifest.ticket, manifest.current).presence()

    def path_of(self, manifest: Manifest) -> Path:
        """Where the media of a recording is, or what was written of it last."""
        return self._path(manifest.ticket, manifest.current)

    def later(self, wait_s: float, work: Callable[[], None]) -> None:
        """Do something in a greenlet of its own after a while, unless care has ended by then."""
        greenlet = self._greenlets.greenlet_class(work)
        self._greenlets.add(greenlet)
        greenlet.start_later(wait_s)

    def conclude(self, manifest: Manifest, stored: StoredRecording) -> None:
        """See to what is left of a recording that the outbox has taken over from an engine that died then."""
        self._greenlets.spawn(self._conclude, manifest, stored)

    def tidy(self, manifest: Manifest, delivered: Path) -> None:
        """Delete what the file that is delivered was made of; blocks."""
        segments = manifest.segments or (manifest.current,)
        captured = (self._path(manifest.ticket, segment) for segment in segments)
        self._means.hand_over.delete(manifest.ticket, (path for path in captured if path != delivered))

    def close(self, timeout_s: float) -> None:
        """Wait for recordings that are over, and let go of the rest; blocks."""
        deadline_s = time.monotonic() + timeout_s
        for recording in self._roster:
            if recording.is_over:
                recording.wait_finished(deadline_s - time.monotonic())
        self._greenlets.kill()

    def _path(self, ticket: Ticket, segment: Segment) -> Path:
        return segment.path(ticket.name, self._means.recordings_dir, ticket.request.capture_format)

    def _control(self, ticket: Ticket, segment: Segment) -> Control:
        software = str(self._means.config.get("ecallmgr", "recording_software_name") or "")
        call = partial(self._call_for, ticket, segment)
        return Control(ticket, self._path(ticket, segment), call, self._means.link, software, segment)

    def _call_for(self, ticket: Ticket, segment: Segment) -> Call | None:
        """A call of ours on whose connection a leg can be told something."""
        return self._roster.call_of(segment.uuid) or self._roster.call_of(ticket.uuid)

    def _command(self, recording: Recording) -> Completion:
        """Have FreeSWITCH record: now, or when the moment comes that the request waits for.

        Raises: CallGone, BadCommand, EslError.
        """
        if self._waits(recording):
            completion = recording.control.defer()
            recording.deferred()
        else:
            completion = recording.control.start()
            recording.sent()
        return completion

    def _command_by_link(self, recording: Recording) -> str:
        """The same over the inbound link; blocks. Returns: why it did not work, "" when it did."""
        if self._waits(recording):
            recording.deferred()
            return recording.control.defer_by_link()
        recording.sent()
        failed = recording.control.start_by_link()
        if not failed and not recording.wait_started(self._means.patience.start):
            recording.unheard("nobody was told that FreeSWITCH began; it said so itself")
        return failed

    def _waits(self, recording: Recording) -> bool:
        """Whether a recording is to begin later than now."""
        request = recording.ticket.request
        waits_for_answer = request.on_answer and not recording.answered_at_us and not request.on_bridge
        return waits_for_answer or (request.on_bridge and not recording.bridged_at_us)

    def _enrol(self, manifest: Manifest, call: Call | None) -> Recording:
        ticket = manifest.ticket
        recording = Recording(
            ticket,
            self.path_of(manifest),
            self._control(ticket, manifest.current),
            asked=manifest.asked,
            started_at_us=manifest.started_at_us,
            marks=manifest.marks,
            segments=manifest.segments,
            on_change=self._note,
        )
        recording.answered_at_us = manifest.answered_at_us
        recording.bridged_at_us = manifest.bridged_at_us
        recording.unwanted = manifest.unwanted
        recording.steering.restore(list(manifest.masks), paused=manifest.paused)
        if self._roster.add(recording, call) and call is not None:
            self._roster.listens(call.uuid, [call.on(name, self._means.hear) for name in EVENTS])
            call.on_end(lambda _: self._call_ended(call))
        return recording

    def _look_after(self, recording: Recording, call: Call | None, completion: Completion | None) -> None:
        self._note(recording)
        self._greenlets.spawn(self._live_through, recording, call, completion)

    def _live_through(self, recording: Recording, call: Call | None, completion: Completion | None) -> None:
        self._means.register.expected(recording.ticket)
        Watch(recording, call, self._means.patience).run(completion)
        self.following.await_parts(recording)
        self._finish(recording)

    def _finish(self, recording: Recording) -> None:
        over = recording.ending()
        verified = self._means.finisher.verify(over)
        recording.verified(verified.outcome)
        self._await_review(recording)
        over = recording.ending()
        try:
            outcome = self._means.preparation.prepare(over, verified)
        except Interrupted:
            log.info("recording_left_to_next_engine", recording_id=recording.id)
            return
        recording.outcome = outcome
        handed_over = self._means.hand_over.settle(over, outcome)
        self._roster.remove(recording)
        recording.settled(handed_over=handed_over)

    def _conclude(self, manifest: Manifest, stored: StoredRecording) -> None:
        self.tidy(manifest, stored.media.path)
        outcome = retold.outcome_of(stored)
        over = Ending(manifest.ticket, started_at_us=manifest.started_at_us, marks=manifest.marks)
        self._means.statuses.settled(over, outcome, retold.ended_at_us(outcome, int(time.time() * 1e6)))
        self._means.journal.forget(manifest.ticket)

    def _await_review(self, recording: Recording) -> None:
        """Wait until it is known whether it is wanted: the end of its call says that it is."""
        deadline_s = time.monotonic() + REVIEW_S
        while recording.review and self._roster.call_of(recording.ticket.uuid) is not None:
            if time.monotonic() >= deadline_s:
                recording.keep()
            recording.bell.wait(deadline_s - time.monotonic())

    def _note(self, recording: Recording) -> None:
        """Have its manifest say what is known now, and its observers told."""
        self._means.journal.note(self._manifest(recording))
        self._means.statuses.changed(recording)

    def _manifest(self, recording: Recording) -> Manifest:
        return Manifest(
            recording.ticket,
            recording.asked,
            recording.started_at_us,
            self._means.owner,
            answered_at_us=recording.answered_at_us,
            bridged_at_us=recording.bridged_at_us,
            marks=recording.diary.marks,
            paused=recording.is_paused,
            masks=tuple(recording.steering.reasons),
            unwanted=recording.unwanted,
            segments=recording.segments,
        )

    def _call_ended(self, call: Call) -> None:
        """It is hung up, or no longer ours: one that was transferred away takes with it what is to follow."""
        self._roster.call_ended(call)
        was_moved = call.end is not None and call.end.how is How.LEFT
        for recording in self._roster.of(call.uuid):
            if was_moved and recording.is_running and not recording.ticket.request.follow_transfer:
                recording.ask(Asked.TRANSFER)
            recording.bell.ring()
