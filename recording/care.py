"""Looks after recordings, each in a greenlet of its own, from the command to the outbox.

A recording may come into care by a call that asks for it, from the manifest of an engine that died, or by an
event that nobody else acted on; from there on all are alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog
from gevent.pool import Group

from calls.call import Call
from calls.errors import CallError
from esl.errors import EslError
from esl.session import Completion
from recording.control import Control, Link, Presence
from recording.ending import Asked
from recording.finisher import Finisher
from recording.handover import HandOver
from recording.journal import Journal, Manifest
from recording.opening import ticket_for
from recording.parameters import Configuration
from recording.recording import Recording
from recording.request import RecordingRequest
from recording.roster import Roster
from recording.stop_event import EventData
from recording.ticket import Ticket
from recording.watch import Patience, Watch

EVENTS = ("RECORD_START", "RECORD_STOP", "CHANNEL_HANGUP")
"""What is to be heard of a recorded call of ours."""

LINK_EVENTS = ("RECORD_START", "RECORD_STOP")
"""What is to be heard on the inbound link, where events of all channels arrive: RECORD_STOP itself tells
whether its channel was hung up."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Means:
    """What care takes. `owner`: this process, as manifests name it; `hear`: takes EVENTS in."""

    recordings_dir: Path
    config: Configuration
    link: Callable[[], Link | None]
    roster: Roster
    journal: Journal
    finisher: Finisher
    hand_over: HandOver
    owner: str
    patience: Patience
    hear: Callable[[EventData], None]


class Care:
    """Brings recordings through their lives. Its methods return at once, unless they say otherwise."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._roster = means.roster
        self._greenlets = Group()

    def begin(self, call: Call, request: RecordingRequest) -> Recording:
        """Have a call recorded. What goes wrong is told by the recording."""
        is_first = not self._roster.knows_call(call.uuid)
        ticket = ticket_for(call, request, time.time(), is_first=is_first)
        recording = self._enrol(ticket, call)
        completion = None
        try:
            completion = recording.control.start()
            recording.sent()
        except (CallError, EslError) as exc:
            recording.note(f"FreeSWITCH was not asked to record: {exc}")
        self._look_after(recording, call, completion)
        return recording

    def adopt(self, manifest: Manifest) -> None:
        """Take over a recording that FreeSWITCH still writes and whose engine died."""
        ticket = manifest.ticket
        started_at_us = manifest.started_at_us or ticket.requested_at_us
        call = self._roster.call_of(ticket.uuid)
        recording = self._enrol(ticket, call, manifest.asked, started_at_us)
        log.warning("recording_adopted", recording_id=recording.id, call_id=ticket.call_id)
        self._look_after(recording, call, None)

    def finish(self, manifest: Manifest, stop: EventData | None = None) -> None:
        """Finish a recording that is over, from its RECORD_STOP or, without one, from what is on disk."""
        recording = self._enrol(manifest.ticket, None, manifest.asked, manifest.started_at_us)
        if stop is None:
            recording.lost()
        else:
            recording.stopped(stop)
        self._greenlets.spawn(self._finish, recording)

    def presence(self, manifest: Manifest) -> Presence:
        """Ask FreeSWITCH whether it writes a recording; blocks."""
        return self._control(manifest.ticket).presence()

    def path_of(self, ticket: Ticket) -> Path:
        """Where the media of a recording is."""
        return ticket.name.media_path(self._means.recordings_dir, ticket.request.format)

    def later(self, wait_s: float, work: Callable[[], None]) -> None:
        """Do something in a greenlet of its own after a while, unless care has ended by then."""
        greenlet = self._greenlets.greenlet_class(work)
        self._greenlets.add(greenlet)
        greenlet.start_later(wait_s)

    def close(self, timeout_s: float) -> None:
        """Wait for recordings that are over, and let go of the rest; blocks."""
        deadline_s = time.monotonic() + timeout_s
        for recording in self._roster:
            if recording.is_over:
                recording.wait_finished(deadline_s - time.monotonic())
        self._greenlets.kill()

    def _control(self, ticket: Ticket) -> Control:
        software = str(self._means.config.get("ecallmgr", "recording_software_name") or "")
        call = partial(self._roster.call_of, ticket.uuid)
        return Control(ticket, self.path_of(ticket), call, self._means.link, software)

    def _enrol(
        self, ticket: Ticket, call: Call | None, asked: Asked = Asked.NOTHING, started_at_us: int = 0
    ) -> Recording:
        recording = Recording(
            ticket,
            self.path_of(ticket),
            self._control(ticket),
            asked=asked,
            started_at_us=started_at_us,
            on_change=self._note,
        )
        if self._roster.add(recording, call) and call is not None:
            self._roster.listens(call.uuid, [call.on(name, self._means.hear) for name in EVENTS])
            call.on_end(lambda _: self._call_ended(call))
        return recording

    def _look_after(self, recording: Recording, call: Call | None, completion: Completion | None) -> None:
        self._note(recording)
        self._greenlets.spawn(self._live_through, recording, call, completion)

    def _live_through(self, recording: Recording, call: Call | None, completion: Completion | None) -> None:
        Watch(recording, call, self._means.patience).run(completion)
        self._finish(recording)

    def _finish(self, recording: Recording) -> None:
        over = recording.ending()
        outcome = self._means.finisher.verify(over)
        recording.verified(outcome)
        handed_over = self._means.hand_over.settle(over, outcome)
        self._roster.remove(recording)
        recording.settled(handed_over=handed_over)

    def _note(self, recording: Recording) -> None:
        """Have its manifest say what is known now."""
        manifest = Manifest(recording.ticket, recording.asked, recording.started_at_us, self._means.owner)
        self._means.journal.note(manifest)

    def _call_ended(self, call: Call) -> None:
        for recording in self._roster.of(call.uuid):
            recording.bell.ring()
        self._roster.call_ended(call)
