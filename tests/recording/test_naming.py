"""Names are ours, and what others name stays one harmless file name."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recording.errors import BadTicket
from recording.naming import MAX_DELIVERED_NAME_BYTES, Name, delivered_name, is_recording_id, new_name
from recording.request import AudioFormat
from storage import names
from tests.recording.samples import RECORDING_ID

SPOOL = Path("/var/rec")


def test_day_and_month_are_those_of_utc() -> None:
    """A call at New Year's midnight in the east still belongs to the old year's month."""
    name = new_name(datetime(2027, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=1))))
    assert name.day == "20261231"
    assert name.document_id == f"202612-{name.recording_id}"
    assert names.split_document_id(name.document_id) == ("202612", name.recording_id)


def test_paths_have_the_day_and_the_id() -> None:
    """The media lies in its day's directory, the manifest in the journal."""
    name = Name(RECORDING_ID, "20261120")
    assert name.media_path(SPOOL, AudioFormat.MP3) == SPOOL / "20261120" / f"{RECORDING_ID}.mp3"
    assert name.manifest_path(SPOOL) == SPOOL / "journal" / f"{RECORDING_ID}.json"


def test_ids_are_new_each_time() -> None:
    """Two recordings never share a name."""
    now = datetime.now(UTC)
    assert len({new_name(now).recording_id for _ in range(100)}) == 100


@given(st.text(), st.text())
def test_no_other_path_can_be_made(recording_id: str, day: str) -> None:
    """An id or a day from outside is one of ours, or no name at all."""
    try:
        name = Name(recording_id, day)
    except BadTicket:
        return
    assert is_recording_id(name.recording_id)
    assert name.media_path(SPOOL, AudioFormat.WAV).parent.parent == SPOOL


@pytest.mark.parametrize(
    ("media_name", "expected"),
    [
        ("", f"{RECORDING_ID}.mp3"),
        ("greeting", "greeting.mp3"),
        ("greeting.mp3", "greeting.mp3"),
        ("greeting.wav", "greeting.wav.mp3"),
        ("../../etc/passwd", "etc_passwd.mp3"),
        ("/etc/passwd", "etc_passwd.mp3"),
        ("..", f"{RECORDING_ID}.mp3"),
        (".hidden", "hidden.mp3"),
        ("a\r\nX: y", "a__X: y.mp3"),
        ("a\\b", "a_b.mp3"),
        ("Gespräch 1", "Gespräch 1.mp3"),
    ],
)
def test_delivered_name(media_name: str, expected: str) -> None:
    """What a document says names the copy, in one file name with the right extension."""
    assert delivered_name(media_name, RECORDING_ID, AudioFormat.MP3) == expected


@given(st.text())
def test_delivered_name_is_always_one_plain_name(media_name: str) -> None:
    """No text whatever makes a path, a hidden file or an attachment that a store would refuse."""
    name = delivered_name(media_name, RECORDING_ID, AudioFormat.WAV)
    assert PurePosixPath(name).name == name
    assert name.endswith(".wav")
    assert len(os.fsencode(name)) <= MAX_DELIVERED_NAME_BYTES
    assert names.check_attachment(name) == name
