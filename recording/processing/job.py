"""What there is to do with a recording that is over, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recording.outcome import Transcript
from recording.probe import Findings
from recording.request import AudioFormat, RecordingRequest


@dataclass(frozen=True, slots=True)
class Job:
    """A recording to work on.

    Attributes: segments: the files captured, in order, at least one; they are never written to. findings: of
    each of them; fewer, or none, are looked up. target: where the product goes when one must be made, in
    the directory of the segments as a rule, with the extension of the request's format; a name beside it is
    taken when the target is itself a segment. gaps_ms: silence put in front of the second segment, the third,
    and so on; () joins them without a break. title, software: tags of a file that is made.
    account_id: whose configuration counts.
    """

    segments: tuple[Path, ...]
    request: RecordingRequest
    target: Path
    findings: tuple[Findings, ...] = ()
    gaps_ms: tuple[int, ...] = ()
    title: str = ""
    software: str = ""
    account_id: str = ""

    def __post_init__(self) -> None:
        if not self.segments:
            raise ValueError("a job without a captured file")

    @property
    def product_path(self) -> Path:
        """Where the product goes: never onto what it is made of."""
        if self.target in self.segments:
            return self.target.with_name(f"{self.target.stem}.product{self.target.suffix}")
        return self.target


@dataclass(frozen=True, slots=True)
class Trimmed:
    """How much was cut off, in ms."""

    head_ms: int = 0
    tail_ms: int = 0


@dataclass(frozen=True, slots=True)
class Product:
    """What came of it.

    Attributes: path, format: of the file to deliver: the product, or the captured file where nothing had to
    be done or could be. findings: of that file. leftovers: captured files that `path` was made of, to be
    deleted once it is safe; () when nothing was made. peaks: see processing.peaks. transcript: None when
    nobody was asked to listen. trimmed: see Trimmed. failed: what could not be done, in sentences; the
    recording is degraded by each of them, and not by a transcript that failed.
    """

    path: Path
    format: AudioFormat
    findings: Findings
    leftovers: tuple[Path, ...] = ()
    peaks: tuple[tuple[int, ...], ...] = ()
    transcript: Transcript | None = None
    trimmed: Trimmed = Trimmed()
    failed: tuple[str, ...] = ()
