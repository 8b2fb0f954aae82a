"""What a real FreeSWITCH said at the end of its recordings is read and told apart rightly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from esl.decoder import Decoder
from esl.event import Event
from recording.ending import Asked, Facts, decide
from recording.outcome import EndedBy
from recording.stop_event import event_time_us, read_stop

TRACES = Path(__file__).parent.parent / "data" / "traces"

# (trace, minimum and limit as its controller meant them, why each of its recordings ended)
ENDS = [
    ("record_stop", 0, 30, [EndedBy.STOPPED]),
    ("record_hangup_by_caller", 0, 30, [EndedBy.HANGUP]),
    ("record_max_time", 0, 1, [EndedBy.TIME_LIMIT]),
    ("record_final_silence", 0, 30, [EndedBy.HANGUP]),
    ("record_initial_silence", 0, 30, [EndedBy.NO_INPUT]),
    ("record_too_short", 5, 30, [EndedBy.TOO_SHORT]),
    ("record_before_answer", 0, 30, [EndedBy.STOPPED]),
    ("record_bridge_req", 0, 30, [EndedBy.STOPPED]),
    ("pause_resume_mask", 0, 30, [EndedBy.STOPPED]),
    ("two_recordings", 0, 30, [EndedBy.STOPPED, EndedBy.STOPPED]),
    ("transfer_out", 0, 30, [EndedBy.HANGUP]),
    ("record_unwritable", 0, 30, []),
]


def _lines(trace: str, direction: str) -> bytes:
    text = (TRACES / f"{trace}.jsonl").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    return b"".join(line["data"].encode() for line in lines if line["dir"] == direction)


def _events(trace: str, name: str) -> list[Event]:
    events = [frame.event() for frame in Decoder().feed(_lines(trace, "in"))]
    return [event for event in events if event is not None and event.name == name]


@pytest.mark.parametrize(("trace", "min_s", "limit_s", "ends"), ENDS, ids=[row[0] for row in ENDS])
def test_ends_of_real_recordings(trace: str, min_s: int, limit_s: int, ends: list[EndedBy]) -> None:
    """The reason is told from what was asked, the channel's state in RECORD_STOP and the length."""
    asked = Asked.STOP if b"stop_record_session" in _lines(trace, "out") else Asked.NOTHING
    found = []
    for event in _events(trace, "RECORD_STOP"):
        stop = read_stop(event)
        facts = Facts(
            started=True,
            stopped=True,
            asked=asked,
            hung_up=stop.hung_up,
            raw_cause=stop.raw_cause,
            length_ms=stop.record_ms,
            time_limit_s=limit_s,
            min_s=min_s,
        )
        found.append(decide(facts))
    assert found == ends


@pytest.mark.parametrize("trace", ["record_stop", "record_hangup_by_caller", "record_max_time"])
def test_times_agree_with_the_audio(trace: str) -> None:
    """Between RECORD_START and RECORD_STOP lies what FreeSWITCH counted, but for a few frames."""
    (start,), (stop,) = _events(trace, "RECORD_START"), _events(trace, "RECORD_STOP")
    passed_ms = (event_time_us(stop) - event_time_us(start)) // 1000
    assert abs(passed_ms - read_stop(stop).record_ms) <= 40


def test_recording_that_never_began_says_why() -> None:
    """No RECORD_START, and the reason on the command's own completion."""
    assert _events("record_unwritable", "RECORD_START") == []
    completions = _events("record_unwritable", "CHANNEL_EXECUTE_COMPLETE")
    (completion,) = [event for event in completions if event.get("Application") == "record_session"]
    assert completion.variable("record_completion_cause") == "uri-failure"
