"""Days are there before they are needed, with the mode the operator chose."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from structlog.testing import capture_logs

from recording.spool import Spool

NOON = datetime(2026, 12, 31, 12, tzinfo=UTC)


def test_today_and_tomorrow_are_made(tmp_path: Path) -> None:
    """By UTC, over the end of a year as well."""
    spool = Spool(tmp_path / "rec")
    assert spool.prepare(NOON) == ""
    assert sorted(path.name for path in (tmp_path / "rec").iterdir()) == ["20261231", "20270101"]
    spool.prepare((NOON + timedelta(days=1)).astimezone(timezone(timedelta(hours=14))))
    assert (tmp_path / "rec" / "20270102").is_dir()


def test_days_have_the_mode_of_the_directory(tmp_path: Path) -> None:
    """Who may write into the recordings directory may write into its days."""
    root = tmp_path / "rec"
    root.mkdir()
    root.chmod(0o2775)
    Spool(root).prepare(NOON)
    assert stat.S_IMODE((root / "20261231").stat().st_mode) == 0o2775


def test_days_that_are_there_are_left_alone(tmp_path: Path) -> None:
    """A directory that FreeSWITCH or an operator made keeps its mode."""
    (tmp_path / "20261231").mkdir()
    (tmp_path / "20261231").chmod(0o700)
    assert Spool(tmp_path).prepare(NOON) == ""
    assert stat.S_IMODE((tmp_path / "20261231").stat().st_mode) == 0o700


def test_directory_that_cannot_be_is_told(tmp_path: Path) -> None:
    """A file in its place is an error in the log, each time it is tried."""
    (tmp_path / "rec").write_text("")
    spool = Spool(tmp_path / "rec")
    with capture_logs() as logs:
        assert spool.prepare(NOON)
        assert spool.prepare(NOON)
    assert [line["event"] for line in logs] == ["recordings_directory_unusable"] * 2
