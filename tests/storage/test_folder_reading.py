"""Whatever lies in a directory is a document, a fault with its place, or passed over."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.folder_reading import (
    LEFTOVER_S,
    DocumentFault,
    StoredDocument,
    list_directory,
    read_document,
    scan,
)


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b"", 1, "Expecting value"),
        (b'{"a": 1,\n\n}', 3, "property name"),
        (b"[]", 0, "braces"),
        (b"\xff{}", 0, "utf-8"),
        (b'{"a": NaN}', 0, "NaN"),
        (b'{"a": ' + b"9" * 5000 + b"}", 0, "digits"),
        (b"[" * 100_000, 0, "recursion"),
        (b'{"_attachments": []}', 0, "_attachments"),
        (b'{"_attachments": {"../x": {}}}', 0, "could leave"),
        (b" " * 8_000_001, 0, "bytes"),
    ],
    ids=["empty", "json", "array", "utf-8", "nan", "digits", "depth", "stubs", "climbing", "large"],
)
def test_faults(tmp_path: Path, data: bytes, line: int, reason: str) -> None:
    """Each says what is wrong, and where."""
    (tmp_path / "a.json").write_bytes(data)
    fault = read_document(tmp_path, "a")
    assert isinstance(fault, DocumentFault)
    assert (fault.path, fault.line) == (str(tmp_path / "a.json"), line)
    assert reason in fault.reason


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(st.binary(max_size=60), st.text('{}[]":,_rev attchmens01eE.-\\u', max_size=60).map(str.encode))
)
def test_any_file_is_a_document_or_a_fault(tmp_path: Path, data: bytes) -> None:
    """Nothing is raised, whatever is in it."""
    (tmp_path / "a.json").write_bytes(data)
    read = read_document(tmp_path, "a")
    assert isinstance(read, StoredDocument | DocumentFault)
    if isinstance(read, StoredDocument):
        json.dumps(read.document)


def test_a_scan_reads_what_changed(tmp_path: Path) -> None:
    """What has the stamp it had is not opened; a file just written is read again next time."""
    path = tmp_path / "a.json"
    path.write_text('{"x": 1}')
    fresh = scan(tmp_path, {})
    assert fresh is not None
    assert fresh.changed["a"].stamp is None
    old_ns = time.time_ns() - 10**9
    listed = list_directory(tmp_path)
    os.utime(path, ns=(old_ns, old_ns))
    again = scan(tmp_path, {"a": listed.stamp_of("a")})
    assert again is not None
    assert list(again.changed) == ["a"]
    known = {"a": list_directory(tmp_path).stamp_of("a"), "gone": None}
    nothing = scan(tmp_path, known)
    assert nothing is not None
    assert (nothing.changed, nothing.gone, nothing.faulty) == ({}, ["gone"], {})


def test_media_beside_are_part_of_the_stamp(tmp_path: Path) -> None:
    """Replacing a prompt is a change of its document."""
    (tmp_path / "a.json").write_text("{}")
    before = list_directory(tmp_path).stamp_of("a")
    (tmp_path / "a,hello.wav").write_bytes(b"x")
    assert list_directory(tmp_path).stamp_of("a") != before


def test_a_missing_directory(tmp_path: Path) -> None:
    """There is nothing to compare with."""
    assert scan(tmp_path / "missing", {"a": None}) is None


def test_what_a_dead_process_left_is_removed(tmp_path: Path) -> None:
    """Not what one may still be writing."""
    for name, age_s in ((".tmp-old", LEFTOVER_S + 60), (".tmp-new", 0.0), (".hidden", LEFTOVER_S + 60)):
        (tmp_path / name).write_bytes(b"x")
        then = time.time() - age_s
        os.utime(tmp_path / name, (then, then))
    list_directory(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".hidden", ".tmp-new"]
