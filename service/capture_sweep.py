"""Takes away what is left of captures (calls.capture, swml.recognizing) where their process was killed.

Most have no name any more when they are written to. One that still has is told by its age: so it is looked
for again and again, and not at start alone, when the files of the process before are still young.
"""

from __future__ import annotations

from pathlib import Path

import gevent
import structlog

from calls.capture import sweep

EVERY_S = 1800.0

log = structlog.get_logger(__name__)


class CaptureSweep:
    """Sweeps one directory from `start` to `stop`. Args: directory: where FreeSWITCH writes."""

    def __init__(self, directory: Path, every_s: float = EVERY_S) -> None:
        self._directory = directory
        self._every_s = every_s
        self._round: gevent.Greenlet | None = None

    def start(self) -> None:
        """Begin, with a first look at once."""
        self._round = gevent.spawn(self._keep_clean)

    def stop(self) -> None:
        """End it."""
        if self._round is not None:
            self._round.kill()
            self._round = None

    def _keep_clean(self) -> None:
        while True:
            gone = gevent.get_hub().threadpool.apply(sweep, (self._directory,))
            if gone:
                log.info("captures_swept", files=gone)
            gevent.sleep(self._every_s)
