"""The delivery worker, with real files, a real outbox, and receivers that misbehave."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent.event import Event
from gevent.queue import Queue
from structlog.testing import capture_logs

from storage.destination import Destination, Media, Receipt, Target
from storage.destinations.http import HttpDestination
from storage.errors import NotFound, StoreUnavailable
from storage.outbox import Outbox
from storage.outbox_backoff import Backoff
from storage.outbox_delivery import AttemptOutcome, DeliveryState
from storage.outbox_health import Health
from storage.outbox_retention import Retention
from storage.outbox_worker import AttemptReport, DeliveryWorker, WorkerSettings
from tests.storage.outbox_parts import Clock
from tests.storage.receiver import PATIENCE_S, Answer, Receiver, context_of, media_of, serving

QUICK = Backoff(base_s=0.02, cap_s=0.1)
SETTINGS = WorkerSettings(concurrency=4, poll_s=0.05, retention=Retention(media_s=1e6))


class Gate:
    """A destination that holds each delivery until it is told how it ends."""

    def __init__(self) -> None:
        self.arrived: Queue[Media] = Queue()
        self.open = Event()
        self.failure: BaseException | None = None

    def validate(self, parameters: dict[str, Any]) -> list[str]:
        """Faults are given by the test."""
        return list(parameters.get("faults", ()))

    def deliver(self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any]) -> Receipt:
        """Wait, then fail as told or say it is there."""
        self.arrived.put(media)
        self.open.wait(PATIENCE_S)
        if self.failure is not None:
            raise self.failure
        return Receipt("there")


class Bench:
    """An outbox, a worker and what it reported."""

    def __init__(self, path: Path, **kinds: Destination) -> None:
        self.path = path
        self.outbox = Outbox(path / "outbox.sqlite", backoff=QUICK)
        self.destinations: dict[str, Destination] = {"http": HttpDestination(context_of()), **kinds}
        self.reports: Queue[AttemptReport] = Queue()
        self.worker = self.make(SETTINGS)

    def make(self, settings: WorkerSettings, **options: Any) -> DeliveryWorker:
        """A worker, not started."""
        health = Health(settings.per_key, pause=Backoff(base_s=0.05, cap_s=0.2))
        options = {"health": health, "observe": self.reports.put, **options}
        self.worker = DeliveryWorker(self.outbox, self.destinations, settings, **options)
        return self.worker

    def queue(self, *targets: Target, content: bytes = b"sound") -> str:
        """A recording with a file of its own."""
        recording_id = uuid.uuid4().hex
        media = media_of(self.path / f"{recording_id}.mp3", content, name=f"{recording_id}.mp3")
        metadata = {"_id": f"202611-{recording_id}"}
        self.outbox.enqueue(media, metadata, targets, recording_id=recording_id, account_id="acc")
        return recording_id

    def reported(self, count: int = 1) -> list[AttemptReport]:
        """The next attempts to end."""
        return [self.reports.get(timeout=PATIENCE_S) for _ in range(count)]

    def settled(self, recording_id: str) -> None:
        """Wait until a recording is delivered everywhere."""
        while self.outbox.recording(recording_id).settled_at is None:
            self.reported()


def to(receiver: Receiver, path: str = "/in") -> Target:
    """A target at a receiver."""
    return Target("http", {"url": receiver.url(path), "fields": {}})


def until(condition: Callable[[], object]) -> None:
    """Look until a condition holds."""
    with gevent.Timeout(PATIENCE_S):
        while not condition():
            gevent.idle()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A worker with a quick outbox; not started."""
    gate = Gate()
    one = Bench(tmp_path, gate=gate)
    yield one
    gate.open.set()
    one.worker.stop(PATIENCE_S)
    one.outbox.close()


def test_what_is_queued_is_delivered_at_once_everywhere(bench: Bench) -> None:
    """Woken by the queueing, not by the next poll; each place gets the file under its name."""
    bench.make(WorkerSettings(poll_s=1000.0)).start()
    with serving() as one, serving() as two:
        gevent.idle()
        recording_id = bench.queue(to(one), to(two))
        reports = bench.reported(2)
    assert {report.state for report in reports} == {DeliveryState.DELIVERED}
    assert [request.target for request in (*one.requests, *two.requests)] == [f"/in/{recording_id}.mp3"] * 2
    assert bench.outbox.recording(recording_id).settled_at is not None


def test_failures_are_tried_again_until_it_is_there(bench: Bench) -> None:
    """Errors, cuts and refusals to talk; the same file under the same name each time."""
    answers = [Answer(500), Answer(503, {"Retry-After": "0"}), Answer(cut_after=2), Answer(429), Answer(201)]
    with serving(*answers) as receiver:
        bench.worker.start()
        recording_id = bench.queue(to(receiver))
        bench.settled(recording_id)
        assert {request.target for request in receiver.requests} == {f"/in/{recording_id}.mp3"}
    (delivery,) = bench.outbox.list(recording_id=recording_id)
    outcomes = [attempt.outcome for attempt in bench.outbox.show(delivery.id).history]
    assert outcomes == [AttemptOutcome.FAILED] * 4 + [AttemptOutcome.DELIVERED]


def test_a_final_refusal_is_not_tried_again_until_somebody_asks(bench: Bench) -> None:
    """A dead letter says why; `retry` sends it."""
    with serving(Answer(403, body=b"expired"), Answer(201)) as receiver:
        bench.worker.start()
        bench.queue(to(receiver))
        (report,) = bench.reported()
        assert (report.state, report.reason) == (DeliveryState.DEAD, "answered 403 Told: expired")
        assert bench.outbox.retry_dead() == 1
        assert bench.reported()[0].state is DeliveryState.DELIVERED


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        (Target("gopher", {}), "no destination of kind 'gopher'"),
        (Target("http", {"url": "nowhere"}), "scheme"),
        (Target("http", {"url": "http://10.0.0.1/"}), "allow_networks"),
    ],
)
def test_what_cannot_be_tried_is_a_dead_letter_that_says_why(
    bench: Bench, target: Target, reason: str
) -> None:
    """Unknown kinds, unusable URLs and forbidden addresses: the recording stays, the reason is told."""
    bench.worker.start()
    recording_id = bench.queue(target)
    (report,) = bench.reported()
    assert report.state is DeliveryState.DEAD
    assert reason in report.reason
    assert bench.outbox.recording(recording_id).media.path.exists()


@pytest.mark.parametrize("change", ["gone", "cut"])
def test_damaged_media_is_a_dead_letter(bench: Bench, change: str) -> None:
    """Nothing false is delivered, and the destination is not blamed."""
    with serving() as receiver:
        recording_id = bench.queue(to(receiver), content=b"sound" * 1000)
        media = bench.outbox.recording(recording_id).media
        if change == "gone":
            media.path.unlink()
        else:
            media.path.write_bytes(b"sound")
        bench.worker.start()
        (report,) = bench.reported()
    assert report.state is DeliveryState.DEAD
    assert bench.worker.stats().destinations_down == 0


def test_a_dead_destination_does_not_delay_the_others(bench: Bench) -> None:
    """Two hundred wait for one that is down; those for another go through, the dead one is left in peace."""
    with serving(Answer(503)) as dead, serving() as living:
        for _ in range(200):
            bench.queue(to(dead))
        recording_ids = [bench.queue(to(living)) for _ in range(20)]
        bench.worker.start()
        for recording_id in recording_ids:
            bench.settled(recording_id)
        assert len(dead.requests) < 20
        assert bench.worker.stats().destinations_down == 1


def test_a_silent_destination_does_not_take_all_attempts(bench: Bench) -> None:
    """Half of them at most wait for one place, however many are due there."""
    gate = bench.destinations["gate"]
    assert isinstance(gate, Gate)
    for _ in range(10):
        bench.queue(Target("gate"))
    bench.worker.start()
    for _ in range(2):
        gate.arrived.get(timeout=PATIENCE_S)
    with serving() as living:
        bench.settled(bench.queue(to(living)))
    assert gate.arrived.empty()
    assert bench.worker.stats().in_flight == 2
    gate.open.set()


def test_what_waited_for_an_outage_goes_when_it_is_over(bench: Bench) -> None:
    """One good probe, and nobody waits for the end of a long pause."""
    bench.outbox.close()
    bench.outbox = Outbox(bench.path / "outbox.sqlite", backoff=Backoff(base_s=5000.0, least_s=1000.0))
    bench.make(WorkerSettings(concurrency=8, poll_s=0.05))
    with serving(*[Answer(503)] * 4, Answer(201)) as receiver:
        recording_ids = [bench.queue(to(receiver)) for _ in range(5)]
        bench.worker.start()
        for recording_id in recording_ids:
            bench.settled(recording_id)
        assert len(receiver.requests) == 9


def test_a_bug_in_a_destination_is_one_failed_attempt(bench: Bench) -> None:
    """Logged with its traceback, tried again, and no trouble for the others."""
    gate = bench.destinations["gate"]
    assert isinstance(gate, Gate)
    gate.failure = ZeroDivisionError("oops")
    gate.open.set()
    with capture_logs() as logs, serving() as living:
        bench.queue(Target("gate"))
        bench.worker.start()
        assert bench.reported()[0].reason == "ZeroDivisionError in destination gate"
        bench.settled(bench.queue(to(living)))
        gate.failure = None
        while bench.outbox.counts().pending + bench.outbox.counts().delivering:
            bench.reported()
    assert next(log for log in logs if log["event"] == "delivery_crashed")["exc_info"]


@pytest.mark.parametrize("failure", [StoreUnavailable("no room"), NotFound("a", "b")])
def test_trouble_on_this_host_is_not_held_against_a_destination(bench: Bench, failure: Exception) -> None:
    """It is tried again like any failure, and opens no circuit."""
    gate = bench.destinations["gate"]
    assert isinstance(gate, Gate)
    gate.failure = failure
    gate.open.set()
    bench.queue(Target("gate"))
    bench.worker.start()
    assert [report.state for report in bench.reported(5)] == [DeliveryState.PENDING] * 5
    assert bench.worker.stats().destinations_down == 0
    gate.failure = None


def test_work_of_other_processes_is_found(bench: Bench) -> None:
    """What another process queues is delivered here, by polling."""
    bench.worker.start()
    with serving() as receiver:
        other = Outbox(bench.path / "outbox.sqlite")
        media = media_of(bench.path / "a.mp3", b"sound")
        other.enqueue(media, {}, [to(receiver)], recording_id="ab", account_id="acc")
        bench.settled("ab")
        other.close()


def test_two_workers_never_attempt_the_same_delivery(bench: Bench) -> None:
    """Two engines on one outbox: each recording arrives once."""
    other = Outbox(bench.path / "outbox.sqlite", backoff=QUICK)
    second = DeliveryWorker(other, bench.destinations, SETTINGS, observe=bench.reports.put)
    with serving() as receiver:
        recording_ids = [bench.queue(to(receiver)) for _ in range(60)]
        bench.worker.start()
        second.start()
        bench.reported(60)
        targets = [request.target for request in receiver.requests]
    assert sorted(targets) == sorted(f"/in/{recording_id}.mp3" for recording_id in recording_ids)
    assert bench.outbox.counts().delivered == 60
    assert second.stop(PATIENCE_S)
    other.close()


def test_a_long_attempt_keeps_its_lease(bench: Bench) -> None:
    """Renewed while it runs: nobody else starts the same upload, however long it takes."""
    gate = bench.destinations["gate"]
    assert isinstance(gate, Gate)
    clock = Clock()
    bench.outbox.close()
    bench.outbox = Outbox(bench.path / "outbox.sqlite", clock=clock)
    bench.make(WorkerSettings(poll_s=0.05, housekeeping_s=0.05), clock=clock).start()
    bench.queue(Target("gate"))
    gate.arrived.get(timeout=PATIENCE_S)
    other = Outbox(bench.path / "outbox.sqlite", clock=clock)
    for _ in range(5):
        clock.pass_s(SETTINGS.lease_s - 1)
        until(lambda: other.next_due_at() == clock.now + SETTINGS.lease_s)
        assert other.claim("elsewhere[1]:1:x", 60.0) is None
    gate.open.set()
    assert bench.reported()[0].job.number == 1
    other.close()


def test_stopping_lets_attempts_end(bench: Bench) -> None:
    """Those under way are finished and settled, no further one begins."""
    gate = bench.destinations["gate"]
    assert isinstance(gate, Gate)
    for _ in range(3):
        bench.queue(Target("gate"))
    bench.worker.start()
    for _ in range(2):
        gate.arrived.get(timeout=PATIENCE_S)
    assert bench.worker.is_running()
    stopping = gevent.spawn(bench.worker.stop, PATIENCE_S)
    gevent.idle()
    gate.open.set()
    assert stopping.get(timeout=PATIENCE_S) is True
    assert not bench.worker.is_running()
    counts = bench.outbox.counts()
    assert (counts.delivered, counts.pending) == (2, 1)


def test_what_does_not_end_in_time_is_cut_off_and_taken_up_by_the_next(bench: Bench) -> None:
    """The lease stays behind; it ends, or its owner is found dead, and the delivery goes on."""
    gate = bench.destinations["gate"]
    assert isinstance(gate, Gate)
    bench.make(WorkerSettings(lease_s=0.2, poll_s=0.05)).start()
    recording_id = bench.queue(Target("gate"))
    gate.arrived.get(timeout=PATIENCE_S)
    assert bench.worker.stop(0.0) is False
    assert bench.outbox.counts().delivering == 1
    gate.open.set()
    bench.make(WorkerSettings(lease_s=0.2, poll_s=0.05)).start()
    bench.settled(recording_id)


def test_media_is_deleted_after_delivery_by_the_worker(bench: Bench) -> None:
    """Retention works without being asked."""
    bench.make(
        WorkerSettings(poll_s=0.05, housekeeping_s=0.05, retention=Retention(media_s=0.0, rows_s=1e6))
    ).start()
    with serving() as receiver:
        recording_id = bench.queue(to(receiver))
        bench.settled(recording_id)
        until(lambda: bench.outbox.recording(recording_id).media_deleted_at is not None)
    assert not bench.outbox.recording(recording_id).media.path.exists()


def test_an_outbox_in_trouble_is_tried_again(bench: Bench) -> None:
    """A full disk does not end the worker, and what was delivered is not delivered again."""
    gate = bench.destinations["gate"]
    assert isinstance(gate, Gate)
    recording_id = bench.queue(Target("gate"))
    bench.worker.start()
    gate.arrived.get(timeout=PATIENCE_S)
    bench.outbox._db.read(lambda db: db.execute("PRAGMA query_only = 1").fetchall())
    with capture_logs() as logs:
        gate.open.set()
        until(lambda: any(log["event"] == "outbox_unavailable" and "delivery_id" in log for log in logs))
        bench.outbox._db.read(lambda db: db.execute("PRAGMA query_only = 0").fetchall())
        bench.settled(recording_id)
    assert gate.arrived.empty()


def test_stats_are_plain_numbers(bench: Bench) -> None:
    """For metrics: of the outbox as a whole, and of this worker."""
    with serving(Answer(404), Answer(201)) as receiver:
        bench.worker.start()
        bench.queue(to(receiver))
        bench.reported()
        bench.queue(to(receiver), content=b"12345678")
        bench.reported()
    stats = bench.worker.stats()
    assert (stats.delivered, stats.dead, stats.pending, stats.delivering) == (1, 1, 0, 0)
    assert (stats.attempts_total, stats.failures_total, stats.delivered_bytes_total) == (2, 1, 8)
    assert (stats.in_flight, stats.oldest_unsettled_s) == (0, 0.0)


def test_outcomes_are_logged_once_without_secrets(bench: Bench) -> None:
    """Who, where, how long; no URL, no credentials."""
    with serving(Answer(403), Answer(201)) as receiver, capture_logs() as logs:
        url = receiver.url("/?token=hidden").replace("://", "://user:hidden@")
        bench.worker.start()
        bench.queue(Target("http", {"url": url}))
        bench.queue(Target("http", {"url": url}))
        bench.reported(2)
    assert [(log["event"], log["log_level"]) for log in logs] == [
        ("delivery_failed", "error"),
        ("recording_delivered", "info"),
    ]
    assert logs[0]["destination"] == f"http:127.0.0.1:{receiver.port}"
    assert "hidden" not in repr(logs)
