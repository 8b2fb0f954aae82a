"""`callflows recordings` over a real outbox, a real directory and a real document store."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from storage.destination import Receipt, Target
from storage.open_store import open_store
from storage.register_row import Fate
from tests.service.recording_place import MONTH, SOUND, Place, folder, http, local

Run = Callable[..., Result]

SECRETS = ("hunter2", "topsecret", "Bearer-abc")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """An installation without recordings."""
    made = Place(tmp_path)
    yield made
    made.outbox.close()


@pytest.fixture
def recordings(run: Run, place: Place) -> Callable[..., Result]:
    """Runs `callflows recordings` there."""
    return lambda *arguments: run("recordings", *arguments, **place.settings)


def audited(result: Result, exit_code: int) -> dict[str, Any]:
    """Read --json of an audit."""
    assert result.exit_code == exit_code, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def rows(result: Result) -> list[dict[str, Any]]:
    """Read the lines of `list --json`."""
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def everything(place: Place) -> None:
    """One recording of each kind; the numbers say which."""
    place.taken(1, local(1), folder())
    place.deliver()
    place.taken(2, http())
    place.dead("answered 404")
    place.taken(3, http())
    place.taken(4, http()).path.unlink()
    kept = place.settled(5, Fate.KEPT, verdict="ok", ended_by="hangup", rule="nowhere", rule_reason="no URL")
    place.file(kept.recording_id)
    place.settled(6, Fate.DISCARDED, verdict="discarded", ended_by="too_short")
    place.settled(7, Fate.FAILED, verdict="failed", ended_by="not_started", reasons=("media not enabled",))
    live = place.asked(8)
    (place.recordings / "journal" / f"{live.recording_id}.json").write_text(json.dumps({"asked": "nothing"}))
    place.asked(9)
    place.asked(10, age_s=1.0)


STANDINGS = {
    1: "stored", 2: "dead_letter", 3: "under_way", 4: "damaged", 5: "kept", 6: "discarded", 7: "failed",
    8: "live", 9: "missing", 10: "live",
}  # fmt: skip


def test_an_audit_accounts_for_every_recording(recordings: Run, place: Place) -> None:
    """Each in its class, the figure, the gaps with their causes, and exit code 1."""
    everything(place)
    found = audited(recordings("audit", "--json"), 1)
    assert {key: count for key, count in found["counts"].items() if count} == {
        "stored": 1, "dead_letter": 1, "under_way": 1, "damaged": 1, "kept": 1, "discarded": 1, "failed": 1,
        "live": 2, "missing": 1,
    }  # fmt: skip
    assert (found["asked_for"], found["expected"], found["gaps"]) == (10, 7, 4)
    assert found["completeness"] == pytest.approx(1 / 7)
    causes = {int(gap["recording_id"], 16): gap["cause"] for gap in found["listed_gaps"]}
    assert sorted(causes) == [2, 4, 7, 9]
    assert causes[2] == "http:files.example.com: answered 404"
    assert causes[4].startswith("its file is gone")
    assert causes[7] == "not started: media not enabled"
    assert all(gap["age_s"] >= 7000 and gap["call_id"] for gap in found["listed_gaps"])
    assert found["oldest_under_way_s"] == pytest.approx(7200, abs=60)
    assert (found["orphans"], found["old_manifests"], found["verified"]) == ([], [], None)


def test_an_audit_is_told_to_people(recordings: Run, place: Place) -> None:
    """The same in words; no secret in any of them."""
    everything(place)
    result = recordings("audit", "--verify")
    assert result.exit_code == 1
    assert "completeness: 14.28 % (1 of 7); 4 gaps" in result.stdout
    assert "copies asked for: 2 there, 0 absent, 0 not asked" in result.stdout
    assert "media not enabled" in result.stdout
    assert not any(secret in result.output for secret in SECRETS)


def test_without_gaps_all_is_well(recordings: Run, place: Place) -> None:
    """Exit code 0; an empty register, too, has no gap and no figure."""
    assert audited(recordings("audit", "--json"), 0)["completeness"] is None
    place.taken(1, local(1))
    place.deliver()
    place.settled(2, Fate.DISCARDED)
    assert audited(recordings("audit", "--json"), 0)["completeness"] == 1.0
    assert "completeness: 100.00 % (1 of 1); 0 gaps" in recordings("audit").stdout


def test_an_audit_of_a_period_and_an_account(recordings: Run, place: Place) -> None:
    """Nothing else is counted."""
    place.asked(1, age_s=3 * 86400.0)
    place.asked(2, age_s=7200.0)
    place.asked(3, age_s=7200.0, account_id="other")
    assert audited(recordings("audit", "--json", "--since", "1d"), 1)["asked_for"] == 2
    assert audited(recordings("audit", "--json", "--until", "1d"), 1)["asked_for"] == 1
    assert audited(recordings("audit", "--json", "--account", "other"), 1)["asked_for"] == 1
    assert audited(recordings("audit", "--json", "--since", "1h"), 0)["asked_for"] == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("audit", "--since", "yesterday"),
        ("audit", "--since", "1h", "--until", "2h"),
        ("list", "--until", "2026-13-01"),
        ("list", "--state", "lost"),
        ("list", "--verdict", "fine"),
        ("list", "--limit", "0"),
        ("show",),
        ("get",),
    ],
)
def test_wrong_usage_is_told(recordings: Run, arguments: tuple[str, ...]) -> None:
    """Exit code 2."""
    assert recordings(*arguments).exit_code == 2


def test_what_was_forgotten_still_counts(recordings: Run, place: Place) -> None:
    """Delivered long ago, their rows gone: the figure of the period is not made of gaps alone."""
    media = place.taken(1, local(1))
    place.deliver()
    place.release(media)
    place.outbox.purge(-1.0)
    place.settled(2, Fate.FAILED)
    found = audited(recordings("audit", "--json"), 1)
    assert (found["counts"]["stored"], found["completeness"]) == (1, 0.5)


def test_files_that_nobody_knows_of_are_found(recordings: Run, place: Place) -> None:
    """Media without a row, manifests that nobody could settle for a day, manifests nobody could read."""
    orphan = place.file("f" * 32)
    place.file("e" * 32, age_s=5.0)
    old = place.recordings / "journal" / f"{'d' * 32}.json"
    old.write_text("{}")
    os.utime(old, (time.time() - 2 * 86400,) * 2)
    unreadable = place.recordings / "journal" / f"{'c' * 32}.unreadable"
    unreadable.write_text("x")
    found = audited(recordings("audit", "--json"), 1)
    assert [one["path"] for one in found["orphans"]] == [str(orphan)]
    assert sorted(one["path"] for one in found["old_manifests"]) == sorted([str(old), str(unreadable)])
    assert str(orphan) in recordings("audit").stdout


def test_destinations_are_asked_where_they_can_be(recordings: Run, place: Place) -> None:
    """A copy that was taken away is a gap; who cannot be asked is named."""
    for number, target in enumerate((local(1), local(2), folder("a"), folder("b")), start=1):
        place.taken(number, target)
    place.deliver()
    place.taken(5, http())
    job = place.outbox.claim("test", 60)
    assert job is not None
    place.outbox.succeeded(job, Receipt("https://files.example.com/put/call.wav", "201 Created"))
    assert audited(recordings("audit", "--json", "--verify"), 0)["verified"] == {
        "there": 4,
        "absent": 0,
        "not_asked": {"http: cannot be asked": 1},
    }
    next((place.root / "delivered" / "a").iterdir()).unlink()
    store = open_store((place.root / "documents").as_uri(), cache=False)
    document = store.get(MONTH, f"202611-{2:032x}")
    store.delete(MONTH, document["_id"], document["_rev"])
    store.close()
    found = audited(recordings("audit", "--json", "--verify"), 1)
    assert (found["counts"]["absent"], found["counts"]["stored"]) == (2, 3)
    causes = {int(gap["recording_id"], 16): gap["cause"] for gap in found["listed_gaps"]}
    assert causes == {2: "no longer at local", 3: "no longer at folder:a"}


def test_recordings_are_listed_the_newest_first(recordings: Run, place: Place) -> None:
    """Each with its standing."""
    everything(place)
    found = rows(recordings("list", "--json"))
    assert {int(row["recording_id"], 16): row["state"] for row in found} == STANDINGS
    times = [row["requested_at"] for row in found]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize(
    ("arguments", "numbers"),
    [
        (("--state", "missing"), [9]),
        (("--state", "live"), [8, 10]),
        (("--verdict", "discarded"), [6]),
        (("--call", "call-5"), [5]),
        (("--call", "uuid-7"), [7]),
        (("--since", "10m"), [10]),
        (("--limit", "1"), [10]),
        (("--account", "nobody"), []),
    ],
)
def test_the_list_can_be_narrowed(
    recordings: Run, place: Place, arguments: tuple[str, ...], numbers: list[int]
) -> None:
    """By anything that tells recordings apart."""
    everything(place)
    found = rows(recordings("list", "--json", *arguments))
    assert sorted(int(row["recording_id"], 16) for row in found) == numbers


def test_the_table_is_for_people(recordings: Run, place: Place) -> None:
    """With words instead of identifiers."""
    everything(place)
    result = recordings("list")
    assert result.exit_code == 0
    assert "missing" in result.stdout


@pytest.mark.parametrize("name", [f"{1:032x}", f"202611-{1:032x}", "call-1", "uuid-1"])
def test_one_is_shown_with_all_that_is_known(recordings: Run, place: Place, name: str) -> None:
    """By any of its names: deliveries with attempts, file, metadata with its timeline."""
    everything(place)
    (shown,) = json.loads(recordings("show", name).stdout)
    assert (shown["state"], shown["verdict"], shown["ended_by"]) == ("stored", "ok", "hangup")
    assert [each["state"] for each in shown["deliveries"]] == ["delivered", "delivered"]
    assert shown["deliveries"][0]["history"][0]["outcome"] == "delivered"
    assert shown["metadata"]["callflows"]["timeline"] == [{"what": "started"}]
    assert [Path(one["path"]).name for one in shown["files"]] == [f"{1:032x}.wav"]
    assert shown["manifest"] is None


def test_a_live_one_is_shown_with_its_manifest(recordings: Run, place: Place) -> None:
    """What it says but for the ticket, which may hold a password; one that is no JSON says so."""
    live = place.asked(1)
    path = place.recordings / "journal" / f"{live.recording_id}.json"
    ticket = {"request": {"url": "https://user:hunter2@x.example/"}}
    path.write_text(json.dumps({"asked": "stop", "started_at_us": 5, "owner": "me", "ticket": ticket}))
    result = recordings("show", live.recording_id)
    (shown,) = json.loads(result.stdout)
    assert shown["manifest"] == {"path": str(path), "asked": "stop", "started_at_us": 5, "owner": "me"}
    assert "hunter2" not in result.output
    path.write_text("{")
    (shown,) = json.loads(recordings("show", live.recording_id).stdout)
    assert shown["manifest"] == {"path": str(path), "unreadable": "JSONDecodeError"}


def test_all_recordings_of_a_call_are_shown(recordings: Run, place: Place) -> None:
    """The newest first."""
    place.asked(1, age_s=200.0, call_id="c")
    place.asked(2, age_s=100.0, call_id="c")
    found = json.loads(recordings("show", "c").stdout)
    assert [int(one["recording_id"], 16) for one in found] == [2, 1]


def test_what_only_the_disk_knows_is_shown(recordings: Run, place: Place) -> None:
    """An orphan, by its id or its document's."""
    path = place.file("f" * 32)
    for name in ("f" * 32, f"202611-{'f' * 32}"):
        (shown,) = json.loads(recordings("show", name).stdout)
        assert (shown["state"], shown["files"][0]["path"]) == (None, str(path))


@pytest.mark.parametrize("command", ["show", "get"])
@pytest.mark.parametrize("name", ["nothing", "../../etc/passwd", "a" * 32])
def test_what_is_not_there_is_an_error_of_ours(recordings: Run, command: str, name: str) -> None:
    """One line, exit code 1."""
    result = recordings(command, name)
    assert result.exit_code == 1
    assert "not found" in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize("number", range(1, 11))
def test_no_secret_is_ever_shown(recordings: Run, place: Place, number: int) -> None:
    """Of any recording."""
    everything(place)
    result = recordings("show", f"{number:032x}")
    assert result.exit_code == 0
    assert not any(secret in result.output for secret in SECRETS)


def test_media_is_fetched_from_disk(recordings: Run, place: Place, tmp_path: Path) -> None:
    """Under the name asked for, and nothing is left beside it."""
    place.taken(1, http())
    output = tmp_path / "out" / "mine.wav"
    output.parent.mkdir()
    result = recordings("get", "call-1", "--output", output)
    assert result.exit_code == 0, result.output
    assert output.read_bytes() == SOUND
    assert [path.name for path in output.parent.iterdir()] == ["mine.wav"]
    assert str(place.recordings) in result.stderr


@pytest.mark.parametrize("target", [local(1), folder("x")])
def test_media_is_fetched_from_where_it_was_delivered(
    recordings: Run, place: Place, tmp_path: Path, target: Target
) -> None:
    """When it is not here any more."""
    media = place.taken(1, target)
    place.deliver()
    place.release(media)
    result = recordings("get", f"{1:032x}", "--output", tmp_path / "mine.wav")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "mine.wav").read_bytes() == SOUND
    assert target.kind in result.stderr


def test_a_copy_that_is_another_is_not_given_out(recordings: Run, place: Place, tmp_path: Path) -> None:
    """Changed at its destination: said, and nothing is written."""
    media = place.taken(1, folder())
    place.deliver()
    place.release(media)
    (copy,) = [path for path in (place.root / "delivered").iterdir() if path.is_file()]
    copy.write_bytes(SOUND[::-1])
    result = recordings("get", f"{1:032x}", "--output", tmp_path / "mine.wav")
    assert result.exit_code == 1
    assert "checksum" in result.stderr
    assert not (tmp_path / "mine.wav").exists()
    assert list(tmp_path.glob(".*.part")) == []


def test_a_file_that_is_there_is_not_replaced(recordings: Run, place: Place, tmp_path: Path) -> None:
    """Unless that is asked for."""
    place.taken(1, http())
    output = tmp_path / "mine.wav"
    output.write_text("precious")
    result = recordings("get", f"{1:032x}", "--output", output)
    assert result.exit_code == 1
    assert output.read_text() == "precious"
    assert recordings("get", f"{1:032x}", "--output", output, "--force").exit_code == 0
    assert output.read_bytes() == SOUND


def test_media_goes_to_standard_output(recordings: Run, place: Place) -> None:
    """And nothing else does."""
    place.taken(1, http())
    result = recordings("get", f"{1:032x}", "--output", "-")
    assert result.stdout_bytes == SOUND


def test_without_a_name_the_recordings_own_is_taken(
    recordings: Run, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the current directory, made safe."""
    place.taken(1, http())
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert recordings("get", f"{1:032x}").exit_code == 0
    assert [path.read_bytes() for path in (tmp_path / "here").iterdir()] == [SOUND]


def test_where_media_is_that_cannot_be_fetched(recordings: Run, place: Place, tmp_path: Path) -> None:
    """Delivered to where nothing can be read back; not finished; failed; several of one call."""
    media = place.taken(1, http())
    job = place.outbox.claim("test", 60)
    assert job is not None
    place.outbox.succeeded(job, Receipt("https://files.example.com/put/call.wav?sig=topsecret", "201"))
    place.release(media)
    place.asked(2, call_id="c")
    place.settled(3, Fate.FAILED, verdict="failed", ended_by="not_started", reasons=("no media",))
    place.asked(4, call_id="c")
    told = {
        number: recordings("get", f"{number:032x}", "--output", tmp_path / "x").stderr for number in (1, 2, 3)
    }
    assert "https://files.example.com/put/call.wav" in told[1]
    assert "topsecret" not in told[1]
    assert "not finished" in told[2]
    assert "no media" in told[3]
    several = recordings("get", "c", "--output", tmp_path / "x")
    assert several.exit_code == 2
    assert f"{2:032x}" in several.stderr
