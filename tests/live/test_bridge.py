"""Bridging on a running FreeSWITCH: who is called, who is connected, what is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gevent
import pytest

from calls.bridge import BridgeOutcome, bridge
from calls.call import Call
from calls.cause import HangupCause
from calls.destination import parse_destination
from calls.errors import CallGone
from calls.leg import Leg
from calls.leg_door import LegDoor
from calls.leg_watch import LegState, LegStory
from calls.media import play
from config.address import Address
from tests.live.tones import heard, order, seconds
from tests.live.verbs import RULES, Ground
from tests.waiting import eventually

pytestmark = [pytest.mark.live, pytest.mark.timeout(60)]


@pytest.fixture
def ground(freeswitch: tuple[Address, str]) -> Iterator[Ground]:
    """A place to try verbs."""
    made = Ground(*freeswitch)
    yield made
    made.close()


def leg(uri: str, **options: Any) -> Leg:
    """Return a leg to a telephone."""
    return Leg(parse_destination(uri), **options)


class Notes:
    """What was told while a bridge was under way."""

    def __init__(self) -> None:
        self.changes: list[tuple[str, LegState]] = []
        self.connected: list[Leg] = []

    def note(self, story: LegStory) -> None:
        """Note a change."""
        self.changes.append((story.leg.uuid, story.state))


def bridging(notes: Notes, *groups: list[Leg], **options: Any) -> Any:
    """Return the verb that calls these."""

    def run(call: Call) -> BridgeOutcome:
        return bridge(
            call, groups, RULES, on_change=notes.note, on_connected=notes.connected.append, **options
        )

    return run


def test_one_leg_answers_and_hangs_up(ground: Ground) -> None:
    """The caller is ours again, and every state of the leg is told in order."""
    notes, bob = Notes(), leg(ground.uri("bob"), caller="+15550001111", headers={"X-Note": "a, b; c=d"})
    running = ground.run(bridging(notes, [bob]))
    dialog = ground.phone("bob").wait_call()
    eventually(lambda: notes.connected, what="the bridge")
    assert dialog.invite is not None
    assert "+15550001111" in dialog.invite.headers["from"]
    assert dialog.invite.headers["x-note"] == "a, b; c=d"
    gevent.sleep(0.5)
    dialog.hang_up()
    outcome = running.result()
    assert outcome.leg == bob
    assert outcome.cause is HangupCause.NORMAL_CLEARING
    assert 0.4 < outcome.talked_s < 3
    assert [state for _, state in notes.changes] == [LegState.CREATED, LegState.ANSWERED, LegState.ENDED]


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (486, HangupCause.USER_BUSY),
        (603, HangupCause.CALL_REJECTED),
        (404, HangupCause.UNALLOCATED_NUMBER),
        (480, HangupCause.NO_USER_RESPONSE),
    ],
)
def test_a_leg_that_refuses_says_why(ground: Ground, status: int, cause: HangupCause) -> None:
    """The caller stays."""
    ground.phone("bob").refuses = status
    outcome = ground.run(bridging(Notes(), [leg(ground.uri("bob"))])).result()
    assert (outcome.leg, outcome.cause) == (None, cause)


def test_nobody_answers_in_time(ground: Ground) -> None:
    """A leg's own limit ends it."""
    ground.phone("bob").rings = True
    notes = Notes()
    outcome = ground.run(bridging(notes, [leg(ground.uri("bob"), timeout_s=1)])).result()
    assert (outcome.leg, outcome.cause) == (None, HangupCause.ALLOTTED_TIMEOUT)
    assert [state for _, state in notes.changes] == [LegState.CREATED, LegState.RINGING, LegState.ENDED]


def test_legs_in_turn(ground: Ground) -> None:
    """The next one is called when the one before it refuses or takes too long."""
    ground.phone("bob").refuses = 486
    ground.phone("carol").rings = True
    notes = Notes()
    legs = [leg(ground.uri("bob")), leg(ground.uri("carol"), timeout_s=1), leg(ground.uri("dave"))]
    running = ground.run(bridging(notes, *([one] for one in legs)))
    ground.phone("dave").wait_call()
    eventually(lambda: notes.connected, what="the bridge")
    ground.phone("dave").dialog.hang_up()
    outcome = running.result()
    assert outcome.leg == legs[2]
    assert [story.cause for story in outcome.stories] == [
        HangupCause.USER_BUSY,
        HangupCause.ALLOTTED_TIMEOUT,
        HangupCause.NORMAL_CLEARING,
    ]


def test_legs_at_once(ground: Ground) -> None:
    """Whoever answers first has the caller; the other one is told that it has lost."""
    ground.phone("bob").rings = True
    notes = Notes()
    legs = [leg(ground.uri("bob")), leg(ground.uri("carol"))]
    running = ground.run(bridging(notes, legs))
    ground.phone("carol").wait_call()
    eventually(lambda: notes.connected, what="the bridge")
    ground.phone("carol").dialog.hang_up()
    outcome = running.result()
    assert outcome.leg == legs[1]
    assert outcome.stories[0].cause is HangupCause.LOSE_RACE


def test_the_caller_hangs_up(ground: Ground) -> None:
    """The verb raises that the call is gone, and the leg's end is told all the same."""
    notes = Notes()
    running = ground.run(bridging(notes, [leg(ground.uri("bob"))]))
    ground.phone("bob").wait_call()
    eventually(lambda: notes.connected, what="the bridge")
    running.dialog.hang_up()
    with pytest.raises(CallGone):
        running.result()
    assert notes.changes[-1][1] is LegState.ENDED


def test_the_caller_hangs_up_while_it_rings(ground: Ground) -> None:
    """The leg is cancelled."""
    ground.phone("bob").rings = True
    notes = Notes()
    running = ground.run(bridging(notes, [leg(ground.uri("bob"))]))
    eventually(lambda: LegState.RINGING in [state for _, state in notes.changes], what="ringing")
    running.dialog.hang_up()
    with pytest.raises(CallGone):
        running.result()
    assert notes.changes[-1][1] is LegState.ENDED


def test_a_connected_leg_has_a_longest_time(ground: Ground) -> None:
    """FreeSWITCH sees to it by itself."""
    running = ground.run(bridging(Notes(), [leg(ground.uri("bob"), max_duration_s=2)]))
    outcome = running.result()
    assert outcome.cause is HangupCause.ALLOTTED_TIMEOUT
    assert 0.9 < outcome.talked_s < 3.5


def test_an_unanswered_caller_is_answered_when_a_leg_is(ground: Ground) -> None:
    """Not before: it rings."""
    bob = ground.phone("bob")
    bob.rings = True
    notes = Notes()
    running, originated = ground.dial_in(bridging(notes, [leg(bob.uri, codecs=("PCMU",))]))
    eventually(lambda: LegState.RINGING in [state for _, state in notes.changes], what="ringing")
    gevent.sleep(0.5)
    assert not originated.ready()
    bob.answer(bob.dialog)
    assert originated.get(timeout=5).startswith("+OK")
    bob.wait_call()
    bob.dialog.hang_up()
    assert running.result().is_connected


@pytest.mark.parametrize("ringback", ["", "tone_stream://%(2000,0,1600)"])
def test_what_the_caller_hears_before_the_answer(ground: Ground, tmp_path: Any, ringback: str) -> None:
    """The leg's early media, which does not count as an answer; or a ringback in its place."""
    path = tmp_path / "heard.wav"
    tmp_path.chmod(0o777)
    bob = ground.phone("bob", 800)
    bob.sounds_early = True
    notes = Notes()

    def run(call: Call) -> BridgeOutcome:
        call.execute("record_session", str(path))
        return bridge(call, [[leg(bob.uri)]], RULES, on_change=notes.note, ringback=ringback)

    running = ground.run(run, variables={"RECORD_STEREO": "true", "RECORD_PRE_BUFFER_FRAMES": "0"})
    eventually(lambda: LegState.RINGING in [state for _, state in notes.changes], what="early media")
    gevent.sleep(1.5)
    assert LegState.ANSWERED not in [state for _, state in notes.changes]
    bob.answer(bob.dialog)
    bob.wait_call()
    gevent.sleep(1)
    bob.dialog.hang_up()
    assert running.result().is_connected
    running.dialog.wait_over()
    sides = heard(path, {"A": 400, "B": 800, "R": 1600})
    assert order(sides[1]) == ("RB" if ringback else "B"), sides
    assert seconds(sides[1], "B") + seconds(sides[1], "R") > 2, sides


def asked(door: LegDoor, notes: Notes, legs: list[Leg], asks: list[Any], *, serial: bool = False) -> Any:
    """Return the verb that calls these, each of which is asked first."""

    def run(call: Call) -> BridgeOutcome:
        confirming = [replace(one, confirmation=door.confirmation(call, 3)) for one in legs]
        groups = [[one] for one in confirming] if serial else [confirming]
        with door.expecting({one.uuid: ask for one, ask in zip(legs, asks, strict=True)}):
            return bridge(call, groups, RULES, on_change=notes.note, on_connected=notes.connected.append)

    return run


@pytest.fixture
def door() -> Iterator[LegDoor]:
    """A door that is open."""
    made = LegDoor()
    yield made
    made.stop()


def test_a_leg_that_confirms_is_connected(ground: Ground, door: LegDoor) -> None:
    """It is answered, then asked, then connected; the caller waits that long."""
    heard_of: list[str] = []
    notes, bob = Notes(), leg(ground.uri("bob"))

    def ask(call: Call) -> bool:
        heard_of.append(call.uuid)
        play(call, "tone_stream://%(700,0,440)")
        assert not notes.connected
        return True

    running = ground.run(asked(door, notes, [bob], [ask]))
    ground.phone("bob").wait_call()
    eventually(lambda: notes.connected, what="the bridge")
    assert heard_of == [bob.uuid]
    ground.phone("bob").dialog.hang_up()
    outcome = running.result()
    assert outcome.leg is not None
    assert outcome.leg.uuid == bob.uuid


def test_a_leg_that_does_not_confirm_is_hung_up_and_the_next_is_called(ground: Ground, door: LegDoor) -> None:
    """Nobody is connected with somebody who did not say yes."""
    notes = Notes()
    legs = [leg(ground.uri("bob")), leg(ground.uri("carol"))]
    asks = [lambda _call: False, lambda _call: True]
    running = ground.run(asked(door, notes, legs, asks, serial=True))
    ground.phone("carol").wait_call()
    eventually(lambda: notes.connected, what="the bridge")
    assert notes.connected[0].uuid == legs[1].uuid
    ground.phone("carol").dialog.hang_up()
    assert running.result().stories[0].cause is HangupCause.CALL_REJECTED


def test_a_leg_that_takes_too_long_to_confirm_is_given_up(ground: Ground, door: LegDoor) -> None:
    """Asking has a limit, which FreeSWITCH keeps."""
    gone: list[str] = []

    def ask(call: Call) -> bool:
        try:
            call.sleep(20)
        except CallGone as exc:
            gone.append(exc.cause)
            raise
        return True

    running = ground.run(asked(door, Notes(), [leg(ground.uri("bob"))], [ask]))
    outcome = running.result()
    assert (outcome.leg, outcome.cause) == (None, HangupCause.ALLOTTED_TIMEOUT)
    assert gone == [HangupCause.ALLOTTED_TIMEOUT]


def test_the_first_to_confirm_wins(ground: Ground, door: LegDoor) -> None:
    """Not the first to answer."""
    notes = Notes()
    legs = [leg(ground.uri("bob")), leg(ground.uri("carol"))]

    def hesitate(call: Call) -> bool:
        call.sleep(10)
        return True

    running = ground.run(asked(door, notes, legs, [hesitate, lambda _call: True]))
    eventually(lambda: notes.connected, what="the bridge")
    assert notes.connected[0].uuid == legs[1].uuid
    ground.phone("carol").dialog.hang_up()
    assert running.result().stories[0].cause is HangupCause.LOSE_RACE
    eventually(lambda: door.live == 0, what="the end of asking")
