"""Works on finished recordings beside the hub: makes the file to deliver, its peaks and its transcript.

Whatever fails, what was captured stays as it is and can be delivered; what could not be done is said. Audio
is worked on in threads of its own (see ADR 12), so that a long encoding keeps no other recording from being
looked at; transcripts are made by processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gevent.threadpool
import structlog

from recording.errors import Interrupted, Unprocessable
from recording.outcome import Transcript
from recording.parameters import AccountsConfiguration
from recording.probe import Examiner, Findings
from recording.processing.job import Job, Product
from recording.processing.making import Made, has_work, make
from recording.processing.offer import settings_of
from recording.processing.peaks import peaks
from recording.processing.transcriber import Transcriber
from recording.request import AudioFormat

THREADS = 2
"""Recordings that are encoded at the same time. One core takes 35 s to make an hour of 16 kHz stereo an
MP3, 20 s for an MP4, 4 s for a WAV."""

PADDING_MS = {AudioFormat.WAV: 20, AudioFormat.MP3: 150, AudioFormat.MP4: 150}
"""A product may be off by so much from what went into it: encoders work in frames, and pad."""

log = structlog.get_logger(__name__)


class Processor:
    """Works on recordings, any number at a time, each in the greenlet that calls.

    Args: examiner: looks at files; not closed by this one.
    """

    def __init__(self, config: AccountsConfiguration, examiner: Examiner) -> None:
        self._config = config
        self._examiner = examiner
        self._pool = gevent.threadpool.ThreadPool(THREADS)
        self._transcriber = Transcriber()
        self._closing = False

    def process(self, job: Job) -> Product:
        """Do what a recording's request and system_config want done.

        A second time, after a crash, it comes to the same.
        Raises: Interrupted: the engine closes; nothing half made is left.
        """
        findings = self._findings(job)
        made, failed = self._make(job, findings)
        if made is None:
            return self._finish(job, _captured(job, findings, failed))
        found = self._examiner.examine(made.path, job.request.format)
        wrong = _wrong(made, found)
        if wrong:
            self._remove(made.path)
            return self._finish(job, _captured(job, findings, (wrong,)))
        faults = tuple(f"it was made of what is not whole: {fault}" for fault in made.faults)
        product = Product(
            path=made.path,
            format=job.request.format,
            findings=found,
            leftovers=job.segments,
            trimmed=made.trimmed,
            failed=faults,
        )
        return self._finish(job, product)

    def close(self) -> None:
        """Give up what is under way; those who wait for it get Interrupted."""
        self._closing = True
        self._transcriber.close()
        self._pool.kill()

    def _findings(self, job: Job) -> tuple[Findings, ...]:
        known = job.findings
        rest = job.segments[len(known) :]
        capture = job.request.capture_format
        return (*known, *(self._examiner.examine(path, capture) for path in rest))

    def _make(self, job: Job, findings: Sequence[Findings]) -> tuple[Made | None, tuple[str, ...]]:
        if not has_work(job, findings):
            return None, ()  # without a thread: nobody waits here for the long encoding of another
        try:
            made: Made | None = self._pool.apply(make, (job, findings, lambda: self._closing))
        except Unprocessable as exc:
            log.warning("recording_not_processed", file=job.target.name, reason=str(exc))
            return None, (f"it could not be processed: {exc}",)
        return made, ()

    def _finish(self, job: Job, product: Product) -> Product:
        """Add what is told of the file, whichever it is."""
        count = int(self._get(job, "peaks"))
        points = peaks(product.findings.waveform, count)
        transcript = self._transcript(job, product)
        if self._closing:
            raise Interrupted("the engine closes")
        return replace(product, peaks=points, transcript=transcript)

    def _transcript(self, job: Job, product: Product) -> Transcript | None:
        wanted = job.request.transcript
        if wanted is None or not product.findings.readable:
            return None
        if not wanted.engine:
            wanted = replace(wanted, engine=str(self._get(job, "transcript_engine")))
        limit_s = float(self._get(job, "transcript_limit_s"))
        settings = settings_of(self._config, wanted.engine)
        return self._transcriber.transcribe(product.path, wanted, limit_s, settings=settings)

    def _get(self, job: Job, name: str) -> Any:
        return self._config.for_account(job.account_id).get("recording", "processing", name)

    def _remove(self, path: Path) -> None:
        try:
            self._pool.apply(path.unlink)
        except OSError as exc:
            log.warning("bad_product_left", file=path.name, reason=exc.strerror)


def _captured(job: Job, findings: Sequence[Findings], failed: tuple[str, ...]) -> Product:
    """Return what was captured as the product; of several files the longest, the others stay as they are."""
    longest = max(range(len(job.segments)), key=lambda number: findings[number].duration_ms)
    if failed and len(job.segments) > 1:
        failed = (*failed, f"only segment {longest + 1} of {len(job.segments)} is delivered")
    capture = job.request.capture_format
    return Product(path=job.segments[longest], format=capture, findings=findings[longest], failed=failed)


def _wrong(made: Made, found: Findings) -> str:
    """Return what is wrong with a file that was made, "" when nothing is."""
    if not found.readable:
        return f"it could not be processed: what was made of it is not readable ({'; '.join(found.faults)})"
    off_ms = found.duration_ms - made.duration_ms
    if not -PADDING_MS[AudioFormat.WAV] <= off_ms <= max(PADDING_MS.values()):
        return f"it could not be processed: what was made of it is off by {off_ms} ms"
    return ""
