"""Referring, conferences and queues on the simulator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.call import Call
from calls.conference import Happening, NotCoachable, Seat, join
from calls.destination import parse_destination
from calls.errors import CallGone, NotDialable
from calls.queue import QueueResult, enter, take, waiting
from calls.refer import Referral, ReferResult, refer
from calls.room import BadRoomName, room_of
from tests.calls.on_switch import Place
from tests.waiting import eventually

CAROL = parse_destination("sip:carol@example.com")


@pytest.fixture
def place() -> Iterator[Place]:
    """A simulated switch."""
    made = Place()
    yield made
    made.close()


def answered(verb: Any) -> Any:
    """Return a verb that is run on an answered call."""

    def run(call: Call) -> Any:
        call.execute("answer")
        return verb(call)

    return run


@pytest.mark.parametrize(
    ("referrals", "result", "codes"),
    [
        ([202, 200], ReferResult.SUCCESS, (202, 200)),
        ([202, 486], ReferResult.FAILED, (202, 486)),
        ([603], ReferResult.FAILED, (603, 0)),
    ],
)
def test_a_telephone_is_referred(
    place: Place, referrals: list[int], result: ReferResult, codes: tuple[int, int]
) -> None:
    """What it answers, and what it says of the new call; it stays ours."""
    told: list[Referral] = []
    verb = answered(lambda call: refer(call, CAROL, on_progress=told.append))
    running = place.run(verb, {"referrals": referrals})
    referral = running.result()
    assert (referral.result, (referral.code, referral.target_code)) == (result, codes)
    assert running.said("deflect") == ["sip:carol@example.com"]
    assert bool(told) == (codes[0] == 202)


def test_a_telephone_that_goes_has_gone_on(place: Place) -> None:
    """It took REFER, and says goodbye before it says what became of it."""
    verb = answered(lambda call: refer(call, CAROL))
    running = place.run(verb, {"referrals": [202], "steps": [{"at": 0.8, "hang_up": True}]})
    assert running.result().is_gone


def test_a_telephone_that_goes_at_once_is_gone(place: Place) -> None:
    """Before it said anything of it."""
    verb = answered(lambda call: refer(call, CAROL))
    running = place.run(verb, {"referrals": [100], "steps": [{"at": 0.4, "hang_up": True}]})
    with pytest.raises(CallGone):
        running.result()


def test_an_unanswered_call_is_redirected(place: Place) -> None:
    """With 302; nobody will tell what becomes of it."""
    running = place.run(lambda call: refer(call, CAROL))
    assert running.result().result is ReferResult.REDIRECTED
    assert running.said("redirect") == ["sip:carol@example.com"]


def test_nobody_is_referred_to_a_number(place: Place) -> None:
    """REFER takes SIP addresses."""
    with pytest.raises(NotDialable):
        place.run(lambda call: refer(call, parse_destination("+15551234567"))).result()


def test_a_conference(place: Place) -> None:
    """Members come and go, are muted, and are ours again afterwards."""
    told: list[str] = []
    first = place.run(
        lambda call: join(call, Seat("room", is_muted=True), lambda what, _event: told.append(what))
    )
    eventually(lambda: told, what="the first")
    second = place.run(lambda call: join(call, Seat("room")))
    eventually(lambda: len(place.switch.core.conferences["room"].members) == 2, what="the second")
    place.link.api("conference", "room unmute all")
    place.link.api("conference", "room kick last")
    assert not second.result().is_last
    place.link.api("conference", "room kick all")
    sitting = first.result()
    assert (sitting.has_joined, sitting.is_last) == (True, True)
    assert told == [Happening.JOINED, Happening.STARTED, Happening.UNMUTED, Happening.LEFT]
    assert place.switch.core.conferences == {}


def test_who_does_not_start_waits_and_who_ends_ends_it(place: Place) -> None:
    """Until somebody comes who does; with whoever is to end it all are ours again."""
    waiter = place.run(
        lambda call: join(call, Seat("room", starts=False, music="tone_stream://%(1000,0,440);loops=-1"))
    )
    eventually(lambda: "room" in place.switch.core.conferences, what="the conference")
    assert place.switch.core.conferences["room"].waits
    starter = place.run(lambda call: join(call, Seat("room", ends=True)))
    eventually(lambda: not place.switch.core.conferences["room"].waits, what="the start")
    starter.sim.hang_up()
    with pytest.raises(CallGone):
        starter.result()
    assert waiter.result().has_joined


def test_a_conference_has_a_size(place: Place) -> None:
    """Whoever comes too late has not joined, and is ours again."""
    place.run(lambda call: join(call, Seat("room", max_members=2)))
    place.run(lambda call: join(call, Seat("room", max_members=2)))
    eventually(
        lambda: len(getattr(place.switch.core.conferences.get("room"), "members", [])) == 2, what="two"
    )
    assert not place.run(lambda call: join(call, Seat("room"))).result().has_joined


def test_a_coach_is_heard_by_one_only(place: Place) -> None:
    """By nobody who was there before, nor by who comes later."""
    runs = [place.run(lambda call: join(call, Seat("room"))) for _ in range(2)]
    conferences = place.switch.core.conferences
    eventually(lambda: "room" in conferences and len(conferences["room"].members) == 2, what="two")
    place.run(lambda call: join(call, Seat("room", coached=runs[0].sim.uuid)))
    eventually(lambda: len(conferences["room"].members) == 3, what="the coach")
    place.run(lambda call: join(call, Seat("room")))
    members = conferences["room"].members
    coached = next(one.number for one in members if one.session.channel.uuid == runs[0].sim.uuid)
    eventually(lambda: len(members) == 4, what="all")
    others = {one.number for one in members} - {coached, members[2].number}
    eventually(lambda: members[2].unheard_by == others, what="the relations")
    for nobody in ("not-there", "no uuid"):
        with pytest.raises(NotCoachable):
            place.run(lambda call, who=nobody: join(call, Seat("room", coached=who))).result()


def test_nobody_takes_a_call_in_time(place: Place) -> None:
    """It is ours again."""
    places: list[Any] = []
    running = place.run(lambda call: enter(call, "q", 1, music="silence", on_entered=places.append))
    waited = running.result()
    assert waited.result is QueueResult.TIMEOUT
    assert [(one.position, one.size) for one in places] == [(1, 1)]
    assert place.switch.core.queues["q"] == []


def test_whoever_has_waited_longest_is_taken(place: Place) -> None:
    """It leaves us, the two talk; whoever took it is ours again."""
    entered: list[int] = []
    first = place.run(
        lambda call: enter(call, "q", 20, music="silence", on_entered=lambda at: entered.append(at.position))
    )
    eventually(lambda: entered == [1], what="the first")
    second = place.run(
        lambda call: enter(call, "q", 20, music="silence", on_entered=lambda at: entered.append(at.position))
    )
    eventually(lambda: entered == [1, 2], what="the second")
    agent = place.run(lambda call: take(call, "q", 5))
    waited = first.result()
    assert (waited.result, waited.taken_by) == (QueueResult.CONNECTED, agent.sim.uuid)
    first.sim.hang_up()
    taken = agent.result()
    assert taken.uuid == first.sim.uuid
    second.sim.hang_up()
    with pytest.raises(CallGone):
        second.result()


def test_a_call_goes_on_where_it_was_to_go(place: Place) -> None:
    """When whoever took it hangs up."""
    then = "'set:after=yes,sleep:2000':inline"
    caller = place.run(lambda call: enter(call, "q", 20, music="silence", afterwards=then))
    eventually(lambda: place.switch.core.queues.get("q"), what="the caller")
    agent = place.run(lambda call: take(call, "q", 5))
    caller.result()
    eventually(lambda: agent.sim.session.partner is not None, what="the two")
    agent.sim.hang_up()
    eventually(lambda: caller.sim.session.channel.get("after") == "yes", what="afterwards")


def test_nobody_waits_to_be_taken(place: Place) -> None:
    """Whoever wants to take a call does not wait for ever."""
    assert place.run(lambda call: take(call, "q", 0.2)).result().uuid == ""
    assert place.run(lambda call: waiting(call, "q")).result() == 0


def test_accounts_have_rooms_of_their_own() -> None:
    """And names of documents stay apart, whatever is in them."""
    assert room_of("a1", "Sales & more") == "a1__Sales_20_26_20more"
    assert room_of("a_b", "x") != room_of("a", "b__x")
    assert room_of("", "x") == "none__x"
    for name in ("", "  ", "x" * 129):
        with pytest.raises(BadRoomName):
            room_of("a", name)


@given(st.text(max_size=128), st.text(max_size=128))
def test_names_of_rooms_are_plain_and_told_apart(one: str, other: str) -> None:
    """They stand in arguments of applications."""
    try:
        rooms = room_of("acct", one), room_of("acct", other)
    except BadRoomName:
        return
    assert not set("".join(rooms)) & set(" @+!,|{}'\"\\:")
    encoded = one.encode("utf-8", "replace"), other.encode("utf-8", "replace")
    assert (rooms[0] == rooms[1]) == (encoded[0] == encoded[1])
