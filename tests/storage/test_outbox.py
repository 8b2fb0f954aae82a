"""The outbox: what enters, who may take it, and what becomes of it."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest

from storage.destination import Receipt, Target
from storage.errors import NotFound, StoreUnavailable
from storage.outbox import Outbox
from storage.outbox_delivery import AttemptOutcome, DeliveryState
from tests.storage.outbox_parts import LEASE_S, OTHER, OWNER, Clock, enqueue, media, opened, to


@pytest.fixture
def clock() -> Clock:
    """The time, as the test tells it."""
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the outbox is; its folder does not exist yet."""
    return tmp_path / "var" / "outbox.sqlite"


@pytest.fixture
def outbox(path: Path, clock: Clock) -> Iterator[Outbox]:
    """An empty outbox."""
    with opened(path, clock) as one:
        yield one


def test_a_recording_comes_out_as_it_went_in(outbox: Outbox) -> None:
    """Media, metadata, target and account of a job are those that were queued."""
    target = to("a.test", headers={"X": "1"})
    enqueue(
        outbox, target, recording_id="ab", metadata={"_id": "202611-ab", "n": 1}, media=media(name="ä.mp3")
    )
    job = outbox.claim(OWNER, LEASE_S)
    assert job is not None
    assert (job.media, job.target) == (media(name="ä.mp3"), target)
    assert (job.recording_id, job.account_id, job.metadata) == ("ab", "acc", {"_id": "202611-ab", "n": 1})
    assert (job.number, job.key) == (1, "http:a.test")


def test_a_recording_enters_once(outbox: Outbox) -> None:
    """The second time changes nothing, whatever it says."""
    first = outbox.enqueue(media(), {}, [to("a.test")], recording_id="ab", account_id="acc")
    second = outbox.enqueue(media(name="b.mp3"), {}, [to("b.test")] * 2, recording_id="ab", account_id="x")
    assert (first, second) == (True, False)
    (delivery,) = outbox.list()
    assert (delivery.name, delivery.key, delivery.account_id) == ("a.mp3", "http:a.test", "acc")


def test_what_was_queued_is_there_for_the_next_process(path: Path, outbox: Outbox) -> None:
    """Committed when enqueue returns: another connection sees it at once."""
    enqueue(outbox, recording_id="ab")
    with opened(path) as other:
        assert [delivery.recording_id for delivery in other.list()] == ["ab"]


def test_the_file_is_for_its_owner_only(path: Path, outbox: Outbox) -> None:
    """Targets carry credentials; so do the write-ahead log and its index."""
    enqueue(outbox)
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


def test_commits_wait_for_the_disk(outbox: Outbox) -> None:
    """WAL, synchronous FULL and foreign keys are in force on our connection."""
    settings = [
        outbox._db.read(lambda db, name=name: db.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("journal_mode", "synchronous", "foreign_keys")
    ]
    assert settings == ["wal", 2, 1]


def test_a_delivery_is_claimed_by_one_at_a_time(outbox: Outbox, clock: Clock) -> None:
    """Leased: nobody else gets it until the lease ends; then the loss is on record."""
    enqueue(outbox)
    first = outbox.claim(OWNER, LEASE_S)
    assert first is not None
    clock.pass_s(LEASE_S - 1)
    assert outbox.claim(OTHER, LEASE_S) is None
    clock.pass_s(1)
    second = outbox.claim(OTHER, LEASE_S)
    assert second is not None
    assert (second.delivery_id, second.number) == (first.delivery_id, 2)
    history = outbox.show(first.delivery_id).history
    assert [attempt.outcome for attempt in history] == [AttemptOutcome.LOST, AttemptOutcome.UNDER_WAY]


def test_a_renewed_lease_holds(outbox: Outbox, clock: Clock) -> None:
    """A long upload keeps its delivery."""
    enqueue(outbox)
    job = outbox.claim(OWNER, LEASE_S)
    assert job is not None
    clock.pass_s(LEASE_S - 1)
    assert outbox.renew([job], LEASE_S) == 1
    clock.pass_s(LEASE_S - 1)
    assert outbox.claim(OTHER, LEASE_S) is None


def test_a_delivery_that_keeps_losing_its_process_has_to_wait(outbox: Outbox, clock: Clock) -> None:
    """It may be what kills it: only the first loss is followed by another attempt at once."""
    enqueue(outbox)
    for _ in range(2):
        assert outbox.claim(OWNER, LEASE_S) is not None
        clock.pass_s(LEASE_S)
    assert outbox.claim(OWNER, LEASE_S) is None
    clock.pass_s(20)
    assert outbox.claim(OWNER, LEASE_S) is not None


def test_what_dead_processes_held_is_taken_back_at_once(path: Path, outbox: Outbox, clock: Clock) -> None:
    """No waiting for the lease of a process that is known to be dead; a living one keeps its own."""
    from storage import outbox_owner

    alive = outbox_owner.this_process()
    dead = alive + "1"
    enqueue(outbox, to("a.test"), to("b.test"))
    kept, lost = outbox.claim(alive, LEASE_S), outbox.claim(dead, LEASE_S)
    assert kept is not None
    assert lost is not None
    with opened(path, clock) as restarted:
        assert restarted.recover(LEASE_S) == 1
        assert restarted.claim(OWNER, LEASE_S).delivery_id == lost.delivery_id  # type: ignore[union-attr]
        assert restarted.claim(OWNER, LEASE_S) is None


def test_a_failed_attempt_backs_off(outbox: Outbox, clock: Clock) -> None:
    """10, 20, 40 s: due then, and not before; each attempt is on record with its reason."""
    enqueue(outbox)
    for number, pause_s in enumerate((10, 20, 40), start=1):
        job = outbox.claim(OWNER, LEASE_S)
        assert job is not None
        assert job.number == number
        assert outbox.failed(job, f"no {number}", retryable=True) is DeliveryState.PENDING
        clock.pass_s(pause_s - 0.1)
        assert outbox.claim(OWNER, LEASE_S) is None
        assert outbox.next_due_at() == pytest.approx(clock.now + 0.1)
        clock.pass_s(0.2)
    delivery = outbox.show(1)
    assert delivery.last_error == "no 3"
    assert [attempt.reason for attempt in delivery.history] == ["no 1", "no 2", "no 3"]


def test_a_wish_to_be_left_alone_is_honoured(outbox: Outbox, clock: Clock) -> None:
    """Retry-After, when it is longer than our own pause, up to the cap."""
    enqueue(outbox)
    outbox.failed(outbox.claim(OWNER, LEASE_S), "503", retryable=True, retry_after_s=300)  # type: ignore[arg-type]
    assert outbox.next_due_at() == clock.now + 300
    enqueue(outbox, to("b.test"))
    outbox.failed(outbox.claim(OWNER, LEASE_S), "503", retryable=True, retry_after_s=1e9)  # type: ignore[arg-type]
    assert outbox.next_due_at(["http:a.test"]) == clock.now + 3600


def test_a_final_refusal_is_a_dead_letter(outbox: Outbox) -> None:
    """Not tried again by itself, and kept with its reason."""
    enqueue(outbox)
    job = outbox.claim(OWNER, LEASE_S)
    assert job is not None
    assert outbox.failed(job, "answered 404", retryable=False) is DeliveryState.DEAD
    assert outbox.next_due_at() is None
    (dead,) = outbox.list(DeliveryState.DEAD)
    assert (dead.last_error, dead.next_attempt_at) == ("answered 404", None)


def test_after_days_of_failing_a_delivery_is_given_up(outbox: Outbox, clock: Clock) -> None:
    """The last failure past the age makes it a dead letter; a retry gives it as long again."""
    enqueue(outbox)
    clock.pass_s(86401)
    job = outbox.claim(OWNER, LEASE_S)
    assert outbox.failed(job, "503", retryable=True) is DeliveryState.DEAD  # type: ignore[arg-type]
    assert outbox.retry(1)
    again = outbox.claim(OWNER, LEASE_S)
    assert again is not None
    assert again.number == 2
    assert outbox.failed(again, "503", retryable=True) is DeliveryState.PENDING
    assert outbox.next_due_at() == clock.now + 10  # its pauses begin anew


def test_age_alone_does_not_make_a_dead_letter(tmp_path: Path, clock: Clock) -> None:
    """A clock that is set right, or days behind a destination that was only probed: it is tried on."""
    with opened(tmp_path / "patient.sqlite", clock, least_attempts=3) as outbox:
        enqueue(outbox)
        states = []
        for _ in range(3):
            clock.pass_s(50 * 365 * 86400.0)
            states.append(outbox.failed(outbox.claim(OWNER, LEASE_S), "503", retryable=True))  # type: ignore[arg-type]
    assert states == [DeliveryState.PENDING, DeliveryState.PENDING, DeliveryState.DEAD]


def test_destinations_are_told_apart(outbox: Outbox, clock: Clock) -> None:
    """Each with what waits, what arrived and what went wrong; those in trouble first."""
    enqueue(outbox, to("a.test"), to("b.test"), to("c.test"))
    first_at = clock.now
    clock.pass_s(5)
    for _ in range(3):
        job = outbox.claim(OWNER, LEASE_S)
        assert job is not None
        if job.key == "http:a.test":
            outbox.succeeded(job, Receipt("there"))
        else:
            outbox.failed(job, f"no {job.key}", retryable=job.key == "http:b.test")
    enqueue(outbox, to("a.test"))
    found = {one.key: one for one in outbox.destinations()}
    assert [one.key for one in outbox.destinations()] == ["http:c.test", "http:b.test", "http:a.test"]
    a, b, c = (found[f"http:{name}.test"] for name in "abc")
    assert (a.pending, a.delivered, a.delivered_at, a.last_error) == (1, 1, clock.now, "")
    assert (b.pending, b.waiting_since, b.next_attempt_at) == (1, first_at, clock.now + 10)
    assert (c.dead, c.waiting_since, c.last_error) == (1, None, "no http:c.test")


def test_deliveries_of_one_destination_are_listed(outbox: Outbox) -> None:
    """And of no other."""
    enqueue(outbox, to("a.test"), to("b.test"))
    assert [one.key for one in outbox.list(key="http:b.test")] == ["http:b.test"]


def test_success_settles_a_delivery(outbox: Outbox, clock: Clock) -> None:
    """Where the copy is, and when it was verified, is on record; nobody gets it again."""
    enqueue(outbox)
    job = outbox.claim(OWNER, LEASE_S)
    assert job is not None
    assert outbox.succeeded(job, Receipt("http://a.test/in/a.mp3?call_id=7", "201 Created"))
    assert not outbox.succeeded(job, Receipt("elsewhere"))
    clock.pass_s(1e6)
    assert outbox.claim(OWNER, LEASE_S) is None
    delivery = outbox.show(job.delivery_id)
    assert (delivery.state, delivery.detail) == (DeliveryState.DELIVERED, "201 Created")
    assert delivery.location == "http://a.test/in/a.mp3?call_id=***"
    enqueue(outbox)
    other = outbox.claim(OWNER, LEASE_S)
    outbox.succeeded(other, Receipt("/srv/a#1.mp3"))  # type: ignore[arg-type]
    assert outbox.list(limit=1)[0].location == "/srv/a#1.mp3"
    assert delivery.history[0].outcome is AttemptOutcome.DELIVERED


def test_a_late_success_counts_and_a_late_failure_does_not(outbox: Outbox, clock: Clock) -> None:
    """After the lease was given away: delivered is delivered; a failure says nothing of the other attempt."""
    enqueue(outbox)
    first = outbox.claim(OWNER, LEASE_S)
    clock.pass_s(LEASE_S)
    second = outbox.claim(OTHER, LEASE_S)
    assert first is not None
    assert second is not None
    assert outbox.failed(first, "cut", retryable=False) is None
    assert outbox.show(first.delivery_id).state is DeliveryState.DELIVERING
    assert outbox.succeeded(first, Receipt("there"))
    assert outbox.failed(second, "503", retryable=True) is None
    assert outbox.show(first.delivery_id).state is DeliveryState.DELIVERED


def test_turns_go_by_key(outbox: Outbox) -> None:
    """A thousand deliveries to one place do not hold up the one to another."""
    for _ in range(20):
        enqueue(outbox, to("a.test"))
    enqueue(outbox, to("b.test"), to("c.test"))
    served = []
    after = ""
    for _ in range(5):
        job = outbox.claim(OWNER, LEASE_S, after=after)
        assert job is not None
        after = job.key
        served.append(job.key.removeprefix("http:"))
    assert served == ["a.test", "b.test", "c.test", "a.test", "a.test"]


def test_within_a_key_the_longest_due_goes_first(outbox: Outbox, clock: Clock) -> None:
    """First in, first out, as far as failures allow."""
    first = enqueue(outbox)
    clock.pass_s(1)
    second = enqueue(outbox)
    assert [outbox.claim(OWNER, LEASE_S).recording_id for _ in range(2)] == [first, second]  # type: ignore[union-attr]


def test_keys_to_avoid_are_left_alone(outbox: Outbox, clock: Clock) -> None:
    """Neither claimed nor counted as due."""
    enqueue(outbox, to("a.test"))
    assert outbox.claim(OWNER, LEASE_S, avoid={"http:a.test"}) is None
    assert outbox.next_due_at({"http:a.test"}) is None
    assert outbox.next_due_at() == clock.now


def test_all_that_waits_for_a_destination_can_be_hastened(outbox: Outbox, clock: Clock) -> None:
    """It is back: nobody waits for the end of a pause that was for the outage."""
    enqueue(outbox, to("a.test"), to("b.test"))
    for _ in range(2):
        outbox.failed(outbox.claim(OWNER, LEASE_S), "down", retryable=True)  # type: ignore[arg-type]
    assert outbox.hasten("http:a.test") == 1
    assert outbox.next_due_at() == clock.now
    assert outbox.next_due_at(["http:a.test"]) == clock.now + 10


def test_listeners_hear_of_work(outbox: Outbox) -> None:
    """Queueing, retrying and hastening ring; doing nothing does not."""
    rings: list[str] = []
    outbox.subscribe(lambda: rings.append("ring"))
    enqueue(outbox, recording_id="ab")
    enqueue(outbox, recording_id="ab")
    assert len(rings) == 1
    outbox.failed(outbox.claim(OWNER, LEASE_S), "no", retryable=False)  # type: ignore[arg-type]
    outbox.retry(1)
    outbox.retry_dead()
    assert len(rings) == 2


def test_dead_letters_are_retried_one_by_one_or_together(outbox: Outbox) -> None:
    """By id, by key, or all; what is under way or settled is left alone; an unknown id is an error."""
    enqueue(outbox, to("a.test"), to("a.test"), to("b.test"), to("c.test"))
    jobs = [outbox.claim(OWNER, LEASE_S) for _ in range(4)]
    for job in jobs[:3]:
        outbox.failed(job, "no", retryable=False)  # type: ignore[arg-type]
    outbox.succeeded(jobs[3], Receipt("there"))  # type: ignore[arg-type]
    assert outbox.retry(jobs[0].delivery_id)  # type: ignore[union-attr]
    assert not outbox.retry(jobs[3].delivery_id)  # type: ignore[union-attr]
    assert outbox.retry_dead("http:b.test") == 1
    assert outbox.retry_dead() == 1
    with pytest.raises(NotFound):
        outbox.retry(99)
    with pytest.raises(NotFound):
        outbox.show(99)


def test_counts_tell_where_deliveries_stand(outbox: Outbox, clock: Clock) -> None:
    """By state, and since when the oldest unsettled one waits."""
    assert outbox.counts().oldest_unsettled_at is None
    since = clock.now
    enqueue(outbox, to("a.test"), to("b.test"), to("c.test"), to("d.test"))
    clock.pass_s(5)
    for _ in range(3):
        job = outbox.claim(OWNER, LEASE_S)
        assert job is not None
        if job.key == "http:a.test":
            outbox.succeeded(job, Receipt("there"))
        if job.key == "http:b.test":
            outbox.failed(job, "no", retryable=False)
    counts = outbox.counts()
    assert (counts.pending, counts.delivering, counts.delivered, counts.dead) == (1, 1, 1, 1)
    assert counts.oldest_unsettled_at == since


def test_lists_show_no_secrets(outbox: Outbox) -> None:
    """Credentials, header values, query values and keys that are named secret are masked."""
    enqueue(
        outbox,
        Target(
            "http",
            {"url": "https://user:hidden@a.test/in?token=hidden&b=hidden", "headers": {"X-Key": "hidden"}},
        ),
        Target(
            "sftp", {"url": "sftp://h/x", "password": "hidden", "more": {"api_key": "hidden", "port": 22}}
        ),
    )
    shown = repr(outbox.list())
    assert "hidden" not in shown
    assert "a.test/in?token=***&b=***" in shown
    assert "'port': 22" in shown


def test_lists_page_from_the_newest(outbox: Outbox) -> None:
    """By state, by recording, and on from an id."""
    ids = [enqueue(outbox) for _ in range(5)]
    first = outbox.list(limit=2)
    assert [delivery.recording_id for delivery in first] == [ids[4], ids[3]]
    assert [delivery.recording_id for delivery in outbox.list(before_id=first[-1].id, limit=2)] == [
        ids[2],
        ids[1],
    ]
    assert [delivery.id for delivery in outbox.list(recording_id=ids[0])] == [1]
    assert list(outbox.list(DeliveryState.DEAD)) == []


def test_recordings_are_found_by_id_and_by_time(outbox: Outbox, clock: Clock) -> None:
    """What reconciliation compares with what should be there."""
    old = enqueue(outbox, account_id="one")
    clock.pass_s(100)
    new = enqueue(outbox, account_id="two")
    assert outbox.recording(old).account_id == "one"
    assert [one.recording_id for one in outbox.recordings()] == [new, old]
    assert [one.recording_id for one in outbox.recordings(since=clock.now)] == [new]
    assert [one.recording_id for one in outbox.recordings(until=clock.now)] == [old]
    assert [one.recording_id for one in outbox.recordings(account_id="two")] == [new]
    with pytest.raises(NotFound):
        outbox.recording("none")


def test_a_recording_without_targets_is_known_and_never_settled(outbox: Outbox) -> None:
    """Nothing was stored anywhere, so its media is never taken for safe."""
    outbox.enqueue(media(), {}, [], recording_id="ab", account_id="acc")
    assert outbox.recording("ab").settled_at is None
    assert list(outbox.releasable(0.0)) == []


def test_times_from_a_clock_that_was_ahead_are_pulled_in(outbox: Outbox, clock: Clock) -> None:
    """A host that once believed in another year does not make deliveries wait for it."""
    clock.pass_s(1e8)
    enqueue(outbox, to("a.test"), to("b.test"))
    assert outbox.claim(OWNER, LEASE_S) is not None
    clock.pass_s(-1e8)
    outbox.recover(LEASE_S)
    due_at = outbox.next_due_at()
    assert due_at is not None
    assert due_at <= clock.now + 3600


@pytest.mark.parametrize("text", ["odd\udcff", "nul\x00", "x" * 100_000, "';DROP TABLE recordings;--"])
def test_any_text_is_kept(outbox: Outbox, text: str) -> None:
    """Names, reasons and answers come from outside; none of them can make the outbox fail."""
    outbox.enqueue(
        media(name=text), {"_id": text, "from": text}, [to("a.test")], recording_id="ab", account_id=text
    )
    job = outbox.claim(OWNER, LEASE_S)
    assert job is not None
    assert job.metadata["from"] == text
    outbox.failed(job, text, retryable=True)
    outbox.retry(job.delivery_id)
    again = outbox.claim(OWNER, LEASE_S)
    assert again is not None
    assert outbox.succeeded(again, Receipt(text, text))
    assert len(outbox.show(job.delivery_id).detail) <= 1000


def test_metadata_that_is_no_json_is_refused_before_anything_is_written(outbox: Outbox) -> None:
    """A bug of ours, raised to whoever made it."""
    with pytest.raises(TypeError):
        enqueue(outbox, metadata={"x": object()})
    assert list(outbox.list()) == []


@pytest.mark.parametrize("settled", [False, True])
def test_a_claim_costs_the_same_however_much_waits(outbox: Outbox, settled: bool) -> None:
    """Counted in SQLite's own steps: an index leads to the next one, with 30 waiting as with 1,500."""

    def steps_of_a_claim() -> int:
        steps = []
        outbox._db.read(lambda db: db.set_progress_handler(lambda: steps.append(1), 1))
        job = outbox.claim(OWNER, LEASE_S)
        assert job is not None
        outbox.next_due_at()
        outbox.succeeded(job, Receipt("there"))
        outbox._db.read(lambda db: db.set_progress_handler(None, 1))
        return len(steps)

    def queue(count: int) -> None:
        for _ in range(count // 3):
            enqueue(outbox, to("a.test"), to("b.test"), to("c.test"))

    queue(30)
    few = steps_of_a_claim()
    queue(1470)
    while settled and (job := outbox.claim(OWNER, LEASE_S, avoid={"http:c.test"})):
        outbox.succeeded(job, Receipt("there"))
    assert steps_of_a_claim() < 1.5 * few


def test_many_at_once_are_each_on_disk_when_they_return(path: Path, outbox: Outbox) -> None:
    """Writers that wait together share commits; each finds its own result."""
    greenlets = [gevent.spawn(enqueue, outbox, recording_id=f"r{number % 40}") for number in range(80)]
    gevent.joinall(greenlets, raise_error=True)
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT count(*) FROM recordings").fetchone() == (40,)
        assert db.execute("SELECT count(*) FROM deliveries").fetchone() == (40,)
    db.close()


def test_a_closed_outbox_says_so(outbox: Outbox) -> None:
    """No silent loss after shutdown."""
    outbox.close()
    outbox.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        enqueue(outbox)
