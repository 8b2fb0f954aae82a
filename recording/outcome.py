"""RecordingOutcome: what became of one recording, told truly.

FreeSWITCH's own completion cause cannot be trusted alone (a stop by command says `success-maxtime`, a
hangup says `success-silence`), so `ended_by` is decided from what was asked, the order of events and the
file itself; FreeSWITCH's word is kept beside it as `raw_cause`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from recording.timeline import Mark


class EndedBy(StrEnum):
    """Why a recording is over."""

    STOPPED = "stopped"  # somebody asked: a document, a command
    DIGIT = "digit"  # the leg recorded pressed one of its terminators
    TIME_LIMIT = "time_limit"
    HANGUP = "hangup"
    SILENCE = "silence"  # speech was heard, then it ended
    NO_INPUT = "no_input"  # nobody ever spoke
    TOO_SHORT = "too_short"  # below the minimum; FreeSWITCH deleted it
    WRITE_ERROR = "write_error"  # FreeSWITCH could not go on writing: disk full, directory gone
    TRANSFER = "transfer"  # the leg was transferred, and it was not to follow
    NOT_ANSWERED = "not_answered"  # it was to begin with the answer, which never came
    NOT_BRIDGED = "not_bridged"  # it was to begin with the bridge, which never came
    NOT_STARTED = "not_started"  # FreeSWITCH never began: unwritable path, no media, unknown format
    ABANDONED = "abandoned"  # FreeSWITCH or the engine died; found on disk afterwards
    UNKNOWN = "unknown"  # ended, and nothing we saw says why


class Verdict(StrEnum):
    """Whether the file is what it should be."""

    OK = "ok"
    DEGRADED = "degraded"  # usable, with `reasons`
    FAILED = "failed"  # no usable audio
    DISCARDED = "discarded"  # by rule (too short), nothing to deliver


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said. `engine`: who listened; `language`: as asked for; `text`: "" when nothing was made out;
    `failed`: why there is none, "" when there is one.
    """

    engine: str
    language: str
    text: str = ""
    failed: str = ""


@dataclass(frozen=True, slots=True)
class RecordingOutcome:
    """The end of one recording, verified against the file.

    Attributes: recording_id: 32 hex digits; document_id: `YYYYMM-<recording_id>`; path: the file, None
    when there is none; duration_ms: of the audio in the file; size_bytes, sha256 of the file;
    started_at_us: epoch microseconds of RECORD_START by FreeSWITCH's clock, 0 if it never started;
    reasons: why the verdict is not OK, in words an operator can act on; is_inaccessible: this process may
    not read the file, and tries again later; timeline: see recording.timeline; leftovers: files that `path`
    was made of, to be deleted once `path` is safe in the outbox; peaks: of each channel, the loudest of as
    many equal stretches, 0 to 255; transcript: what was said, None when nobody was asked to listen.
    """

    recording_id: str
    document_id: str
    ended_by: EndedBy
    verdict: Verdict
    raw_cause: str = ""
    path: Path | None = None
    duration_ms: int = 0
    size_bytes: int = 0
    sha256: str = ""
    channels: int = 0
    sample_rate_hz: int = 0
    started_at_us: int = 0
    reasons: tuple[str, ...] = ()
    is_inaccessible: bool = False
    timeline: tuple[Mark, ...] = ()
    leftovers: tuple[Path, ...] = ()
    peaks: tuple[tuple[int, ...], ...] = ()
    transcript: Transcript | None = None
