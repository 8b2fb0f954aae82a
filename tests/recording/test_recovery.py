"""No recording is lost: calls that leave, connections that break, engines and switches that die."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from gevent.event import Event

from calls import wav
from calls.call import Call
from calls.signaling import answer
from esl.event import Event as EslEvent
from recording.ending import Asked
from recording.lifecycle import State
from recording.manifest import Manifest
from recording.outcome import EndedBy, RecordingOutcome, Verdict
from recording.reconcile import STILL_S, Ownership, ownership
from recording.recording import Recording
from recording.request import AudioFormat, RecordingRequest
from storage import outbox_owner
from tests.recording.house import House, kill
from tests.recording.samples import MP3, WAV, record_event, ticket, unfinish, write_wav

TALK = [{"at": 0, "say": 5}]
LARGE = replace(WAV, sample_rate_hz=16000)
"""So much that a crash leaves some of it, also where FreeSWITCH writes 64 KiB at a time."""

ELSEWHERE = "another-host[4026531836]:17:ab.1234"


@pytest.fixture
def lonely(tmp_path: Path) -> House:
    """A house without an inbound link."""
    return House(tmp_path, with_link=False)


def _outcome(house: House, recording_id: str) -> RecordingOutcome:
    """The only outcome of a recording."""
    (outcome,) = [one for one in house.tally.outcomes if one.recording_id == recording_id]
    return outcome


def _begin(
    house: House,
    request: RecordingRequest = WAV,
    then: Callable[[Call], object] | None = None,
    seconds: float = 0.3,
) -> Recording:
    """Have a call recorded, and return after a while of it; `then` is what its flow does next."""
    begun: list[Recording] = []
    said = Event()

    def flow(call: Call) -> None:
        answer(call)
        begun.append(house.recorder.start(call, request))
        call.sleep(seconds)
        said.set()
        if then is not None:
            then(call)

    house.dial(flow, {"steps": TALK, "extensions": {"away": [["sleep", "4000"]]}})
    assert said.wait(5)
    assert begun[0].has_started
    return begun[0]


def _transfer(call: Call) -> None:
    call.submit("transfer", "away XML default")
    call.wait_ended(5)
    call.close()


def _caller_hangs_up(house: House) -> None:
    house.switch.calls[-1].hang_up()
    assert house.switch.calls[-1].wait_ended(5)


# -- calls that leave ----------------------------------------------------------------------------------


def test_recording_goes_on_after_a_transfer(house: House) -> None:
    """The call leaves its connection, the recording does not end; its end comes over the inbound link."""
    recording = _begin(house, then=_transfer)
    house.wait(lambda: house.calls[-1].is_ended)
    assert not recording.is_over
    _caller_hangs_up(house)
    assert recording.wait_finished(5) is not None
    outcome = _outcome(house, recording.id)
    assert (outcome.ended_by, outcome.verdict) == (EndedBy.HANGUP, Verdict.OK)
    assert house.stored(recording.id).media.sha256 == outcome.sha256


def test_limit_holds_after_a_transfer(house: House) -> None:
    """The time limit's stop goes over the inbound link, as exact as before."""
    recording = _begin(house, replace(WAV, time_limit_s=1), then=_transfer)
    outcome = recording.wait_finished(5)
    assert outcome is not None
    assert outcome.ended_by is EndedBy.TIME_LIMIT
    assert 900 <= outcome.duration_ms <= 1100
    _caller_hangs_up(house)


def test_broken_connection_is_followed_over_the_link(house: House) -> None:
    """The call's connection breaks, and FreeSWITCH ends the call: that is heard over the inbound link."""
    recording = _begin(house, MP3)
    house.calls[-1].close()
    outcome = recording.wait_finished(5)
    assert outcome is not None
    assert (outcome.ended_by, outcome.verdict) == (EndedBy.HANGUP, Verdict.OK)


def test_without_a_link_the_disk_decides(lonely: House) -> None:
    """Nobody can tell of the end, and nobody can be asked: once the file stands still it is finished."""
    recording = _begin(lonely)
    lonely.calls[-1].close()
    outcome = recording.wait_finished(5)
    assert outcome is not None
    assert outcome.ended_by is EndedBy.ABANDONED
    assert "FreeSWITCH could not be asked" in " ".join(outcome.reasons)
    assert lonely.stored(recording.id).media.size_bytes == outcome.size_bytes
    lonely.close()


def test_lost_end_is_asked_for(house: House) -> None:
    """RECORD_STOP reaches nobody: FreeSWITCH is asked, and the order of what was heard decides."""
    begun: list[Recording] = []

    def flow(call: Call) -> None:
        begun.append(house.recorder.start(call, WAV))
        answer(call)

    steps = [*TALK, {"at": 0.5, "hang_up": "NORMAL_CLEARING"}]
    house.link.stop()  # type: ignore[union-attr]  # its subscription would tell
    house.run(flow, {"steps": steps, "faults": {"lose_events": ["RECORD_STOP"]}})
    outcome = _outcome(house, begun[0].id)
    assert outcome.ended_by is EndedBy.HANGUP
    assert outcome.verdict is Verdict.OK or outcome.reasons


# -- engines that die ----------------------------------------------------------------------------------


def test_engine_that_dies_is_followed(house: House) -> None:
    """The recording of a dead engine is taken over while it runs, and finished like any other."""
    recording = _begin(house, then=_transfer)
    house.wait(lambda: house.calls[-1].is_ended)
    successor = house.die()
    house.wait(lambda: successor.live)
    _caller_hangs_up(house)
    house.wait(lambda: not successor.live)
    outcome = _outcome(house, recording.id)
    assert (outcome.ended_by, outcome.verdict) == (EndedBy.HANGUP, Verdict.OK)
    assert outcome.started_at_us == recording.started_at_us


def test_call_that_ends_with_its_engine(house: House) -> None:
    """FreeSWITCH ends a call whose controller dies, and closes its file: it is found, and it is good."""
    recording = _begin(house)
    successor = house.die()
    house.wait(lambda: house.tally.outcomes and not successor.live)
    outcome = _outcome(house, recording.id)
    assert outcome.ended_by in (EndedBy.ABANDONED, EndedBy.HANGUP)  # whether its end was still heard of
    assert outcome.verdict is Verdict.OK
    assert house.stored(recording.id).media.sha256 == outcome.sha256


def test_limit_of_a_dead_engine_holds(house: House) -> None:
    """Who takes a recording over also takes over its limit."""
    recording = _begin(house, replace(WAV, time_limit_s=1), then=_transfer)
    house.wait(lambda: house.calls[-1].is_ended)
    successor = house.die()
    house.wait(lambda: house.tally.outcomes and not successor.live)
    outcome = _outcome(house, recording.id)
    assert outcome.ended_by is EndedBy.TIME_LIMIT
    assert 900 <= outcome.duration_ms <= 1100


def test_recording_that_ended_while_no_engine_ran(house: House) -> None:
    """Its manifest says that it was, the disk says what it is; it is stored once."""
    recording = _begin(house)
    dead, link = house.recorder, house.link
    assert link is not None
    link.stop()
    house.calls[-1].close()
    kill(dead)
    _caller_hangs_up(house)
    link.start()
    assert link.wait_up(5)
    house.recorder = successor = house.new_recorder()
    house.wait(lambda: house.tally.outcomes)
    house.wait(lambda: not successor.live)
    outcome = _outcome(house, recording.id)
    assert outcome.ended_by in (EndedBy.ABANDONED, EndedBy.HANGUP)
    assert house.stored(recording.id).media.size_bytes == outcome.size_bytes
    assert successor.reconcile().finished == 0


def test_end_heard_by_another_engine(house: House) -> None:
    """RECORD_STOP of a dead engine's recording, heard by its successor: the variables on it are enough."""
    recording = _begin(house)
    house.recorder._journal.flush()
    kill(house.recorder)
    (house.recordings_dir / "journal" / f"{recording.id}.json").unlink()
    house.recorder = house.new_recorder()
    house.calls[-1].close()
    _caller_hangs_up(house)
    house.wait(lambda: house.tally.outcomes)
    outcome = _outcome(house, recording.id)
    assert (outcome.ended_by, outcome.verdict) == (EndedBy.HANGUP, Verdict.OK)
    document = house.stored(recording.id).metadata
    assert (document["caller_id_name"], document["call_id"]) == ("Ada", recording.ticket.call_id)


# -- switches that die ---------------------------------------------------------------------------------


@pytest.mark.parametrize("request_", [LARGE, replace(LARGE, format=AudioFormat.MP3)])
def test_switch_that_dies_leaves_a_usable_recording(house: House, request_: RecordingRequest) -> None:
    """Every connection breaks and no header is finished: what was recorded is repaired and stored."""
    recording = _begin(house, request_, seconds=1.4)
    house.switch.die()
    outcome = recording.wait_finished(8)
    assert outcome is not None
    assert (outcome.ended_by, outcome.verdict) == (EndedBy.ABANDONED, Verdict.DEGRADED)
    assert 500 <= outcome.duration_ms <= 1600
    if request_.format is AudioFormat.WAV:
        assert wav.read_layout(recording.path).faults() == ()
        assert "its header was put right" in " ".join(outcome.reasons)
    assert house.stored(recording.id).media.sha256 == outcome.sha256


def test_everything_dies_at_once(house: House) -> None:
    """A power cut: a new engine finds the manifest, repairs the file and stores it."""
    recording = _begin(house, LARGE, seconds=1.4)
    house.recorder._journal.flush()
    kill(house.recorder)
    house.switch.die()
    house.switch.start()
    assert house.link is not None
    house.wait(lambda: not house.link.is_up)  # type: ignore[union-attr]
    assert house.link.wait_up(10)
    house.recorder = house.new_recorder()
    house.wait(lambda: house.tally.outcomes)
    outcome = _outcome(house, recording.id)
    assert (outcome.ended_by, outcome.verdict) == (EndedBy.ABANDONED, Verdict.DEGRADED)
    assert _is_readable(house.stored(recording.id).media.path)


def _is_readable(path: Path) -> bool:
    return wav.read_layout(path).faults() == ()


# -- what is found on disk -----------------------------------------------------------------------------


def _leave(house: House, owner: str, *, age_s: float = 0.0, asked: Asked = Asked.NOTHING) -> Path:
    """A manifest and its media, as some engine left them that many seconds ago."""
    one = ticket()
    path = one.name.media_path(house.recordings_dir, one.request.format)
    write_wav(path, 1.0)
    unfinish(path)
    when_s = path.stat().st_mtime - age_s
    os.utime(path, (when_s, when_s))
    house.recorder._journal.note(Manifest(one, asked, one.requested_at_us + 20_000, owner))
    house.recorder._journal.flush()
    return path


def _sibling() -> str:
    """The name of another process of this host that lives: our parent."""
    place, _, start = outbox_owner.this_process().rsplit(":", 2)
    return f"{place}:{os.getppid()}:{start.split('.')[0]}.{outbox_owner._start_tick(os.getppid())}"


def test_manifest_of_a_dead_process_is_finished(house: House) -> None:
    """Its channel is gone: the file is put right and stored, the manifest removed."""
    _leave(house, outbox_owner.this_process())
    assert house.recorder.reconcile().finished == 1
    house.wait(lambda: house.tally.outcomes)
    assert (house.tally.outcomes[0].ended_by, house.tally.outcomes[0].duration_ms) == (
        EndedBy.ABANDONED,
        1000,
    )
    house.wait(lambda: not house.recorder.live)
    house.recorder._journal.flush()
    assert list((house.recordings_dir / "journal").iterdir()) == []


def test_what_was_asked_is_remembered(house: House) -> None:
    """An engine that died after telling FreeSWITCH to stop has left word of it."""
    _leave(house, outbox_owner.this_process(), asked=Asked.STOP)
    house.recorder.reconcile()
    house.wait(lambda: house.tally.outcomes)
    assert house.tally.outcomes[0].ended_by is EndedBy.STOPPED


@pytest.mark.parametrize(("age_s", "finished"), [(0.0, 0), (STILL_S + 1, 1)])
def test_manifest_of_another_place_is_left_for_a_while(house: House, age_s: float, finished: int) -> None:
    """An engine in another container may be alive: only a file that stands still is finished."""
    _leave(house, ELSEWHERE, age_s=age_s)
    done = house.recorder.reconcile()
    assert (done.finished, done.left) == (finished, 1 - finished)


def test_manifest_of_a_living_sibling_is_left_alone(house: House) -> None:
    """Its owner runs on this host: nothing is touched, however old the file is."""
    _leave(house, _sibling(), age_s=10_000)
    assert house.recorder.reconcile().left == 1


def test_manifest_without_a_file(house: House) -> None:
    """FreeSWITCH never wrote it: said as never begun, and not tried again."""
    path = _leave(house, outbox_owner.this_process())
    path.unlink()
    house.recorder.reconcile()
    house.wait(lambda: house.tally.outcomes and not house.recorder.live)
    assert house.tally.outcomes[0].verdict is Verdict.FAILED
    assert house.recorder.reconcile().finished == 0


def test_recording_that_is_in_the_outbox_is_not_finished_again(house: House) -> None:
    """An engine died between the hand-over and the removal of its manifest."""
    _leave(house, outbox_owner.this_process())
    house.recorder.reconcile()
    house.wait(lambda: house.tally.outcomes and not house.recorder.live)
    _leave(house, outbox_owner.this_process())
    house.recorder = house.new_recorder()
    house.wait(lambda: not list((house.recordings_dir / "journal").iterdir()))
    assert len(house.tally.outcomes) == 1


def test_what_a_delivered_file_was_made_of_does_not_stay(house: House) -> None:
    """An engine died after the hand-over of an MP4 and before the removal of the WAV it was made of."""
    one = ticket(replace(WAV, format=AudioFormat.MP4))
    captured = one.name.media_path(house.recordings_dir, AudioFormat.WAV)

    def leave() -> None:
        write_wav(captured, 1.0)
        house.recorder._journal.note(
            Manifest(one, Asked.STOP, one.requested_at_us, outbox_owner.this_process())
        )
        house.recorder._journal.flush()

    leave()
    house.recorder.reconcile()
    house.wait(lambda: house.tally.outcomes and not house.recorder.live)
    delivered = house.stored(one.name.recording_id).media.path
    leave()
    house.recorder = house.new_recorder()
    house.wait(lambda: not list((house.recordings_dir / "journal").iterdir()))
    assert delivered.suffix == ".mp4"
    assert delivered.exists()
    assert not captured.exists()


def test_file_that_may_not_be_read_is_kept_for_later(house: House) -> None:
    """A file with the wrong rights is no lost recording: its manifest stays, until an operator helps."""
    path = _leave(house, outbox_owner.this_process())
    path.unlink()
    path.symlink_to(path)
    house.recorder.reconcile()
    house.wait(lambda: house.tally.outcomes and not house.recorder.live)
    assert house.tally.outcomes[0].is_inaccessible
    assert house.recorder.reconcile().left == 1
    path.unlink()
    write_wav(path, 1.0)
    house.recorder = successor = house.new_recorder()
    house.wait(lambda: len(house.tally.outcomes) == 2)
    house.wait(lambda: not successor.live)
    assert house.stored(ticket().name.recording_id).media.path == path


# -- strays --------------------------------------------------------------------------------------------


def _hear_stray(house: House, event: EslEvent) -> None:
    """Hear an event of a recording nobody knows, and wait until nothing more is made of it."""
    house.recorder.on_event(event)
    house.wait(lambda: not len(house.recorder._care._greenlets))


def test_stray_without_a_file_has_been_finished(house: House) -> None:
    """A sibling was quicker: the file is delivered and gone, and nothing is reported lost."""
    _hear_stray(house, record_event("RECORD_STOP", ticket(), house.recordings_dir))
    assert house.tally.outcomes == []


def test_stray_of_a_living_sibling_is_its_own(house: House) -> None:
    """Its owner runs on this host and is about to finish it."""
    _leave(house, _sibling(), age_s=10_000)
    _hear_stray(house, record_event("RECORD_STOP", ticket(), house.recordings_dir))
    assert house.tally.outcomes == []


def test_stray_of_another_directory_is_not_touched(house: House, tmp_path: Path) -> None:
    """An event cannot make this process look at a path that is not its own."""
    elsewhere = tmp_path / "elsewhere"
    write_wav(ticket().name.media_path(elsewhere, AudioFormat.WAV))
    _hear_stray(house, record_event("RECORD_STOP", ticket(), elsewhere))
    assert house.tally.outcomes == []


def test_stray_with_a_bad_ticket_is_nobodys(house: House) -> None:
    """What claims to be ours and is not is logged, and that is all."""
    bad = {"Recording-Variable-callflows_recording": "bm9uZQ"}
    _hear_stray(house, record_event("RECORD_STOP", ticket(), house.recordings_dir, **bad))
    assert house.tally.outcomes == []


def test_ownership_is_told_apart() -> None:
    """Dead, alive on this host, or of a place about which nothing is known."""
    mine = outbox_owner.this_process()
    place, _, start = mine.rsplit(":", 2)
    assert ownership(mine) is Ownership.NOBODY
    assert ownership(f"{place}:{2**22}:{start}") is Ownership.NOBODY
    assert ownership(ELSEWHERE) is Ownership.ELSEWHERE
    assert ownership("") is Ownership.ELSEWHERE


def test_late_start_is_taken_up_again(house: House) -> None:
    """A recording that was given up and began all the same is looked after, not left running."""
    begun: list[Recording] = []

    def flow(call: Call) -> None:
        answer(call)
        begun.append(house.recorder.start(call, WAV))

    steps = {
        "steps": [*TALK, {"at": 6, "hang_up": "NORMAL_CLEARING"}],
        "faults": {"unwritable": True},
    }
    house.dial(flow, steps)
    house.wait(lambda: begun and begun[0].state is State.DROPPED)
    assert house.tally.outcomes[0].ended_by is EndedBy.NOT_STARTED
    recording = begun[0]
    house.recorder.on_event(record_event("RECORD_START", recording.ticket, house.recordings_dir))
    assert house.recorder.live == 1
    _caller_hangs_up(house)
    house.wait(lambda: not house.recorder.live)
    assert house.tally.outcomes[-1].ended_by is EndedBy.HANGUP


def test_a_start_that_nobody_heard_is_found_on_disk(house: House) -> None:
    """RECORD_START was lost on both connections: the file tells that it is recorded; nothing is cut off."""
    begun: list[Recording] = []

    def flow(call: Call) -> None:
        answer(call)
        begun.append(house.recorder.start(call, WAV))

    steps = {
        "steps": [*TALK, {"at": 2.5, "hang_up": "NORMAL_CLEARING"}],
        "faults": {"lose_events": ["RECORD_START"]},
    }
    assert house.link is not None
    house.link.stop()
    call = house.run(flow, steps)
    (outcome,) = house.tally.outcomes
    assert outcome.ended_by is EndedBy.HANGUP
    assert abs(outcome.duration_ms - call.recordings[0].record_ms) <= 40
    assert "nobody was told" in " ".join(outcome.reasons)
