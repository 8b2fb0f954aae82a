"""Bridging on the simulator: who is called, who is connected, what is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from calls.bridge import BridgeOutcome, bridge
from calls.call import Call
from calls.cause import HangupCause
from calls.destination import parse_destination
from calls.errors import CallGone, CallLeft, NotDialable
from calls.leg import Leg
from calls.leg_door import LegDoor
from calls.leg_watch import LegState, LegStory
from calls.media import play
from tests.calls.on_switch import RULES, Place
from tests.waiting import eventually

PARTIES = {
    "*+1555000*": {"answer_after": 0.2, "ring_after": 0.1, "steps": [{"at": 0.3, "hang_up": True}]},
    "*+1555001*": {"answer_after": 0.1, "ring_after": 0.05, "steps": [{"at": 0, "say": 60}]},
    "*busy*": {"refuse": "USER_BUSY", "ring_after": 0.05},
    "*early*": {
        "early_media": True,
        "ring_after": 0.05,
        "answer_after": 0.6,
        "steps": [{"at": 0.2, "hang_up": True}],
    },
    "*": {"never_answers": True, "ring_after": 0.05},
}
SHORT, LONG = "+15550001111", "+15550011111"


@pytest.fixture
def place() -> Iterator[Place]:
    """A simulated switch."""
    made = Place()
    yield made
    made.close()


@pytest.fixture
def door() -> Iterator[LegDoor]:
    """A door that is open."""
    made = LegDoor()
    yield made
    made.stop()


def leg(to: str, **options: Any) -> Leg:
    """Return a leg."""
    return Leg(parse_destination(to), **options)


class Notes:
    """What was told while a bridge was under way."""

    def __init__(self) -> None:
        self.changes: list[tuple[str, LegState]] = []
        self.connected: list[Leg] = []

    def note(self, story: LegStory) -> None:
        """Note a change."""
        self.changes.append((story.leg.uuid, story.state))

    def of(self, one: Leg) -> list[LegState]:
        """Return what was told of a leg."""
        return [state for uuid, state in self.changes if uuid == one.uuid]


def bridging(notes: Notes, *groups: list[Leg], **options: Any) -> Any:
    """Return the verb that calls these."""
    return lambda call: bridge(
        call, groups, RULES, on_change=notes.note, on_connected=notes.connected.append, **options
    )


def test_one_leg_answers_and_hangs_up(place: Place) -> None:
    """The caller is ours again, and every state of the leg is told in order."""
    notes, one = Notes(), leg(SHORT)
    running = place.run(bridging(notes, [one]), {"parties": PARTIES})
    outcome = running.result()
    assert outcome.leg == one
    assert outcome.cause is HangupCause.NORMAL_CLEARING
    assert 0.2 < outcome.talked_s < 2
    assert notes.of(one) == [LegState.CREATED, LegState.RINGING, LegState.ANSWERED, LegState.ENDED]
    assert running.dialled() == [f"sofia/gateway/carrier/{SHORT}"]


def test_nobody_answers(place: Place) -> None:
    """Why is told, and the caller stays."""
    running = place.run(bridging(Notes(), [leg("sip:busy@example.com")]), {"parties": PARTIES})
    outcome = running.result()
    assert (outcome.is_connected, outcome.cause) == (False, HangupCause.USER_BUSY)


def test_a_leg_s_own_limit_ends_it(place: Place) -> None:
    """With a cause of its own."""
    notes, one = Notes(), leg("1", timeout_s=1)
    outcome = place.run(bridging(notes, [one]), {"parties": PARTIES}).result()
    assert (outcome.leg, outcome.cause) == (None, HangupCause.ALLOTTED_TIMEOUT)
    assert notes.of(one) == [LegState.CREATED, LegState.RINGING, LegState.ENDED]


def test_nobody_of_that_name(place: Place) -> None:
    """A leg that never came to be has no story to tell."""
    outcome = place.run(bridging(Notes(), [leg("1")])).result()
    assert (outcome.leg, outcome.cause) == (None, HangupCause.SUBSCRIBER_ABSENT)
    assert [story.state for story in outcome.stories] == [LegState.NONE]


def test_groups_in_turn_and_legs_at_once(place: Place) -> None:
    """The first group refuses or rings in vain; of the second the quicker one wins."""
    notes = Notes()
    groups = [
        [leg("sip:busy@example.com"), leg("1", timeout_s=1)],
        [leg("2"), leg(SHORT)],
        [leg(LONG)],
    ]
    running = place.run(bridging(notes, *groups), {"parties": PARTIES})
    outcome = running.result()
    assert outcome.leg == groups[1][1]
    assert [story.cause for story in outcome.stories] == [
        HangupCause.USER_BUSY,
        HangupCause.ALLOTTED_TIMEOUT,
        HangupCause.LOSE_RACE,
        HangupCause.NORMAL_CLEARING,
        HangupCause.NONE,
    ]
    assert len(running.dialled()) == 4


def test_early_media_is_no_answer(place: Place) -> None:
    """The caller hears it; who answers is the one who wins."""
    notes = Notes()
    one = leg("sip:early@example.com")
    running = place.run(bridging(notes, [one]), {"parties": PARTIES})
    assert running.result().is_connected
    names = [seen.name for seen in running.sim.events]
    assert (
        names.index("CHANNEL_PROGRESS_MEDIA") < names.index("CHANNEL_ANSWER") < names.index("CHANNEL_BRIDGE")
    )


def test_a_ringback_is_heard_in_its_place(place: Place) -> None:
    """From when it rings until somebody answers."""
    notes = Notes()
    verb = bridging(notes, [leg("1", timeout_s=1)], ringback="tone_stream://%(1000,0,440);loops=-1")
    running = place.run(verb, {"parties": PARTIES})
    running.result()
    heard = running.sim.session.heard
    assert heard.level_at(running.sim.session.began_s + 0.6) > 500


def test_the_caller_hangs_up(place: Place) -> None:
    """The verb raises that the call is gone, and the leg's end is told all the same."""
    notes, one = Notes(), leg(LONG)
    running = place.run(bridging(notes, [one]), {"parties": PARTIES})
    eventually(lambda: notes.connected, what="the bridge")
    running.sim.hang_up()
    with pytest.raises(CallGone):
        running.result()
    assert notes.of(one)[-1] is LegState.ENDED


def test_the_caller_is_transferred_away(place: Place) -> None:
    """Then it is no longer ours; the leg is left alone."""
    notes = Notes()
    script = {"parties": PARTIES, "extensions": {"away": [["answer", ""], ["sleep", "300"]]}}
    running = place.run(bridging(notes, [leg(LONG)]), script)
    eventually(lambda: notes.connected, what="the bridge")
    assert running.sim.transfer("away")
    with pytest.raises(CallLeft):
        running.result()


def test_what_happens_on_a_leg_is_no_event_of_the_call(place: Place) -> None:
    """Its digits are not the caller's, its end is not the call's, also when it is heard of too late."""
    digits: list[str] = []

    def run(call: Call) -> BridgeOutcome:
        with call.dtmf.listening(digits.append):
            outcome = bridge(call, [[leg(LONG)]], RULES)
            call.execute("eval")
            assert not call.is_ended
            return outcome

    steps = [{"at": 0.1, "press": "12"}, {"at": 0.4, "hang_up": True}]
    running = place.run(run, {"parties": {"*": {"answer_after": 0, "steps": steps}}})
    assert running.result().is_connected
    assert digits == []


def test_commands_are_taken_up_while_it_rings(place: Place) -> None:
    """A recording may begin or end meanwhile."""
    notes = Notes()

    def run(call: Call) -> BridgeOutcome:
        call.on_end(lambda _end: None)
        return bridge(call, [[leg("1", timeout_s=2)]], RULES, on_change=lambda story: told(call, story))

    def told(call: Call, story: LegStory) -> None:
        notes.note(story)
        if story.state is LegState.RINGING:
            call.submit("set", "meanwhile=yes")

    running = place.run(run, {"parties": PARTIES})
    eventually(lambda: running.sim.session.channel.get("meanwhile") == "yes", 2, "the command")
    assert running.sim.session.channel.get("originate_disposition") == "failure"
    running.result()


def test_what_may_not_be_called_is_not(place: Place) -> None:
    """Nothing is sent to FreeSWITCH."""
    running = place.run(bridging(Notes(), [leg("sip:a@127.0.0.1")]), {"parties": PARTIES})
    with pytest.raises(NotDialable):
        running.result()
    assert running.dialled() == []


def confirming(door: LegDoor, notes: Notes, legs: list[Leg], asks: list[Any], timeout_s: int = 5) -> Any:
    """Return the verb that calls these one after the other, each of which is asked first."""

    def run(call: Call) -> BridgeOutcome:
        groups = [[replace(one, confirmation=door.confirmation(call, timeout_s))] for one in legs]
        with door.expecting({one.uuid: ask for one, ask in zip(legs, asks, strict=True)}):
            return bridge(call, groups, RULES, on_change=notes.note, on_connected=notes.connected.append)

    return run


def test_a_leg_is_asked_before_it_is_connected(place: Place, door: LegDoor) -> None:
    """The first says no, the second yes."""
    notes = Notes()
    legs = [leg(LONG), leg(SHORT)]

    def refuse(call: Call) -> bool:
        play(call, "tone_stream://%(100,0,440)")
        assert not notes.connected
        return False

    running = place.run(confirming(door, notes, legs, [refuse, lambda _call: True]), {"parties": PARTIES})
    outcome = running.result()
    assert outcome.leg is not None
    assert outcome.leg.uuid == legs[1].uuid
    assert outcome.stories[0].cause is HangupCause.CALL_REJECTED


def test_whatever_fails_while_it_is_asked_connects_nobody(place: Place, door: LegDoor) -> None:
    """An error of ours is no consent; nor is the silence of a leg nobody expects."""
    notes = Notes()

    def fail(_call: Call) -> bool:
        raise RuntimeError("of ours")

    running = place.run(confirming(door, notes, [leg(LONG)], [fail]), {"parties": PARTIES})
    assert running.result().cause is HangupCause.CALL_REJECTED

    def run(call: Call) -> BridgeOutcome:
        unknown = leg(LONG, confirmation=door.confirmation(call, 5))
        return bridge(call, [[unknown]], RULES)

    assert place.run(run, {"parties": PARTIES}).result().cause is HangupCause.CALL_REJECTED


def test_asking_has_a_limit(place: Place, door: LegDoor) -> None:
    """FreeSWITCH keeps it."""

    def ask(call: Call) -> bool:
        call.sleep(30)
        return True

    running = place.run(confirming(door, Notes(), [leg(LONG)], [ask], 1), {"parties": PARTIES})
    assert running.result().cause is HangupCause.ALLOTTED_TIMEOUT
    eventually(lambda: door.live == 0, what="the end of asking")


def test_a_key_may_confirm(place: Place) -> None:
    """FreeSWITCH asks for it by itself."""
    from calls.leg import Confirmation

    parties = {"*": {"answer_after": 0, "steps": [{"at": 0.2, "press": "1"}, {"at": 0.6, "hang_up": True}]}}
    notes = Notes()
    one = leg(LONG, confirmation=Confirmation("1", "silence", 5))
    outcome = place.run(bridging(notes, [one]), {"parties": parties}).result()
    assert outcome.leg == one
