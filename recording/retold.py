"""Reads the outcome of a recording back from its document, for observers that a dead engine did not tell.

The outbox has taken such a recording over; what it was is in the document that goes with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recording import timeline
from recording.errors import BadTicket
from recording.outcome import EndedBy, RecordingOutcome, Verdict
from recording.timeline import Mark, What
from storage.outbox_delivery import StoredRecording


def outcome_of(stored: StoredRecording) -> RecordingOutcome:
    """Return what became of a recording, as far as an observer is told."""
    document = stored.metadata
    ours = document.get("callflows")
    facts: Mapping[str, Any] = ours if isinstance(ours, Mapping) else {}
    return RecordingOutcome(
        recording_id=stored.recording_id,
        document_id=stored.document_id,
        ended_by=_word(EndedBy, facts.get("ended_by"), EndedBy.UNKNOWN),
        verdict=_word(Verdict, facts.get("verdict"), Verdict.OK),
        raw_cause=str(facts.get("raw_cause", "")),
        path=stored.media.path,
        duration_ms=_number(document.get("duration_ms")),
        size_bytes=stored.media.size_bytes,
        sha256=stored.media.sha256,
        channels=_number(facts.get("channels")),
        sample_rate_hz=_number(facts.get("sample_rate_hz")),
        started_at_us=_number(facts.get("started_at_us")),
        timeline=_marks(facts.get("timeline")),
    )


def ended_at_us(outcome: RecordingOutcome, now_us: int) -> int:
    """Return when a recording ended, from its timeline or its length; `now_us` where neither tells."""
    ends = [mark.at_us for mark in outcome.timeline if mark.what is What.ENDED]
    if ends:
        return ends[-1]
    return outcome.started_at_us + outcome.duration_ms * 1000 if outcome.started_at_us else now_us


def _word(kind: Any, value: Any, default: Any) -> Any:
    try:
        return kind(value)
    except ValueError:  # of a later release
        return default


def _marks(data: Any) -> tuple[Mark, ...]:
    try:
        return timeline.from_data(data)
    except BadTicket:
        return ()


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
