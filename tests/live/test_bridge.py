"""Bridging on a running FreeSWITCH: who is called, who is connected, what is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gevent
import pytest

from calls.bridge import BridgeOutcome, bridge
from calls.call import Call
from calls.cause import HangupCause
from calls.destination import parse_destination
from calls.errors import CallGone
from calls.leg import Leg
from calls.leg_watch import LegState, LegStory
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
