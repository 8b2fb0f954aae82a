"""Manifests are on disk soon, last, and are taken for what they are."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from recording.ending import Asked
from recording.journal import Journal
from recording.manifest import Manifest
from recording.naming import Name
from tests.recording.samples import RECORDING_ID, ticket

MANIFEST = Manifest(ticket(), Asked.STOP, started_at_us=17, owner="host[1]:2:3")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """A journal in an empty directory."""
    journal = Journal(tmp_path)
    yield journal
    journal.close()


def _file(tmp_path: Path) -> Path:
    return tmp_path / "journal" / f"{RECORDING_ID}.json"


def test_manifest_comes_back(tmp_path: Path, journal: Journal) -> None:
    """What was noted is read again, by another process as well."""
    journal.note(MANIFEST)
    journal.flush()
    other = Journal(tmp_path)
    assert other.read(RECORDING_ID) == MANIFEST
    assert list(other.pending()) == [MANIFEST]
    other.close()


def test_manifest_is_for_us_alone(tmp_path: Path, journal: Journal) -> None:
    """It may hold a URL with a password."""
    journal.note(MANIFEST)
    journal.flush()
    assert stat.S_IMODE(_file(tmp_path).stat().st_mode) == 0o600
    assert [path.name for path in _file(tmp_path).parent.iterdir()] == [f"{RECORDING_ID}.json"]


def test_order_is_kept(tmp_path: Path, journal: Journal) -> None:
    """The last note counts, and what is forgotten stays forgotten."""
    for asked in Asked:
        journal.note(Manifest(ticket(), asked))
    journal.flush()
    assert journal.read(RECORDING_ID) == Manifest(ticket(), list(Asked)[-1])
    journal.note(MANIFEST)
    journal.forget(ticket())
    journal.forget(ticket())
    journal.flush()
    assert not _file(tmp_path).exists()
    assert journal.read(RECORDING_ID) is None


_STEPS = st.tuples(
    st.sampled_from(["note", "forget", "flush"]), st.sampled_from("abc"), st.sampled_from(list(Asked))
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(_STEPS, max_size=30))
def test_what_stays_is_what_was_noted_last(tmp_path: Path, steps: list[tuple[str, str, Asked]]) -> None:
    """Of several recordings, in any order, whatever is written in one go."""
    journal, expected = Journal(tmp_path), {}
    for step, letter, asked in steps:
        recording_id = letter * 32
        about = replace(ticket(), name=Name(recording_id, "20261120"))
        if step == "note":
            journal.note(Manifest(about, asked))
            expected[recording_id] = asked
        elif step == "forget":
            journal.forget(about)
            expected.pop(recording_id, None)
        else:
            journal.flush()
    journal.flush()
    assert {one.ticket.name.recording_id: one.asked for one in journal.pending()} == expected
    for recording_id in expected:
        journal.forget(replace(ticket(), name=Name(recording_id, "20261120")))
    journal.close()


def test_close_writes_what_was_noted(tmp_path: Path) -> None:
    """A graceful end loses no manifest."""
    journal = Journal(tmp_path)
    for count in range(100):
        name = Name(f"{count:032x}", "20261120")
        journal.note(Manifest(ticket().__class__(**{**_fields(), "name": name})))
    journal.close()
    assert len(list((tmp_path / "journal").glob("*.json"))) == 100


def _fields() -> dict[str, object]:
    one = ticket()
    return {name: getattr(one, name) for name in one.__slots__}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"\xff\xfe",
        json.dumps(
            {"ticket": ticket().data(), "asked": "nothing", "started_at_us": -1, "owner": ""}
        ).encode(),
        json.dumps({"ticket": ticket().data(), "asked": "other", "started_at_us": 0, "owner": ""}).encode(),
        json.dumps({"ticket": ticket().data(), "asked": "stop", "started_at_us": 0, "owner": 7}).encode(),
        json.dumps({"ticket": {}, "asked": "stop", "started_at_us": 0, "owner": ""}).encode(),
        b" " * 100_000,
    ],
)
def test_unreadable_manifest_is_set_aside(tmp_path: Path, journal: Journal, content: bytes) -> None:
    """What is no manifest is kept under another name, told once, and not tried for ever."""
    _file(tmp_path).parent.mkdir()
    _file(tmp_path).write_bytes(content)
    with capture_logs() as logs:
        assert list(journal.pending()) == []
        assert list(journal.pending()) == []
    assert [line["event"] for line in logs] == ["recording_manifest_set_aside"]
    assert _file(tmp_path).with_suffix(".unreadable").read_bytes() == content


def test_other_files_are_nobodys_manifest(tmp_path: Path, journal: Journal) -> None:
    """Only names of ours are looked at, and no name leads out of the directory."""
    _file(tmp_path).parent.mkdir()
    (tmp_path / "journal" / "notes.json").write_text("{}")
    assert list(journal.pending()) == []
    assert journal.read("../../etc/passwd") is None
    assert (tmp_path / "journal" / "notes.json").exists()


def test_disk_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A journal that cannot be kept costs no recording, and is an error in the log."""
    (tmp_path / "journal").write_text("a file where the directory should be")
    journal = Journal(tmp_path)
    with capture_logs() as logs:
        journal.note(MANIFEST)
        journal.flush()
    assert [(line["event"], line["log_level"]) for line in logs] == [
        ("recording_journal_write_failed", "error")
    ]
    assert list(journal.pending()) == []
    journal.close()
