"""A recording goes on on another leg, or stays as it is when that cannot be done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import gevent
import pytest
from gevent.pool import Group

from esl.errors import CommandRefused
from esl.event import Event
from recording.control import Control, Presence
from recording.ending import Asked
from recording.following import Following
from recording.leg_event import Kind, LegEvent
from recording.patience import Patience
from recording.recording import Recording
from recording.request import AudioFormat, RecordingRequest
from recording.segment import Segment
from recording.ticket import Ticket
from recording.timeline import What
from tests.recording.samples import STARTED_AT_US, UUID, record_event, ticket
from tests.waiting import eventually

QUICK = Patience(stop=0.2, hangup=0.2)
AT_US = STARTED_AT_US + 1_000_000


class Switch:
    """FreeSWITCH's api as far as recordings of legs go.

    Attributes: refuses: legs that cannot be recorded; writes: files by leg; silent: it tells nobody.
    """

    def __init__(self) -> None:
        self.writes: set[tuple[str, str]] = set()
        self.refuses: set[str] = set()
        self.silent = False
        self.told: list[str] = []
        self.on_start: Callable[[str, str], None] = lambda _uuid, _path: None

    def api(self, command: str, arg: str, timeout_s: float, /) -> str:
        """Answer."""
        assert timeout_s > 0
        if command == "uuid_buglist":
            found = "".join(f"<target>{path}</target>" for uuid, path in self.writes if uuid == arg)
            return f"<media-bugs>{found}</media-bugs>"
        uuid, verb, path = arg.split(" ")[:3]
        self.told.append(f"{verb} {uuid} {Path(path).name[32:]}")
        if uuid in self.refuses:
            raise CommandRefused("api uuid_record", "-ERR Cannot locate session!")
        if verb == "start":
            self.writes.add((uuid, path))
            self.on_start(uuid, path)
        else:
            self.writes.discard((uuid, path))
        return "+OK Success"


class Scene:
    """A recording of alice, who talks to bob, and what acts on their conversation."""

    def __init__(self, directory: Path, request: RecordingRequest) -> None:
        self.directory = directory
        self.switch = Switch()
        self.greenlets = Group()
        self.ticket = ticket(request)
        self.following = Following(self.control, QUICK, self.greenlets.spawn, lambda _: None)
        self.recording = Recording(self.ticket, self.path(1), self.control(self.ticket, Segment(UUID)))
        self.switch.on_start = lambda uuid, _: self.start(uuid, 2) if not self.switch.silent else None
        self.recording.sent()
        self.start(UUID, 1)
        self.switch.writes.add((UUID, str(self.path(1))))
        self.hear(Kind.BRIDGED, UUID, "bob", at_us=AT_US - 100_000)

    def control(self, of: Ticket, segment: Segment) -> Control:
        """The reins of one leg."""
        path = segment.path(of.name, self.directory, AudioFormat.WAV)
        return Control(of, path, lambda: None, lambda: self.switch, "", segment)

    def path(self, number: int) -> Path:
        """Where a file is."""
        return Segment(UUID, number).path(self.ticket.name, self.directory, AudioFormat.WAV)

    def event(self, name: str, uuid: str, number: int, at_us: int, **headers: str) -> Event:
        """RECORD_START or RECORD_STOP of one file."""
        more = {"Recording-Variable-callflows_segment": str(number)} if number > 1 else {}
        stated = {"Unique_ID": uuid, "Event_Date_Timestamp": str(at_us), **more, **headers}
        return record_event(name, self.ticket, self.directory, **stated)

    def start(self, uuid: str, number: int, at_us: int = 0) -> None:
        """FreeSWITCH began to write."""
        at_us = at_us or (STARTED_AT_US if number == 1 else AT_US + 40_000)
        self.recording.started(self.event("RECORD_START", uuid, number, at_us))

    def stop(self, uuid: str, number: int, at_us: int, **headers: str) -> None:
        """FreeSWITCH closed a file."""
        self.switch.writes = {one for one in self.switch.writes if one[0] != uuid}
        self.recording.stopped(self.event("RECORD_STOP", uuid, number, at_us, **headers))
        self.following.stopped(self.recording)

    def hear(self, kind: Kind, uuid: str, other: str = "", at_us: int = AT_US, **facts: object) -> None:
        """An event of a leg."""
        event = LegEvent(kind, at_us, at_us, uuid, other, **facts)  # type: ignore[arg-type]
        self.following.hear(self.recording, event)

    def transfer(self) -> None:
        """Alice sends bob to somebody else."""
        self.hear(Kind.UNBRIDGED, UUID, "bob", sign="blind:bob BLIND_TRANSFER refers")

    def settle(self) -> None:
        """Let the greenlets come to their ends."""
        self.greenlets.join(timeout=5)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """One that follows."""
    made = Scene(tmp_path, RecordingRequest(format=AudioFormat.WAV, time_limit_s=None))
    yield made
    made.greenlets.kill()


def test_it_goes_on_where_the_conversation_does(scene: Scene) -> None:
    """The next leg is recorded first, then the last one is let go; both are one recording."""
    scene.transfer()
    scene.settle()
    assert scene.switch.told == ["start bob -2.wav", f"stop {UUID} .wav"]
    scene.stop(UUID, 1, AT_US + 60_000)
    assert not scene.recording.is_over
    assert scene.recording.path == scene.path(2)
    scene.stop("bob", 2, AT_US + 2_000_000, Answer_State="hangup")
    assert scene.recording.is_over
    over = scene.recording.ending()
    assert [(one.uuid, one.number) for one in over.segments] == [(UUID, 1), ("bob", 2)]
    assert over.expected_ms == 1_060 + 1_960
    told = [mark.what for mark in over.marks]
    assert told == [
        What.STARTED, What.BRIDGED, What.UNBRIDGED, What.TRANSFERRED, What.STARTED, What.ENDED
    ]  # fmt: skip


def test_the_end_of_the_first_file_is_not_the_end(scene: Scene) -> None:
    """The leg hung up before the next one was recorded."""
    scene.switch.on_start = lambda uuid, _: (scene.stop(UUID, 1, AT_US + 20_000), scene.start(uuid, 2))[0]
    scene.transfer()
    scene.settle()
    assert not scene.recording.is_over
    assert scene.switch.told == ["start bob -2.wav"]
    assert scene.recording.ending().gaps_ms == (20,)


def test_a_leg_that_is_gone_leaves_it_as_it_was(scene: Scene) -> None:
    """The transfer failed; what there is goes on."""
    scene.switch.refuses = {"bob"}
    scene.transfer()
    scene.settle()
    assert not scene.recording.is_over
    assert scene.recording.segments[0].uuid == UUID
    assert len(scene.recording.segments) == 1
    scene.stop(UUID, 1, AT_US + 100_000, Answer_State="hangup")
    assert scene.recording.is_over


def test_what_ended_meanwhile_is_over_when_the_next_leg_fails(scene: Scene) -> None:
    """Its RECORD_STOP waited for the outcome."""
    scene.switch.refuses = {"bob"}
    scene.transfer()
    scene.stop(UUID, 1, AT_US + 10_000, Answer_State="hangup")
    assert not scene.recording.is_over
    scene.settle()
    assert scene.recording.is_over


def test_freeswitch_may_have_taken_it_along(scene: Scene) -> None:
    """With recording_follow_transfer in the dialplan the same file goes on on the next leg."""
    scene.switch.writes = {("bob", str(scene.path(1)))}
    scene.transfer()
    scene.settle()
    assert scene.switch.told == []
    assert [(one.uuid, one.number) for one in scene.recording.segments] == [("bob", 1)]
    assert scene.recording.control.presence() is Presence.RECORDING
    scene.stop("bob", 1, AT_US + 100_000, Answer_State="hangup")
    assert scene.recording.is_over


def test_a_start_that_nobody_tells_of_is_asked_for(scene: Scene) -> None:
    """FreeSWITCH says that it writes."""
    scene.switch.silent = True
    scene.transfer()
    scene.settle()
    assert scene.recording.segments[-1].uuid == "bob"


def test_an_ordinary_hangup_waits_for_word_and_ends(scene: Scene) -> None:
    """Bob's side tells what became of the bridge; nothing comes, and it is over."""
    made = Scene(scene.directory, RecordingRequest(format=AudioFormat.WAV, time_limit_s=None))
    made.hear(Kind.BRIDGED, "bob", UUID, at_us=AT_US - 50_000)
    made.hear(Kind.HUNG_UP, UUID, "bob", is_gone=True, cause="NORMAL_CLEARING")
    made.stop(UUID, 1, AT_US, Answer_State="hangup")
    assert not made.recording.is_over
    made.hear(Kind.UNBRIDGED, "bob", UUID, at_us=AT_US + 20_000)
    made.recording.bell.ring()
    made.settle()
    assert made.recording.is_over
    assert made.switch.told == []


def test_a_stop_by_command_waits_for_nothing(scene: Scene) -> None:
    """What somebody asked for is the end, whatever the conversation does."""
    scene.hear(Kind.BRIDGED, "bob", UUID, at_us=AT_US - 50_000)
    scene.recording.ask(Asked.STOP)
    scene.hear(Kind.HUNG_UP, UUID, "bob", is_gone=True, cause="NORMAL_CLEARING")
    scene.stop(UUID, 1, AT_US, Answer_State="hangup")
    assert scene.recording.is_over


def test_what_was_stopped_does_not_follow(scene: Scene) -> None:
    """The transfer comes after."""
    scene.recording.ask(Asked.STOP)
    scene.transfer()
    scene.settle()
    assert scene.switch.told == []


def test_without_following_it_is_stopped(tmp_path: Path) -> None:
    """With the reason."""
    request = RecordingRequest(format=AudioFormat.WAV, time_limit_s=None, follow_transfer=False)
    scene = Scene(tmp_path, request)
    scene.transfer()
    scene.settle()
    assert scene.recording.asked is Asked.TRANSFER
    assert scene.switch.told == []


def test_a_mask_goes_along(scene: Scene) -> None:
    """What is not to be heard is not to be heard on the next leg either."""
    scene.recording.mask("card number")
    scene.recording.steering.orders.clear()
    scene.transfer()
    scene.settle()
    assert [order.verb.value for order in scene.recording.steering.orders] == ["mask"]
    assert scene.recording.control.path == scene.path(2)


def test_earlier_files_are_waited_for(scene: Scene) -> None:
    """FreeSWITCH may close a file of a leg that hung up long after; not for ever."""
    scene.transfer()
    scene.settle()
    scene.stop("bob", 2, AT_US + 500_000, Answer_State="hangup")
    waiting = gevent.spawn(scene.following.await_parts, scene.recording)
    gevent.sleep(0)
    assert not waiting.ready()
    scene.stop(UUID, 1, AT_US + 600_000)
    eventually(waiting.ready, 5, "the earlier file")
    assert scene.recording.journey.trail.are_closed
