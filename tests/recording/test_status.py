"""What observers are told of recordings: in order, once, whoever dies; and digits that end recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import gevent
import pytest
from gevent.event import Event
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from calls.call import Call
from calls.digits import collect
from calls.signaling import answer, hangup
from recording.finisher import Ending
from recording.outcome import EndedBy, RecordingOutcome, Verdict
from recording.recording import Recording
from recording.request import Observer, RecordingRequest, Silence
from recording.status import (
    MAX_FAULTS,
    RecordingStatus,
    Statuses,
    StatusState,
    milestones,
    state_of,
)
from recording.ticket import Ticket
from recording.timeline import Mark, What
from storage.errors import BadNotice, StoreUnavailable
from tests.recording.house import House
from tests.recording.samples import STARTED_AT_US, WAV, ticket
from tests.waiting import eventually

OBSERVED = replace(WAV, observers=(Observer("test", {"who": "ada"}),))
TALK = [{"at": 0, "say": 5}]
SECOND = 1_000_000


class Told:
    """A sink that takes each thing once by its id, as an outbox does, and may be told to fail."""

    def __init__(self) -> None:
        self.statuses: list[RecordingStatus] = []
        self.failures: list[Exception] = []
        self.held = Event()
        self.held.set()
        self.asked = 0

    def tell(self, status: RecordingStatus) -> None:
        """Take one."""
        self.asked += 1
        self.held.wait()
        if self.failures:
            raise self.failures.pop(0)
        if status.notice_id not in [one.notice_id for one in self.statuses]:
            self.statuses.append(status)

    @property
    def states(self) -> list[str]:
        """What was told, in order."""
        return [one.state.value for one in self.statuses]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recording.status.RETRY_FIRST_S", 0.01)


@pytest.fixture
def told() -> Told:
    """What was told."""
    return Told()


@pytest.fixture
def house(tmp_path: Path, told: Told) -> Iterator[House]:
    """A house with an observer's sink."""
    house = House(tmp_path, observers={"test": told})
    yield house
    house.close()


# -- what there is to tell -----------------------------------------------------------------------------


def mark(second: float, what: What) -> Mark:
    """Something that happened so many seconds after the start."""
    return Mark(STARTED_AT_US + int(second * SECOND), what)


@pytest.mark.parametrize(
    ("started", "marks", "states"),
    [
        (False, [], []),
        (False, [mark(-1, What.PAUSED)], []),
        (True, [], ["recording"]),
        (True, [mark(0, What.STARTED), mark(1, What.MASKED), mark(2, What.UNMASKED)], ["recording"]),
        (True, [mark(1, What.PAUSED), mark(2, What.RESUMED)], ["recording", "paused", "recording"]),
        (True, [mark(-1, What.PAUSED)], ["recording", "paused"]),
        (True, [mark(-1, What.PAUSED), mark(3, What.RESUMED)], ["recording", "paused", "recording"]),
        (True, [mark(-2, What.PAUSED), mark(-1, What.RESUMED)], ["recording"]),
    ],
)
def test_milestones_follow_from_the_timeline(started: bool, marks: list[Mark], states: list[str]) -> None:
    """A mask is no pause; a pause asked for before the beginning is told behind it."""
    found = milestones(STARTED_AT_US if started else 0, marks)
    assert [one.state.value for one in found] == states


@given(st.lists(st.tuples(st.integers(-5, 5), st.sampled_from(What)), max_size=12))
def test_milestones_only_grow(happened: list[tuple[int, What]]) -> None:
    """What was told stays the first part of what there is to tell, and each has a name of its own."""
    marks = [mark(at + number / 100, what) for number, (at, what) in enumerate(sorted(happened))]
    before: list[str] = []
    for count in range(len(marks) + 1):
        if count and marks[count - 1].at_us < STARTED_AT_US:
            continue  # those came before there was anything to tell
        names = [one.name for one in milestones(STARTED_AT_US, marks[:count])]
        assert names[: len(before)] == before
        assert len(set(names)) == len(names)
        before = names


def outcome(ended_by: EndedBy = EndedBy.HANGUP, verdict: Verdict = Verdict.OK) -> RecordingOutcome:
    """One that ended so."""
    return RecordingOutcome("r", "202611-r", ended_by, verdict)


@pytest.mark.parametrize(
    ("ended_by", "verdict", "state"),
    [
        (EndedBy.HANGUP, Verdict.OK, StatusState.FINISHED),
        (EndedBy.DIGIT, Verdict.DEGRADED, StatusState.FINISHED),
        (EndedBy.ABANDONED, Verdict.DEGRADED, StatusState.FINISHED),
        (EndedBy.NO_INPUT, Verdict.OK, StatusState.NO_INPUT),
        (EndedBy.NO_INPUT, Verdict.FAILED, StatusState.ERROR),
        (EndedBy.NOT_STARTED, Verdict.FAILED, StatusState.ERROR),
        (EndedBy.NOT_ANSWERED, Verdict.DISCARDED, StatusState.ERROR),
        (EndedBy.WRITE_ERROR, Verdict.DEGRADED, StatusState.ERROR),
        (EndedBy.TOO_SHORT, Verdict.DISCARDED, StatusState.ERROR),
        (EndedBy.HANGUP, Verdict.FAILED, StatusState.ERROR),
    ],
)
def test_an_end_is_one_of_three(ended_by: EndedBy, verdict: Verdict, state: StatusState) -> None:
    """Finished means that there is a file to be had."""
    assert state_of(outcome(ended_by, verdict)) is state


# -- telling it ----------------------------------------------------------------------------------------


def over(request: RecordingRequest = OBSERVED) -> Ending:
    """A recording that began, paused, and is over."""
    one: Ticket = ticket(request)
    return Ending(one, started_at_us=STARTED_AT_US, marks=(mark(0, What.STARTED), mark(1, What.PAUSED)))


def test_an_end_is_told_behind_everything_else(told: Told) -> None:
    """Also by an engine that told nothing before; each has its id, and only the end has an outcome."""
    Statuses({"test": told}).settled(over(), outcome(), STARTED_AT_US + SECOND)
    assert told.states == ["recording", "paused", "finished"]
    assert [one.is_final for one in told.statuses] == [False, False, True]
    prefix = f"recording:{told.statuses[0].ticket.name.recording_id}:0"
    assert [one.notice_id for one in told.statuses] == [
        f"{prefix}:recording",
        f"{prefix}:paused:{STARTED_AT_US + SECOND}",
        f"{prefix}:end",
    ]


def test_an_end_is_told_until_it_was(told: Told) -> None:
    """A disk that is full delays it; what is not final is told once and no more."""
    full = StoreUnavailable("disk full")
    told.failures = [full, full, full, full, full]
    with capture_logs() as logs:
        Statuses({"test": told}).settled(over(), outcome(), 0)
    assert told.states == ["finished"]
    assert [log["next"] for log in logs if log["event"] == "recording_status_not_told"] == [
        *["not told"] * 2,
        *["told again"] * 3,
    ]


@pytest.mark.parametrize("bug", [ZeroDivisionError("oops"), BadNotice("no URL")])
def test_a_sink_with_a_bug_does_not_hold_a_recording_for_ever(told: Told, bug: Exception) -> None:
    """It is asked a few times, and told where it failed."""
    told.failures = [bug] * 100
    with capture_logs() as logs:
        Statuses({"test": told}).settled(replace(over(), marks=()), outcome(), 0)
    assert told.asked == 1 + MAX_FAULTS
    assert logs[-1]["next"] == "not told"
    assert logs[-1]["exc_info"] is bug


def test_every_observer_is_told(told: Told) -> None:
    """Of a kind that nobody here knows it is said so, and the others are told all the same."""
    request = replace(WAV, observers=(Observer("test"), Observer("unknown"), Observer("test", {"who": "b"})))
    with capture_logs() as logs:
        Statuses({"test": told}).settled(replace(over(request), started_at_us=0), outcome(), 0)
    assert told.states == ["finished", "finished"]
    assert {log["kind"] for log in logs if log["event"] == "recording_status_without_sink"} == {"unknown"}


def test_what_can_be_looked_at_only_later_has_not_ended(told: Told) -> None:
    """Its end is told when somebody could read the file."""
    Statuses({"test": told}).settled(over(), replace(outcome(), is_inaccessible=True), 0)
    assert told.states == []


def test_a_sink_that_hangs_is_cut_off(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows is told, and an end is told again."""
    monkeypatch.setattr("recording.status.TELL_S", 0.05)
    told.held.clear()
    telling = gevent.spawn(Statuses({"test": told}).settled, over(), outcome(), 0)
    eventually(lambda: told.asked >= 3)
    told.held.set()
    telling.get(timeout=5)
    assert told.states[-1] == "finished"


# -- whole recordings ----------------------------------------------------------------------------------


def _rest(seconds: float) -> Callable[[Call], None]:
    """Let the caller speak for a while, then hang up."""

    def then(call: Call) -> None:
        call.sleep(seconds)
        hangup(call)

    return then


def test_a_recording_is_told_from_its_start_to_its_end(house: House, told: Told) -> None:
    """The end comes when the outbox has it, with what became of it."""
    recording, _ = house.record(OBSERVED, _rest(0.4), TALK)
    assert told.states == ["recording", "finished"]
    first, last = told.statuses
    assert first.at_us == recording.started_at_us
    assert recording.stop is not None
    assert last.at_us == recording.stop.at_us
    assert last.outcome == recording.outcome
    assert last.observer.data == {"who": "ada"}


def test_pauses_are_told_and_masks_are_not(house: House, told: Told) -> None:
    """Each with the moment it came about."""

    def flow(call: Call) -> None:
        recording = house.recorder.recordings(call)[0]
        recording.wait_started(5)
        for order in ("pause", "resume", "mask", "unmask", "pause"):
            getattr(house.recorder, order)(call)
            call.sleep(0.05)
        hangup(call)

    house.record(OBSERVED, flow, TALK)
    assert told.states == ["recording", "paused", "recording", "paused", "finished"]
    assert len({one.notice_id for one in told.statuses}) == 5


def test_nobody_waits_for_an_observer(house: House, told: Told) -> None:
    """A sink that hangs holds up neither the call nor the recording; its end is told when it comes to."""
    told.held.clear()
    begun: list[Recording] = []

    def flow(call: Call) -> None:
        begun.append(house.recorder.start(call, OBSERVED))
        call.sleep(0.3)
        hangup(call)

    assert house.dial(flow, TALK).wait_ended(10)
    eventually(lambda: house.is_known(begun[0].id))
    assert told.states == []
    told.held.set()
    assert begun[0].wait_finished(5) is not None
    assert told.states == ["recording", "finished"]


def test_nobody_spoke(house: House, told: Told) -> None:
    """Told as such, with the file of silence."""
    request = replace(OBSERVED, silence=Silence(initial_ms=500))
    house.record(request, _rest(1.5), [{"at": 0, "silent": 3}])
    assert told.states == ["recording", "no_input"]
    last = told.statuses[-1].outcome
    assert last is not None
    assert last.size_bytes > 0


def test_a_recording_that_never_began_is_an_error(house: House, told: Told) -> None:
    """There was nothing to tell before that."""
    house.record(OBSERVED, _rest(0.3), {"steps": TALK, "faults": {"unwritable": True}})
    assert told.states == ["error"]


def test_what_is_thrown_away_is_an_error(house: House, told: Told) -> None:
    """There is no file to be had."""

    def flow(call: Call) -> None:
        recording = house.recorder.recordings(call)[0]
        recording.wait_started(5)
        call.sleep(0.2)
        recording.discard("nobody wants it")
        call.sleep(0.2)
        hangup(call)

    house.record(OBSERVED, flow, TALK)
    assert told.states == ["recording", "error"]


# -- engines that die ----------------------------------------------------------------------------------


def _begin(house: House) -> Recording:
    """A recording that runs, with a fifth of a second in its file."""
    begun: list[Recording] = []

    def flow(call: Call) -> None:
        answer(call)
        begun.append(house.recorder.start(call, OBSERVED))

    house.dial(flow, TALK)
    eventually(lambda: begun and begun[0].has_started)
    house.wait(lambda: sum(file.stat().st_size for file in house.recordings_dir.glob("*/*.wav")) > 6400)
    return begun[0]


def test_the_engine_that_goes_on_tells_the_end(house: House, told: Told) -> None:
    """Once, and nothing that was told before a second time."""
    recording = _begin(house)
    eventually(lambda: told.states == ["recording"])
    house.recorder._journal.flush()
    house.die()
    house.wait(lambda: house.tally.outcomes)
    house.wait(lambda: not house.recorder.live)
    assert told.states == ["recording", "finished"]
    assert told.statuses[-1].ticket == recording.ticket


def test_what_a_dead_engine_did_not_tell_is_told_by_the_next(house: House, told: Told) -> None:
    """In order: that it began, that it paused, how it ended."""
    told.held.clear()
    recording = _begin(house)
    recording.pause()
    house.recorder._journal.flush()
    house.die()
    told.held.set()
    house.wait(lambda: told.states[-1:] == ["finished"])
    assert told.states == ["recording", "paused", "finished"]


def test_an_engine_that_died_between_hand_over_and_telling(house: House, told: Told) -> None:
    """The outbox has the recording; its end is told from the document there, before the manifest goes."""
    told.failures = [StoreUnavailable("disk full")] * 1000
    recording = _begin(house)
    house.switch.calls[-1].hang_up()
    house.wait(lambda: house.is_known(recording.id))
    house.recorder._journal.flush()
    manifest = house.recordings_dir / "journal" / f"{recording.id}.json"
    assert manifest.exists()
    house.die()
    told.failures = []
    house.wait(lambda: not manifest.exists())
    assert told.states[-1] == "finished"
    last, became = told.statuses[-1].outcome, recording.outcome
    assert last is not None
    assert became is not None
    assert (last.ended_by, last.verdict, last.duration_ms) == (
        became.ended_by, became.verdict, became.duration_ms,
    )  # fmt: skip
    assert (last.size_bytes, last.sha256, last.started_at_us) == (
        became.size_bytes, became.sha256, became.started_at_us,
    )  # fmt: skip
    assert recording.stop is not None
    assert told.statuses[-1].at_us == recording.stop.at_us


# -- digits --------------------------------------------------------------------------------------------


def test_a_digit_ends_a_recording(house: House) -> None:
    """One of its terminators, and no other; the call goes on."""
    steps = [{"at": 0, "say": 5}, {"at": 0.4, "press": "1"}, {"at": 0.8, "press": "#"}]
    went_on: list[bool] = []

    def flow(call: Call) -> None:
        house.recorder.recordings(call)[0].wait_verified(5)
        went_on.append(not call.is_ended)
        hangup(call)

    recording, _ = house.record(replace(WAV, terminators="*#"), flow, steps)
    assert went_on == [True]
    assert recording.outcome is not None
    assert recording.outcome.ended_by is EndedBy.DIGIT
    assert 600 <= recording.outcome.duration_ms <= 1100
    assert house.stored(recording.id).metadata["callflows"]["ended_by"] == "digit"


def test_the_digit_is_not_swallowed(house: House) -> None:
    """Whoever collects gets it all the same, and other recordings go on."""
    collected: list[str] = []
    others: list[Recording] = []

    def flow(call: Call) -> None:
        others.append(house.recorder.start(call, WAV))
        collected.append(collect(call, 3, 5.0, 0.5).digits)
        hangup(call)

    steps = [{"at": 0, "say": 5}, {"at": 0.5, "press": "5"}]
    recording, _ = house.record(replace(WAV, terminators="5"), flow, steps)
    assert collected == ["5"]
    assert recording.outcome is not None
    assert recording.outcome.ended_by is EndedBy.DIGIT
    assert others[0].outcome is not None
    assert others[0].outcome.ended_by is EndedBy.HANGUP


def test_a_link_keeps_the_file_here(house: House) -> None:
    """As long as it was asked for, after the recording was handed over."""
    recording, _ = house.record(replace(WAV, link_s=3600), _rest(0.3), TALK)
    rows = house.outbox._db.read(
        lambda db: db.execute("SELECT keep_until, created_at FROM recordings").fetchall()
    )
    assert [round(row["keep_until"] - row["created_at"]) for row in rows] == [3600]
    assert house.is_known(recording.id)
