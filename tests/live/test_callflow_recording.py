"""What callflows make of recordings on a running FreeSWITCH: masked, announced, deferred, reviewed."""

from __future__ import annotations

import array
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recording.outcome import EndedBy, Verdict
from service.stage import ACCOUNT
from tests.live.beside import Beside
from tests.service.house import HANGUP, RECORD, Step, sleep
from tests.waiting import eventually

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

Houses = Callable[..., Beside]
ANSWER: Step = ("answer", {})
SPEAKS = "&endless_playback(tone_stream://%(1000,0,300);loops=-1)"
"""A far end that never falls silent."""

BLOCK_MS = 100


def loudness(path: Path, side: int = 0) -> list[int]:
    """Return the mean magnitude of each tenth of a second of one side of a WAV file."""
    with wave.open(str(path), "rb") as file:
        channels, rate_hz = file.getnchannels(), file.getframerate()
        samples = array.array("h", file.readframes(file.getnframes()))[side::channels]
    size = rate_hz * BLOCK_MS // 1000
    blocks = (samples[start : start + size] for start in range(0, len(samples) - size + 1, size))
    return [sum(map(abs, block)) // size for block in blocks]


def marks(home: Beside) -> list[str]:
    """The timeline of the last recording."""
    return [mark.what.value for mark in home.outcome().timeline]


def test_a_sensitive_node_is_silent_in_the_recording(beside: Houses) -> None:
    """The caller speaks all the time; the file is silent while the node runs, and not after."""
    home = beside()
    secret = ("collect_dtmf", {"max_digits": 4, "timeout": 1000, "sensitive": True})
    home.flow("1000", ANSWER, RECORD, sleep(1), secret, sleep(1), HANGUP)
    home.call("1000", SPEAKS)
    assert "masked" in marks(home)
    home.delivered()
    (copy,) = home.copies()
    quiet = [level < 20 for level in loudness(copy)]
    assert 8 <= sum(quiet) <= 12, loudness(copy)
    first = quiet.index(True)
    assert all(quiet[first : first + 8])
    assert not quiet[-2]


def test_an_announcement_is_on_the_tape(beside: Houses) -> None:
    """On the side of what the caller hears, and in the timeline."""
    home = beside()
    start = (
        "record_call",
        {"action": "start", "format": "wav", "announcement": "tone_stream://%(500,0,880)"},
    )
    home.flow("1000", ANSWER, start, sleep(0.5), HANGUP)
    home.call("1000")
    assert marks(home).index("started") < marks(home).index("announced")
    home.delivered()
    (copy,) = home.copies()
    assert sum(level > 500 for level in loudness(copy, side=1)) >= 4, loudness(copy, side=1)


def test_a_recording_that_waits_for_the_answer_is_announced_then(beside: Houses) -> None:
    """The callflow goes on meanwhile."""
    home = beside()
    data = {"action": "start", "format": "wav", "record_on_answer": True}
    start = ("record_call", {**data, "announcement": "tone_stream://%(500,0,880)"})
    home.flow("1000", start, sleep(0.5), ANSWER, sleep(1.5), HANGUP)
    home.call("1000")
    outcome = home.outcome()
    assert (outcome.verdict, "announced" in marks(home)) == (Verdict.OK, True), outcome
    assert outcome.duration_ms == pytest.approx(1500, abs=250)


def leg(home: Beside, count: int = 1) -> str:
    """The engine's leg of the newest call; other people's calls are heard here too."""
    return eventually(lambda: list(home.handovers)[count - 1 :])[0]


def test_a_message_ends_by_silence_and_by_a_key(beside: Houses) -> None:
    """The caller says something; then nothing, or a digit."""
    home = beside()
    message = ("record_caller", {"format": "wav", "silence_final_timeout": 1000, "terminators": ["#"]})
    home.flow("1000", message, HANGUP)
    home.call("1000", f"&playback(file_string://{home.voice}!silence_stream://20000)")
    assert home.outcome().ended_by is EndedBy.SILENCE
    call = home.call("1000", SPEAKS)
    home.wait_event("RECORD_START", Unique_ID=leg(home, 2))
    home.link.api("sched_api", f"+1 none uuid_send_dtmf {call.caller} #")
    outcome = home.outcome(2)
    assert (outcome.ended_by, outcome.verdict) == (EndedBy.STOPPED, Verdict.OK), outcome
    assert outcome.channels == 1
    home.delivered(2)


def test_a_review_delivers_the_take_that_was_saved(beside: Houses) -> None:
    """Recorded anew once, then saved; the first take is gone."""
    home = beside()
    message = ("record_caller", {"format": "wav", "review": True, "terminators": ["#"]})
    home.flow("1000", message, HANGUP)
    call = home.call("1000", SPEAKS)
    ours = {"Unique_ID": leg(home)}
    for take, choice in ((1, "3"), (2, "1")):
        home.wait_event("RECORD_START", take, **ours)
        home.link.api("sched_api", f"+1 none uuid_send_dtmf {call.caller} #")
        home.wait_event("RECORD_STOP", take, **ours)
        home.link.api("uuid_send_dtmf", f"{call.caller} {choice}")
    report = home.report()
    home.outcome(2)
    home.delivered()
    first, second = (home.outcomes[one] for one in report.recordings)
    assert (first.verdict, second.verdict) == (Verdict.DISCARDED, Verdict.OK)
    assert [copy.stem.rpartition(",")[2] for copy in home.copies()] == [second.recording_id]
    assert [path.stem for path in home.stage.recordings.rglob("*.wav")] in ([], [second.recording_id])


def test_the_account_is_recorded_beside_the_callflow(beside: Houses) -> None:
    """Two recordings of one call, each with its own origin; a stop ends the callflow's."""
    home = beside()
    yes: dict[str, Any] = {"any": {"any": {"enabled": True, "format": "wav"}}}
    home.stage.write("accounts", ACCOUNT, {"pvt_type": "account", "call_recording": {"account": yes}})
    stop = ("record_call", {"action": "stop"})
    home.flow("1000", ANSWER, RECORD, sleep(1), stop, sleep(1), HANGUP)
    home.call("1000", SPEAKS)
    home.outcome(2)
    home.delivered(2)
    own, flows = (home.outcomes[one] for one in home.report().recordings)
    assert (own.ended_by, flows.ended_by) == (EndedBy.HANGUP, EndedBy.STOPPED)
    assert own.duration_ms >= flows.duration_ms + 700
