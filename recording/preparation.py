"""Does with a recording what its request and the configuration say, and measures what is delivered.

Nothing done here can lose a recording: what cannot be done leaves what was captured as it is, and says so.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from recording.finisher import DELIVERABLE, Ending, Verified
from recording.outcome import RecordingOutcome, Verdict
from recording.processing.job import Job, Product
from recording.processing.processor import Processor
from recording.timeline import Mark, What
from storage.errors import StoreError, StoreUnavailable
from storage.media import measure


class Preparation:
    """Brings recordings from what was captured to what is delivered, any number at a time.

    Args: software: named in the tags of files that are made (`ecallmgr.recording_software_name`).
    """

    def __init__(self, recordings_dir: Path, processor: Processor, software: str) -> None:
        self._recordings_dir = recordings_dir
        self._processor = processor
        self._software = software

    def prepare(self, over: Ending, verified: Verified) -> RecordingOutcome:
        """Return what is delivered, and of what worth it is. Blocks while files are read and written.

        Raises: Interrupted: the engine closes; the next start finds what was captured and begins anew.
        """
        outcome = verified.outcome
        if over.unwanted:
            return _discarded(outcome, over.unwanted)
        if outcome.verdict not in DELIVERABLE or outcome.path is None:
            return outcome
        return _measured(self._processed(over, verified))

    def _processed(self, over: Ending, verified: Verified) -> RecordingOutcome:
        name, request = over.ticket.name, over.ticket.request
        job = Job(
            segments=tuple(path for path, _ in verified.files),
            request=request,
            target=name.media_path(self._recordings_dir, request.format),
            findings=tuple(findings for _, findings in verified.files),
            gaps_ms=verified.gaps_ms,
            title=over.ticket.document_id,
            software=self._software,
            account_id=over.ticket.account_id,
        )
        return _with_product(verified.outcome, self._processor.process(job))


def _with_product(outcome: RecordingOutcome, product: Product) -> RecordingOutcome:
    findings, reasons = product.findings, (*outcome.reasons, *product.failed)
    return replace(
        outcome,
        path=product.path,
        verdict=Verdict.DEGRADED if product.failed else outcome.verdict,
        reasons=reasons,
        duration_ms=findings.duration_ms,
        channels=findings.channels,
        sample_rate_hz=findings.sample_rate_hz,
        leftovers=product.leftovers,
        peaks=product.peaks,
        transcript=product.transcript,
        timeline=_with_trim(outcome.timeline, product),
    )


def _with_trim(marks: tuple[Mark, ...], product: Product) -> tuple[Mark, ...]:
    """Return the timeline with what was cut off, said where the recording ended."""
    trimmed = product.trimmed
    if not trimmed.head_ms and not trimmed.tail_ms:
        return marks
    at_us = marks[-1].at_us if marks else 0
    detail = {"head_ms": str(trimmed.head_ms), "tail_ms": str(trimmed.tail_ms)}
    return (*marks, Mark(at_us, What.TRIMMED, detail))


def _measured(outcome: RecordingOutcome) -> RecordingOutcome:
    assert outcome.path is not None
    try:
        measured = measure(outcome.path)
    except StoreError as exc:
        return replace(
            outcome,
            verdict=Verdict.FAILED,
            reasons=(*outcome.reasons, str(exc)),
            is_inaccessible=isinstance(exc, StoreUnavailable),
        )
    return replace(outcome, size_bytes=measured.size_bytes, sha256=measured.sha256)


def _discarded(outcome: RecordingOutcome, why: str) -> RecordingOutcome:
    return replace(outcome, verdict=Verdict.DISCARDED, path=None, reasons=(why, *outcome.reasons))
