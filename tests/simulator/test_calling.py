"""Calls that a controller has made for nobody, and where legs go when they are let go."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.script import read_script

SCRIPT = {
    "parties": {
        "sofia/external/bob": {"answer_after": 0.0, "ring_after": 0.0},
        "sofia/external/busy": {"refuse": "USER_BUSY", "ring_after": 0.0},
        "sofia/external/deaf": {"never_answers": True, "ring_after": 0.0},
    }
}


def job(link: Any, house: Any, argument: str) -> str:
    """Run originate; return what it said."""
    house.switch.core.script = read_script(SCRIPT)
    link.ask("event plain BACKGROUND_JOB CHANNEL_HANGUP_COMPLETE CHANNEL_PARK")
    before = len(link.frames)
    link.ask(f"bgapi originate {argument}")
    found = link.wait(lambda: [body for _, body in link.frames[before:] if "OK " in body or "-ERR" in body])
    return str(found[-1]).rsplit("\n\n", 1)[-1].strip()


class TestOriginate:
    """A party of the script is called, and does what it is told once it answers."""

    def test_who_answers_runs_the_application(self, house: Any) -> None:
        """The leg has the uuid it was given, and waits."""
        link = house.link()
        answer = job(link, house, "{origination_uuid=u-1}sofia/external/bob &park()")
        assert answer == "+OK u-1"
        link.event("CHANNEL_PARK", **{"Unique-ID": "u-1"})
        assert link.ask("api uuid_getvar u-1 direction") == "outbound"

    @pytest.mark.parametrize(
        ("to", "cause"),
        [
            ("sofia/external/busy", "USER_BUSY"),
            ("sofia/external/nobody", "SUBSCRIBER_ABSENT"),
            ("{originate_timeout=1}sofia/external/deaf", "NO_ANSWER"),
        ],
    )
    def test_why_nobody_did(self, house: Any, to: str, cause: str) -> None:
        """The cause of the last leg, also of one that never came to be."""
        assert job(house.link(), house, f"{to} &park()") == f"-ERR {cause}"


class TestEnds:
    """Who ended a leg, as SIP has it."""

    @pytest.mark.parametrize(
        ("answered", "far", "disposition", "status"),
        [
            (True, True, "recv_bye", "200"),
            (True, False, "send_bye", ""),
            (False, True, "recv_cancel", ""),
            (False, False, "send_refuse", ""),
        ],
    )
    def test_of_an_incoming_leg(
        self, house: Any, answered: bool, far: bool, disposition: str, status: str
    ) -> None:
        """Its phone by BYE or CANCEL, FreeSWITCH by BYE or a response."""
        call, talk = house.call([], answer=answered)
        if far:
            call.hang_up()
        else:
            talk.execute("hangup", "NORMAL_CLEARING")
        assert call.wait_ended(5)
        channel = call.session.channel
        assert channel.get("sip_hangup_disposition") == disposition
        assert (channel.get("sip_term_status") or "") == status

    def test_of_a_leg_that_is_refused(self, house: Any) -> None:
        """By its phone, with the status that means the cause."""
        link = house.link()
        job(link, house, "{origination_uuid=u-2}sofia/external/busy &park()")
        ended = link.event("CHANNEL_HANGUP_COMPLETE", **{"Unique-ID": "u-2"})
        assert ended["variable_sip_hangup_disposition"] == "recv_refuse"
        assert ended["variable_sip_term_status"] == "486"


class TestAfterBridge:
    """Where a leg goes when the other one goes."""

    @pytest.mark.parametrize(
        ("variable", "value", "application"),
        [("park_after_bridge", "true", ""), ("transfer_after_bridge", "sleep\\:20,park:inline", "park")],
    )
    def test_the_first_leg_stays(self, house: Any, variable: str, value: str, application: str) -> None:
        """It is parked, or runs an extension of its own, though it was to be hung up."""
        call, talk = house.call({"steps": [], "parties": {"user/bob": {"answer_after": 0, "ring_after": 0}}})
        link = house.link()
        link.ask("event plain CHANNEL_PARK CHANNEL_EXECUTE CHANNEL_UNBRIDGE")
        call.session.channel.set("hangup_after_bridge", "true")
        call.session.channel.set(variable, value)
        talk.execute("bridge", "user/bob")
        party = talk.event("CHANNEL_BRIDGE")["Bridge-B-Unique-ID"]
        link.ask(f"api uuid_kill {party}")
        link.event("CHANNEL_UNBRIDGE")
        link.wait(lambda: [one for one in link.events() if one["Event-Name"] == "CHANNEL_PARK"])
        assert not call.session.channel.is_down
        if application:
            assert call.session.channel.get("current_application") == application
