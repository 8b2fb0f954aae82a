"""Why a recording ended, decided by one table from what was asked, what was heard and in which order.

FreeSWITCH's completion cause alone misleads: a stop by command and the time limit both say
`success-maxtime`, a hangup says `success-silence` as the end of speech does. What is certain is the state of
the channel at RECORD_STOP (a channel that was hung up has ended its recordings, whatever was asked a moment
before), and what this controller asked for.

Source: FreeSWITCH switch_ivr_async.c record_callback (SWITCH_ABC_TYPE_CLOSE and READ_PING, where the causes
are set, once each), the traces record_*.jsonl.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from recording.outcome import EndedBy

LIMIT_SLACK_MS = 100
"""FreeSWITCH compares its limit in whole epoch seconds: our backstop `+N+1` ends between N and N+1 seconds,
give or take the frames in flight."""


class Asked(StrEnum):
    """What this project told FreeSWITCH to do to a running recording."""

    NOTHING = "nothing"
    STOP = "stop"  # a document or a command wanted it
    DIGIT = "digit"  # one of its terminators was pressed
    LIMIT = "limit"  # the time limit's own timer
    NO_INPUT = "no_input"  # nobody spoke from the start, as we heard it
    SILENCE = "silence"  # nobody speaks any more, as we heard it
    TRANSFER = "transfer"  # the leg was transferred, and the recording was not to follow


class RawCause(StrEnum):
    """FreeSWITCH's completion causes, all of them."""

    MAXTIME = "success-maxtime"
    SILENCE = "success-silence"
    NO_INPUT = "no-input-timeout"
    TOO_SHORT = "input-too-short"
    EMPTY = "empty-file"
    URI_FAILURE = "uri-failure"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an end.

    Attributes: started: RECORD_START, or anything that implies it, was seen; stopped: RECORD_STOP was seen;
    hung_up: the channel was hung up when its recording ended; raw_cause: FreeSWITCH's word, "" for none;
    length_ms: of the audio; time_limit_s, min_s: as requested; speech_heard: whether the file holds sound
    as loud as speech, None when nobody looked; unmet: what it was to begin with and never came, None for
    nothing.
    """

    started: bool
    stopped: bool
    asked: Asked = Asked.NOTHING
    hung_up: bool = False
    raw_cause: str = ""
    length_ms: int = 0
    time_limit_s: int | None = None
    min_s: int = 0
    speech_heard: bool | None = None
    unmet: EndedBy | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: in words, when it holds, and what it says."""

    when: str
    holds: Callable[[Facts], bool]
    ended_by: EndedBy


def _reached_limit(facts: Facts) -> bool:
    limit_s = facts.time_limit_s
    return limit_s is not None and facts.length_ms >= limit_s * 1000 - LIMIT_SLACK_MS


TABLE: tuple[Row, ...] = (
    Row("stopped before its moment came", lambda f: not f.started and f.asked is Asked.STOP and bool(f.unmet),
        EndedBy.STOPPED),
    Row("the call was never answered", lambda f: f.unmet is EndedBy.NOT_ANSWERED, EndedBy.NOT_ANSWERED),
    Row("the call was never bridged", lambda f: f.unmet is EndedBy.NOT_BRIDGED, EndedBy.NOT_BRIDGED),
    Row("it never began", lambda f: not f.started, EndedBy.NOT_STARTED),
    Row("FreeSWITCH found it shorter than the minimum", lambda f: f.raw_cause == RawCause.TOO_SHORT,
        EndedBy.TOO_SHORT),
    Row("it is shorter than the minimum", lambda f: f.stopped and f.length_ms < f.min_s * 1000,
        EndedBy.TOO_SHORT),
    Row("it was not to follow a transfer", lambda f: f.asked is Asked.TRANSFER, EndedBy.TRANSFER),
    Row("the channel was hung up first", lambda f: f.hung_up, EndedBy.HANGUP),
    Row("silence from the start, but the file holds speech: FreeSWITCH wants an edge from silence to sound",
        lambda f: f.raw_cause == RawCause.NO_INPUT and bool(f.speech_heard), EndedBy.SILENCE),
    Row("silence from the start", lambda f: f.raw_cause == RawCause.NO_INPUT, EndedBy.NO_INPUT),
    Row("silence on a live channel", lambda f: f.raw_cause == RawCause.SILENCE, EndedBy.SILENCE),
    Row("a digit was pressed that ends it", lambda f: f.asked is Asked.DIGIT, EndedBy.DIGIT),
    Row("our timer ran out", lambda f: f.asked is Asked.LIMIT, EndedBy.TIME_LIMIT),
    Row("we heard that nobody spoke", lambda f: f.asked is Asked.NO_INPUT, EndedBy.NO_INPUT),
    Row("we heard that nobody spoke any more", lambda f: f.asked is Asked.SILENCE, EndedBy.SILENCE),
    Row("somebody asked us", lambda f: f.asked is Asked.STOP, EndedBy.STOPPED),
    Row("FreeSWITCH could not write on", lambda f: f.raw_cause == RawCause.URI_FAILURE, EndedBy.WRITE_ERROR),
    Row("FreeSWITCH's own limit, the backstop of ours",
        lambda f: f.raw_cause in ("", RawCause.MAXTIME) and _reached_limit(f), EndedBy.TIME_LIMIT),
    Row("nobody was told of its end", lambda f: not f.stopped, EndedBy.ABANDONED),
    Row("somebody else asked FreeSWITCH", lambda f: f.raw_cause == RawCause.MAXTIME, EndedBy.STOPPED),
)  # fmt: skip
"""The first row that holds decides."""


def decide(facts: Facts) -> EndedBy:
    """Return why a recording ended; UNKNOWN when no row knows."""
    return next((row.ended_by for row in TABLE if row.holds(facts)), EndedBy.UNKNOWN)
