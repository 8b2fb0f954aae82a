"""The judge of the crash test finds each kind of fault, and nothing where nothing is wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.crash.audit import EMPTY_COUNTS, Audited
from tests.crash.copies import Copies, at_receiver, in_folder
from tests.crash.judge import Left, judge
from tests.crash.receiver import Receiver, Stored
from tests.crash.witness import Heard
from tests.recording.samples import ticket

URL = "http://receiver.example.com/in"
SOUND = b"what was said"
DIGEST = hashlib.sha256(SOUND).hexdigest()


@pytest.fixture
def heard(tmp_path: Path) -> Heard:
    """A recording that the switch has finished and that belongs into the store."""
    kept = tmp_path / "kept.wav"
    kept.write_bytes(SOUND)
    return Heard(ticket(), kept, 1.0, 2.0, "success-maxtime", DIGEST, len(SOUND))


def _copies(*names: str, digest: str = DIGEST, documents: int = 1) -> Copies:
    return Copies(set(names), {digest}, documents=documents)


def test_what_arrived_whole_is_no_fault(heard: Heard) -> None:
    """One document, one attachment, byte for byte."""
    verdict = judge([heard], {}, {heard.ticket.document_id: _copies("a.wav")}, Left())
    assert (verdict.finished, verdict.delivered, verdict.faults) == (1, 1, [])


def test_what_the_switch_discarded_is_not_expected(heard: Heard) -> None:
    """A recording without a frame of sound leaves nothing to deliver."""
    heard.digest = ""
    verdict = judge([heard], {}, {}, Left())
    assert (verdict.finished, verdict.faults) == (0, [])


FAULTS: dict[str, tuple[str, Callable[[str], dict[str, Copies]]]] = {
    "nowhere": ("lost", lambda _: {}),
    "document without media": ("lost", lambda one: {one: Copies()}),
    "two names": ("doubled", lambda one: {one: _copies("a.wav", "b.wav")}),
    "two documents": ("doubled", lambda one: {one: _copies("a.wav", documents=2)}),
    "another content": ("altered", lambda one: {one: _copies("a.wav", digest="0")}),
    "two contents": ("altered", lambda one: {one: Copies({"a.wav"}, {DIGEST, "0"})}),
    "nobody's": ("unasked", lambda one: {one: _copies("a.wav"), "202601-other": _copies("b.wav")}),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_named(name: str, heard: Heard) -> None:
    """Lost, doubled, altered, unasked: one fault, of that kind."""
    kind, stored = FAULTS[name]
    verdict = judge([heard], {}, stored(heard.ticket.document_id), Left())
    assert [fault.kind for fault in verdict.faults] == [kind]


def test_a_copy_at_the_wrong_place_is_named(heard: Heard) -> None:
    """A recording of the store's that also went to the URL."""
    document_id = heard.ticket.document_id
    verdict = judge([heard], {document_id: _copies("a.wav")}, {document_id: _copies("a.wav")}, Left())
    assert [fault.kind for fault in verdict.faults] == ["misplaced"]


def test_a_finished_file_that_changed_is_named(heard: Heard) -> None:
    """Somebody wrote into it after the switch had finished it."""
    heard.kept.write_bytes(b"something else")
    verdict = judge([heard], {}, {heard.ticket.document_id: _copies("a.wav")}, Left())
    assert [fault.kind for fault in verdict.faults] == ["altered"]


def test_what_is_left_is_named(heard: Heard, tmp_path: Path) -> None:
    """Deliveries, manifests and files that wait for nobody."""
    left = Left(("12ab is dead: refused",), (tmp_path / "12ab.json",), (heard.kept,))
    verdict = judge([], {}, {}, left)
    assert [str(fault).split(":")[0] for fault in verdict.faults] == ["left"] * 3


def test_a_repeated_upload_is_one_copy(tmp_path: Path) -> None:
    """The same target and content twice: an answer was lost, nothing else."""
    receiver = Receiver(tmp_path, chance=None)  # type: ignore[arg-type]
    once = Stored("/in/call_recording_1.wav?recording_id=202601-1", DIGEST, 3)
    receiver.stored += [once, once, replace(once, target="/in/call_recording_2.wav?recording_id=202601-2")]
    found = at_receiver(receiver)
    assert {key: len(one.names) for key, one in found.items()} == {"202601-1": 1, "202601-2": 1}


def test_the_store_is_read_from_its_files(tmp_path: Path) -> None:
    """A document and its attachment are one recording; other documents are none."""
    month = tmp_path / "account" / "demo-202601"
    month.mkdir(parents=True)
    (month / "202601-1.json").write_text('{"pvt_type": "call_recording"}')
    (month / "202601-1,talk%20one.wav").write_bytes(SOUND)
    (month / "other.json").write_text('{"pvt_type": "note"}')
    (found,) = in_folder(tmp_path, "demo").items()
    assert found == ("202601-1", Copies({"talk one.wav"}, {DIGEST}, month / "202601-1,talk%20one.wav", 1))


SAYS: dict[str, object] = {
    "counts": {**dict.fromkeys(EMPTY_COUNTS, 0), "stored": 1, "failed": 2},
    "listed_gaps": [{"recording_id": "34cd", "cause": "not started"}],
    "orphans": [],
}


def test_an_audit_that_agrees_is_no_fault() -> None:
    """What the switch finished is stored; what it never began is a gap, and that is right."""
    assert list(Audited(SAYS).faults({"12ab"})) == []


@pytest.mark.parametrize(
    ("says", "finished"),
    [
        ({}, {"12ab", "56ef"}),
        ({"counts": {**dict.fromkeys(EMPTY_COUNTS, 0), "stored": 1, "failed": 0, "missing": 1}}, {"12ab"}),
        ({"orphans": [{"path": "/r/20260101/12ab.wav"}]}, {"12ab"}),
        ({}, {"34cd"}),
    ],
)
def test_an_audit_that_disagrees_is_a_fault(says: dict[str, object], finished: set[str]) -> None:
    """A count that is off, a state nothing may be in, media nobody knows of, a gap that was recorded."""
    assert len(list(Audited({**SAYS, **says}).faults(finished))) == 1
