"""join_conference: who takes part, what is heard, told and recorded of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from simulator.simcall import SimCall
from swml.compiling import load
from swml.errors import BadDocument
from swml.runner import How
from tests.callflows.kit import ACCOUNT
from tests.swml.script_stage import ScriptStage
from tests.waiting import eventually

ROOM = f"{ACCOUNT}__sales_20team"
URL = "https://example.com/conference"
RESULT = {"return": "${join_conference_result} ${return_value}"}
STAYS = {"at": 0, "say": 30.0}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[ScriptStage]:
    """A stage for documents."""
    made = ScriptStage(tmp_path)
    yield made
    made.close()


class Room:
    """A conference under way."""

    def __init__(self, stage: ScriptStage) -> None:
        self.stage = stage
        self._count = 0

    def join(self, *caller: Mapping[str, Any], size: int = 0, **properties: Any) -> SimCall:
        """Have a call join; returns once there are `size` members (default: one more)."""
        self._count += 1
        name = properties.pop("name", "sales team")
        step = {"join_conference": {"name": name, "status_callback": URL, **properties}}
        sim = self.stage.begin([step, RESULT], *(caller or (STAYS,)), number=str(self._count))
        wanted = size or self._count
        eventually(lambda: len(self.members(sim)) == wanted, what=f"{wanted} members")
        return sim

    def members(self, sim: SimCall) -> list[Any]:
        """Who is in it."""
        found = sim.session.core.conferences.get(ROOM)
        return found.members if found else []

    def told(self, sim: SimCall) -> list[str]:
        """What was told of a call's participant."""
        return [
            one["status"] for one in self.stage.callbacks("calling.conference") if one["call_id"] == sim.uuid
        ]

    def wait_told(self, sim: SimCall, status: str) -> None:
        """Wait until that was told of a call's participant."""
        eventually(lambda: status in self.told(sim), what=status)


@pytest.fixture
def room(stage: ScriptStage) -> Room:
    """A conference."""
    return Room(stage)


def test_two_talk_until_one_ends_it(room: Room) -> None:
    """Whoever is left is ours again, and told it is over; each tells of itself."""
    host = room.join(end_on_exit=True)
    guest = room.join()
    room.wait_told(host, "conference-start")
    host.hang_up()
    done = room.stage.finish(guest)
    assert (done.end.how, done.end.value) == (How.FINISHED, "completed completed")
    assert room.stage.finish(host).end.how is How.GONE
    assert room.told(host) == ["participant-join", "conference-start", "participant-leave", "conference-end"]
    assert room.told(guest) == ["participant-join", "participant-leave"]


def test_the_last_who_leaves_ends_it(room: Room) -> None:
    """It says so; the fields are those that are published."""
    alone = room.join(muted=True)
    alone.hang_up()
    room.stage.finish(alone)
    end = room.stage.callbacks("calling.conference")[-1]
    assert end == {
        "call_id": alone.uuid,
        "node_id": "node-1",
        "name": "sales team",
        "conference_id": end["conference_id"],
        "status": "conference-end",
        "size": 0,
        "muted": True,
        "hold": False,
        "start_on_join": True,
        "end_on_leave": False,
        "coaching": False,
        "reason_ended": "last-participant-left",
        "call_id_ending_conf": alone.uuid,
    }
    assert end["conference_id"]


def test_who_waits_hears_music_until_somebody_starts_it(room: Room) -> None:
    """Nobody hears the other before."""
    early = room.join(start_on_enter=False)
    conference = early.session.core.conferences[ROOM]
    assert conference.waits
    assert conference.music == "local_stream://moh"
    late = room.join(end_on_exit=True)
    assert not conference.waits
    room.wait_told(late, "conference-start")
    late.hang_up()
    assert room.stage.finish(early).end.value == "completed completed"
    assert "conference-start" not in room.told(early)


def test_only_what_is_asked_for_is_told(room: Room) -> None:
    """Several events with blanks between."""
    one = room.join(status_callback_event="join mute")
    other = room.join(status_callback_event="end")
    conference = one.session.core.conferences[ROOM]
    for is_muted in (True, False):
        conference.mute(conference.members[0], is_muted=is_muted)
    for sim in (one, other):
        sim.hang_up()
        room.stage.finish(sim)
    assert room.told(one) == ["participant-join", "participant-mute", "participant-unmute"]
    assert room.told(other) == ["conference-end"]


def test_a_full_conference_lets_nobody_in(room: Room) -> None:
    """The script goes on and says so."""
    first = room.join(max_participants=2)
    second = room.join()
    third = room.stage.begin([{"join_conference": "sales team"}, RESULT], number="9")
    assert room.stage.finish(third).end.value == "failed failed"
    for sim in (first, second):
        sim.hang_up()
        room.stage.finish(sim)


@pytest.mark.parametrize("properties", [{"name": "x", "coach": "not-there"}, {"name": "  "}])
def test_what_cannot_be_joined_fails(stage: ScriptStage, properties: dict[str, Any]) -> None:
    """The result chooses what follows."""
    result = {"variable": "join_conference_result", "case": {"failed": [{"set": {"way": "failed"}}]}}
    done = stage.do([{"join_conference": {**properties, "result": result}}, {"return": "${way}"}])
    assert (done.end.how, done.end.value) == (How.FINISHED, "failed")


def test_a_coach_is_heard_by_one(room: Room) -> None:
    """Those who are there and those who come do not hear it."""
    agent, customer = room.join(), room.join()
    coach = room.join(coach=agent.uuid)
    late = room.join()
    members = {member.session.channel.uuid: member for member in room.members(coach)}
    expected = {members[customer.uuid].number, members[late.uuid].number}
    eventually(lambda: members[coach.uuid].unheard_by == expected, what="the relations")
    told = room.stage.callbacks("calling.conference")
    assert next(one["coaching"] for one in told if one["call_id"] == coach.uuid) is True
    for sim in (agent, customer, coach, late):
        sim.hang_up()
        room.stage.finish(sim)


@pytest.mark.parametrize(
    ("beep", "entering", "leaving"),
    [("true", True, True), ("false", False, False), ("onEnter", True, False), ("onExit", False, True)],
)
def test_when_it_beeps(room: Room, beep: str, *, entering: bool, leaving: bool) -> None:
    """As the configuration sounds; silence is a sound too, since a profile may have sounds of its own."""
    sim = room.join(beep=beep)
    channel = sim.session.channel
    assert (channel.get("conference_enter_sound") or "").startswith("tone_stream") is entering
    assert (channel.get("conference_exit_sound") or "").startswith("tone_stream") is leaving
    sim.hang_up()
    room.stage.finish(sim)


def test_it_is_recorded(room: Room) -> None:
    """From joining to leaving; with what the others say; the callbacks that are asked for are told."""
    host = room.join(
        STAYS,
        {"at": 1.0, "hang_up": True},
        record="record-from-start",
        trim="do-not-trim",
        recording_status_callback="https://example.com/recording",
        recording_status_callback_event="in-progress completed",
    )
    guest = room.join()
    room.wait_told(host, "record-start")
    eventually(lambda: room.stage.callbacks("calling.call.record"), what="the recording")
    room.stage.finish(host)
    guest.hang_up()
    room.stage.finish(guest)
    room.stage.wait_over()
    eventually(lambda: len(room.stage.callbacks("calling.call.record")) == 2, what="its end")
    assert [one["state"] for one in room.stage.callbacks("calling.call.record")] == ["recording", "finished"]
    assert {"record-start", "record-stop"} <= set(room.told(host))
    url = room.stage.callbacks("calling.call.record")[-1]["url"]
    assert room.stage.media_of(url).stat().st_size
    assert room.stage.callbacks("calling.call.record")[-1]["record"]["audio"]["stereo"] is False


def test_music_may_be_a_document(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """What its play steps name; and a sound file is a sound file."""
    play = {"play": {"urls": ["https://example.com/a.wav", "silence:2"]}}
    document = {"sections": {"main": [play, {"play": {"url": "ring:us"}}]}}
    monkeypatch.setattr(room.stage.facilities.fetcher, "fetch", lambda *_: load(json.dumps(document)))
    sim = room.join(wait_url="https://example.com/music", start_on_enter=False)
    music = sim.session.core.conferences[ROOM].music
    assert music.startswith("file_string://")
    assert "silence_stream://2000" in music
    sim.hang_up()
    room.stage.finish(sim)
    sim = room.join(wait_url="https://example.com/b.MP3", size=1)
    assert sim.session.core.conferences[ROOM].music.endswith("https://example.com/b.MP3")
    sim.hang_up()
    room.stage.finish(sim)


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"name": "x", "beep": "maybe"},
        {"name": "x", "max_participants": 1},
        {"name": "x", "status_callback_event": "start,end"},
        {"name": "x", "result": {"case": {}}},
    ],
)
def test_what_is_no_conference_is_refused(properties: dict[str, Any]) -> None:
    """When the document is read."""
    with pytest.raises(BadDocument):
        load(json.dumps({"sections": {"main": [{"join_conference": properties}]}}))
