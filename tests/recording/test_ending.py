"""Why a recording ended is decided row by row, as a real FreeSWITCH was seen to behave."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recording.ending import TABLE, Asked, Facts, RawCause, decide
from recording.outcome import EndedBy

# (what happened, facts, why it ended); the traces' own numbers where there is a trace
CASES = [
    ("record_unwritable", Facts(started=False, stopped=False), EndedBy.NOT_STARTED),
    (
        "record_too_short",
        Facts(
            started=True, stopped=True, asked=Asked.STOP, raw_cause="input-too-short", length_ms=540, min_s=5
        ),
        EndedBy.TOO_SHORT,
    ),
    (
        "too short, where FreeSWITCH was not told the minimum",
        Facts(
            started=True,
            stopped=True,
            asked=Asked.STOP,
            raw_cause="success-maxtime",
            length_ms=4_900,
            min_s=5,
        ),
        EndedBy.TOO_SHORT,
    ),
    (
        "stopped while it waited for the answer",
        Facts(started=False, stopped=False, asked=Asked.STOP, unmet=EndedBy.NOT_ANSWERED),
        EndedBy.STOPPED,
    ),
    (
        "hung up before the answer",
        Facts(started=False, stopped=False, hung_up=True, unmet=EndedBy.NOT_ANSWERED),
        EndedBy.NOT_ANSWERED,
    ),
    (
        "answered, never bridged",
        Facts(started=False, stopped=False, hung_up=True, unmet=EndedBy.NOT_BRIDGED),
        EndedBy.NOT_BRIDGED,
    ),
    (
        "silent from the start, as we heard it",
        Facts(started=True, stopped=True, asked=Asked.NO_INPUT, raw_cause="success-maxtime", length_ms=4_000),
        EndedBy.NO_INPUT,
    ),
    (
        "silent at last, as we heard it",
        Facts(started=True, stopped=True, asked=Asked.SILENCE, raw_cause="success-maxtime", length_ms=9_000),
        EndedBy.SILENCE,
    ),
    (
        "transferred, and not to follow",
        Facts(started=True, stopped=True, asked=Asked.TRANSFER, raw_cause="success-maxtime", length_ms=9_000),
        EndedBy.TRANSFER,
    ),
    (
        "record_stop",
        Facts(
            started=True,
            stopped=True,
            asked=Asked.STOP,
            raw_cause="success-maxtime",
            length_ms=1_540,
            time_limit_s=30,
        ),
        EndedBy.STOPPED,
    ),
    (
        "record_hangup_by_caller",
        Facts(
            started=True,
            stopped=True,
            hung_up=True,
            raw_cause="success-silence",
            length_ms=3_220,
            time_limit_s=30,
        ),
        EndedBy.HANGUP,
    ),
    (
        "transfer_out, then hangup",
        Facts(
            started=True,
            stopped=True,
            hung_up=True,
            raw_cause="success-silence",
            length_ms=3_040,
            time_limit_s=30,
        ),
        EndedBy.HANGUP,
    ),
    (
        "record_final_silence, where the caller hung up before the silence was long enough",
        Facts(
            started=True,
            stopped=True,
            hung_up=True,
            raw_cause="success-silence",
            length_ms=3_240,
            time_limit_s=30,
        ),
        EndedBy.HANGUP,
    ),
    (
        "hung up in the moment in which it was to be stopped",
        Facts(
            started=True,
            stopped=True,
            asked=Asked.STOP,
            hung_up=True,
            raw_cause="success-silence",
            length_ms=2_000,
        ),
        EndedBy.HANGUP,
    ),
    (
        "our limit",
        Facts(
            started=True,
            stopped=True,
            asked=Asked.LIMIT,
            raw_cause="success-maxtime",
            length_ms=2_000,
            time_limit_s=2,
        ),
        EndedBy.TIME_LIMIT,
    ),
    (
        "FreeSWITCH's limit, our engine being gone",
        Facts(started=True, stopped=True, raw_cause="success-maxtime", length_ms=2_480, time_limit_s=2),
        EndedBy.TIME_LIMIT,
    ),
    (
        "record_initial_silence",
        Facts(
            started=True,
            stopped=True,
            raw_cause="no-input-timeout",
            length_ms=1_520,
            time_limit_s=30,
            speech_heard=False,
        ),
        EndedBy.NO_INPUT,
    ),
    (
        "speech from the first frame, which FreeSWITCH takes for none",
        Facts(
            started=True,
            stopped=True,
            raw_cause="no-input-timeout",
            length_ms=4_000,
            time_limit_s=30,
            speech_heard=True,
        ),
        EndedBy.SILENCE,
    ),
    (
        "a digit was pressed",
        Facts(started=True, stopped=True, asked=Asked.DIGIT, raw_cause="success-maxtime", length_ms=2_000),
        EndedBy.DIGIT,
    ),
    (
        "a digit was pressed, and the caller hung up in the same moment",
        Facts(started=True, stopped=True, asked=Asked.DIGIT, hung_up=True, length_ms=2_000),
        EndedBy.HANGUP,
    ),
    (
        "silence after speech",
        Facts(started=True, stopped=True, raw_cause="success-silence", length_ms=4_000, time_limit_s=30),
        EndedBy.SILENCE,
    ),
    (
        "two_recordings, stopped by somebody else",
        Facts(started=True, stopped=True, raw_cause="success-maxtime", length_ms=1_520, time_limit_s=30),
        EndedBy.STOPPED,
    ),
    (
        "disk full",
        Facts(started=True, stopped=True, raw_cause="uri-failure", length_ms=9_000),
        EndedBy.WRITE_ERROR,
    ),
    (
        "nobody heard of its end",
        Facts(started=True, stopped=False, length_ms=9_000, time_limit_s=30),
        EndedBy.ABANDONED,
    ),
    (
        "nobody heard of its end, and it is as long as its limit",
        Facts(started=True, stopped=False, length_ms=30_400, time_limit_s=30),
        EndedBy.TIME_LIMIT,
    ),
    (
        "the engine died after telling it to stop",
        Facts(started=True, stopped=False, asked=Asked.STOP, length_ms=3_000, time_limit_s=30),
        EndedBy.STOPPED,
    ),
    (
        "hung up, and RECORD_STOP got lost",
        Facts(started=True, stopped=False, hung_up=True, length_ms=3_000),
        EndedBy.HANGUP,
    ),
    (
        "a cause of a FreeSWITCH to come",
        Facts(started=True, stopped=True, raw_cause="sunspots"),
        EndedBy.UNKNOWN,
    ),
]


@pytest.mark.parametrize(("facts", "ended_by"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_reason_is_the_true_one(facts: Facts, ended_by: EndedBy) -> None:
    """The outcome names what really ended it, whatever FreeSWITCH called it."""
    assert decide(facts) is ended_by


def test_every_row_decides_some_case() -> None:
    """No row of the table is never the first that holds."""
    deciding = {
        next(row.when for row in TABLE if row.holds(facts))
        for _, facts, why in CASES
        if why is not EndedBy.UNKNOWN
    }
    assert deciding == {row.when for row in TABLE}


@given(
    st.builds(
        Facts,
        started=st.booleans(),
        stopped=st.booleans(),
        asked=st.sampled_from(Asked),
        hung_up=st.booleans(),
        raw_cause=st.sampled_from([*RawCause, ""]) | st.text(max_size=20),
        length_ms=st.integers(0, 10**8),
        time_limit_s=st.none() | st.integers(1, 10**6),
        min_s=st.integers(0, 10**4),
        speech_heard=st.none() | st.booleans(),
    )
)
def test_every_end_has_a_reason(facts: Facts) -> None:
    """No combination is without an answer, and what never began is never anything else."""
    assert (decide(facts) is EndedBy.NOT_STARTED) is not facts.started
