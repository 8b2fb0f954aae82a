"""Recordings told to do more than start and stop: deferred, paused, masked, reviewed, ended by silence."""

from __future__ import annotations

from dataclasses import replace

import av
import numpy as np
import pytest

from calls.call import Call
from calls.signaling import answer, hangup
from recording.outcome import EndedBy, RecordingOutcome, Verdict
from recording.recording import Recording
from recording.request import AudioFormat, Silence
from recording.timeline import What
from tests.recording.house import House
from tests.recording.samples import ACCOUNT_ID, WAV, Values

MONO = replace(WAV, stereo=False)
ON_ANSWER = replace(MONO, on_answer=True)
TALK = [{"at": 0, "say": 8}]


def _outcome(recording: Recording) -> RecordingOutcome:
    assert recording.outcome is not None
    return recording.outcome


def _levels(recording: Recording) -> list[float]:
    """Mean magnitude of each tenth of a second of the file."""
    with av.open(str(recording.path)) as container:
        samples = np.concatenate([frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)])
    block = recording.outcome.sample_rate_hz // 10  # type: ignore[union-attr]
    whole = samples[: len(samples) // block * block].astype(np.int32)
    return [float(one) for one in np.abs(whole).reshape(-1, block).mean(axis=1)]


def _what(recording: Recording) -> list[What]:
    return [mark.what for mark in _outcome(recording).timeline]


def test_deferred_to_the_answer_it_begins_there(house: House) -> None:
    """Nothing is recorded of the ringing; FreeSWITCH begins by itself, with the whole limit ahead."""

    def flow(call: Call) -> None:
        call.sleep(0.5)
        answer(call)
        call.sleep(1.6)
        hangup(call)

    recording, call = house.record(replace(ON_ANSWER, time_limit_s=1), flow, TALK)
    answered, begun = (
        next(event for event in call.events if event.name == name)
        for name in ("CHANNEL_ANSWER", "RECORD_START")
    )
    assert 0 <= begun.at_s - answered.at_s <= 0.06
    assert _outcome(recording).ended_by is EndedBy.TIME_LIMIT
    assert 900 <= _outcome(recording).duration_ms <= 1100


def test_never_answered_leaves_nothing_but_an_outcome(house: House) -> None:
    """No recording, no file, and the outcome says why."""
    recording, _ = house.record(ON_ANSWER, hangup, TALK)
    outcome = _outcome(recording)
    assert (outcome.ended_by, outcome.verdict) == (EndedBy.NOT_ANSWERED, Verdict.DISCARDED)
    assert not recording.path.exists()
    assert not recording.has_started


def test_an_answered_call_is_recorded_at_once(house: House) -> None:
    """There is nothing left to wait for."""

    def flow(call: Call) -> None:
        answer(call)
        recording = house.recorder.start(call, ON_ANSWER)
        assert recording.wait_started(1.0)
        hangup(call)

    house.run(flow, TALK)


def test_stopped_while_it_waits_it_never_begins(house: House) -> None:
    """What FreeSWITCH was to begin by itself is taken back."""

    def flow(call: Call) -> None:
        house.recorder.stop(call)
        answer(call)
        call.sleep(0.5)
        hangup(call)

    recording, call = house.record(ON_ANSWER, flow, TALK)
    assert _outcome(recording).ended_by is EndedBy.STOPPED
    assert _outcome(recording).verdict is Verdict.DISCARDED
    assert not call.recordings


def test_a_pause_is_left_out(house: House) -> None:
    """The file has no gap where nothing was written, and is as long as it should be."""

    def flow(call: Call) -> None:
        answer(call)
        call.sleep(0.6)
        assert house.recorder.pause(call)
        assert not house.recorder.pause(call)
        call.sleep(0.8)
        assert house.recorder.resume(call)
        call.sleep(0.6)
        hangup(call)

    recording, _ = house.record(MONO, flow, TALK)
    assert 1_000 <= _outcome(recording).duration_ms <= 1_400
    assert _outcome(recording).verdict is Verdict.OK
    assert [what for what in _what(recording) if what in (What.PAUSED, What.RESUMED)] == [
        What.PAUSED,
        What.RESUMED,
    ]


def test_a_mask_is_silence(house: House) -> None:
    """What is said while masked is not in the file; the rest is, in its place."""

    def flow(call: Call) -> None:
        answer(call)
        call.sleep(0.7)
        house.recorder.mask(call, why="card number")
        call.sleep(0.7)
        house.recorder.unmask(call, why="card number")
        call.sleep(0.7)
        hangup(call)

    recording, _ = house.record(MONO, flow, TALK)
    levels = _levels(recording)
    assert 1_900 <= _outcome(recording).duration_ms <= 2_400
    assert max(levels[9:13]) == 0
    assert min(max(levels[:6]), max(levels[16:])) > 200
    (document,) = (house.stored(recording.id).metadata["callflows"],)
    (masked,) = document["masked"]
    assert masked["why"] == "card number"
    assert 600 <= masked["to_ms"] - masked["from_ms"] <= 900


def test_a_guard_masks_what_runs_and_what_begins_meanwhile(house: House) -> None:
    """Inside, every recording of the call is masked; afterwards none is, whatever happened inside."""
    begun: list[Recording] = []

    def guarded(call: Call) -> None:
        with house.recorder.guard(call, "collect_dtmf"):
            begun.append(house.recorder.start(call, MONO))
            begun[1].wait_started(1.0)
            assert all(one.is_masked for one in begun)
            raise ZeroDivisionError

    def flow(call: Call) -> None:
        answer(call)
        begun.append(house.recorder.start(call, MONO))
        begun[0].wait_started(1.0)
        with pytest.raises(ZeroDivisionError):
            guarded(call)
        assert not any(one.is_masked for one in begun)
        call.sleep(0.3)
        hangup(call)

    house.run(flow, TALK)
    assert [_what(one).count(What.MASKED) for one in begun] == [1, 1]
    assert [_what(one).count(What.UNMASKED) for one in begun] == [1, 1]


def test_a_guard_that_is_forgotten_lifts_itself(house: House) -> None:
    """A node that hangs does not cost the rest of the recording."""
    house.config.accounts[ACCOUNT_ID] = Values({("recording", "care", "mask_limit_s"): 0.3})
    seen: list[bool] = []

    def flow(call: Call) -> None:
        answer(call)
        recording = house.recorder.start(call, MONO)
        recording.wait_started(1.0)
        with house.recorder.guard(call, "menu"):
            call.sleep(0.6)
            seen.append(recording.is_masked)
        hangup(call)

    house.run(flow, TALK)
    assert seen == [False]


def test_under_review_it_waits_for_the_word(house: House) -> None:
    """It is looked at, and goes no further before somebody keeps it."""
    outcomes: list[RecordingOutcome | None] = []

    def flow(call: Call) -> None:
        answer(call)
        recording = house.recorder.start(call, MONO, review=True)
        recording.wait_started(1.0)
        call.sleep(0.5)
        house.recorder.stop(call)
        outcomes.append(recording.wait_verified(5.0))
        assert recording.path.exists()
        assert not house.is_known(recording.id)
        recording.keep()
        recording.wait_finished(5.0)
        assert house.is_known(recording.id)
        hangup(call)

    house.run(flow, TALK)
    (outcome,) = outcomes
    assert outcome is not None
    assert outcome.ended_by is EndedBy.STOPPED


def test_what_was_discarded_is_gone(house: House) -> None:
    """Another take replaces it: no file, nothing delivered, and the outcome says why."""
    begun: list[Recording] = []

    def flow(call: Call) -> None:
        answer(call)
        recording = house.recorder.start(call, MONO, review=True)
        begun.append(recording)
        recording.wait_started(1.0)
        call.sleep(0.3)
        recording.discard("another take")
        recording.wait_finished(5.0)
        hangup(call)

    house.run(flow, TALK)
    (recording,) = begun
    assert _outcome(recording).verdict is Verdict.DISCARDED
    assert not recording.path.exists()
    assert not house.is_known(recording.id)


def test_a_hangup_keeps_what_is_under_review(house: House) -> None:
    """Nothing said is lost because somebody hung up."""

    def flow(call: Call) -> None:
        answer(call)
        house.recorder.start(call, MONO, review=True)

    call = house.run(flow, [*TALK, {"at": 0.8, "hang_up": "NORMAL_CLEARING"}])
    (recorded,) = call.recordings
    assert recorded.record_ms >= 600
    (outcome,) = house.tally.outcomes
    assert outcome.ended_by is EndedBy.HANGUP
    assert house.is_known(outcome.recording_id)


def test_mp4_is_made_of_what_was_captured(house: House) -> None:
    """FreeSWITCH writes a WAV; what is delivered is an MP4 of the same sound, and the WAV is gone."""

    def flow(call: Call) -> None:
        answer(call)
        call.sleep(1.2)
        hangup(call)

    recording, call = house.record(replace(MONO, format=AudioFormat.MP4), flow, TALK)
    stored, outcome = house.stored(recording.id), _outcome(recording)
    assert stored.media.path.suffix == ".mp4"
    assert stored.media.content_type == "audio/mp4"
    assert abs(outcome.duration_ms - call.recordings[0].record_ms) <= 150
    assert recording.path.suffix == ".wav"
    assert not recording.path.exists()
    assert len(outcome.peaks) == 1
    assert max(outcome.peaks[0]) > 10


def test_silence_at_both_ends_is_trimmed(house: House) -> None:
    """The delivered file begins and ends with speech; the timeline tells what was cut off."""

    def flow(call: Call) -> None:
        answer(call)
        call.sleep(3.0)
        hangup(call)

    request = replace(MONO, trim_silence=True)
    recording, _ = house.record(request, flow, [{"at": 1.0, "say": 1.0}])
    outcome = _outcome(recording)
    assert 900 <= outcome.duration_ms <= 1_900
    (trimmed,) = (mark for mark in outcome.timeline if mark.what is What.TRIMMED)
    assert int(trimmed.detail["head_ms"]) > 400


SILENCES = [
    ("nobody spoke", Silence(initial_ms=600), [], EndedBy.NO_INPUT, 600),
    ("speech ended", Silence(final_ms=600), [{"at": 0.4, "say": 0.8}], EndedBy.SILENCE, 1_800),
    ("speaking from the first frame", Silence(500, 600), [{"at": 0, "say": 1.2}], EndedBy.SILENCE, 1_800),
]


@pytest.mark.parametrize(("silence", "says", "ended_by", "about_ms"), [one[1:] for one in SILENCES])
def test_silence_ends_it_as_asked(
    house: House, silence: Silence, says: list[dict[str, object]], ended_by: EndedBy, about_ms: int
) -> None:
    """Nobody spoke, or nobody speaks any more: told apart, also when somebody speaks from the start."""

    def flow(call: Call) -> None:
        answer(call)
        call.sleep(4.0)
        hangup(call)

    recording, _ = house.record(replace(MONO, silence=silence), flow, says)
    assert _outcome(recording).ended_by is ended_by
    assert about_ms - 100 <= _outcome(recording).duration_ms <= about_ms + 700
