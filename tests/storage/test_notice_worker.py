"""The notice worker, with a real outbox and receivers that misbehave."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent.queue import Queue
from structlog.testing import capture_logs

from storage.errors import StoreUnavailable
from storage.notice import NewNotice, NoticeState, Sending, TryOutcome
from storage.notice_ledger import Wanted
from storage.notice_sender import NoticeSender
from storage.notice_worker import NoticeReport, NoticeSettings, NoticeWorker
from storage.outbox import Outbox
from storage.outbox_backoff import Backoff
from storage.outbox_health import Health
from tests.storage.receiver import PATIENCE_S, Answer, Receiver, loopback, serving
from tests.waiting import eventually

QUICK = Backoff(base_s=0.02, cap_s=0.1, least_s=0.0, give_up_s=3600.0)
SETTINGS = NoticeSettings(concurrency=8, poll_s=0.05)
GONE = "http://127.0.0.1:1/"


class Bench:
    """An outbox, a worker and what it reported."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.outbox = Outbox(path / "outbox.sqlite", notice_backoff=QUICK)
        self.notices = self.outbox.notices
        self.reports: Queue[NoticeReport] = Queue()
        self.signers: dict[str, Any] = {}
        self.worker = self.make(SETTINGS)

    def make(self, settings: NoticeSettings, outbox: Outbox | None = None) -> NoticeWorker:
        """A worker, not started."""
        sender = NoticeSender(loopback(), self.signers, request_s=0.5)
        health = Health(settings.per_key, pause=Backoff(base_s=0.05, cap_s=0.2))
        self.worker = NoticeWorker(
            (outbox or self.outbox).notices, sender, settings, health=health, observe=self.reports.put
        )
        return self.worker

    def reported(self, count: int = 1) -> list[NoticeReport]:
        """The next attempts to end."""
        return [self.reports.get(timeout=PATIENCE_S) for _ in range(count)]

    def settled(self) -> None:
        """Wait until nothing is left to do."""
        eventually(lambda: self.notices.counts().oldest_unsettled_at is None)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A worker that tries again quickly; not started."""
    one = Bench(tmp_path)
    yield one
    one.worker.stop(PATIENCE_S)
    one.outbox.close()


def bodies(receiver: Receiver) -> list[Any]:
    """What a receiver got, in order."""
    return [json.loads(request.body) for request in receiver.requests]


def test_a_notice_is_posted_as_json_at_once(bench: Bench) -> None:
    """Woken by the posting, not by the next poll."""
    bench.make(NoticeSettings(poll_s=1000.0)).start()
    with serving(Answer(204)) as receiver:
        gevent.idle()
        bench.notices.post(NewNotice("a", receiver.url("/hook?x=1"), {"event": "é"}, kind="call.answered"))
        (report,) = bench.reported()
    (request,) = receiver.requests
    assert (request.method, request.target) == ("POST", "/hook?x=1")
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.body) == {"event": "é"}
    assert report.state is NoticeState.DELIVERED
    (logged,) = bench.notices.show(report.job.id).history
    assert (logged.target, logged.status, logged.outcome) == ("url", 204, TryOutcome.DELIVERED)
    assert logged.duration_s > 0


def test_a_stream_arrives_in_order_whatever_fails_on_the_way(bench: Bench) -> None:
    """Failures, cut connections, silence: each is tried again before the next one goes."""
    answers = [Answer(500), Answer(cut_after=7), Answer(200), Answer(hangs=True), Answer(429), Answer(200)]
    with serving(*answers) as receiver:
        for number in range(4):
            bench.notices.post(NewNotice("a", receiver.url(), {"n": number}))
        bench.worker.start()
        bench.settled()
        assert [each["n"] for each in bodies(receiver)] == [0, 0, 0, 1, 1, 1, 2, 3]


def test_streams_do_not_wait_for_each_other(bench: Bench) -> None:
    """A hundred of them at once, each in order."""
    bench.worker.start()
    with serving() as receiver:
        for number in range(200):
            bench.notices.post(NewNotice(f"s{number % 40}", receiver.url(), {"s": number % 40, "n": number}))
        bench.settled()
        got = bodies(receiver)
    assert len(got) == 200
    for stream in range(40):
        numbers = [each["n"] for each in got if each["s"] == stream]
        assert numbers == sorted(numbers)


def test_the_failover_url_is_asked_when_the_first_fails(bench: Bench) -> None:
    """In the same attempt; the log has both requests."""
    with serving(Answer(503)) as primary, serving(Answer(200)) as failover:
        bench.notices.post(NewNotice("a", primary.url(), {"n": 1}, failover_url=failover.url()))
        bench.worker.start()
        (report,) = bench.reported()
        assert bodies(failover) == [{"n": 1}]
    assert report.state is NoticeState.DELIVERED
    history = bench.notices.show(report.job.id).history
    assert [(one.attempt, one.target, one.status) for one in history] == [
        (1, "url", 503),
        (1, "failover_url", 200),
    ]


def test_both_addresses_say_why_they_failed(bench: Bench) -> None:
    """The list and the log have the reason of each: the first one may be what is to be mended."""
    with serving(Answer(503)) as failover, capture_logs() as logs:
        bench.notices.post(NewNotice("a", GONE, {"n": 1}, failover_url=failover.url()))
        bench.worker.start()
        bench.reported()
    (logged,) = [line["reason"] for line in logs if line["event"] == "notice_failed"][:1]
    assert logged.startswith("url: connection refused; failover_url: ")
    assert "503" in logged
    assert bench.notices.list()[0].last_error == logged


def test_a_host_known_to_be_down_is_passed_over_for_the_failover(bench: Bench) -> None:
    """Events do not each wait for the timeout of a dead host; their order holds all the same."""
    with serving(Answer(200)) as failover:
        for number in range(20):
            bench.notices.post(NewNotice("a", GONE, {"n": number}, failover_url=failover.url()))
        bench.worker.start()
        bench.settled()
        assert [each["n"] for each in bodies(failover)] == list(range(20))
    asked = [bench.notices.show(one.id).history[0].target for one in bench.notices.list()]
    assert asked.count("url") < 20
    assert bench.worker.stats().receivers_down == 0


def test_every_request_is_signed_anew(bench: Bench) -> None:
    """With the bytes that are sent; headers of an old attempt would be refused as replayed."""
    signed: list[Sending] = []

    def sign(sending: Sending) -> tuple[bytes, Mapping[str, str]]:
        signed.append(sending)
        return sending.body + b" " * sending.attempt, {"x-signature": f"signature {len(signed)}"}

    bench.signers["telnyx"] = sign
    with serving(Answer(500), Answer(200)) as receiver:
        bench.notices.post(NewNotice("a", receiver.url(), {"n": 1}, signer="telnyx"))
        bench.worker.start()
        bench.reported(2)
        first, second = receiver.requests
    assert [each.headers["x-signature"] for each in (first, second)] == ["signature 1", "signature 2"]
    assert [each.body for each in (first, second)] == [b'{"n":1} ', b'{"n":1}  ']
    assert [(each.attempt, each.url) for each in signed] == [(1, receiver.url()), (2, receiver.url())]


def test_without_its_signer_nothing_is_sent(bench: Bench) -> None:
    """Nor with one that fails; the receiver is not blamed, and another process may do it."""

    def broken(_: Sending) -> tuple[bytes, Mapping[str, str]]:
        raise ZeroDivisionError

    bench.signers["broken"] = broken
    with serving() as receiver, capture_logs() as logs:
        bench.notices.post(NewNotice("a", receiver.url(), {}, signer="unknown"))
        bench.notices.post(NewNotice("b", receiver.url(), {}, signer="broken"))
        bench.worker.start()
        reports = bench.reported(8)
        assert receiver.requests == []
    reasons = {report.result.last.reason for report in reports}
    assert reasons == {"no signer of name 'unknown' is installed", "ZeroDivisionError in signer broken"}
    assert {report.state for report in reports} == {NoticeState.PENDING}
    assert bench.worker.stats().receivers_down == 0
    assert any(log["event"] == "notice_not_signed" for log in logs)


@pytest.mark.parametrize(
    ("url", "reason"),
    [("gopher://a.test/", "scheme"), ("http://10.0.0.1/", "allow_networks")],
)
def test_what_cannot_be_tried_is_a_dead_letter_at_once(bench: Bench, url: str, reason: str) -> None:
    """Unusable URLs and forbidden addresses; what stands behind in the stream goes on."""
    with serving() as receiver:
        bench.notices.post(NewNotice("a", url, {"n": 0}))
        bench.notices.post(NewNotice("a", receiver.url(), {"n": 1}))
        bench.worker.start()
        first, second = bench.reported(2)
    assert (first.state, second.state) == (NoticeState.DEAD, NoticeState.DELIVERED)
    assert reason in first.result.last.reason


def test_redirects_are_not_followed(bench: Bench) -> None:
    """A signed notice is for one URL; a redirect is a refusal."""
    with serving() as elsewhere, serving(Answer(302, {"Location": elsewhere.url()})) as receiver:
        bench.notices.post(NewNotice("a", receiver.url(), {}))
        bench.worker.start()
        bench.settled()
        assert elsewhere.requests == []
        assert len(receiver.requests) == 3
    assert bench.notices.counts().dead == 1


def test_a_dead_receiver_does_not_delay_the_others(bench: Bench) -> None:
    """It is probed now and then; those for another one go through at once."""
    for number in range(100):
        bench.notices.post(NewNotice(f"dead{number}", GONE, {}))
    with serving() as living:
        for number in range(50):
            bench.notices.post(NewNotice(f"s{number}", living.url(), {}))
        bench.worker.start()
        living.wait_for(lambda: len(living.requests) == 50)
        tried = [one for one in bench.notices.list(Wanted(NoticeState.PENDING), 200) if one.attempts]
        assert len(tried) < 30
    eventually(lambda: bench.worker.stats().receivers_down == 1)


def test_a_silent_receiver_does_not_take_all_attempts(bench: Bench) -> None:
    """Half of them at most wait for one place."""
    with serving(Answer(hangs=True)) as silent, serving() as living:
        for number in range(20):
            bench.notices.post(NewNotice(f"a{number}", silent.url(), {}))
        bench.worker.start()
        silent.wait_for(lambda: len(silent.requests) == SETTINGS.per_key)
        bench.notices.post(NewNotice("b", living.url(), {}))
        living.wait_for(lambda: living.requests)


def test_what_another_process_posts_is_found(bench: Bench) -> None:
    """By polling, within a second as it is set."""
    bench.make(NoticeSettings()).start()
    with serving() as receiver:
        other = Outbox(bench.path / "outbox.sqlite")
        other.notices.post(NewNotice("a", receiver.url(), {}))
        receiver.wait_for(lambda: receiver.requests)
        other.close()


def test_two_processes_keep_the_order_of_a_stream(bench: Bench) -> None:
    """And no notice is sent twice while both are well."""
    other = Outbox(bench.path / "outbox.sqlite", notice_backoff=QUICK)
    first = bench.worker
    second = bench.make(SETTINGS, other)
    with serving() as receiver:
        for number in range(60):
            bench.notices.post(NewNotice(f"s{number % 3}", receiver.url(), {"s": number % 3, "n": number}))
        first.start()
        second.start()
        bench.settled()
        got = bodies(receiver)
    assert first.stop(PATIENCE_S)
    assert second.stop(PATIENCE_S)
    other.close()
    for stream in range(3):
        assert [each["n"] for each in got if each["s"] == stream] == list(range(stream, 60, 3))


def test_an_attempt_cut_off_by_the_end_is_made_again(bench: Bench) -> None:
    """Its lease is taken back by whoever starts next in its place."""
    with serving(Answer(hangs=True), Answer(200)) as receiver:
        bench.notices.post(NewNotice("a", receiver.url(), {}))
        bench.worker.start()
        receiver.wait_for(lambda: receiver.requests)
        assert not bench.worker.stop(0.0)
        assert bench.notices.counts().delivering == 1
        (held,) = bench.notices.list()
        bench.outbox._db.write(lambda db: db.execute("UPDATE notices SET lease_owner = 'x[1]:1:y'"))
        bench.outbox._db.write(lambda db: db.execute("UPDATE notices SET lease_until = 0"))
        bench.make(SETTINGS).start()
        bench.settled()
    outcomes = [one.outcome for one in bench.notices.show(held.id).history]
    assert outcomes == [TryOutcome.LOST, TryOutcome.DELIVERED]


def test_an_outbox_that_fails_for_a_moment_is_asked_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was delivered is told until the outbox has heard, and not sent again."""
    refused = iter([True, True])
    settle = bench.notices.settle

    def failing(*args: Any) -> NoticeState | None:
        if next(refused, False):
            raise StoreUnavailable("no room")
        return settle(*args)

    monkeypatch.setattr(bench.notices, "settle", failing)
    with serving() as receiver, capture_logs() as logs:
        bench.notices.post(NewNotice("a", receiver.url(), {}))
        bench.worker.start()
        bench.settled()
        assert len(receiver.requests) == 1
    assert len([log for log in logs if log["event"] == "notices_unavailable"]) == 2
    assert bench.worker.is_running()


def test_housekeeping_forgets_what_is_old_and_gives_up_what_waits_too_long(tmp_path: Path) -> None:
    """Rows go after their time; a dead receiver's backlog is given up without an attempt at each."""
    outbox = Outbox(
        tmp_path / "o.sqlite", notice_backoff=Backoff(base_s=0.01, give_up_s=0.2, least_attempts=3)
    )
    settings = NoticeSettings(concurrency=4, poll_s=0.05, housekeeping_s=0.1, delivered_s=0.0, dead_s=1e6)
    worker = NoticeWorker(outbox.notices, NoticeSender(loopback(), {}), settings)
    with serving() as receiver, capture_logs() as logs:
        for number in range(30):
            outbox.notices.post(NewNotice("dead", GONE, {"n": number}))
        outbox.notices.post(NewNotice("a", receiver.url(), {}))
        worker.start()
        eventually(lambda: outbox.notices.counts().dead == 30)
        eventually(lambda: outbox.notices.counts().delivered == 0)
        assert len(receiver.requests) == 1
    assert worker.stop(PATIENCE_S)
    outbox.close()
    given_up = [log for log in logs if log["event"] == "notices_given_up"]
    assert given_up[0]["receivers"] == ["notice:127.0.0.1:1"]
