"""The recordings directory: FreeSWITCH writes into its days, this process takes files out again.

Days are made ahead of time and by us: a directory that FreeSWITCH makes belongs to FreeSWITCH, and nobody
else could delete from it. They get the mode of the recordings directory itself, where the operator says who
may write (as a rule a group that both are in, and the setgid bit).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import gevent
import structlog

DAYS_AHEAD = 2
"""Today and tomorrow: a call at midnight finds its directory."""

log = structlog.get_logger(__name__)


class Spool:
    """One recordings directory."""

    def __init__(self, recordings_dir: Path) -> None:
        self.recordings_dir = recordings_dir
        self._ready: set[str] = set()

    def prepare(self, now: datetime) -> str:
        """Make the days to come, off the hub. Returns: why that failed, "" when it did not."""
        days = {
            (now.astimezone(UTC) + timedelta(days=ahead)).strftime("%Y%m%d") for ahead in range(DAYS_AHEAD)
        }
        if days <= self._ready:
            return ""
        failed: str = gevent.get_hub().threadpool.apply(_make, (self.recordings_dir, sorted(days)))
        if failed:
            log.error("recordings_directory_unusable", directory=str(self.recordings_dir), reason=failed)
        else:
            self._ready = days
        return failed


def _make(recordings_dir: Path, days: list[str]) -> str:
    try:
        recordings_dir.mkdir(parents=True, exist_ok=True)
        mode = recordings_dir.stat().st_mode & 0o7777
        for day in days:
            directory = recordings_dir / day
            if not directory.is_dir():
                directory.mkdir(exist_ok=True)
                directory.chmod(mode)
    except OSError as exc:
        return exc.strerror or str(exc)
    return ""


def size_of(path: Path) -> int:
    """Return how many bytes a file has, 0 for one that is not there. May block on a disk: not in the hub."""
    try:
        return path.stat().st_size
    except OSError:
        return 0
