"""`callflows notices` over a real outbox, and what metrics and health say of notices."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from prometheus_client import generate_latest

from config.sections import Outbox as OutboxSettings
from service.health import State
from service.metrics import Metrics
from service.noticing import OLD_S, Noticing, notice_backoff
from storage.errors import StoreUnavailable
from storage.notice import NewNotice, NoticeState, Try, TryOutcome
from storage.notice_ledger import Wanted
from storage.notice_poster import PosterStats
from storage.notice_queue import Result as Attempt
from storage.notice_worker import NoticeReport, NoticeStats
from storage.outbox import Outbox
from tests.storage.receiver import serving
from tests.waiting import eventually

Run = Callable[..., Result]

SECRETS = ("hunter2", "topsecret")
URL = "https://user:hunter2@hooks.test/in?sig=topsecret"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An outbox with one notice each: delivered, dead, pending."""
    file = tmp_path / "outbox.sqlite"
    outbox = Outbox(file)
    for kind, status in (("call.initiated", 200), ("call.answered", 404), ("call.hangup", 503)):
        outbox.notices.post(
            NewNotice(
                f"call:{kind}", URL, {"data": kind}, kind=kind, account_id="acme", notice_id=f"id-{kind}"
            )
        )
        (job,) = outbox.notices.claim("test", 60, limit=1, rooms={}, room=1)
        outcome = TryOutcome.DELIVERED if status == 200 else TryOutcome.FAILED
        tried = Try(job.number, "url", time.time(), 0.1, status, outcome, f"answered {status}")
        result = Attempt((tried,), is_delivered=status == 200, is_hopeless=status == 404)
        outbox.notices.settle(job, result, "test")
    outbox.close()
    return file


@pytest.fixture
def notices(run: Run, path: Path) -> Callable[..., Result]:
    """Runs `callflows notices` on that outbox."""
    return lambda *arguments: run("notices", *arguments, outbox_path=path)


@pytest.fixture
def outbox(path: Path) -> Iterator[Outbox]:
    """The outbox, open beside the command, as a running engine has it."""
    opened = Outbox(path)
    yield opened
    opened.close()


def rows(result: Result) -> list[dict[str, Any]]:
    """Read the lines of --json."""
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_all_are_listed_the_newest_first(notices: Run) -> None:
    """Without a filter every state is there, bodies are not."""
    found = rows(notices("list", "--json"))
    assert [row["state"] for row in found] == ["pending", "dead", "delivered"]
    assert "body" not in found[0]


@pytest.mark.parametrize(
    ("options", "kinds"),
    [
        (("--state", "dead"), ["call.answered"]),
        (("--kind", "call.hangup"), ["call.hangup"]),
        (("--stream", "call:call.initiated"), ["call.initiated"]),
        (("--account", "other"), []),
        (("--receiver", "notice:hooks.test", "--limit", "1"), ["call.hangup"]),
        (("--before", "2"), ["call.initiated"]),
    ],
)
def test_some_are_listed(notices: Run, options: tuple[str, ...], kinds: list[str]) -> None:
    """By state, kind, stream, account and receiver, page by page."""
    assert [row["kind"] for row in rows(notices("list", "--json", *options))] == kinds


def test_the_table_is_for_people(notices: Run) -> None:
    """The counts close it."""
    result = notices("list")
    assert result.exit_code == 0
    assert "1 pending, 0 under way, 1 delivered, 1 dead" in result.stdout


def test_one_is_shown_with_its_body_and_requests(notices: Run, outbox: Outbox) -> None:
    """The delivery log; what is unknown is told."""
    (dead,) = outbox.notices.list(Wanted(NoticeState.DEAD))
    shown = json.loads(notices("show", dead.id).stdout)
    assert shown["body"] == {"data": "call.answered"}
    assert [(one["status"], one["outcome"], one["target"]) for one in shown["history"]] == [
        (404, "failed", "url")
    ]
    assert notices("show", 99).exit_code == 1


def test_secrets_are_never_told(notices: Run, outbox: Outbox) -> None:
    """Neither credentials nor values of queries."""
    results = [notices("list"), notices("list", "--json"), *(notices("show", at) for at in (1, 2, 3))]
    for result in results:
        assert not any(secret in result.output for secret in SECRETS)


def test_retried_ones_are_due(notices: Run, outbox: Outbox) -> None:
    """By id, or all dead letters; what is delivered is not sent again."""
    assert notices("retry", "--dead", "--receiver", "notice:other.test").stdout.startswith("0 dead")
    assert notices("retry", "--dead").stdout == "1 dead letters are due again\n"
    assert outbox.notices.counts().pending == 2
    assert notices("retry", 3).exit_code == 0
    refused = notices("retry", 1)
    assert refused.exit_code == 1
    assert "delivered already: 1" in refused.output


@pytest.mark.parametrize("arguments", [(), ("--dead", "1"), ("1", "--receiver", "x")])
def test_which_to_retry_must_be_said(notices: Run, arguments: tuple[str, ...]) -> None:
    """Anything else is wrong usage."""
    assert notices("retry", *arguments).exit_code == 2


def stats(**changes: Any) -> NoticeStats:
    """Numbers of a worker that is well."""
    usual = {
        "pending": 1, "delivering": 2, "delivered": 3, "dead": 4, "dead_lately": 0, "oldest_unsettled_s": 5.5,
        "in_flight": 0, "receivers_down": 0, "attempts_total": 0, "failures_total": 0,
    }  # fmt: skip
    return NoticeStats(**{**usual, **changes})


def test_notices_are_told_by_state_and_age() -> None:
    """And those that never reached the disk; without the outbox only these."""
    metrics = Metrics()
    metrics.notices(stats, lambda: PosterStats(7, 8, 0, 9))
    text = generate_latest(metrics.registry).decode()
    assert 'callflows_notices{state="dead"} 4.0' in text
    assert "callflows_notices_oldest_unsettled_seconds 5.5" in text
    assert "callflows_notices_lost_total 8.0" in text
    assert "callflows_notices_unwritten 9.0" in text

    def away() -> NoticeStats:
        raise StoreUnavailable("locked")

    metrics = Metrics()
    metrics.notices(away, lambda: PosterStats(7, 8, 0, 9))
    text = generate_latest(metrics.registry).decode()
    assert "callflows_notices_lost_total 8.0" in text
    assert "callflows_notices{" not in text


def settings(**changes: Any) -> OutboxSettings:
    """Settings under which this host may be reached."""
    return OutboxSettings(allow_networks=("127.0.0.0/8",), **changes)  # type: ignore[arg-type]


def test_what_is_posted_is_sent_signed_and_counted(tmp_path: Path) -> None:
    """From the poster to the receiver; a signer that came after the making is used."""
    metrics = Metrics()
    outbox = Outbox(tmp_path / "o.sqlite")
    noticing = Noticing(settings(), outbox.notices, metrics.notice_ended)
    noticing.signers["test"] = lambda one: (one.body, {"X-Signed": f"{len(one.body)} {one.unix_time > 0}"})
    noticing.start()
    with serving() as receiver:
        noticing.poster.post(NewNotice("a", receiver.url(), {"n": 1}, signer="test"))
        receiver.wait_for(lambda: receiver.requests)
        eventually(lambda: outbox.notices.counts().delivered)
        assert receiver.requests[0].headers["x-signed"] == "7 True"
        eventually(
            lambda: "callflows_notice_attempt_seconds_count" in generate_latest(metrics.registry).decode()
        )
    assert noticing.condition().state is State.OK
    noticing.stop()
    outbox.close()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"dead_lately": 2}, "2 of the last hour"),
        (
            {"oldest_unsettled_s": OLD_S + 1, "receivers_down": 1},
            "1 receivers down, the oldest waits for 901 s",
        ),
    ],
)
def test_trouble_with_notices_degrades_health(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], told: str
) -> None:
    """What was given up of late, and what waits too long; old dead letters do not."""
    outbox = Outbox(tmp_path / "o.sqlite")
    noticing = Noticing(settings(), outbox.notices)
    monkeypatch.setattr(noticing.worker, "stats", lambda: stats(**changes))
    condition = noticing.condition()
    assert condition.state is State.DEGRADED
    assert told in condition.detail
    monkeypatch.setattr(noticing.worker, "stats", stats)
    assert noticing.condition().state is State.OK
    noticing.stop()
    outbox.close()


def test_an_outbox_that_cannot_be_read_degrades_health(tmp_path: Path) -> None:
    """Notices wait in memory then."""
    outbox = Outbox(tmp_path / "o.sqlite")
    noticing = Noticing(settings(), outbox.notices)
    outbox.close()
    condition = noticing.condition()
    assert (condition.state, "wait in memory" in condition.detail) == (State.DEGRADED, True)
    noticing.stop()


def test_settings_say_when_a_notice_is_given_up() -> None:
    """In hours."""
    assert notice_backoff(settings(notice_give_up_h=2)).give_up_s == 7200.0


def test_attempts_are_counted_by_their_outcome(outbox: Outbox) -> None:
    """One whose lease was gone is told as such."""
    metrics = Metrics()
    outbox.notices.post(NewNotice("b", URL, {}))
    (job,) = outbox.notices.claim("test", 60, limit=1, rooms={}, room=1)
    for state in (NoticeState.DEAD, None):
        metrics.notice_ended(NoticeReport(job, state, Attempt(()), 0.1))
    text = generate_latest(metrics.registry).decode()
    assert 'callflows_notice_attempt_seconds_count{outcome="dead"} 1.0' in text
    assert 'callflows_notice_attempt_seconds_count{outcome="superseded"} 1.0' in text
