"""The recordings directory: media nobody knows of, and manifests, found without touching anything."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from recording import survey
from recording.survey import ORPHAN_AFTER_S, Survey, orphans

NOW = time.time()
IDS = [f"{number:032x}" for number in range(1, 10)]


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """A recordings directory with a day and a journal."""
    for name in ("20261123", "journal"):
        (tmp_path / name).mkdir()
    return tmp_path


def put(path: Path, age_s: float = 2 * ORPHAN_AFTER_S, content: bytes = b"sound") -> Path:
    """Write a file that was last written so long ago."""
    path.write_bytes(content)
    os.utime(path, (NOW - age_s, NOW - age_s))
    return path


def names(recordings: Path, manifests: set[str] = frozenset(), known: set[str] = frozenset()) -> list[str]:  # type: ignore[assignment]
    """Return the names of orphans."""
    found = orphans(Survey(recordings), frozenset(manifests), lambda ids: frozenset(ids) & known, NOW)
    return [one.path.name for one in found]


def test_media_that_nobody_knows_of_is_found(recordings: Path) -> None:
    """Neither manifest nor row: with its size and age."""
    for recording_id in IDS[:3]:
        put(recordings / "20261123" / f"{recording_id}.wav")
    found = names(recordings, manifests={IDS[0]}, known={IDS[1]})
    assert found == [f"{IDS[2]}.wav"]


def test_what_was_made_of_a_recording_belongs_to_it(recordings: Path) -> None:
    """By its id, whatever stands behind it; longer digits are no id."""
    put(recordings / "20261123" / f"{IDS[0]}.trimmed.mp3")
    put(recordings / "20261123" / f"{IDS[0]}f.wav")
    assert names(recordings, known={IDS[0]}) == [f"{IDS[0]}f.wav"]


def test_a_file_that_is_still_young_is_left_out(recordings: Path) -> None:
    """Its first note may be on its way."""
    put(recordings / "20261123" / f"{IDS[0]}.wav", age_s=ORPHAN_AFTER_S - 5)
    assert names(recordings) == []


def test_files_by_other_names_are_found_too(recordings: Path) -> None:
    """Nothing else belongs into a day."""
    put(recordings / "20261123" / "notes.txt")
    assert names(recordings) == ["notes.txt"]


def test_only_days_are_looked_through(recordings: Path) -> None:
    """No other directory, no link that leads elsewhere."""
    (recordings / "other").mkdir()
    put(recordings / "other" / f"{IDS[0]}.wav")
    target = put(recordings / "elsewhere.wav")
    (recordings / "20261123" / f"{IDS[1]}.wav").symlink_to(target)
    assert names(recordings) == []


def test_a_directory_that_is_not_there_has_nothing(tmp_path: Path) -> None:
    """Before the first start."""
    assert names(tmp_path / "none") == []
    assert Survey(tmp_path / "none").manifests() == ()


def test_manifests_are_listed_those_nobody_could_read_too(recordings: Path) -> None:
    """Unfinished ones are not manifests yet."""
    for suffix in (".json", ".unreadable", ".partial"):
        put(recordings / "journal" / f"{IDS[0]}{suffix}")
    found = Survey(recordings).manifests()
    assert [one.path.suffix for one in found] == [".json", ".unreadable"]
    assert {one.recording_id for one in found} == {IDS[0]}


def test_many_are_asked_about_at_once(recordings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batch by batch, none left out."""
    monkeypatch.setattr(survey, "BATCH", 4)
    for recording_id in IDS:
        put(recordings / "20261123" / f"{recording_id}.wav")
    assert names(recordings, known={IDS[4]}) == [f"{one}.wav" for one in IDS if one != IDS[4]]


def test_the_files_of_one_recording(recordings: Path) -> None:
    """In its day, and no others."""
    put(recordings / "20261123" / f"{IDS[0]}.wav", content=b"1234")
    put(recordings / "20261123" / f"{IDS[1]}.wav")
    (found,) = Survey(recordings).of(IDS[0], recordings / "20261123")
    assert (found.recording_id, found.size_bytes) == (IDS[0], 4)
