"""bridge: parties that answer, refuse, ring on or do not exist, and what becomes of both legs."""

from __future__ import annotations

from typing import Any

import pytest

# Simulated seconds per second: nothing here depends on real time.
SPEED = 3.0

PARTIES = {
    "user/ada*": {"answer_after": 0.15, "ring_after": 0.05, "steps": [{"at": 0, "say": 9}]},
    "user/short*": {
        "answer_after": 0,
        "ring_after": 0,
        "steps": [{"at": 0, "say": 9}, {"at": 0.3, "hang_up": True}],
    },
    "user/busy*": {"refuse": "USER_BUSY", "ring_after": 0.02},
    "user/early*": {"answer_after": 0.3, "ring_after": 0.02, "early_media": True},
    "*": {"never_answers": True, "ring_after": 0.0},
}


def place(house: Any, **kwargs: Any) -> tuple[Any, Any]:
    """A call that can reach the parties."""
    pair: tuple[Any, Any] = house.call({"parties": PARTIES, "steps": [{"at": 0, "say": 60}]}, **kwargs)
    return pair


class TestAnswered:
    """A party answers."""

    def test_events_of_a_bridge_that_the_party_ends(self, house: Any) -> None:
        """CHANNEL_BRIDGE, CHANNEL_UNBRIDGE, completion, and the call goes on."""
        _, talk = place(house)
        done = talk.run("bridge", "user/short@x")
        bridge = talk.event("CHANNEL_BRIDGE")
        assert bridge["Other-Leg-Unique-ID"] == bridge["Bridge-B-Unique-ID"] == done["variable_bridge_uuid"]
        assert done["variable_originate_disposition"] == "SUCCESS"
        assert done["variable_bridge_hangup_cause"] == "NORMAL_CLEARING"
        assert talk.run("set", "a=1")["Answer-State"] == "answered"

    def test_hangup_after_bridge_ends_the_call_too(self, house: Any) -> None:
        """The A leg goes with the party's cause."""
        call, talk = place(house)
        talk.run("set", "hangup_after_bridge=true")
        talk.execute("bridge", "user/short@x")
        assert call.wait_ended(5)

    def test_the_party_is_heard_in_the_recording(self, house: Any) -> None:
        """RECORD_BRIDGE_REQ keeps the bridged stretch, with both voices."""
        call, talk = place(house)
        path = house.directory / "b.wav"
        talk.run("record_session", f"{path} {{RECORD_BRIDGE_REQ=true,RECORD_PRE_BUFFER_FRAMES=0}}")
        talk.execute("bridge", "user/short@x")
        talk.event("CHANNEL_UNBRIDGE")
        talk.run("stop_record_session", str(path))
        ms = int(talk.event("RECORD_STOP")["variable_record_ms"])
        began, ended = call.session.bridges[0]
        assert ms == pytest.approx(1000 * (ended - began), abs=80)

    def test_execute_on_pre_bridge_runs_as_it_forms(self, house: Any) -> None:
        """And execute_on_post_bridge when it is over."""
        _, talk = place(house)
        talk.run("multiset", "execute_on_pre_bridge=set::pre=1 execute_on_post_bridge=set::post=1")
        talk.run("bridge", "user/short@x")
        talk.wait(lambda: talk.names().count("CHANNEL_EXECUTE_COMPLETE") >= 5)
        sets = [e["Application-Data"] for e in talk.events() if e.get("Application") == "set"]
        assert "pre=1" in sets

    def test_an_unanswered_call_is_answered_by_the_party(self, house: Any) -> None:
        """Ringing passes back, then the answer, then the bridge."""
        _, talk = place(house, answer=False)
        talk.execute("bridge", "user/ada@x")
        talk.event("CHANNEL_BRIDGE")
        expected = ["CHANNEL_PROGRESS", "CHANNEL_ANSWER", "CHANNEL_BRIDGE"]
        assert [name for name in talk.names() if name in expected] == expected

    def test_early_media_passes_back(self, house: Any) -> None:
        """A party with early media gives the caller early media."""
        _, talk = place(house, answer=False)
        talk.execute("bridge", "user/early@x")
        talk.event("CHANNEL_PROGRESS_MEDIA")
        talk.event("CHANNEL_BRIDGE")

    def test_the_caller_hangs_up_during_the_bridge(self, house: Any) -> None:
        """Both legs end; an inbound controller sees the party's events too."""
        link = house.link()
        link.ask("event plain CHANNEL_HANGUP_COMPLETE CHANNEL_DESTROY")
        call, talk = place(house)
        talk.execute("bridge", "user/ada@x")
        party = talk.event("CHANNEL_BRIDGE")["Bridge-B-Unique-ID"]
        call.hang_up()
        link.event("CHANNEL_HANGUP_COMPLETE", **{"Unique-ID": party})
        link.event("CHANNEL_HANGUP_COMPLETE", **{"Unique-ID": call.uuid})

    def test_the_party_can_be_recorded_and_transferred(self, house: Any) -> None:
        """The dialled leg is a channel like any other."""
        _, talk = place(house)
        link = house.link()
        link.ask("event plain RECORD_START RECORD_STOP")
        talk.execute("bridge", "user/ada@x")
        party = talk.event("CHANNEL_BRIDGE")["Bridge-B-Unique-ID"]
        assert link.ask(f"api uuid_record {party} start {house.directory}/p.wav") == "+OK Success\n"
        assert link.ask(f"api uuid_kill {party}") == "+OK\n"
        assert link.event("RECORD_STOP")["Unique-ID"] == party


class TestNotAnswered:
    """Nobody answers."""

    @pytest.mark.parametrize(
        ("target", "cause"),
        [
            ("user/busy@x", "USER_BUSY"),
            ("error/user_busy", "USER_BUSY"),
            ("[leg_timeout=1]user/nobody@x", "ALLOTTED_TIMEOUT"),
        ],
    )
    def test_causes(self, house: Any, target: str, cause: str) -> None:
        """With continue_on_fail the call goes on and knows why."""
        _, talk = place(house)
        talk.run("set", "continue_on_fail=true")
        done = talk.run("bridge", target)
        assert done["variable_originate_disposition"] == cause
        assert done["variable_originate_failed_cause"] == cause

    def test_nobody_of_that_name(self, house: Any) -> None:
        """A script without parties has nobody to call."""
        _, talk = house.call()
        talk.run("set", "continue_on_fail=USER_BUSY,SUBSCRIBER_ABSENT")
        assert talk.run("bridge", "user/x@y")["variable_originate_disposition"] == "SUBSCRIBER_ABSENT"

    def test_without_continue_on_fail_the_call_ends(self, house: Any) -> None:
        """The party's cause becomes the call's."""
        _, talk = place(house)
        talk.execute("bridge", "user/busy@x")
        assert talk.event("CHANNEL_HANGUP")["Hangup-Cause"] == "USER_BUSY"

    def test_the_next_group_is_tried(self, house: Any) -> None:
        """A bar separates what is tried one after the other."""
        _, talk = place(house)
        talk.execute("bridge", "user/busy@x|user/ada@x")
        talk.event("CHANNEL_BRIDGE")

    def test_the_caller_gives_up_while_it_rings(self, house: Any) -> None:
        """The party is cancelled."""
        call, talk = place(house)
        talk.execute("bridge", "user/nobody@x")
        talk.event("CHANNEL_EXECUTE", Application="bridge")
        call.hang_up("ORIGINATOR_CANCEL")
        assert call.wait_ended(5)
        assert "CHANNEL_BRIDGE" not in talk.names()
