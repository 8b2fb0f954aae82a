"""The recorder: starts and stops recordings on live calls, hears of their ends, and loses none.

    start -> ticket, command (at once), manifest, watch -> ... -> verify -> hand over -> manifest gone

Whatever fails in between becomes an outcome, never an exception in the flow: a recording never hurts its
call. Events of recordings come in twice, from the call's connection and from the inbound link (`on_event`).
Those of recordings that this process does not know belong to another engine, and are finished here only if
nobody else does within a while.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import gevent
import structlog
from gevent.lock import Semaphore

from calls.call import Call
from recording import care, handover, stray, variables
from recording.care import Care, Means
from recording.control import Link
from recording.ending import Asked
from recording.finisher import Finisher
from recording.handover import HandOver, Receivers
from recording.journal import Journal
from recording.leg_event import legs_of, read_leg_event
from recording.link_recorder import LinkRecorder
from recording.manifest import Manifest
from recording.orders import Orders
from recording.parameters import AccountsConfiguration
from recording.patience import DEFAULT_PATIENCE, Patience
from recording.preparation import Preparation
from recording.probe import Examiner
from recording.processing.processor import Processor
from recording.reconcile import Hands, Reconciled, Reconciler
from recording.recording import Recording
from recording.register import NoRegister, Register
from recording.request import RecordingRequest
from recording.roster import Roster
from recording.spool import Spool
from recording.status import Statuses, StatusSink
from recording.stop_event import EventData, event_time_us, read_stop
from recording.storage_rules import StorageRules
from recording.tally import NoTally, Tally
from storage import outbox_owner

LINK_EVENTS = care.LINK_EVENTS
"""What the inbound link is to be subscribed to for `Recorder.on_event`."""

OF_LEGS: Mapping[str, Callable[[Recording, EventData], None]] = {
    "CHANNEL_HANGUP": lambda recording, _: recording.hung_up(),
    "CHANNEL_ANSWER": lambda recording, event: recording.answered(event_time_us(event)),
    "CHANNEL_BRIDGE": lambda recording, event: recording.bridged(event_time_us(event)),
    "DTMF": lambda recording, event: recording.pressed(event.get("DTMF-Digit") or ""),
}
"""What an event of a leg means to its recordings."""

OF_RECORDINGS = frozenset({"RECORD_START", "RECORD_STOP"})

log = structlog.get_logger(__name__)


class Outbox(handover.Outbox, stray.KnownRecordings, Protocol):
    """What takes finished recordings over, and knows which it has (storage.outbox.Outbox)."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long is waited for what, in seconds.

    Attributes: patience: see there; stray_s: what a sibling has to finish a recording of its own before this
    process does; housekeeping_s: between two looks at the journal and at the days ahead.
    """

    patience: Patience = DEFAULT_PATIENCE
    stray_s: float = 15.0
    housekeeping_s: float = 60.0


DEFAULT_TIMING = Timing()


class Recorder(Orders):
    """Every recording of this process.

    Args: config: system_config as it is in force; outbox: takes finished recordings over; storage: says where
    they go; link: returns the inbound connection to FreeSWITCH, None while there is none; tally: counts;
    register: notes what was asked for and what became of it; node: this engine's name; observers: who tells
    the observers of recordings (recording.status), by their kind.
    """

    def __init__(
        self,
        recordings_dir: Path,
        *,
        config: AccountsConfiguration,
        outbox: Outbox,
        storage: StorageRules,
        link: Callable[[], Link | None] = lambda: None,
        tally: Tally | None = None,
        register: Register | None = None,
        node: str = "",
        timing: Timing = DEFAULT_TIMING,
        observers: Mapping[str, StatusSink] | None = None,
    ) -> None:
        self._dir = recordings_dir
        self._outbox = outbox
        self._tally = tally or NoTally()
        self._timing = timing
        super().__init__(Roster(), config)
        self._spool = Spool(recordings_dir)
        self._journal = Journal(recordings_dir)
        self._examiner = Examiner()
        self._processor = Processor(config, self._examiner)
        software = str(config.get("ecallmgr", "recording_software_name") or "")
        self._statuses = Statuses(observers)
        receivers = Receivers(
            outbox,
            self._journal,
            self._tally,
            storage,
            node,
            register=register or NoRegister(),
            statuses=self._statuses,
        )
        self._care = Care(
            Means(
                recordings_dir=recordings_dir,
                config=config,
                link=link,
                roster=self._roster,
                journal=self._journal,
                finisher=Finisher(recordings_dir, self._examiner),
                preparation=Preparation(recordings_dir, self._processor, software),
                hand_over=HandOver(recordings_dir, receivers),
                owner=outbox_owner.this_process(),
                patience=timing.patience,
                hear=self.on_event,
                register=register or NoRegister(),
                statuses=self._statuses,
            )
        )
        self.legs = LinkRecorder(self._care, self._roster, link)
        self._reconciler = Reconciler(self._journal, self._hands())
        self._reconciling = Semaphore()
        self._housekeeper: gevent.Greenlet | None = None

    def open(self) -> None:
        """Make the directories and begin housekeeping, which finishes what earlier processes left."""
        self._spool.prepare(datetime.now(UTC))
        if self._housekeeper is None:
            self._housekeeper = gevent.spawn(self._keep_house)

    def close(self, timeout_s: float = 10.0) -> int:
        """Finish what has ended, let go of the rest. Returns: recordings left to the next engine."""
        if self._housekeeper is not None:
            self._housekeeper.kill()
            self._housekeeper = None
        self._care.close(timeout_s)
        self._statuses.close()
        self._processor.close()
        self._journal.close()
        self._examiner.close()
        return len(self._roster)

    @property
    def live(self) -> int:
        """Recordings that are not yet finished."""
        return len(self._roster)

    def start(self, call: Call, request: RecordingRequest, *, review: bool = False) -> Recording:
        """Have a call recorded; the command is on its way when this returns. Never waits, never raises.

        Several recordings may run on one call. What becomes of this one is told by the recording returned.
        Args: review: it goes no further than to be looked at before `keep` or `discard`, or the call's end.
        """
        recording = self._care.begin(call, request, review=review)
        call.log.info(
            "recording_requested",
            recording_id=recording.id,
            format=request.format,
            limit_s=request.time_limit_s,
        )
        return recording

    def stop(self, call: Call, name: str = "") -> Recording | None:
        """Stop a recording of a call; the command is on its way when this returns. Never waits, never raises.

        Args: name: a media_name, recording id or document id; "" means the newest that still runs, as does
        the newest of a name that several have. Returns: the recording, None when there is none to stop.
        """
        recording = self._roster.newest(call.uuid, name)
        if recording is None:
            call.log.info("recording_stop_without_recording", recording_name=name)
            return None
        recording.ask(Asked.STOP)
        return recording

    def recordings(self, call: Call) -> tuple[Recording, ...]:
        """Return the recordings of a call that are not yet finished, the oldest first."""
        return self._roster.of(call.uuid)

    def on_event(self, event: EventData) -> None:
        """Take one of LINK_EVENTS in, from any connection and of any channel. In the hub: never waits."""
        name = event.get("Event-Name") or ""
        if name == "CUSTOM":
            self.legs.hear(event)
        if name in OF_LEGS:
            uuid = event.get("Unique-ID") or ""
            for recording in self._roster.of(uuid):
                if recording.journey.leg == uuid:
                    OF_LEGS[name](recording, event)
        self._heard_of_legs(event)
        recording_id = variables.id_of(event) if name in OF_RECORDINGS else ""
        if not recording_id:
            return
        known = self._roster.get(recording_id)
        if name == "RECORD_START":
            self._heard_start(event, recording_id, known)
        elif name == "RECORD_STOP" and known is not None:
            known.stopped(event)
            self._care.following.stopped(known)
        elif name == "RECORD_STOP" and self._roster.settled(recording_id) is None:
            wait_s = self._timing.stray_s * random.uniform(1.0, 1.3)
            self._care.later(wait_s, lambda: self._finish_stray(event, recording_id))

    def reconcile(self) -> Reconciled:
        """Finish or take over what nobody looks after; blocks the calling greenlet.

        To be called after each gap of the inbound link; housekeeping repeats it.
        """
        with self._reconciling:
            return self._reconciler.run()

    def _heard_of_legs(self, event: EventData) -> None:
        """Tell the conversations that a leg is in what happened to it."""
        along = {one.id: one for uuid in legs_of(event) for one in self._roster.along(uuid)}
        if not along:
            return
        leg_event = read_leg_event(event)
        if leg_event is not None:
            for recording in along.values():
                self._care.following.hear(recording, leg_event)

    def _heard_start(self, event: EventData, recording_id: str, known: Recording | None) -> None:
        if known is not None:
            if known.started(event):
                self._tally.recording_started()
                log.info("recording_started", recording_id=known.id, call_id=known.ticket.call_id)
            return
        settled = self._roster.settled(recording_id)
        if settled is None or settled.began:
            return
        ticket = stray.ticket_of_stray(event, self._dir)
        if ticket is not None:  # given up, and it began all the same
            self._tally.recording_started()
            adopted = self._care.adopt(Manifest(ticket, started_at_us=event_time_us(event)))
            adopted.ask(settled.asked)

    def _finish_stray(self, event: EventData, recording_id: str) -> None:
        """Finish a recording that another engine has not finished meanwhile."""
        known = self._roster.get(recording_id)
        if known is not None:
            known.stopped(event)
            self._care.following.stopped(known)
            return
        ticket = stray.ticket_of_stray(event, self._dir)
        if ticket is None:
            return
        deleted = read_stop(event).is_discarded
        manifest = stray.manifest_to_finish(
            ticket, self._journal, self._outbox, self._care.path_of(Manifest(ticket)), deleted=deleted
        )
        manifest = stray.at_its_end(manifest, event) if manifest is not None else None
        if manifest is None or not self._care.take(manifest) or self._roster.get(recording_id) is not None:
            return
        stored = stray.stored_in_outbox(self._outbox, recording_id)
        if stored is not None:  # its sibling was all but done with it
            self._care.conclude(manifest, stored)
        else:
            log.warning("recording_finished_for_another_engine", recording_id=recording_id)
            self._care.finish(manifest, event)

    def _adopt(self, manifest: Manifest) -> None:
        self._care.adopt(manifest)

    def _finish_from_disk(self, manifest: Manifest) -> None:
        stored = stray.stored_in_outbox(self._outbox, manifest.ticket.name.recording_id)
        if stored is None:
            self._care.finish(manifest)
        else:  # its engine died in between
            self._care.conclude(manifest, stored)

    def _hands(self) -> Hands:
        return Hands(
            is_known=lambda recording_id: self._roster.get(recording_id) is not None,
            presence=self._care.presence,
            take=self._care.take,
            adopt=self._adopt,
            finish=self._finish_from_disk,
            path_of=self._care.path_of,
        )

    def _keep_house(self) -> None:
        while True:
            self.reconcile()
            gevent.sleep(self._timing.housekeeping_s)
            self._spool.prepare(datetime.now(UTC))
