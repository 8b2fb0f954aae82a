"""Whole calls on a running FreeSWITCH, from hand-off to delivered recording."""

from __future__ import annotations

import statistics
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from config.address import Address
from recording.outcome import EndedBy, Verdict
from service.demo import SPEECH_MS, VOICE, Demo
from service.narrator import Narrator
from simulator.listen import compare, curve, curves_of
from simulator.voice import speech
from storage.media import measure
from tests.live.beside import CALL_S, Beside
from tests.service.house import HANGUP, RECORD, callflow, chain, sleep
from tests.waiting import eventually

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

Houses = Callable[..., Beside]
ANSWER = ("answer", {})
STOP = ("record_call", {"action": "stop"})
TONE = ("play", {"id": "tone_stream://%(300,0,440)"})


def seconds_of(path: Path) -> float:
    """Return the length of a WAV file's sound."""
    with wave.open(str(path), "rb") as file:
        return file.getnframes() / file.getframerate()


def test_the_demo_delivers_what_was_spoken(
    tmp_path: Path, freeswitch: tuple[Address, str], beside: Houses
) -> None:
    """Two recordings of one call, by HTTP and in the document store, are the caller's voice."""
    directory = tmp_path / "demo"
    directory.mkdir()
    demo = Demo(directory, Narrator(Console(quiet=True)), switch=str(freeswitch[0]), password=freeswitch[1])
    arrivals = demo.run()
    assert {one.kind for one in arrivals} == {"http", "local"}
    assert all(one.match.ok for one in arrivals), arrivals


def test_recording_begins_within_two_media_frames(beside: Houses, capsys: pytest.CaptureFixture[str]) -> None:
    """RECORD_START follows the hand-off of a call that begins with record_call by at most 45 ms."""
    home = beside()
    home.flow("1000", RECORD, ANSWER, sleep(0.2), HANGUP)
    for count in range(1, 21):
        home.call("1000", "&park()")
        home.report(count)
    starts = home.wait_event("RECORD_START", 20)
    ours_ms, theirs_ms = [], []
    for start in starts:
        handover = home.handovers[start.get("Unique-ID")]
        ours_ms.append((start.at_s - handover.at_s) * 1000)
        theirs_ms.append((start.stamp_us - handover.stamp_us) / 1000)
    with capsys.disabled():
        for name, values in (("here", ours_ms), ("by FreeSWITCH's clock", theirs_ms)):
            sys.stdout.write(
                f"\nhand-off to RECORD_START, {name}: median {statistics.median(values):.1f} ms, "
                f"least {min(values):.1f}, most {max(values):.1f} (20 calls)"
            )
    assert max(theirs_ms) <= 45, sorted(theirs_ms)
    assert statistics.median(ours_ms) <= 45, sorted(ours_ms)


def test_the_time_limit_is_exact(beside: Houses) -> None:
    """The file is as long as the limit, to a tenth of a second."""
    home = beside()
    record = ("record_call", {"action": "start", "format": "wav", "time_limit": 5})
    home.flow("1000", ANSWER, record, TONE, sleep(6.5), HANGUP)
    home.call("1000")
    outcome = home.outcome()
    assert (outcome.ended_by, outcome.verdict) == (EndedBy.TIME_LIMIT, Verdict.OK), outcome
    home.delivered()
    (copy,) = home.copies()
    assert seconds_of(copy) == pytest.approx(5.0, abs=0.1)


def test_the_time_limit_is_exact_while_a_prompt_plays(beside: Houses) -> None:
    """A prompt that outlasts the recording does not make it longer."""
    home = beside()
    record = ("record_call", {"action": "start", "format": "wav", "time_limit": 5})
    home.flow("1000", ANSWER, record, ("play", {"id": "tone_stream://%(8000,0,440)"}), HANGUP)
    home.call("1000")
    assert home.outcome().ended_by is EndedBy.TIME_LIMIT
    home.delivered()
    (copy,) = home.copies()
    assert seconds_of(copy) == pytest.approx(5.0, abs=0.1)


def test_what_is_too_short_is_dropped(beside: Houses) -> None:
    """Below record_min_sec nothing is kept and nothing delivered."""
    home = beside()
    home.flow(
        "1000",
        ANSWER,
        ("record_call", {"action": "start", "format": "wav", "record_min_sec": 3}),
        sleep(1),
        HANGUP,
    )
    home.call("1000")
    outcome = home.outcome()
    assert (outcome.ended_by, outcome.verdict) == (EndedBy.TOO_SHORT, Verdict.DISCARDED), outcome
    assert not home.copies()
    assert not list(home.stage.recordings.rglob("*.wav"))
    assert not home.engine.outbox.list()


def test_a_recording_can_be_stopped(beside: Houses) -> None:
    """It ends at the document's stop, while the call goes on."""
    home = beside()
    home.flow("1000", ANSWER, RECORD, sleep(1), STOP, sleep(1), HANGUP)
    home.call("1000")
    outcome = home.outcome()
    assert (outcome.ended_by, outcome.verdict) == (EndedBy.STOPPED, Verdict.OK), outcome
    assert outcome.duration_ms == pytest.approx(1000, abs=100)
    assert home.report().cause.value == "NORMAL_CLEARING"


def test_the_caller_hangs_up(beside: Houses) -> None:
    """The recording ends with the call, and is what was said until then."""
    home = beside()
    home.flow("1000", ANSWER, RECORD, sleep(60), HANGUP)
    call = home.call("1000")
    home.wait_event("RECORD_START")
    assert call.answer.startswith("+OK")
    home.link.api("sched_hangup", f"+2 {call.caller}")
    outcome = home.outcome()
    assert outcome.ended_by is EndedBy.HANGUP
    assert outcome.verdict in {Verdict.OK, Verdict.DEGRADED}  # nothing was played, and that may be said
    assert home.report().duration_s < 10
    home.delivered()
    (copy,) = home.copies()
    said = curve(speech(VOICE, 0, SPEECH_MS, 8000))[: outcome.duration_ms // 20 - 5]
    assert compare(curves_of(copy)[0], said).ok


def test_two_recordings_of_one_call(beside: Houses) -> None:
    """Each has its own length and is delivered."""
    home = beside()
    home.flow("1000", ANSWER, RECORD, sleep(1), RECORD, sleep(1), STOP, sleep(0.5), HANGUP)
    home.call("1000")
    home.outcome(2)
    ended = {one.ended_by: one.duration_ms for one in home.outcomes.values()}
    assert ended[EndedBy.STOPPED] == pytest.approx(1000, abs=100)
    assert ended[EndedBy.HANGUP] == pytest.approx(2500, abs=200)
    assert len(home.delivered(2)) == 2
    sizes = {measure(path).size_bytes for path in home.copies()}
    assert sizes == {one.size_bytes for one in home.outcomes.values()}


def test_the_caller_presses_keys_in_a_menu(beside: Houses) -> None:
    """Digits sent by the far end choose the child."""
    home = beside()
    menu = {"pvt_type": "menu", "name": "m", "retries": 2, "timeout": 8000, "max_extension_length": 1}
    home.document("main-menu", {**menu, "media": {"greeting": "tone_stream://%(600,0,440)"}})
    flow = {
        "module": "menu",
        "data": {"id": "main-menu"},
        "children": {"2": chain(("set_variables", {"custom_application_vars": {"chosen": "two"}}), HANGUP)},
    }
    home.document("1000", callflow("1000", flow))
    call = home.call("1000", "&park()")
    assert call.answer.startswith("+OK")
    home.wait_event("CHANNEL_ANSWER", Unique_ID=next(iter(home.handovers)))
    home.link.api("uuid_send_dtmf", f"{call.caller} 2")
    report = home.report()
    assert report.actions == ("menu", "set_variables", "hangup")


def test_digits_are_collected(beside: Houses) -> None:
    """collect_dtmf ends at the terminator, and its digits are those sent."""
    home = beside()
    collect = {"max_digits": 8, "timeout": 8000, "interdigit_timeout": 8000, "terminator": "#"}
    home.flow("1000", ANSWER, ("collect_dtmf", collect), HANGUP)
    call = home.call("1000", "&park()")
    assert call.answer.startswith("+OK")
    home.wait_event("CHANNEL_ANSWER", Unique_ID=next(iter(home.handovers)))
    home.link.api("uuid_send_dtmf", f"{call.caller} 4711#")
    report = home.report()
    assert report.duration_s < 7
    assert [one.get("DTMF-Digit") for one in home.events("DTMF", Unique_ID=report.call_id)] == list("4711#")


def test_a_missing_file_is_passed_over(beside: Houses) -> None:
    """The flow goes on with the next action."""
    home = beside()
    home.flow("1000", ("play", {"id": "/nowhere/at/all.wav"}), TONE, HANGUP)
    home.call("1000", "&park()")
    report = home.report()
    assert report.actions == ("play", "play", "hangup")
    assert report.cause.value == "NORMAL_CLEARING"


@pytest.mark.parametrize(
    ("code", "cause"), [(486, "USER_BUSY"), (404, "UNALLOCATED_NUMBER"), (603, "CALL_REJECTED")]
)
def test_a_response_before_answer_reaches_the_caller(beside: Houses, code: int, cause: str) -> None:
    """The far end hears why it was not answered."""
    home = beside()
    home.flow("1000", ("response", {"code": code, "message": "No"}))
    call = home.call("1000", "&park()")
    assert f"-ERR {cause}" in call.answer
    assert not home.events("CHANNEL_ANSWER")


def test_an_unknown_number_is_unallocated(beside: Houses) -> None:
    """404 is UNALLOCATED_NUMBER to the caller's leg."""
    home = beside()
    assert "-ERR UNALLOCATED_NUMBER" in home.call("5555", "&park()").answer


def test_a_hostile_caller_changes_nothing(beside: Houses) -> None:
    """Encoded line breaks and braces in the caller's name neither make events nor arguments."""
    home = beside()
    home.flow("1000", RECORD, ANSWER, TONE, sleep(1), HANGUP)
    name = "x%0AEvent-Name: CHANNEL_HANGUP%0AHangup-Cause: USER_BUSY%0A%0AContent-Length: 0%0D%0A%0D%0A"
    call = home.call("1000", variables={"origination_caller_id_name": f"'{name}'"})
    assert call.answer.startswith("+OK")
    outcome = home.outcome()
    assert (outcome.ended_by, outcome.verdict) == (EndedBy.HANGUP, Verdict.OK), outcome
    report = home.report()
    assert report.actions == ("record_call", "answer", "play", "sleep", "hangup")
    assert report.cause.value == "NORMAL_CLEARING"
    (delivery,) = home.delivered()
    metadata = home.engine.outbox.recording(delivery.recording_id).metadata
    assert metadata["caller_id_name"].startswith("x")


def test_a_text_is_spoken(beside: Houses) -> None:
    """The engine flite says it, and it is heard in the recording."""
    home = beside()
    home.flow(
        "1000", ANSWER, RECORD, ("tts", {"text": "Welcome, please hold the line.", "engine": "flite"}), HANGUP
    )
    home.call("1000")
    outcome = home.outcome()
    assert outcome.verdict is Verdict.OK, outcome
    home.delivered()
    (copy,) = home.copies()
    assert max(curves_of(copy)[1]) > 500
    assert outcome.duration_ms > 1000


def test_variables_are_set_and_branched_on(beside: Houses) -> None:
    """The dialplan's custom channel variable chooses the child; application variables are on the channel."""
    home = beside()
    flow = {
        "module": "branch_variable",
        "data": {"variable": "tier"},
        "children": {
            "gold": chain(("set_variables", {"custom_application_vars": {"greeting": "a b,c'd"}}), HANGUP),
            "_": chain(("response", {"code": 486})),
        },
    }
    home.document("1000", callflow("1000", flow))
    home.call("1000", "&park()", variables={"ecallmgr_tier": "gold", "loopback_export": "ecallmgr_tier"})
    report = home.report()
    assert report.actions == ("branch_variable", "set_variables", "hangup")
    (end,) = home.wait_event("CHANNEL_HANGUP_COMPLETE", Unique_ID=report.call_id)
    assert end.event.variable("cav_greeting") == "a b,c'd"


def test_a_transfer_away_leaves_the_recording_running(beside: Houses) -> None:
    """It goes on elsewhere in FreeSWITCH; its end is heard on the inbound link, and it is delivered."""
    home = beside()
    home.flow("1000", ANSWER, RECORD, sleep(60), HANGUP)
    call = home.call("1000")
    (start,) = home.wait_event("RECORD_START")
    assert call.answer.startswith("+OK")
    ours = start.get("Unique-ID")
    home.link.api("uuid_transfer", f"{ours} 'sleep:1500,hangup:NORMAL_CLEARING' inline")
    outcome = home.outcome()
    assert (outcome.ended_by, outcome.verdict) == (EndedBy.HANGUP, Verdict.OK), outcome
    assert outcome.duration_ms > 1400
    home.delivered()
    (copy,) = home.copies()
    assert copy.stat().st_size == outcome.size_bytes


def test_the_next_engine_finishes_what_the_last_left(beside: Houses) -> None:
    """The first engine's parts go without a farewell in mid-recording; the second delivers the recording."""
    home = beside()
    home.flow("1000", ANSWER, RECORD, sleep(60), HANGUP)
    call = home.call("1000")
    (start,) = home.wait_event("RECORD_START")
    assert call.answer.startswith("+OK")
    first = home.engine
    ours = start.get("Unique-ID")
    home.link.api("uuid_setvar", f"{ours} park_after_bridge false")
    first.listener.stop_accepting()
    first.stop()
    home.outcomes.clear()
    home.engine = home.start_engine()
    outcome = home.outcome()
    assert outcome.verdict is Verdict.OK, outcome
    home.delivered()
    (copy,) = home.copies()
    assert copy.stat().st_size == outcome.size_bytes


def test_nothing_is_left_behind(beside: Houses) -> None:
    """After a call neither legs nor files remain, only the copy that was delivered."""
    home = beside()
    home.flow("1000", RECORD, ANSWER, sleep(0.5), HANGUP)
    home.call("1000")
    home.report()
    home.delivered()
    eventually(lambda: not home.legs(), CALL_S, "the end of all legs")
    assert len(home.copies()) == 1
