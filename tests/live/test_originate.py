"""Calls that are made by us, and what is told to any leg, on a running FreeSWITCH."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from gevent.event import AsyncResult

from calls import leg_commands
from calls.cause import HangupCause
from calls.destination import parse_destination
from calls.leg import Leg
from calls.leg_commands import Side
from calls.originate import PARK, handed_over, originate
from config.address import Address
from tests.live.verbs import RULES, Ground
from tests.waiting import eventually

pytestmark = [pytest.mark.live, pytest.mark.timeout(60)]


@pytest.fixture
def ground(freeswitch: tuple[Address, str]) -> Iterator[Ground]:
    """A place to try verbs."""
    made = Ground(*freeswitch)
    yield made
    made.close()


def leg(ground: Ground, name: str, **options: Any) -> Leg:
    """A leg to a telephone."""
    return Leg(parse_destination(ground.uri(name)), **options)


def tell(ground: Ground, *commands: Any) -> list[str]:
    """What FreeSWITCH says to commands."""
    return [reply.get(5).text.strip() for reply in ground.link.post(*commands)]


def test_a_leg_is_dialled_and_becomes_a_call_of_ours(ground: Ground) -> None:
    """Under the uuid that was chosen for it; whatever its variables hold arrives."""
    header = "a, 'b' \\ c; \"d\" $1"
    bob = leg(ground, "bob", headers={"X-Note": header}, caller="+15550001111")
    result = ground.expect(lambda call: (call.uuid, call.identity.handed_to, call.is_answered), bob.uuid)
    host, port = ground.listener.address
    assert originate(ground.link, [[bob]], RULES, handed_over(f"{host}:{port}")) is HangupCause.NONE
    assert result.get(timeout=5) == (bob.uuid, f"{host}:{port}", True)
    invite = ground.phone("bob").dialog.invite
    assert invite is not None
    assert invite.headers["x-note"] == header


@pytest.mark.parametrize(
    ("status", "cause"), [(486, HangupCause.USER_BUSY), (0, HangupCause.ALLOTTED_TIMEOUT)]
)
def test_why_nobody_answers(ground: Ground, status: int, cause: HangupCause) -> None:
    """A refusal, or the leg's own limit."""
    bob = ground.phone("bob")
    bob.refuses, bob.rings = status, not status
    assert originate(ground.link, [[leg(ground, "bob", timeout_s=1)]], RULES, PARK) is cause


def test_whoever_answers_first_of_several(ground: Ground) -> None:
    """The other one is let go; early media is no answer."""
    bob = ground.phone("bob")
    bob.rings = bob.sounds_early = True
    legs = [leg(ground, "bob"), leg(ground, "carol")]
    ground.legs += [one.uuid for one in legs]
    assert originate(ground.link, [legs], RULES, PARK) is HangupCause.NONE
    eventually(lambda: ground.link.api("uuid_exists", legs[0].uuid) == "false", what="the end of the other")
    assert ground.link.api("uuid_exists", legs[1].uuid) == "true"


def test_two_legs_are_joined_moved_and_ended(ground: Ground) -> None:
    """Each by its uuid, whoever dialled it."""
    bob, carol = leg(ground, "bob"), leg(ground, "carol")
    ground.legs += [bob.uuid, carol.uuid]
    for one in (bob, carol):
        assert originate(ground.link, [[one]], RULES, PARK) is HangupCause.NONE
    assert tell(ground, leg_commands.join(bob.uuid, carol.uuid)) == [f"+OK {carol.uuid}"]
    eventually(lambda: ground.events("CHANNEL_BRIDGE", bob.uuid), what="the two")
    tell(ground, leg_commands.play(bob.uuid, "tone_stream://%(300,0,800)", Side.BOTH))
    tell(ground, leg_commands.stop_playing(bob.uuid))
    tell(ground, leg_commands.move(bob.uuid, "set:moved=a\\,b c,park"))

    def moved() -> bool:
        return ground.link.api("uuid_getvar", f"{bob.uuid} moved") == "a,b c"

    eventually(moved, what="the move")
    eventually(lambda: ground.link.api("uuid_exists", carol.uuid) == "false", what="the other's end")
    tell(ground, leg_commands.park(bob.uuid), leg_commands.hang_up(bob.uuid, HangupCause.USER_BUSY))
    (event,) = eventually(lambda: ground.events("CHANNEL_HANGUP_COMPLETE", bob.uuid), what="the end")
    assert event.get("Hangup-Cause") == "USER_BUSY"


def test_two_legs_are_moved_together(ground: Ground) -> None:
    """Each goes on with the same."""
    bob, carol = leg(ground, "bob"), leg(ground, "carol")
    ground.legs += [bob.uuid, carol.uuid]
    for one in (bob, carol):
        assert originate(ground.link, [[one]], RULES, PARK) is HangupCause.NONE
    tell(ground, leg_commands.join(bob.uuid, carol.uuid))
    eventually(lambda: ground.events("CHANNEL_BRIDGE", bob.uuid), what="the two")
    results: list[AsyncResult] = [ground.expect(lambda call: call.uuid, one.uuid) for one in (bob, carol)]
    host, port = ground.listener.address
    socket = f"socket:{host}:{port} async full"
    tell(ground, leg_commands.move(bob.uuid, socket, with_partner=True))
    assert [result.get(timeout=5) for result in results] == [bob.uuid, carol.uuid]
