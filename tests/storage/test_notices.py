"""Notices on disk: order within streams, claims, leases, back-off, dead letters, retention."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.errors import BadNotice, NotFound, StoreUnavailable
from storage.notice import MAX_BODY_BYTES, NewNotice, NoticeJob, NoticeState, Try, TryOutcome
from storage.notice_ledger import Wanted
from storage.notice_queue import MAX_REFUSALS, Result
from storage.notice_rows import health_key
from storage.notices import COUNTED_AGAIN_S, StoredNotices
from storage.outbox import Outbox
from storage.outbox_backoff import Backoff
from tests.storage.outbox_parts import LEASE_S, OTHER, OWNER, Clock

HOOK = "https://hooks.test/in"
PAUSES = Backoff(base_s=10.0, cap_s=900.0, least_s=1.0, give_up_s=3600.0, least_attempts=2)


@pytest.fixture
def clock() -> Clock:
    """A clock that stands."""
    return Clock()


@pytest.fixture
def outbox(tmp_path: Path, clock: Clock) -> Iterator[Outbox]:
    """An outbox whose notices wait exactly 10, 20, 40 ... s."""
    one = Outbox(tmp_path / "outbox.sqlite", notice_backoff=PAUSES, clock=clock, chance=lambda: 1.0)
    yield one
    one.close()


@pytest.fixture
def notices(outbox: Outbox) -> StoredNotices:
    """Its notices."""
    return outbox.notices


def claimed(notices: StoredNotices, limit: int = 100, owner: str = OWNER, **rooms: Any) -> list[NoticeJob]:
    """What may be sent now."""
    options = {"rooms": {}, "room": 100, **rooms}
    return list(notices.claim(owner, LEASE_S, limit=limit, **options))


def one(notices: StoredNotices, **options: Any) -> NoticeJob:
    """The only notice that may be sent now."""
    (job,) = claimed(notices, **options)
    return job


def tried(job: NoticeJob, status: int, reason: str = "") -> Try:
    """One request for a job."""
    outcome = TryOutcome.DELIVERED if 200 <= status < 300 else TryOutcome.FAILED
    return Try(job.number, "url", 1.0, 0.25, status, outcome, reason)


def deliver(notices: StoredNotices, job: NoticeJob) -> NoticeState | None:
    """It was taken."""
    return notices.settle(job, Result((tried(job, 200),), is_delivered=True), OWNER)


def fail(notices: StoredNotices, job: NoticeJob, status: int = 503, **options: Any) -> NoticeState | None:
    """It was not."""
    return notices.settle(job, Result((tried(job, status, "no"),), **options), OWNER)


def test_what_was_posted_is_what_is_sent(notices: StoredNotices) -> None:
    """Body and addresses come back as they went, credentials included."""
    url = "https://user:secret@hooks.test/in?key=1"
    options = {"account_id": "acc", "failover_url": "https://b.test/", "signer": "ed", "kind": "call.hangup"}
    assert notices.post(NewNotice("call-1", url, {"é": [1, None]}, notice_id="n1", **options))
    job = one(notices)
    assert (job.url, job.failover_url, job.signer, job.kind) == (url, "https://b.test/", "ed", "call.hangup")
    assert job.body == b'{"\\u00e9":[1,null]}'
    assert job.key == "notice:hooks.test|b.test"


def test_the_same_notice_id_is_taken_once(notices: StoredNotices) -> None:
    """Also after it was delivered; notices without one are never equal."""
    assert notices.post(NewNotice("s", HOOK, {}, notice_id="n1"))
    assert not notices.post(NewNotice("s", HOOK, {"other": 1}, notice_id="n1"))
    deliver(notices, one(notices))
    assert not notices.post(NewNotice("other", HOOK, {}, notice_id="n1"))
    assert notices.post(NewNotice("s", HOOK, {}))
    assert notices.post(NewNotice("s", HOOK, {}))
    assert notices.counts().pending == 2


def test_the_next_of_a_stream_goes_when_the_former_is_delivered(notices: StoredNotices) -> None:
    """Other streams do not wait for it."""
    for number in range(3):
        notices.post(NewNotice("a", HOOK, {"n": number}))
    notices.post(NewNotice("b", HOOK, {"n": "b"}))
    first, other = claimed(notices)
    assert (first.body, other.body) == (b'{"n":0}', b'{"n":"b"}')
    assert claimed(notices) == []
    deliver(notices, first)
    assert one(notices).body == b'{"n":1}'


def test_the_next_of_a_stream_waits_for_the_formers_retries(notices: StoredNotices, clock: Clock) -> None:
    """A failed one keeps its place, and its pauses double."""
    notices.post(NewNotice("a", HOOK, {"n": 0}))
    notices.post(NewNotice("a", HOOK, {"n": 1}))
    for pause_s in (10.0, 20.0, 40.0):
        assert fail(notices, one(notices)) is NoticeState.PENDING
        assert notices.next_due_at({}) == clock() + pause_s
        assert claimed(notices) == []
        clock.pass_s(pause_s)
    assert one(notices).number == 4


def test_a_dead_one_makes_room_for_the_next(notices: StoredNotices) -> None:
    """What cannot be delivered does not hold its stream up for ever."""
    notices.post(NewNotice("a", HOOK, {"n": 0}))
    notices.post(NewNotice("a", HOOK, {"n": 1}))
    assert fail(notices, one(notices), is_hopeless=True) is NoticeState.DEAD
    assert one(notices).body == b'{"n":1}'


def test_streams_without_a_name_are_all_different(notices: StoredNotices) -> None:
    """Who asks for no order gets none."""
    notices.post(NewNotice("", HOOK, {}))
    notices.post(NewNotice("", HOOK, {}))
    assert len(claimed(notices)) == 2


def test_a_refusal_is_tried_again_a_few_times(notices: StoredNotices, clock: Clock) -> None:
    """A receiver that is deployed anew may answer 404 for a moment; one that goes on so is believed."""
    notices.post(NewNotice("a", HOOK, {}))
    states = []
    for _ in range(MAX_REFUSALS):
        clock.pass_s(900.0)
        states.append(fail(notices, one(notices), 404, is_refused=True))
    assert states == [NoticeState.PENDING] * (MAX_REFUSALS - 1) + [NoticeState.DEAD]


def test_failures_are_given_up_after_their_time(notices: StoredNotices, clock: Clock) -> None:
    """Hours, not days; and not before a few attempts, since age may be a clock that was set."""
    notices.post(NewNotice("a", HOOK, {}))
    clock.pass_s(PAUSES.give_up_s)
    assert fail(notices, one(notices)) is NoticeState.PENDING
    clock.pass_s(10.0)
    assert fail(notices, one(notices)) is NoticeState.DEAD


def test_what_waits_for_a_receiver_that_is_down_is_given_up_together(
    notices: StoredNotices, clock: Clock
) -> None:
    """A whole stream, without an attempt at each; what is younger or for others stays."""
    for number in range(3):
        notices.post(NewNotice("a", HOOK, {"n": number}))
    notices.post(NewNotice("b", "https://well.test/", {}))
    clock.pass_s(PAUSES.give_up_s + 1)
    notices.post(NewNotice("a", HOOK, {"n": "young"}))
    assert notices.give_up([health_key(HOOK)]) == 3
    assert {job.body for job in claimed(notices)} == {b'{"n":"young"}', b"{}"}
    assert {each.last_error for each in notices.list(Wanted(NoticeState.DEAD))} == {
        "its receiver was down for so long"
    }


def test_a_retried_dead_letter_goes_before_what_waits_in_its_stream(notices: StoredNotices) -> None:
    """But never beside what is under way."""
    for number in range(4):
        notices.post(NewNotice("a", HOOK, {"n": number}))
    fail(notices, one(notices), is_hopeless=True)
    under_way = one(notices)
    dead = notices.list(Wanted(NoticeState.DEAD))[0]
    assert notices.retry(dead.id)
    assert claimed(notices) == []
    deliver(notices, under_way)
    again = one(notices)
    assert (again.body, again.number) == (b'{"n":0}', 2)
    deliver(notices, again)
    assert one(notices).body == b'{"n":2}'


def test_a_failed_one_lets_a_retried_older_one_pass(notices: StoredNotices) -> None:
    """The older one is the first of its stream again."""
    notices.post(NewNotice("a", HOOK, {"n": 0}))
    notices.post(NewNotice("a", HOOK, {"n": 1}))
    fail(notices, one(notices), is_hopeless=True)
    under_way = one(notices)
    assert notices.retry_dead(health_key(HOOK)) == 1
    fail(notices, under_way)
    assert one(notices).body == b'{"n":0}'
    assert claimed(notices) == []


def test_what_is_delivered_or_under_way_is_not_retried(notices: StoredNotices) -> None:
    """There is nothing to retry; an unknown one is NotFound."""
    notices.post(NewNotice("a", HOOK, {}))
    job = one(notices)
    assert not notices.retry(job.id)
    deliver(notices, job)
    assert not notices.retry(job.id)
    with pytest.raises(NotFound):
        notices.retry(99)


def test_a_lease_that_ended_gives_the_notice_to_others(notices: StoredNotices, clock: Clock) -> None:
    """What the first one says afterwards of its failure changes nothing; success counts from anybody."""
    notices.post(NewNotice("a", HOOK, {}))
    lost = one(notices)
    clock.pass_s(LEASE_S)
    taken = one(notices, owner=OTHER)
    assert taken.number == 2
    assert fail(notices, lost) is None
    assert deliver(notices, lost) is NoticeState.DELIVERED
    assert fail(notices, taken) is None
    assert [each.outcome for each in notices.show(lost.id).history] == [
        TryOutcome.LOST,
        TryOutcome.FAILED,
        TryOutcome.DELIVERED,
        TryOutcome.FAILED,
    ]


def test_a_renewed_lease_lasts(notices: StoredNotices, clock: Clock) -> None:
    """Half a lease later it is good for a whole one."""
    notices.post(NewNotice("a", HOOK, {}))
    job = one(notices)
    clock.pass_s(LEASE_S / 2)
    assert notices.renew([job], LEASE_S) == 1
    clock.pass_s(LEASE_S * 0.9)
    assert claimed(notices) == []
    clock.pass_s(LEASE_S)
    assert one(notices).number == 2


def test_what_dead_processes_held_is_taken_back(notices: StoredNotices, clock: Clock) -> None:
    """At once, without waiting for their leases; times of a clock that was wrong are pulled in."""
    notices.post(NewNotice("a", HOOK, {}))
    here = notices.claim("here[0]:1:x", LEASE_S, limit=1, rooms={}, room=1)
    assert len(here) == 1
    clock.now -= 1e6
    assert notices.recover(LEASE_S) == 0  # of another place: nobody can tell
    clock.pass_s(LEASE_S)
    assert one(notices).number == 2


def test_claims_go_by_turns_and_respect_room(notices: StoredNotices) -> None:
    """One receiver's thousand notices do not keep another's one waiting."""
    for number in range(10):
        notices.post(NewNotice(f"a{number}", "https://a.test/", {}))
        notices.post(NewNotice(f"b{number}", "https://b.test/", {}))
    keys = [job.key for job in claimed(notices, limit=4, room=2)]
    assert keys == ["notice:a.test"] * 2 + ["notice:b.test"] * 2
    keys = [job.key for job in claimed(notices, limit=3, room=2, after="notice:a.test")]
    assert keys == ["notice:b.test"] * 2 + ["notice:a.test"]
    assert claimed(notices, rooms={"notice:a.test": 0, "notice:b.test": 0}) == []
    assert notices.next_due_at({"notice:a.test": 0, "notice:b.test": 0}) is not None  # leases end


def test_what_came_back_is_due_at_once(notices: StoredNotices) -> None:
    """Nobody sits out a long pause when its receiver is there again."""
    notices.post(NewNotice("a", HOOK, {}))
    fail(notices, one(notices), asked_s=600.0)
    assert claimed(notices) == []
    assert notices.hasten(health_key(HOOK)) == 1
    assert one(notices).number == 2


@pytest.mark.parametrize(
    ("body", "options"),
    [
        ({"x": "y" * MAX_BODY_BYTES}, {}),
        ({"x": object()}, {}),
        ({"x": float("nan")}, {}),
        ({}, {"url": ""}),
        ({}, {"url": "http://a.test/" + "x" * 9000}),
        ({}, {"notice_id": "x" * 300}),
    ],
)
def test_what_nobody_could_send_is_refused(
    notices: StoredNotices, body: dict[str, Any], options: dict[str, Any]
) -> None:
    """Too large, no JSON, no URL: a bug of whoever posts it, told on the spot."""
    with pytest.raises(BadNotice):
        notices.post(NewNotice("a", **{"url": HOOK, "body": body, **options}))
    assert notices.counts().pending == 0


def test_a_full_outbox_takes_no_more(outbox: Outbox, clock: Clock) -> None:
    """The table is bounded, give or take what comes between two counts."""
    small = StoredNotices(outbox._db, clock, backoff=PAUSES, chance=lambda: 1.0, most=2)
    small.post(NewNotice("a", HOOK, {}))
    small.post(NewNotice("a", HOOK, {}))
    clock.pass_s(COUNTED_AGAIN_S)
    with pytest.raises(StoreUnavailable, match="2 notices wait"):
        small.post(NewNotice("a", HOOK, {}))
    deliver(small, one(small))
    clock.pass_s(COUNTED_AGAIN_S)
    assert small.post(NewNotice("a", HOOK, {}))


def test_people_see_everything_but_secrets(notices: StoredNotices) -> None:
    """The log has every request with its status and how long it took."""
    notices.post(
        NewNotice("a", "https://user:secret@hooks.test/in?token=abc", {"a": 1}, account_id="acc", kind="k")
    )
    job = one(notices)
    fail(notices, job, 500)
    shown = notices.show(job.id)
    assert shown.url == "https://***@hooks.test/in?token=***"
    assert (shown.body, shown.size_bytes, shown.state) == ({"a": 1}, 7, NoticeState.PENDING)
    assert (shown.last_status, shown.last_error, shown.attempts) == (500, "no", 1)
    (request,) = shown.history
    assert replace(request, owner="") == replace(tried(job, 500, "no"), owner="")
    assert [each.id for each in notices.list(Wanted(account_id="acc", kind="k", stream="a"))] == [job.id]
    assert notices.list(Wanted(NoticeState.DEAD)) == []
    assert notices.list(Wanted(before_id=job.id)) == []
    with pytest.raises(NotFound):
        notices.show(99)


def test_counts_tell_where_notices_stand(notices: StoredNotices, clock: Clock) -> None:
    """And since when the oldest waits."""
    posted_at = clock()
    for stream in "abcd":
        notices.post(NewNotice(stream, HOOK, {}))
        clock.pass_s(1.0)
    jobs = claimed(notices, limit=3)
    deliver(notices, jobs[1])
    fail(notices, jobs[2], is_hopeless=True)
    counts = notices.counts()
    assert (counts.pending, counts.delivering, counts.delivered, counts.dead) == (1, 1, 1, 1)
    assert counts.oldest_unsettled_at == posted_at


def test_what_is_settled_is_forgotten_in_time(notices: StoredNotices, clock: Clock) -> None:
    """Delivered ones soon, dead ones later, and more than agreed at once: the oldest first."""
    for stream in "abcd":
        notices.post(NewNotice(stream, HOOK, {}))
        clock.pass_s(1.0)
    jobs = claimed(notices)
    for job in jobs[:3]:
        deliver(notices, job)
        clock.pass_s(1.0)
    fail(notices, jobs[3], is_hopeless=True)
    assert notices.purge(delivered_s=1e6, dead_s=1e6, most=100) == 0
    assert notices.purge(delivered_s=1e6, dead_s=1e6, most=2) == 1
    assert [each.id for each in notices.list(Wanted(NoticeState.DELIVERED))] == [jobs[2].id, jobs[1].id]
    clock.pass_s(100.0)
    assert notices.purge(delivered_s=50.0, dead_s=1000.0, most=100) == 2
    assert notices.purge(delivered_s=50.0, dead_s=50.0, most=100) == 1
    assert notices.list() == []


def test_other_processes_see_the_same_notices(outbox: Outbox, tmp_path: Path) -> None:
    """One posts, another sends, and never both."""
    other = Outbox(tmp_path / "outbox.sqlite", notice_backoff=PAUSES)
    outbox.notices.post(NewNotice("a", HOOK, {}))
    assert len(claimed(other.notices, owner=OTHER)) == 1
    assert claimed(outbox.notices) == []
    other.close()


@pytest.mark.parametrize("url", ["http://[half/x", "nowhere", "http://A.test:8080/x", "http://u:p@a.test/"])
def test_keys_are_made_of_any_url(url: str) -> None:
    """Hosts without credentials, in small letters; nonsense has a key as well."""
    key = health_key(url)
    assert key.startswith("notice:")
    assert "p@" not in key
    assert key == key.lower()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(st.text(), st.text(), st.dictionaries(st.text(), json_values, max_size=4), st.text())
def test_anything_is_a_notice_or_told_to_be_none(
    stream: str, url: str, body: dict[str, Any], name: str
) -> None:
    """Nothing but BadNotice is raised, and what was made can be written."""
    try:
        made = NewNotice(stream, url, body, notice_id=name, kind=name).written()
    except BadNotice:
        return
    made.url.encode()
    made.stream.encode()
    assert len(made.body) <= MAX_BODY_BYTES


moves = st.lists(
    st.tuples(st.sampled_from(["post", "deliver", "fail", "refuse", "die", "retry"]), st.integers(0, 2)),
    max_size=40,
)


@settings(max_examples=40, deadline=None)
@given(moves)
def test_whatever_happens_one_of_a_stream_is_under_way_and_all_are_settled(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    """Random lives of three streams: order holds, and nothing is ever stuck."""
    clock = Clock()
    outbox = Outbox(
        tmp_path_factory.mktemp("o") / "o.sqlite", notice_backoff=PAUSES, clock=clock, chance=lambda: 1.0
    )
    notices, posted = outbox.notices, 0
    for move, number in steps:
        if move == "post":
            posted += notices.post(NewNotice(f"s{number}", HOOK, {"n": posted}))
            continue
        if move == "retry":
            notices.retry_dead()
            continue
        jobs = claimed(notices)
        assert len({job.stream for job in jobs}) == len(jobs)
        for job in jobs:
            if move == "deliver":
                deliver(notices, job)
            elif move != "die":
                fail(notices, job, is_hopeless=move == "refuse")
        clock.pass_s(LEASE_S if move == "die" else 0.0)
    for _ in range(posted * 2 + 2):
        clock.pass_s(1000.0)
        for job in claimed(notices):
            deliver(notices, job)
    counts = notices.counts()
    outbox.close()
    assert (counts.pending, counts.delivering) == (0, 0)
    assert counts.delivered + counts.dead == posted


def test_what_has_begun_and_not_ended(notices: StoredNotices) -> None:
    """By what the notices are about, whatever stream they are of and whether they are delivered."""
    for stream, kind, leg in (
        ("s1", "began", "a"),
        ("s1", "began", "b"),
        ("s1", "ended", "a"),
        ("s2", "began", "c"),
        ("s2", "other", "c"),
    ):
        notices.post(NewNotice(stream, HOOK, {"leg": {"id": leg}}, kind=kind))
    found = notices.unfinished("began", "ended", "$.leg.id")
    assert [body["leg"]["id"] for body in found] == ["b", "c"]
    assert notices.unfinished("never", "ended", "$.leg.id") == []
