"""Calls that are made by us, and what is told to any leg, on the simulator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls import leg_commands
from calls.cause import HangupCause
from calls.destination import parse_destination
from calls.errors import NotDialable
from calls.leg import Leg
from calls.leg_commands import Side
from calls.originate import PARK, handed_over, originate
from esl.errors import BadCommand, CommandRefused
from simulator.script import read_script
from tests.calls.on_switch import RULES, Place
from tests.waiting import eventually

PARTIES = {
    "*busy*": {"refuse": "USER_BUSY"},
    "*away*": {"never_answers": True},
    "*": {"answer_after": 0.1, "ring_after": 0.05, "steps": [{"at": 0, "say": 30}]},
}


@pytest.fixture
def place() -> Iterator[Place]:
    """A simulated switch whose parties do as they are told."""
    made = Place()
    made.switch.core.script = read_script({"parties": PARTIES})
    yield made
    made.close()


def leg(user: str, **options: Any) -> Leg:
    """A leg to somebody."""
    return Leg(parse_destination(f"sip:{user}@example.com"), **options)


def run(place: Place, *commands: Any) -> list[str]:
    """What FreeSWITCH says to commands."""
    return [reply.get(5).text.strip() for reply in place.link.post(*commands)]


def test_a_leg_is_dialled_and_waits(place: Place) -> None:
    """Under the uuid that was chosen for it, with what it was to be told."""
    ada = leg("ada", headers={"X-Note": "a, 'b' \\ c"}, caller="+15550001111")
    assert originate(place.link, [[ada]], RULES, PARK) is HangupCause.NONE
    session = place.switch.core.sessions[ada.uuid]
    assert session.channel.get("sip_h_X-Note") == "a, 'b' \\ c"
    assert session.channel.profile.caller_number == "+15550001111"


@pytest.mark.parametrize(
    ("user", "cause"), [("busy", HangupCause.USER_BUSY), ("away", HangupCause.ALLOTTED_TIMEOUT)]
)
def test_why_nobody_answers(place: Place, user: str, cause: HangupCause) -> None:
    """As FreeSWITCH says it."""
    assert originate(place.link, [[leg(user, timeout_s=1)]], RULES, PARK) is cause


def test_whoever_answers_first_of_several(place: Place) -> None:
    """The others are let go; whom the rules bar nobody calls."""
    legs = [leg("away", timeout_s=5), leg("ada")]
    assert originate(place.link, [legs], RULES, PARK) is HangupCause.NONE
    eventually(lambda: set(place.switch.core.sessions) == {legs[1].uuid}, what="the one")
    with pytest.raises(NotDialable):
        originate(place.link, [[Leg(parse_destination("sip:a@127.0.0.1"))]], RULES, PARK)


def test_an_answered_leg_becomes_a_call_of_ours(place: Place) -> None:
    """It is handed over as every call is."""
    ada = leg("ada")
    running = place.expect(lambda call: (call.uuid, call.identity.handed_to, call.is_answered), ada.uuid)
    host, port = place.listener.address
    assert originate(place.link, [[ada]], RULES, handed_over(f"{host}:{port}")) is HangupCause.NONE
    assert running.get(timeout=5) == (ada.uuid, f"{host}:{port}", True)


def test_two_legs_are_joined_moved_and_ended(place: Place) -> None:
    """Each by its uuid, whoever dialled it."""
    ada, bob = leg("ada"), leg("bob")
    for one in (ada, bob):
        assert originate(place.link, [[one]], RULES, PARK) is HangupCause.NONE
    sessions = place.switch.core.sessions
    assert run(place, leg_commands.join(ada.uuid, bob.uuid)) == [f"+OK {bob.uuid}"]
    eventually(lambda: sessions[ada.uuid].partner is sessions[bob.uuid], what="the two")
    run(place, leg_commands.play(ada.uuid, "silence_stream://200", Side.BOTH))
    run(place, leg_commands.stop_playing(ada.uuid))
    run(place, leg_commands.move(ada.uuid, "set:moved=a\\,b,sleep:5000"))
    eventually(lambda: sessions[ada.uuid].channel.get("moved") == "a,b", what="the move")
    run(place, leg_commands.park(ada.uuid), leg_commands.hang_up(ada.uuid, HangupCause.USER_BUSY))
    eventually(lambda: not sessions, what="the end")
    with pytest.raises(CommandRefused):
        run(place, leg_commands.park(ada.uuid))


@given(text=st.text(max_size=40))
def test_no_text_becomes_another_argument(text: str) -> None:
    """A uuid is a uuid, everything else one word of its command."""
    try:
        command = leg_commands.play("a-b", text)
    except BadCommand:
        return
    assert command.wire.decode().rstrip("\n").count(" ") == 4
    for name in ("join", "park", "answer", "hang_up"):
        with pytest.raises(BadCommand):
            getattr(leg_commands, name)(*[f"{text} "] * (2 if name == "join" else 1))
    with pytest.raises(BadCommand):
        handed_over(f"{text})")
