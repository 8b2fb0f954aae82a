"""Recordings of whole calls against the simulated switch: how they begin, end, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from calls.call import Call
from calls.media import play
from calls.signaling import answer, hangup
from esl.event import Event
from recording import variables
from recording.lifecycle import State
from recording.outcome import EndedBy, RecordingOutcome, Verdict
from recording.probe import examine
from recording.recording import Recording
from recording.request import AudioFormat, Direction, RecordingRequest
from storage.destination import Media, Target
from storage.errors import NotFound, StoreUnavailable
from tests.recording.house import House
from tests.recording.samples import ACCOUNT_ID, MP3, RECORDING_ID, WAV, ticket

SPEAK = replace(WAV, stereo=False, direction=Direction.SPEAK)
HEAR = replace(WAV, stereo=False, direction=Direction.HEAR)
TALK = [{"at": 0, "say": 5}]


def _outcome(recording: Recording) -> RecordingOutcome:
    assert recording.outcome is not None
    return recording.outcome


def _stop_after(house: House, seconds: float) -> Callable[[Call], None]:
    """Answer, let the caller speak for a while, stop the recording, hang up."""

    def then(call: Call) -> None:
        answer(call)
        call.sleep(seconds)
        house.recorder.stop(call)
        hangup(call)

    return then


def _hold(seconds: float) -> Callable[[Call], None]:
    """Answer, let the caller speak for a while, hang up."""

    def then(call: Call) -> None:
        answer(call)
        call.sleep(seconds)
        hangup(call)

    return then


def _is_known(house: House, recording_id: str) -> bool:
    try:
        house.stored(recording_id)
    except NotFound:
        return False
    return True


def _manifests(house: House) -> list[str]:
    house.recorder._journal.flush()
    return [path.name for path in (house.recordings_dir / "journal").iterdir()]


def test_stop_ends_it(house: House) -> None:
    """A document stops it, and hangs up at once: said as stopped, whole, and safe in the outbox."""
    recording, call = house.record(WAV, _stop_after(house, 0.8), TALK)
    outcome, stored = _outcome(recording), house.stored(recording.id)
    assert (outcome.ended_by, outcome.verdict, outcome.reasons) == (EndedBy.STOPPED, Verdict.OK, ())
    assert 700 <= outcome.duration_ms <= 900
    assert (stored.media.sha256, stored.media.size_bytes) == (outcome.sha256, outcome.size_bytes)
    assert stored.media.path == recording.path
    assert recording.state is State.HANDED_OVER
    assert _manifests(house) == []
    assert call.recordings[0].cause == "success-maxtime"


def test_hangup_by_the_caller_ends_it(house: House) -> None:
    """The caller hangs up: said as that, whatever FreeSWITCH calls it."""
    recording, call = house.record(MP3, answer, [*TALK, {"at": 1.0, "hang_up": "NORMAL_CLEARING"}])
    outcome = _outcome(recording)
    assert (outcome.ended_by, outcome.raw_cause) == (EndedBy.HANGUP, "success-silence")
    assert call.recordings[0].record_ms <= outcome.duration_ms <= call.recordings[0].record_ms + 600
    assert house.stored(recording.id).media.content_type == "audio/mpeg"


@pytest.mark.parametrize("audio_format", [AudioFormat.MP3, AudioFormat.WAV])
def test_limit_is_exact(house: House, audio_format: AudioFormat) -> None:
    """The audio is as long as its limit, to a tenth of a second (an encoder's padding aside)."""
    recording, call = house.record(RecordingRequest(audio_format, 1), _hold(1.4), TALK)
    outcome = _outcome(recording)
    assert outcome.ended_by is EndedBy.TIME_LIMIT
    assert 900 <= call.recordings[0].record_ms <= 1100
    assert 900 <= outcome.duration_ms <= (1100 if audio_format is AudioFormat.WAV else 1600)


def test_limit_is_exact_while_a_prompt_plays(house: House) -> None:
    """A locked prompt keeps FreeSWITCH from taking commands up; the recording ends on its limit."""

    def flow(call: Call) -> None:
        answer(call)
        play(call, "tone_stream://%(2500,0,440)")
        hangup(call)

    recording, call = house.record(RecordingRequest(AudioFormat.WAV, 1), flow, TALK)
    assert _outcome(recording).ended_by is EndedBy.TIME_LIMIT
    assert 900 <= call.recordings[0].record_ms <= 1100


def test_audio_begins_with_the_first_frame(house: House) -> None:
    """Recording is under way within two slots of the hand-off, and nothing is missing at its head."""
    recording, call = house.record(SPEAK, _hold(1.0), TALK)
    begun = next(event for event in call.events if event.name == "RECORD_START")
    (match,) = call.heard_in(recording.path)
    assert begun.at_s <= 0.045
    assert match.ok
    assert abs(match.offset_ms) <= 20
    assert abs(_outcome(recording).duration_ms - call.recordings[0].record_ms) <= 20


LAYOUTS: list[tuple[RecordingRequest, int, tuple[int, ...]]] = [
    (WAV, 2, (1,)),
    (replace(WAV, sample_rate_hz=16000), 2, (1,)),
    (replace(MP3, sample_rate_hz=16000, stereo=False), 1, ()),
    (replace(WAV, stereo=False), 1, ()),
    (SPEAK, 1, ()),
    (HEAR, 1, (0,)),
]


def test_layout_and_rate(house: House) -> None:
    """One channel or two, whose voice on which, at the rate asked for: the far end alone speaks."""
    begun: list[Recording] = []

    def flow(call: Call) -> None:
        begun.extend(house.recorder.start(call, request) for request, _, _ in LAYOUTS)
        _hold(2.3)(call)

    house.run(flow, TALK)
    for recording, (request, channels, silent) in zip(begun, LAYOUTS, strict=True):
        outcome = _outcome(recording)
        assert (outcome.channels, outcome.sample_rate_hz) == (channels, request.sample_rate_hz or 8000)
        assert examine(recording.path, request.format).silent == silent


@pytest.mark.parametrize("rate_hz", [None, 16000])
def test_too_short_is_discarded(house: House, rate_hz: int | None) -> None:
    """Below the minimum nothing is kept, by FreeSWITCH's hand or, at another rate, by ours."""
    recording, _ = house.record(replace(WAV, min_s=2, sample_rate_hz=rate_hz), _stop_after(house, 0.5), TALK)
    outcome = _outcome(recording)
    assert (outcome.ended_by, outcome.verdict) == (EndedBy.TOO_SHORT, Verdict.DISCARDED)
    assert (outcome.path, recording.path.exists()) == (None, False)
    assert recording.state is State.DROPPED
    assert not _is_known(house, recording.id)
    assert _manifests(house) == []


def test_long_enough_is_kept_at_another_rate(house: House) -> None:
    """A minimum is counted in the audio's own time, whatever the file's rate."""
    recording, call = house.record(replace(WAV, min_s=1, sample_rate_hz=16000), _hold(1.3), TALK)
    assert _outcome(recording).ended_by is EndedBy.HANGUP
    assert call.recordings[0].cause == "success-silence"
    assert _is_known(house, recording.id)


@pytest.mark.parametrize("faults", [{"unwritable": True}, {"missing_formats": ["wav"]}])
def test_file_that_cannot_be_opened(house: House, faults: dict[str, object]) -> None:
    """There is never a RECORD_START: said with FreeSWITCH's reason, and the call goes on unharmed."""
    went_on = []

    def then(call: Call) -> None:
        answer(call)
        went_on.append(call.is_answered)
        hangup(call)

    recording, call = house.record(WAV, then, {"steps": TALK, "faults": faults})
    outcome = _outcome(recording)
    assert (outcome.ended_by, outcome.verdict) == (EndedBy.NOT_STARTED, Verdict.FAILED)
    assert "FreeSWITCH could not open the file (uri-failure)" in outcome.reasons
    assert (went_on, call.hangup_cause) == ([True], "NORMAL_CLEARING")
    assert (recording.has_started, recording.state) == (False, State.DROPPED)
    assert house.tally.started == 0


def test_unknown_application_costs_the_call_nothing_of_ours(house: House) -> None:
    """A FreeSWITCH that cannot record hangs up by itself; no exception reaches the flow."""
    recording, _ = house.record(
        WAV, lambda _: None, {"steps": TALK, "faults": {"missing_applications": ["record_session"]}}
    )
    assert _outcome(recording).ended_by is EndedBy.NOT_STARTED
    assert any("over before it began" in reason for reason in _outcome(recording).reasons)


def test_two_at_once(house: House) -> None:
    """Two recordings of one call run side by side; a stop means the newest, or the one that is named."""
    begun: list[Recording] = []

    def flow(call: Call) -> None:
        for name in ("first", "second", "third"):
            request = replace(MP3 if name == "second" else WAV, media_name=name, stereo=name == "third")
            begun.append(house.recorder.start(call, request))
        answer(call)
        call.sleep(0.4)
        assert house.recorder.recordings(call) == tuple(begun)
        assert house.recorder.stop(call) is begun[2]
        assert house.recorder.stop(call, "first") is begun[0]
        assert house.recorder.stop(call, "first") is None
        assert begun[2].wait_finished(5) is not None
        call.sleep(0.4)
        hangup(call)

    house.run(flow, TALK)
    first, second, third = map(_outcome, begun)
    assert [one.ended_by for one in (first, second, third)] == [
        EndedBy.STOPPED,
        EndedBy.HANGUP,
        EndedBy.STOPPED,
    ]
    assert second.duration_ms > third.duration_ms + 200
    assert [one.channels for one in (first, second, third)] == [1, 1, 2]
    assert [house.stored(one.recording_id).media.name for one in (first, second)] == [
        "first.wav",
        "second.mp3",
    ]
    assert house.tally.started == 3


def test_stop_by_id(house: House) -> None:
    """A recording can be named by its id, or by that of its document."""
    found: list[Recording | None] = []

    def flow(call: Call) -> None:
        one, two = (house.recorder.start(call, WAV) for _ in range(2))
        answer(call)
        call.sleep(0.1)
        found.extend([house.recorder.stop(call, one.id), house.recorder.stop(call, two.document_id)])
        assert found == [one, two]
        hangup(call)

    house.run(flow, TALK)
    assert len(house.tally.outcomes) == 2


def test_stop_without_recording(house: House) -> None:
    """There may be nothing to stop; that is said in the log, and nothing else."""
    stopped: list[object] = []

    def flow(call: Call) -> None:
        stopped.append(house.recorder.stop(call))
        recording = house.recorder.start(call, WAV)
        answer(call)
        assert recording.wait_started(5)
        house.recorder.stop(call)
        assert recording.wait_finished(5)
        stopped.append(house.recorder.stop(call))
        hangup(call)

    with capture_logs() as logs:
        house.run(flow, TALK)
    assert stopped == [None, None]
    assert [line["event"] for line in logs].count("recording_stop_without_recording") == 2


def test_recording_of_a_call_that_is_over(house: House) -> None:
    """A start that comes too late is an outcome, not an error."""
    late: list[Recording] = []

    def flow(call: Call) -> None:
        call.wait_complete(5)
        late.append(house.recorder.start(call, WAV))

    house.run(flow, [{"at": 0.1, "hang_up": "NORMAL_CLEARING"}])
    house.wait(lambda: late and late[0].state is State.DROPPED)
    assert _outcome(late[0]).ended_by is EndedBy.NOT_STARTED
    assert "was not asked" in " ".join(_outcome(late[0]).reasons)


def test_stop_before_it_has_begun(house: House) -> None:
    """Started and stopped in one breath: both are carried out, in that order, and nothing was recorded."""

    def then(call: Call) -> None:
        assert house.recorder.stop(call) is not None
        _hold(0.2)(call)

    recording, call = house.record(WAV, then, TALK)
    assert (_outcome(recording).ended_by, _outcome(recording).verdict) == (EndedBy.STOPPED, Verdict.DISCARDED)
    assert call.recordings[0].cause == "empty-file"


def test_command_that_is_never_taken_up(house: House) -> None:
    """A channel that answers nothing is asked over the inbound link as well; the call goes on."""
    went_on: list[bool] = []

    def then(call: Call) -> None:
        call.sleep(2.5)
        went_on.append(not call.is_ended)
        hangup(call)

    faults = {"lose_events": ["CHANNEL_EXECUTE_COMPLETE"], "unwritable": True}
    assert house.link is not None
    house.link.stop()
    recording, _ = house.record(WAV, then, {"steps": TALK, "faults": faults})
    reasons = " ".join(_outcome(recording).reasons)
    assert _outcome(recording).ended_by is EndedBy.NOT_STARTED
    assert "took no command up" in reasons
    assert "there is no inbound connection" in reasons
    assert went_on == [True]


def test_call_that_comes_back_can_stop_its_recording(house: House) -> None:
    """Transferred away and handed over again: the recording is still the call's."""
    begun: list[Recording] = []
    stopped: list[Recording | None] = []

    def flow(call: Call) -> None:
        if begun:
            stopped.append(house.recorder.stop(call))
            begun[0].wait_finished(5)
            hangup(call)
            return
        answer(call)
        begun.append(house.recorder.start(call, WAV))
        call.sleep(0.3)
        call.submit("transfer", "back XML default")
        call.wait_ended(5)

    host, port = house.listener.address
    back = [["sleep", "200"], ["socket", f"{host}:{port} async full"]]
    house.run(flow, {"steps": TALK, "extensions": {"back": back}})
    assert stopped == begun
    assert _outcome(begun[0]).ended_by is EndedBy.STOPPED
    assert _outcome(begun[0]).duration_ms >= 450


def test_both_connections_tell_of_it_once(house: House) -> None:
    """The inbound link hears every event as well; the recording is one all the same."""
    recording, _ = house.record(WAV, _hold(0.3), TALK)
    assert house.tally.started == 1
    assert [one.recording_id for one in house.tally.outcomes] == [recording.id]
    assert len(house.outbox.list()) == 1


def test_document_tells_the_story(house: House) -> None:
    """What is delivered with the audio: whose call, when, how long, why it ended."""
    recording, call = house.record(replace(WAV, origin="callflow : main", media_name="x"), _hold(0.5), TALK)
    document = house.stored(recording.id).metadata
    assert document["_id"] == recording.document_id
    assert (document["call_id"], document["pvt_account_id"]) == (call.uuid, ACCOUNT_ID)
    assert (document["caller_id_name"], document["origin"], document["name"]) == (
        "Ada",
        "callflow : main",
        "x.wav",
    )
    assert document["duration_ms"] == _outcome(recording).duration_ms
    assert document["callflows"]["ended_by"] == "hangup"


def test_url_gets_kazoos_name_and_further_ones_their_own(house: House) -> None:
    """Two recordings of one call at one URL do not replace each other there."""
    begun: list[Recording] = []

    def flow(call: Call) -> None:
        for _ in range(2):
            begun.append(
                house.recorder.start(call, replace(WAV, url="http://192.0.2.1/in", media_name="same"))
            )
            answer(call)
            call.sleep(0.2)
            house.recorder.stop(call)
            assert begun[-1].wait_finished(5)
        hangup(call)

    call = house.run(flow, TALK)
    stored = [house.stored(one.id) for one in begun]
    assert [one.media.name for one in stored] == [
        f"call_recording_{call.uuid}.wav",
        f"call_recording_{call.uuid}_{begun[1].id}.wav",
    ]
    assert {one.metadata["name"] for one in stored} == {"same.wav"}
    assert {(one.kind, one.parameters["method"]) for one in house.outbox.list()} == {("http", "put")}


def test_stored_nowhere_is_said(house: House) -> None:
    """Without a URL and with store_recordings off the file stays, and the log warns."""
    house.config.table["media", "store_recordings"] = False
    with capture_logs() as logs:
        recording, _ = house.record(WAV, _hold(0.3), TALK)
    told = [line for line in logs if line["event"] == "recording_finished"]
    assert [(line["storage"], line["log_level"]) for line in told] == [("nowhere", "warning")]
    assert recording.path.exists()
    assert recording.state is State.DROPPED
    assert not _is_known(house, recording.id)


@pytest.mark.parametrize(
    ("faults", "verdict", "reason"),
    [
        ({"vanish_recordings": True}, Verdict.FAILED, "the file is not there"),
        ({"truncate_recordings": 0.5}, Verdict.DEGRADED, "its header was put right"),
        ({"truncate_recordings": 0.0}, Verdict.FAILED, "the file is empty"),
    ],
)
def test_damaged_file_is_told(house: House, faults: dict[str, object], verdict: Verdict, reason: str) -> None:
    """What FreeSWITCH says of a file is not believed: the file is looked at."""
    recording, _ = house.record(WAV, _hold(1.2), {"steps": TALK, "faults": faults})
    outcome = _outcome(recording)
    assert outcome.verdict is verdict
    assert reason in " ".join(outcome.reasons)
    assert _is_known(house, recording.id) is (verdict is Verdict.DEGRADED)


class _Failing:
    """An outbox whose disk is full for a while."""

    def __init__(self, house: House, failures: int) -> None:
        self._house = house
        self._failures = failures

    def enqueue(self, media: Media, metadata: object, targets: list[Target], **ids: str) -> bool:
        """Refuse, then pass on."""
        if self._failures:
            self._failures -= 1
            raise StoreUnavailable("disk full")
        return self._house.outbox.enqueue(media, metadata, targets, **ids)  # type: ignore[arg-type]

    def recording(self, recording_id: str) -> object:
        """Pass on."""
        return self._house.outbox.recording(recording_id)


def test_outbox_that_cannot_take_it_is_asked_again(house: House) -> None:
    """A full disk delays the hand-over, never the call, and loses nothing."""
    house.recorder.close()
    house.recorder = house.new_recorder(_Failing(house, 2))
    recording, _ = house.record(WAV, _hold(0.3), TALK)
    assert house.tally.failures == 2
    assert recording.state is State.HANDED_OVER
    assert _is_known(house, recording.id)


@given(
    st.sampled_from(["RECORD_START", "RECORD_STOP", "CHANNEL_HANGUP", "HEARTBEAT", ""]),
    st.dictionaries(
        st.sampled_from(
            [
                "Unique-ID",
                "Recording-Variable-callflows_recording_id",
                "Recording-Variable-callflows_recording",
                "Record-File-Path",
                "Event-Date-Timestamp",
                "variable_record_ms",
            ]
        ),
        st.text(max_size=50) | st.just(RECORDING_ID) | st.just(variables.encode(ticket())),
    ),
)
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_event_does_no_harm(house: House, name: str, headers: dict[str, str]) -> None:
    """Whatever comes over the inbound link, nothing is raised into it and nothing of ours is made of it."""
    house.recorder.on_event(Event.from_headers({**headers, "Event-Name": name}))
    assert house.recorder.live == 0


def test_path_is_ours_alone(house: House) -> None:
    """Whatever a document calls a recording, its file lies in its day's directory under its id."""
    recording, _ = house.record(replace(WAV, media_name="../../../etc/passwd"), _hold(0.2), TALK)
    assert recording.path.parent.parent == house.recordings_dir
    assert recording.path.name == f"{recording.id}.wav"
    assert house.stored(recording.id).media.name == "etc_passwd.wav"
    assert Path(house.stored(recording.id).media.path) == recording.path
