"""What killed processes left of captures goes away by itself."""

from __future__ import annotations

import os
import time
from pathlib import Path

from calls.capture import PREFIX, STRAY_S, SUFFIX
from service.capture_sweep import CaptureSweep
from tests.waiting import eventually


def leave(directory: Path, name: str) -> Path:
    """Make a file that nobody has written to for long."""
    path = directory / name
    path.write_bytes(b"RIFF")
    long_ago = time.time() - STRAY_S - 60
    os.utime(path, (long_ago, long_ago))
    return path


def test_what_is_old_goes_at_once_and_again(tmp_path: Path) -> None:
    """At the start and whenever it looks; recordings stay."""
    first, recording = leave(tmp_path, f"{PREFIX}1{SUFFIX}"), leave(tmp_path, "recording.wav")
    sweep = CaptureSweep(tmp_path, every_s=0.01)
    sweep.start()
    try:
        eventually(lambda: not first.exists())
        second = leave(tmp_path, f"{PREFIX}2{SUFFIX}")
        eventually(lambda: not second.exists())
    finally:
        sweep.stop()
    assert recording.exists()


def test_a_directory_that_is_not_there_yet_is_no_trouble(tmp_path: Path) -> None:
    """The recorder makes it; stopping without a start is nothing either."""
    sweep = CaptureSweep(tmp_path / "missing", every_s=0.01)
    sweep.stop()
    sweep.start()
    (tmp_path / "missing").mkdir()
    old = leave(tmp_path / "missing", f"{PREFIX}1{SUFFIX}")
    eventually(lambda: not old.exists())
    sweep.stop()
