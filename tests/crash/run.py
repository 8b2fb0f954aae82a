"""One crash test from beginning to end, and its report.

calls come at random moments  ->  the switch records  ->  engines are killed and started again
the load stops -> the last engine settles everything -> what arrived is compared with what was recorded
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import gevent

from config.address import Address
from recording.naming import JOURNAL_DIRECTORY
from service.stage import Stage
from storage.outbox import Outbox
from storage.outbox_delivery import DeliveryState
from tests.crash import copies, judge, plan, switches
from tests.crash.audit import audit
from tests.crash.engines import Engines
from tests.crash.judge import Fault, Left, Verdict
from tests.crash.phone import Phone
from tests.crash.plan import AIM_S, AIMS, Plan
from tests.crash.receiver import Mood, Receiver
from tests.crash.stores import CouchStore, FolderStore, Store
from tests.crash.switches import PASSWORD, SwitchPlace
from tests.crash.witness import Ear, Witness
from tests.service.service_process import free_ports

LOOK_S = 0.5
TELL_EVERY = 25
MOST_LISTED = 1000


@dataclass(frozen=True, slots=True)
class Peers:
    """Who takes part. `freeswitch`: None for the simulator; `couchdb_url`: "" for a folder of documents."""

    freeswitch: Address | None = None
    password: str = PASSWORD
    couchdb_url: str = ""


@dataclass(slots=True)
class Report:
    """What a run came to.

    Attributes: unrecorded: calls the switch never began to record, for want of an engine; begun: recordings;
    discarded: of these without a frame; failed: asked for and never recorded, as the audit says.
    """

    kills: int = 0
    worker_kills: int = 0
    calls: int = 0
    unrecorded: int = 0
    begun: int = 0
    discarded: int = 0
    failed: int = 0
    engineless_s: float = 0.0
    took_s: float = 0.0
    moods: dict[Mood, int] = field(default_factory=dict)
    verdict: Verdict = field(default_factory=Verdict)


class CrashTest:
    """One run, below one directory. Args: tell: hears how it goes."""

    def __init__(self, plan: Plan, peers: Peers, directory: Path, tell: Callable[[str], None]) -> None:
        self.plan = plan
        self.engines: Engines
        self.witness = Witness(directory / "kept")
        self._peers = peers
        self._directory = directory
        self._tell = tell
        self._report = Report()
        self._receiver = Receiver(directory / "received", random.Random(f"{plan.seed} receiver"))
        self._stage = Stage(directory)

    def run(self) -> Report:
        """Run it. Returns: what it came to, faults and all."""
        began_s = time.monotonic()
        with ExitStack() as stack:
            phone = self._set_up(stack)
            phone.start()
            self._kill(random.Random(f"{self.plan.seed} killer"))
            phone.stop()
            self._receiver.calm = True
            left = self._settle()
            self._compare(phone, left)
        self._report.took_s = time.monotonic() - began_s
        return self._report

    def _set_up(self, stack: ExitStack) -> Phone:
        """Start everybody but the engine."""
        for directory in (self._directory, self._stage.recordings, self.witness.directory):
            directory.mkdir(exist_ok=True)
            directory.chmod(0o777)  # FreeSWITCH may run as another user
        self._receiver.start()
        stack.callback(self._receiver.stop)
        store = self._open_store()
        stack.callback(store.close)
        self._store = store
        numbers, cut = [], set()
        for kind, number, document in plan.documents(self._receiver.url, random.Random(self.plan.seed)):
            store.write(number, document)
            numbers.append(number)
            if kind.is_cut:
                cut.add(number)
        place = self._place(stack)
        self.engines = Engines(self._stage, place, store.url, store.account)
        stack.callback(self.engines.close)
        ear = Ear(place.address, place.password, self.witness)
        ear.open()
        stack.callback(ear.close)
        chance = random.Random(f"{self.plan.seed} caller")
        calls_per_s, alarm = self.plan.calls_per_s, self.witness.alarm
        return Phone(place, ear.link, numbers, frozenset(cut), calls_per_s, chance, alarm)

    def _open_store(self) -> Store:
        if self._peers.couchdb_url:
            return CouchStore(self._peers.couchdb_url, self._directory / "fetched")
        return FolderStore(self._stage)

    def _place(self, stack: ExitStack) -> SwitchPlace:
        event_socket, engine = free_ports(2)
        if self._peers.freeswitch is not None:
            return switches.real(self._directory, self._peers.freeswitch, self._peers.password, engine)
        return stack.enter_context(switches.simulated(self._directory, event_socket, engine))

    def _kill(self, chance: random.Random) -> None:
        """Start engines and kill them, as often as planned, and leave one running."""
        report, told = self._report, 0
        while report.kills < self.plan.kills:
            processes = chance.choice((1, 2))
            self.engines.start(processes)
            self._await_moment(chance)
            if (
                processes > 1
                and chance.random() < self.plan.worker_share
                and self.engines.kill_worker(chance)
            ):
                report.kills += 1
                report.worker_kills += 1
                self._await_moment(chance)
            self.engines.kill()
            report.kills += 1
            gevent.sleep(chance.uniform(*self.plan.down_s))
            if report.kills >= told + TELL_EVERY:
                told = report.kills
                self._tell(f"{told} kills, {len(self.witness.recordings)} recordings")
        self.engines.start(1)

    def _await_moment(self, chance: random.Random) -> None:
        """Wait until it is time to kill."""
        if chance.random() < self.plan.early_share:
            gevent.sleep(chance.uniform(0, self.plan.early_s))
            return
        self.engines.wait_started()
        gevent.sleep(chance.uniform(*self.plan.up_s))
        if chance.random() < self.plan.aimed_share:
            moment = chance.choice(list(AIMS))
            self.witness.alarm.wait(moment, AIM_S)
            gevent.sleep(chance.uniform(0, AIMS[moment]))

    def _settle(self) -> Left:
        """Give the last engine its time. Returns: what is left then."""
        deadline_s = time.monotonic() + self.plan.settle_s
        self._tell("no more calls; the last engine settles what is left")
        while time.monotonic() < deadline_s and (self.witness.running or self._waiting()):
            gevent.sleep(LOOK_S)
        self.engines.stop()
        self.engines.start(1)  # which also takes away what has been delivered
        self.engines.wait_started()
        while time.monotonic() < deadline_s and self._files():
            gevent.sleep(LOOK_S)
        if self.engines.stop() != 0:
            self.witness.trouble.append("the last engine did not end in order")
        return Left(tuple(self._undelivered()), tuple(self._manifests()), tuple(self._files()))

    def _compare(self, phone: Phone, left: Left) -> None:
        report, heard = self._report, list(self.witness.recordings.values())
        report.verdict = judge.judge(heard, copies.at_receiver(self._receiver), self._store.copies(), left)
        report.verdict.faults += [Fault("witness", text) for text in self.witness.trouble]
        report.verdict.faults += [
            Fault("witness", f"{one.id}: its end was never heard", one.id)
            for one in heard
            if not one.ended_at_s
        ]
        finished = {one.id for one in heard if one.is_finished}
        audited = audit(self.engines.settings(1))
        report.verdict.faults += [Fault("audit", text) for text in audited.faults(finished)]
        report.failed = audited.failed
        report.calls = len(phone.placed)
        report.begun = len(heard)
        report.unrecorded = report.calls - len({one.ticket.uuid for one in heard})
        report.discarded = sum(bool(one.ended_at_s) and not one.is_finished for one in heard)
        report.engineless_s = self.engines.down_s
        report.moods = self._receiver.moods

    def _waiting(self) -> bool:
        return bool(self._manifests() or self._undelivered())

    def _manifests(self) -> list[Path]:
        return sorted((self._stage.recordings / JOURNAL_DIRECTORY).glob("*"))

    def _files(self) -> list[Path]:
        days = [path for path in self._stage.recordings.iterdir() if path.name != JOURNAL_DIRECTORY]
        return sorted(path for day in days for path in day.glob("*"))

    def _undelivered(self) -> list[str]:
        if not self.engines.outbox.exists():
            return []
        found = []
        with closing(Outbox(self.engines.outbox)) as outbox:
            for state in DeliveryState:
                if state is not DeliveryState.DELIVERED:
                    rows = outbox.list(state, limit=MOST_LISTED)
                    found += [f"{row.recording_id} is {row.state}: {row.last_error}" for row in rows]
        return found
