"""Calls that are held, transferred, taken over and parked, and the recordings of the legs that stay.

The orders of events are those measured on FreeSWITCH 1.10.12.
"""

from __future__ import annotations

from typing import Any

import pytest

from simulator.listen import curves_of
from simulator.script import read_script
from simulator.simcall import Side

SPEED = 2.0
SAYS = {"steps": [{"at": 0, "say": 60}]}
SCRIPT = {
    "steps": [{"at": 0, "say": 60}],
    "parties": {
        "user/bob": {"answer_after": 0, "ring_after": 0, **SAYS},
        "user/carol": {"answer_after": 0.1, "ring_after": 0, **SAYS},
        "user/busy": {"refuse": "USER_BUSY", "ring_after": 0.05},
    },
    "extensions": {
        "2001": [["bridge", "user/carol"]],
        "2002": [["bridge", "user/busy"]],
        "5900": [["park", ""]],
    },
}
WATCHED = (
    "CHANNEL_BRIDGE CHANNEL_UNBRIDGE CHANNEL_HANGUP CHANNEL_HOLD CHANNEL_UNHOLD CHANNEL_PARK CHANNEL_UNPARK "
    "CHANNEL_ANSWER RECORD_STOP"
)


class Scene:
    """A recorded caller R, joined with P; `link` sees every leg."""

    def __init__(self, house: Any) -> None:
        self.house = house
        self.link = house.link()
        self.call, self.talk = house.call(SCRIPT)
        self.link.ask(f"event plain {WATCHED}")
        self.path = house.directory / "r.wav"
        self.talk.run("record_session", f"{self.path} {{RECORD_PRE_BUFFER_FRAMES=0,RECORD_STEREO=true}}")
        self.talk.execute("bridge", "user/bob")
        self.party = self.talk.event("CHANNEL_BRIDGE")["Bridge-B-Unique-ID"]
        self.house.pass_time(0.4)

    def legs(self) -> dict[str, str]:
        """Names of the legs by uuid: R, P, and C, whom somebody else called."""
        names = {self.call.uuid: "R", self.party: "P"}
        for event in self.link.events():
            if "user/carol" in event["Channel-Name"]:
                names[event["Unique-ID"]] = "C"
        return names

    def story(self) -> list[str]:
        """What happened since the first bridge: event and leg, bridges with both."""
        names, told = self.legs(), []
        for event in self.link.events():
            leg = names.get(event["Unique-ID"], "?")
            if event["Event-Name"] in ("CHANNEL_BRIDGE", "CHANNEL_UNBRIDGE"):
                leg += "-" + names.get(event["Bridge-B-Unique-ID"], "?")
            told.append(f"{event['Event-Name'].removeprefix('CHANNEL_')} {leg}")
        return told[told.index("BRIDGE R-P") + 1 :]

    def until(self, step: str) -> list[str]:
        """Wait until that is part of the story."""
        self.link.wait(lambda: step in self.story())
        return self.story()

    def seen(self, step: str) -> dict[str, str]:
        """The event behind a step of the story."""
        name, _, legs = step.partition(" ")
        uuids = {name: uuid for uuid, name in self.legs().items()}
        event: dict[str, str] = self.link.event(f"CHANNEL_{name}", **{"Unique-ID": uuids[legs[0]]})
        return event

    def stop(self) -> int:
        """End the recording and say how long it is, in ms."""
        assert self.link.ask(f"api uuid_record {self.call.uuid} stop {self.path}") == "+OK Success\n"
        return int(self.link.event("RECORD_STOP")["variable_record_ms"])

    def moved(self, uuid: str) -> str:
        """How a leg was moved last, "" when it never was."""
        value = self.link.ask(f"api uuid_getvar {uuid} transfer_source")
        return "" if value == "_undef_" else value.split(":", 2)[2]


@pytest.fixture
def scene(house: Any) -> Scene:
    """R and P, joined and recorded."""
    return Scene(house)


def in_order(story: list[str], *steps: str) -> bool:
    """Whether those steps come in that order, others between them or not."""
    rest = iter(story)
    return all(step in rest for step in steps)


class TestBlind:
    """REFER without Replaces."""

    def test_by_the_party(self, scene: Scene) -> None:
        """P goes, R leaves the socket for the new extension; its recording goes on."""
        assert scene.call.transfer("2001")
        story = scene.until("BRIDGE R-C")
        assert in_order(story, "HANGUP P", "UNBRIDGE R-P", "UNPARK R", "BRIDGE R-C")
        assert scene.moved(scene.call.uuid).startswith("bl_xfer:2001/")
        assert scene.stop() >= 400

    def test_by_the_caller(self, scene: Scene) -> None:
        """R stays up with its controller, P goes to the new extension."""
        assert scene.call.transfer("2001", by=Side.CALLER)
        story = scene.until("BRIDGE P-C")
        assert in_order(story, "UNBRIDGE R-P", "BRIDGE P-C")
        assert not any(step.startswith("HANGUP") for step in story)
        assert scene.talk.run("set", "a=1")["variable_transfer_disposition"] == "recv_replace"
        assert scene.moved(scene.call.uuid) == ""
        assert scene.moved(scene.party).startswith("bl_xfer:2001/")

    def test_to_somebody_busy(self, scene: Scene) -> None:
        """R is hung up with the cause of who was asked for, and its recording ends."""
        scene.call.transfer("2002")
        story = scene.until("RECORD_STOP R")
        assert in_order(story, "HANGUP P", "UNBRIDGE R-P", "HANGUP R", "RECORD_STOP R")
        assert scene.call.hangup_cause == "USER_BUSY"

    def test_with_nobody_at_the_other_end(self, house: Any) -> None:
        """Nothing to transfer."""
        call, _ = house.call(SCRIPT)
        assert not call.transfer("2001", by=Side.CALLER)
        assert not call.transfer("2001", by=Side.CALLEE)
        assert not call.attended_transfer("2001")


class TestAttended:
    """REFER with Replaces."""

    def test_by_the_party(self, scene: Scene) -> None:
        """P holds, calls C, and is gone; R is joined with C."""
        assert scene.call.attended_transfer("2001", talk_s=0.2)
        story = scene.until("BRIDGE R-C")
        expected = [
            "HOLD P",
            "BRIDGE ?-C",
            "UNBRIDGE ?-C",
            "UNHOLD P",
            "HANGUP P",
            "UNBRIDGE R-P",
            "UNPARK R",
        ]
        assert in_order(story, *expected, "BRIDGE R-C")
        assert scene.moved(scene.call.uuid).startswith("uuid_br:")
        assert scene.stop() >= 600

    def test_by_the_caller(self, scene: Scene) -> None:
        """R hands P over and stays up alone."""
        assert scene.call.attended_transfer("2001", by=Side.CALLER, talk_s=0.2)
        story = scene.until("BRIDGE P-C")
        expected = ["HOLD R", "BRIDGE ?-C", "UNBRIDGE ?-C", "UNHOLD R", "UNBRIDGE R-P", "BRIDGE P-C"]
        assert in_order(story, *expected)
        assert scene.talk.run("set", "a=1")["Answer-State"] == "answered"

    def test_the_replaced_leg_goes_later(self, scene: Scene) -> None:
        """The transferor's second leg ends with ATTENDED_TRANSFER."""
        scene.call.attended_transfer("2001")
        event = scene.link.event("CHANNEL_HANGUP", **{"Hangup-Cause": "ATTENDED_TRANSFER"})
        assert event["Unique-ID"] not in (scene.call.uuid, scene.party)

    def test_failed_consultation(self, scene: Scene) -> None:
        """Nobody answers: P takes the call back, and R and P were never apart."""
        assert not scene.call.attended_transfer("2002")
        story = scene.until("UNHOLD P")
        assert in_order(story, "HOLD P", "HANGUP ?", "UNHOLD P")
        assert "UNBRIDGE R-P" not in story


class TestHold:
    """re-INVITE with sendonly."""

    def test_the_party_holds(self, scene: Scene) -> None:
        """The recording goes on, and hears music."""
        began_ms = scene.call.session.call_s * 1000
        assert scene.call.hold(by=Side.CALLEE)
        assert not scene.call.hold(by=Side.CALLEE)
        scene.house.pass_time(0.6)
        assert scene.call.unhold(by=Side.CALLEE)
        took_ms = scene.call.session.call_s * 1000 - began_ms
        assert scene.seen("HOLD P")["Channel-Call-State"] == "HELD"
        assert scene.seen("UNHOLD P")["Channel-Call-State"] == "UNHELD"
        assert scene.stop() >= took_ms + 300
        music = [level for level in curves_of(scene.path)[1][25:50] if level > 500]
        assert len(music) >= 20

    def test_the_recorded_leg_holds(self, scene: Scene) -> None:
        """Nothing at all is written meanwhile: the file lacks the hold."""
        recording = scene.call.recordings[0]
        assert scene.link.ask(f"api uuid_hold {scene.call.uuid}") == "+OK Success\n"
        scene.house.pass_time(0.6)
        assert scene.link.ask(f"api uuid_hold off {scene.call.uuid}") == "+OK Success\n"
        scene.house.pass_time(0.2)
        length_ms = scene.stop()
        assert recording.ended_s is not None
        assert (recording.ended_s - recording.started_s) * 1000 - length_ms == pytest.approx(600, abs=150)

    def test_nobody_is_put_on_hold(self, house: Any) -> None:
        """FreeSWITCH says +OK all the same."""
        link = house.link()
        assert link.ask("api uuid_hold nobody") == "+OK Success\n"
        assert link.ask("api uuid_hold toggle nobody") == "+OK Success\n"
        assert link.ask("api uuid_hold").startswith("-USAGE")


class TestApi:
    """What a controller does to legs."""

    def call_carol(self, scene: Scene) -> str:
        """Somebody else who is up: a second call, joined with nobody."""
        other = scene.house.switch.place_call(script=read_script({**SCRIPT, "to": "9"}))
        talk = scene.house.take(other)
        talk.run("answer")
        return other.uuid

    def test_uuid_bridge_of_the_recorded_leg(self, scene: Scene) -> None:
        """P is hung up, R and the other leg leave their sockets and are joined."""
        other = self.call_carol(scene)
        assert scene.link.ask(f"api uuid_bridge {scene.call.uuid} {other}") == f"+OK {other}\n"
        story = scene.until("BRIDGE R-?")
        assert in_order(story, "UNBRIDGE R-P", "HANGUP P", "BRIDGE R-?") or in_order(
            story, "HANGUP P", "UNBRIDGE R-P", "BRIDGE R-?"
        )
        assert scene.moved(scene.call.uuid) == f"uuid_br:{other}"
        assert scene.stop() >= 400

    def test_uuid_bridge_of_the_party(self, scene: Scene) -> None:
        """R is left alone with its controller."""
        other = self.call_carol(scene)
        scene.link.ask(f"api uuid_bridge {scene.party} {other}")
        assert in_order(scene.until("BRIDGE P-?"), "UNBRIDGE R-P", "BRIDGE P-?")
        assert scene.talk.run("set", "a=1")["Answer-State"] == "answered"
        assert scene.moved(scene.call.uuid) == ""

    def test_uuid_bridge_with_nobody(self, scene: Scene) -> None:
        """An unknown leg is refused."""
        assert scene.link.ask(f"api uuid_bridge {scene.call.uuid} nobody").startswith("-ERR")

    def test_transfer_of_the_other_leg(self, scene: Scene) -> None:
        """`-bleg` moves P, R returns to its controller."""
        scene.link.ask(f"api uuid_transfer {scene.call.uuid} -bleg 2001")
        assert in_order(scene.until("BRIDGE P-C"), "UNBRIDGE R-P", "BRIDGE P-C")
        assert scene.talk.run("set", "a=1")["Answer-State"] == "answered"

    def test_parked_and_retrieved(self, scene: Scene) -> None:
        """uuid_park leaves P behind; intercept takes R over, with the interceptor as first leg."""
        scene.link.ask(f"api uuid_park {scene.call.uuid}")
        assert in_order(scene.until("PARK R"), "UNBRIDGE R-P", "UNPARK R", "PARK R")
        other = scene.house.switch.place_call(script=read_script({**SCRIPT, "to": "9"}))
        talk = scene.house.take(other)
        talk.execute("intercept", scene.call.uuid)
        assert in_order(scene.until("BRIDGE ?-R"), "PARK R", "UNPARK R", "BRIDGE ?-R")
        assert scene.moved(scene.call.uuid) == f"uuid_br:{other.uuid}"
        assert scene.stop() >= 400

    def test_intercepted_from_a_bridge(self, scene: Scene) -> None:
        """Whoever had the leg is PICKED_OFF."""
        other = scene.house.switch.place_call(script=read_script({**SCRIPT, "to": "9"}))
        talk = scene.house.take(other)
        talk.execute("intercept", scene.call.uuid)
        scene.until("BRIDGE ?-R")
        assert scene.seen("HANGUP P")["Hangup-Cause"] == "PICKED_OFF"


class TestScript:
    """The same, written down."""

    def test_a_party_that_transfers(self, house: Any) -> None:
        """Its step names the extension."""
        steps = [{"at": 0, "say": 9}, {"at": 0.3, "hold": True}, {"at": 0.4, "unhold": True}]
        parties = {**SCRIPT["parties"], "user/bob": {"ring_after": 0, "answer_after": 0, "steps": steps}}
        steps.append({"at": 0.6, "transfer": "2001"})
        call, talk = house.call({**SCRIPT, "parties": parties})
        talk.execute("bridge", "user/bob")
        talk.wait(lambda: talk.names().count("CHANNEL_BRIDGE") >= 2)
        assert call.session.channel.profile.destination == "2001"

    def test_a_caller_that_consults(self, house: Any) -> None:
        """And hands its party over."""
        steps = [{"at": 0, "say": 60}, {"after": {"event": "CHANNEL_BRIDGE"}, "at": 0.2, "consult": "2001"}]
        link = house.link()
        link.ask(f"event plain {WATCHED}")
        call, talk = house.call({**SCRIPT, "steps": steps})
        talk.execute("bridge", "user/bob")
        party = talk.event("CHANNEL_BRIDGE")["Bridge-B-Unique-ID"]
        link.event("CHANNEL_BRIDGE", **{"Unique-ID": party})
        assert not call.session.channel.is_down
