"""`callflows deliveries` over a real outbox: what is listed, shown and retried, and what never is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from storage.destination import Media, Receipt, Target
from storage.media import measure
from storage.outbox import Outbox
from storage.outbox_delivery import DeliveryState

Run = Callable[..., Result]

SECRETS = ("hunter2", "Bearer-abc", "sig=topsecret", "topsecret")
URL = "https://user:hunter2@files.example.com/put/?sig=topsecret"
HEADERS = {"Authorization": "Bearer-abc"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An outbox with one delivery each: pending, delivered, dead."""
    file = tmp_path / "outbox.sqlite"
    outbox = Outbox(file)
    sound = tmp_path / "a.wav"
    sound.write_bytes(b"RIFF" + bytes(1000))
    measured = measure(sound)
    media = Media(sound, "audio/wav", measured.size_bytes, measured.sha256, "call.wav")
    for state in ("pending", "delivered", "dead"):
        target = Target("http", {"url": URL, "method": "put", "headers": HEADERS})
        outbox.enqueue(media, {"_id": f"202611-{state}"}, [target], recording_id=state, account_id="acme")
        if state == "pending":
            job = outbox.claim("test", 60)
            assert job is not None
            outbox.failed(job, "connection refused", retryable=True)
        elif state == "delivered":
            job = outbox.claim("test", 60)
            assert job is not None
            outbox.succeeded(job, Receipt(URL, "201 Created"))
        else:
            job = outbox.claim("test", 60)
            assert job is not None
            outbox.failed(job, "404 Not Found", retryable=False)
    outbox.close()
    return file


@pytest.fixture
def deliveries(run: Run, path: Path) -> Callable[..., Result]:
    """Runs `callflows deliveries` on that outbox."""
    return lambda *arguments: run("deliveries", *arguments, outbox_path=path)


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


def id_of(outbox: Outbox, recording_id: str) -> int:
    """Return the id of a recording's delivery."""
    (found,) = outbox.list(recording_id=recording_id)
    return found.id


def test_all_are_listed_the_newest_first(deliveries: Run) -> None:
    """Without a filter every state is there."""
    assert [row["state"] for row in rows(deliveries("list", "--json"))] == ["dead", "delivered", "pending"]


@pytest.mark.parametrize("state", ["pending", "delivered", "dead"])
def test_one_state_is_listed(deliveries: Run, state: str) -> None:
    """--state leaves the others out."""
    (row,) = rows(deliveries("list", "--json", "--state", state))
    assert (row["state"], row["recording_id"]) == (state, state)


def test_the_number_of_rows_can_be_limited(deliveries: Run) -> None:
    """--limit keeps the newest; nonsense is wrong usage."""
    assert len(rows(deliveries("list", "--json", "--limit", "2"))) == 2
    assert deliveries("list", "--limit", "0").exit_code == 2
    assert deliveries("list", "--state", "lost").exit_code == 2


def test_the_table_is_for_people(deliveries: Run) -> None:
    """The counts close it."""
    result = deliveries("list")
    assert result.exit_code == 0
    assert "1 pending, 0 under way, 1 delivered, 1 dead" in result.stdout


def test_those_of_one_recording_or_destination_are_listed(deliveries: Run, outbox: Outbox) -> None:
    """By the recording's id, by the destination's key, and page by page."""
    assert [row["state"] for row in rows(deliveries("list", "--json", "--recording", "dead"))] == ["dead"]
    assert len(rows(deliveries("list", "--json", "--destination", "http:files.example.com"))) == 3
    assert rows(deliveries("list", "--json", "--destination", "http:other.example.com")) == []
    newest = id_of(outbox, "dead")
    assert [row["id"] for row in rows(deliveries("list", "--json", "--before", newest, "--limit", 1))] == [
        newest - 1
    ]


def test_destinations_are_listed_with_how_they_are(deliveries: Run) -> None:
    """Counts, the oldest wait and the last error, without a secret."""
    (row,) = rows(deliveries("list", "--destinations", "--json"))
    assert (row["key"], row["pending"], row["delivered"], row["dead"]) == ("http:files.example.com", 1, 1, 1)
    assert row["last_error"] == "404 Not Found"
    assert row["waiting_since"] is not None
    result = deliveries("list", "--destinations")
    assert result.exit_code == 0
    assert "http:files.example.com" in result.stdout


def test_one_is_shown_with_its_attempts(deliveries: Run, outbox: Outbox) -> None:
    """Each attempt has its reason."""
    result = deliveries("show", id_of(outbox, "dead"))
    assert result.exit_code == 0
    shown = json.loads(result.stdout)
    assert shown["state"] == "dead"
    assert [one["reason"] for one in shown["history"]] == ["404 Not Found"]


@pytest.mark.parametrize(
    "arguments", [("list",), ("list", "--json"), ("show", "1"), ("show", "2"), ("show", "3")]
)
def test_secrets_are_never_shown(deliveries: Run, arguments: tuple[str, ...]) -> None:
    """Passwords of URLs, signatures in queries and header values stay in the file."""
    result = deliveries(*arguments)
    assert result.exit_code == 0
    for secret in SECRETS:
        assert secret not in result.output
    assert "files.example.com" in result.output.replace("\n", "").replace(" ", "") or arguments == ("list",)


def test_the_dead_are_retried_at_once(deliveries: Run, outbox: Outbox) -> None:
    """--dead revives all dead letters and nothing else."""
    result = deliveries("retry", "--dead")
    assert result.exit_code == 0
    assert "1 dead letters" in result.stdout
    (row,) = outbox.list(recording_id="dead")
    assert row.state is DeliveryState.PENDING


def test_the_dead_of_one_destination_are_retried(deliveries: Run, outbox: Outbox) -> None:
    """And no others."""
    assert "0 dead" in deliveries("retry", "--dead", "--destination", "http:other.example.com").stdout
    assert "1 dead" in deliveries("retry", "--dead", "--destination", "http:files.example.com").stdout
    assert [one.state for one in outbox.list(recording_id="dead")] == [DeliveryState.PENDING]


def test_one_is_retried_by_its_id(deliveries: Run, outbox: Outbox) -> None:
    """A waiting one becomes due now: it can be claimed."""
    assert outbox.claim("test", 60) is None
    assert deliveries("retry", id_of(outbox, "pending")).exit_code == 0
    job = outbox.claim("test", 60)
    assert job is not None
    assert job.recording_id == "pending"


def test_what_has_arrived_is_not_sent_again(deliveries: Run, outbox: Outbox) -> None:
    """It is said which, and the exit code is 1."""
    number = id_of(outbox, "delivered")
    result = deliveries("retry", number)
    assert result.exit_code == 1
    assert str(number) in result.stderr


@pytest.mark.parametrize("arguments", [("show", "99"), ("retry", "99")])
def test_unknown_ids_are_errors_of_ours(deliveries: Run, arguments: tuple[str, ...]) -> None:
    """One line, exit code 1."""
    result = deliveries(*arguments)
    assert result.exit_code == 1
    assert "99" in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "arguments", [("retry",), ("retry", "--dead", "1"), ("retry", "1", "--destination", "x"), ("show", "x")]
)
def test_it_must_be_clear_what_to_retry(deliveries: Run, arguments: tuple[str, ...]) -> None:
    """Neither nothing nor two things at once."""
    assert deliveries(*arguments).exit_code == 2
