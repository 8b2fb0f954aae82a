"""What `callflows recordings audit` says at the end: it must agree with the switch on each recording."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.crash.switches import ROOT

AUDIT_S = 120
FOUND_GAPS = 1
EMPTY_COUNTS = ("absent", "damaged", "dead_letter", "under_way", "kept", "live", "missing")
"""What no recording may be at the end of a run."""


@dataclass(frozen=True, slots=True)
class Audited:
    """What the command said, as JSON. Its gaps may be recordings that the switch never began."""

    said: dict[str, Any]

    @property
    def failed(self) -> int:
        """How many were asked for and never recorded, since the engine was killed in between."""
        return int(self.said["counts"]["failed"])

    def faults(self, finished: set[str]) -> Iterator[str]:
        """Yield what is wrong. Args: finished: ids of the recordings that the switch finished."""
        counts = self.said["counts"]
        for name in EMPTY_COUNTS:
            if counts[name]:
                yield f"it counts {counts[name]} as {name}"
        if counts["stored"] != len(finished):
            yield f"it counts {counts['stored']} as stored, and {len(finished)} were finished"
        for gap in self.said["listed_gaps"]:
            if gap["recording_id"] in finished:
                yield f"{gap['recording_id']} is a gap: {gap['cause']}"
        for orphan in self.said["orphans"]:
            yield f"{Path(orphan['path']).name} is media nobody knows of"


def audit(settings: Path) -> Audited:
    """Run it, destinations and all. Raises: subprocess.CalledProcessError."""
    command = [sys.executable, "-m", "service", "recordings", "audit", "--verify", "--json"]
    done = subprocess.run(
        [*command, "--settings", str(settings)], cwd=ROOT, capture_output=True, timeout=AUDIT_S, check=False
    )
    if done.returncode not in (0, FOUND_GAPS) or not done.stdout:
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
    return Audited(json.loads(done.stdout))
