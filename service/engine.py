"""One engine process: every part built once, from the settings, and wired together.

    documents -> cache -> system_config, callflows, media        outbox -> worker -> destinations
    FreeSWITCH -> listener -> runner -> recorder -> outbox       inbound link -> recorder

Starting goes from the bottom up, stopping from the top down: no new calls first, then the live ones end,
then their recordings are handed over, then the deliveries under way.
"""

from __future__ import annotations

import time
from functools import partial

import structlog
from flask import Blueprint

from callcontrol import recording_events
from callcontrol.playing_media import SoundFinder
from callflows.registry import discover as discover_actions
from callflows.runner import CallflowRunner
from config.settings import Settings
from config.system import SystemConfig
from esl.listener import Listener
from recording.link import Links
from recording.link_archive import Archive
from recording.link_origin import Origin
from recording.link_shelf import Shelf
from recording.processing.offer import settings_of
from recording.recorder import Recorder
from recording.register import OutboxRegister
from recording.status import StatusSink
from recording.storage_rules import StorageRules
from service.auditing import Auditor
from service.call_control import CallControl, Surroundings
from service.call_recordings import Recordings
from service.capture_sweep import CaptureSweep
from service.config_source import StoredConfig
from service.destinations import destinations_of
from service.gap_watch import GapWatch
from service.health import Condition, Health, State, disk_condition
from service.hub_lag import HubLag
from service.link_watch import LinkWatch
from service.media_place import media_place
from service.metrics import Metrics
from service.noticing import Noticing, notice_backoff
from service.pages import servers_of
from service.recording_pages import recording_pages
from service.scripts import Scripts
from service.secret import shared_secret
from storage.address import AddressPolicy
from storage.cache import CachedStore
from storage.disk_guard import DiskGuard, Marks, Place
from storage.errors import StoreError
from storage.media_source import readable_kinds
from storage.open_store import open_store
from storage.outbox import Outbox
from storage.outbox_backoff import DAY_S, Backoff
from storage.outbox_retention import Retention
from storage.outbox_worker import DeliveryWorker, WorkerSettings
from storage.plan import Plans
from swml import record_status
from swml.record_status import RecordStatusSink

log = structlog.get_logger(__name__)

DELIVERIES_STOP_S = 20.0  # an upload cut off here is tried again at the next start
RECORDINGS_STOP_S = 10.0
REGISTER_BEHIND = 500  # notes that wait; a burst of calls has fewer


class Engine:
    """Takes calls from `start` to `stop`.

    Args: settings: see config.settings; process: 0 for the first (or only) one of this host; all share the
    listening ports and the outbox, each has its own inbound link and a port for its own metrics.
    """

    def __init__(self, settings: Settings, *, process: int = 0) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.store: CachedStore = open_store(settings.documents.url, max_age_s=settings.documents.cache_s)
        node = settings.freeswitch.node_name
        self.config = SystemConfig(StoredConfig(self.store), node=node, zone=settings.documents.zone)
        self.outbox = Outbox(
            settings.outbox.path, backoff=self._backoff(), notice_backoff=notice_backoff(settings.outbox)
        )
        self.noticing = Noticing(settings.outbox, self.outbox.notices, self.metrics.notice_ended)
        self.destinations = destinations_of(settings, self.store)
        self.secret = shared_secret(settings, self.outbox)
        self.shelf = Shelf(
            settings.freeswitch.recordings_dir,
            self.outbox,
            self.destinations,
            archive=Archive(self.store),
        )
        self.links = self._links()
        self.register = OutboxRegister(self.outbox.register)
        self.gaps = GapWatch(Auditor(self.outbox, settings.freeswitch.recordings_dir))
        self.disks = self._disk_guard()
        self.worker = self._deliveries()
        self.link = self._inbound_link()
        observers: dict[str, StatusSink] = {
            record_status.KIND: RecordStatusSink(self.noticing.poster, self.links)
        }
        self.recorder = Recorder(
            settings.freeswitch.recordings_dir,
            config=self.config,
            outbox=self.outbox,
            storage=StorageRules(self.config, Plans(self.store)),
            link=lambda: self.link.current if self.link else None,
            tally=self.metrics,
            register=self.register,
            node=node,
            observers=observers,
        )
        self.call_control = self._call_control(node)
        observers[recording_events.KIND] = self.call_control.recordings
        self.scripts = Scripts(
            settings,
            config=self.config,
            recorder=self.recorder,
            links=self.links,
            notices=self.noticing.poster,
            speech_settings=partial(settings_of, self.config),
        )
        self.runner = CallflowRunner(
            documents=self.store,
            config=self.config,
            recorder=self.recorder,
            registry=discover_actions(),
            media=media_place(settings.documents.url),
            media_dir=settings.freeswitch.recordings_dir,
            programs={"swml": self.scripts, "call_control": self.call_control.program},
            owners=self.call_control.facilities.connections,
            default_account=settings.documents.default_account,
            linger_s=settings.freeswitch.linger_s,
            on_report=self.metrics.call_ended,
        )
        host, port = settings.freeswitch.listen
        self.listener = Listener(host, port, self.runner.handle, max_sessions=settings.freeswitch.max_calls)
        self.captures = CaptureSweep(settings.freeswitch.recordings_dir)
        self.lag = HubLag(self.metrics.registry)
        self.health = self._health()
        self.pages = servers_of(settings, process, self.health, self.metrics.registry, self._blueprints())
        self.http = self.pages[0] if self.pages else None
        self._is_draining = False

    def start(self) -> None:
        """Begin to take calls. Raises: SettingsError: an address cannot be listened on."""
        self.metrics.live_calls(lambda: self.listener.live)
        self.metrics.deliveries(self.worker.stats)
        self.metrics.notices(self.noticing.worker.stats, self.noticing.poster.stats)
        self.metrics.register(self.register.stats, self.gaps.gaps)
        self.metrics.disks(self.disks.states)
        self.config.start()
        self.disks.start()
        self.recorder.open()
        self.shelf.spool.start()
        self.worker.start()
        self.noticing.start()
        self.call_control.start()
        self.gaps.start()
        self.captures.start()
        if self.link:
            self.link.start(self.recorder)
        self.lag.start()
        for server in self.pages:  # before the first call: an address in use must not cut calls off
            server.start()
        self.listener.start()
        host, port = self.listener.address[:2]
        log.info("engine_started", host=host, port=port)

    def drain(self, timeout_s: float) -> bool:
        """Take no new calls and wait for the live ones. Returns: whether all ended in time."""
        self._is_draining = True
        self.listener.stop_accepting()
        log.info("draining", live_calls=self.listener.live, timeout_s=timeout_s)
        began = time.monotonic()
        is_idle = self.listener.wait_idle(timeout_s)
        log.info("drained", live_calls=self.listener.live, took_s=round(time.monotonic() - began, 3))
        return is_idle

    def stop(self) -> None:
        """End everything; the outbox keeps what is not delivered, the journal what is not finished."""
        self.listener.close()
        self.scripts.stop()
        left = self.recorder.close(RECORDINGS_STOP_S)
        if self.link:
            self.link.stop()
        self.register.close()
        self.gaps.stop()
        self.captures.stop()
        self.disks.stop()
        self.worker.stop(DELIVERIES_STOP_S)
        for server in self.pages:
            server.stop()
        self.call_control.stop()
        self.noticing.stop()
        self.shelf.close()
        self.lag.stop()
        self.config.stop()
        self.store.close()
        self.outbox.close()
        log.info("engine_stopped", recordings_left=left)

    def _backoff(self) -> Backoff:
        outbox = self.settings.outbox
        return Backoff(cap_s=outbox.max_backoff_s, give_up_s=outbox.give_up_days * DAY_S)

    def _deliveries(self) -> DeliveryWorker:
        outbox = self.settings.outbox
        retention = Retention(outbox.keep_media_s, outbox.keep_delivered_s, outbox.register_days * DAY_S)
        settings = WorkerSettings(concurrency=outbox.workers, retention=retention)
        return DeliveryWorker(self.outbox, self.destinations, settings, observe=self.metrics.attempt_ended)

    def _disk_guard(self) -> DiskGuard:
        outbox = self.settings.outbox
        recordings_dir = self.settings.freeswitch.recordings_dir
        places = (
            Place("recordings", recordings_dir, outbox.disk_quota_mb * 1_000_000),
            Place("outbox", outbox.path.parent),
        )
        marks = Marks(outbox.disk_low_percent / 100, outbox.disk_critical_percent / 100)
        return DiskGuard(self.outbox, places, marks, readable_kinds=readable_kinds(self.destinations))

    def _links(self) -> Links:
        http = self.settings.http
        origin = Origin(http.public_url, self._listening)
        return Links(self.secret, origin, self.shelf, lifetime_s=http.recording_url_s)

    def _listening(self) -> tuple[str, int] | None:
        """Return where pages are reached; a port that the system chose is known once it is listened on."""
        address = self.settings.http.listen
        return self.http.address if address is not None and not address.port and self.http else address

    def _inbound_link(self) -> LinkWatch | None:
        address = self.settings.freeswitch.event_socket
        return LinkWatch(address, self.settings.freeswitch.password) if address else None

    def _blueprints(self) -> list[Blueprint]:
        """Return what is served at `http.listen` beside health and metrics."""
        return [recording_pages(self.links, self.shelf), *self.call_control.blueprints]

    def _call_control(self, node: str) -> CallControl:
        around = Surroundings(
            config=self.config,
            store=self.store,
            notices=self.noticing.poster,
            recorder=self.recorder.legs,
            links=self.links,
            link=lambda: self.link.current if self.link else None,
            secret=self.secret,
            node=node,
            sounds=self._sounds(),
            observe=self.metrics.api_answered,
            recordings=Recordings(
                self.outbox,
                self.destinations,
                self.settings.freeswitch.recordings_dir,
                self.shelf.spool.drop,
            ),
            event_socket=self.settings.freeswitch.event_socket,
            password=self.settings.freeswitch.password,
            told=self.outbox.notices,
        )
        call_control = CallControl(self.settings.callcontrol, around)
        self.noticing.signers.update(call_control.signers)
        return call_control

    def _sounds(self) -> SoundFinder:
        """Return what finds the sounds that commands name."""
        return SoundFinder(
            config=self.config,
            store=self.store,
            place=media_place(self.settings.documents.url),
            links=self.links,
            files=self.shelf.spool,
            addresses=AddressPolicy([str(one) for one in self.settings.outbox.allow_networks]),
            owner_of=lambda recording_id: self.shelf.find(recording_id).account_id,
        )

    def _health(self) -> Health:
        health = Health()
        health.add("calls", self._calls_condition)
        health.add("documents", self._documents_condition)
        health.add("system_config", self._config_condition)
        health.add("outbox", self._outbox_condition)
        health.add("notices", self.noticing.condition)
        health.add("recordings", self._recordings_condition)
        health.add("disk", lambda: disk_condition(self.disks.states().values()))
        if self.link:
            health.add("event_socket", self.link.condition)
        if self.call_control.watch:
            health.add("call_events", self.call_control.watch.condition)
        return health

    def _calls_condition(self) -> Condition:
        if self._is_draining:
            return Condition(State.DOWN, f"draining, {self.listener.live} live calls")
        return Condition(State.OK, f"{self.listener.live} live calls")

    def _documents_condition(self) -> Condition:
        health = self.store.health()
        if not health.is_available:
            return Condition(State.DEGRADED, f"{health.reason}; calls whose documents are cached go on")
        if not health.feeds_down:
            return Condition(State.OK)
        # A database nobody has made yet has no feed either, and is no fault: a folder without accounts/, say.
        try:
            self.store.ping()
        except StoreError as exc:
            return Condition(State.DEGRADED, f"{exc}; calls whose documents are cached go on")
        return Condition(State.OK, f"not there, or not followed now: {', '.join(health.feeds_down)}")

    def _config_condition(self) -> Condition:
        problems = self.config.health()
        if not problems:
            return Condition(State.OK)
        return Condition(State.DEGRADED, "; ".join(str(problem) for problem in problems))

    def _recordings_condition(self) -> Condition:
        waiting = self.register.stats().waiting
        if waiting > REGISTER_BEHIND:
            return Condition(State.DEGRADED, f"{waiting} recordings wait to be noted in the register")
        return self.gaps.condition()

    def _outbox_condition(self) -> Condition:
        try:
            stats = self.worker.stats()
        except StoreError as exc:
            return Condition(State.DEGRADED, f"{exc}; recordings wait on this host's disk")
        waiting = f"{stats.pending} pending, {stats.dead} dead letters"
        if stats.dead or stats.destinations_down:
            return Condition(State.DEGRADED, f"{waiting}, {stats.destinations_down} destinations down")
        return Condition(State.OK, waiting)
