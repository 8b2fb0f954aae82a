"""Who counts recordings: the seam that metrics are fed through, and the counter of those that want none."""

from __future__ import annotations

from typing import Protocol

from recording.outcome import RecordingOutcome


class Tally(Protocol):
    """Counts recordings. Called from the hub; must neither block nor raise."""

    def recording_started(self) -> None:
        """FreeSWITCH has begun to write one."""

    def recording_finished(self, outcome: RecordingOutcome) -> None:
        """One is over, verified and dealt with."""

    def recording_handover_failed(self) -> None:
        """The outbox could not take one; it is asked again."""


class NoTally:
    """Counts nothing."""

    def recording_started(self) -> None:
        """Count nothing."""

    def recording_finished(self, outcome: RecordingOutcome) -> None:
        """Count nothing."""

    def recording_handover_failed(self) -> None:
        """Count nothing."""
