"""Referring, conferences and queues on a running FreeSWITCH."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gevent
import pytest

from calls.call import Call
from calls.conference import Happening, NotCoachable, Seat, join
from calls.destination import parse_destination
from calls.errors import CallGone
from calls.queue import QueueResult, enter, take
from calls.refer import ReferResult, refer
from calls.room import room_of
from config.address import Address
from esl.errors import CommandRefused
from tests.live.tones import heard
from tests.live.verbs import Ground
from tests.waiting import eventually

pytestmark = [pytest.mark.live, pytest.mark.timeout(60)]


@pytest.fixture
def ground(freeswitch: tuple[Address, str]) -> Iterator[Ground]:
    """A place to try verbs."""
    made = Ground(*freeswitch)
    yield made
    made.close()


def wait_members(ground: Ground, room: str, count: int) -> None:
    """Wait until a conference has so many."""

    def counted() -> bool:
        try:
            return len(ground.link.api("conference", f"{room} list").splitlines()) == count
        except CommandRefused:
            return count == 0

    eventually(counted, what=f"{count} members")


def referring(call: Call) -> Any:
    """The verb that refers."""
    return refer(call, parse_destination("sip:carol@example.com"))


@pytest.mark.parametrize(
    ("referrals", "result", "codes"),
    [
        ((202, 100, 200), ReferResult.SUCCESS, (202, 200)),
        ((202, 100, 486), ReferResult.FAILED, (202, 486)),
        ((603,), ReferResult.FAILED, (603, 0)),
    ],
)
def test_a_telephone_is_referred(
    ground: Ground, referrals: tuple[int, ...], result: ReferResult, codes: tuple[int, int]
) -> None:
    """What it answers, and what it says of the new call; it stays ours."""
    ground.phone("alice").referrals = referrals
    referral = ground.run(referring).result()
    assert (referral.result, (referral.code, referral.target_code)) == (result, codes)
    assert not referral.is_gone
    assert "sip:carol@example.com" in ground.phone("alice").referred[0]


def test_a_telephone_that_goes_has_gone_on(ground: Ground) -> None:
    """It took REFER, and says goodbye before it says what became of it."""
    ground.phone("alice").referrals = (202,)
    running = ground.run(referring)
    eventually(lambda: ground.phone("alice").referred, what="REFER")
    gevent.sleep(0.8)
    running.dialog.hang_up()
    referral = running.result()
    assert (referral.result, referral.code, referral.is_gone) == (ReferResult.SUCCESS, 202, True)


def test_a_conference_of_two(ground: Ground) -> None:
    """Both are heard of, the second one's leaving too; each is ours again afterwards."""
    told: list[tuple[str, str]] = []
    room = room_of("acct", "a room & more")

    def sit(call: Call) -> Any:
        return join(
            call, Seat(room), lambda what, event: told.append((what, event.get("Conference-Size") or ""))
        )

    alice = ground.run(sit)
    eventually(lambda: (Happening.JOINED, "1") in told, what="alice")
    bob = ground.run(sit, name="bob")
    eventually(lambda: (Happening.JOINED, "2") in told, what="bob")
    ground.link.api("conference", f"{room} kick last")
    sitting = bob.result()
    assert (sitting.has_joined, sitting.is_last) == (True, False)
    assert sitting.conference_id
    ground.link.api("conference", f"{room} kick all")
    assert alice.result().is_last
    assert (Happening.LEFT, "1") in told


def test_who_ends_a_conference_ends_it_for_all(ground: Ground) -> None:
    """And is itself gone; the others are ours again."""
    room = room_of("acct", "ends")
    alice = ground.run(lambda call: join(call, Seat(room)))
    bob = ground.run(lambda call: join(call, Seat(room, ends=True)), name="bob")
    wait_members(ground, room, 2)
    bob.dialog.hang_up()
    with pytest.raises(CallGone):
        bob.result()
    assert alice.result().has_joined


def test_who_does_not_start_waits(ground: Ground, tmp_path: Any) -> None:
    """Until somebody comes who does: until then nobody is heard."""
    tmp_path.chmod(0o777)
    path = tmp_path / "alice.wav"
    room = room_of("acct", "waits")

    def listen(call: Call) -> Any:
        call.execute("record_session", str(path))
        return join(call, Seat(room, starts=False))

    alice = ground.run(listen, variables={"RECORD_STEREO": "true", "RECORD_PRE_BUFFER_FRAMES": "0"})
    ground.phone("bob", 800)
    ground.run(lambda call: join(call, Seat(room, starts=False)), name="bob")
    gevent.sleep(1.5)
    ground.phone("carol", 1600)
    ground.run(lambda call: join(call, Seat(room, ends=True)), name="carol")
    gevent.sleep(2)
    ground.phone("carol").dialog.hang_up()
    assert alice.result().has_joined
    alice.dialog.wait_over()
    sides = heard(path, {"A": 400, "B": 800, "C": 1600})
    letters = "".join(who for who, length in sides[1] if length > 0.3)
    assert "BC" in letters or "CB" in letters, sides
    assert not [who for who, length in sides[1] if who == "B" and length > 0.3], sides


def test_a_conference_has_a_size(ground: Ground) -> None:
    """Whoever comes too late is ours again, and has not joined."""
    room = room_of("acct", "small")
    runs = [ground.run(lambda call: join(call, Seat(room, max_members=2)), name=name) for name in ("a", "b")]
    wait_members(ground, room, 2)
    assert not ground.run(lambda call: join(call, Seat(room, max_members=2)), name="c").result().has_joined
    ground.link.api("conference", f"{room} kick all")
    assert all(one.result().has_joined for one in runs)


def test_a_coach_is_heard_by_one_only(ground: Ground, tmp_path: Any) -> None:
    """Whoever was there before, and whoever comes later, does not hear it."""
    tmp_path.chmod(0o777)
    room = room_of("acct", "coached")
    options = {"RECORD_STEREO": "true", "RECORD_PRE_BUFFER_FRAMES": "0"}
    tones = {"A": 400, "B": 800, "C": 1600, "D": 2400}

    def sit(name: str, coached: str = "") -> Any:
        ground.phone(name, tones[name[0].upper()])

        def run(call: Call) -> Any:
            call.execute("record_session", str(tmp_path / f"{name}.wav"))
            return join(call, Seat(room, coached=coached))

        return ground.run(run, name=name, variables=options)

    alice = sit("alice")
    bob = sit("bob")
    wait_members(ground, room, 2)
    coach = sit("carol", alice.leg)
    wait_members(ground, room, 3)
    dave = sit("dave")
    wait_members(ground, room, 4)
    gevent.sleep(2)
    ground.link.api("conference", f"{room} kick all")
    for one in (alice, bob, coach, dave):
        one.result()
        one.dialog.wait_over()
    last = {name: heard(tmp_path / f"{name}.wav", tones)[1] for name in ("alice", "bob", "dave")}
    assert any("C" in who for who, length in last["alice"] if length > 0.5), last
    assert not any("C" in who for who, length in last["bob"] if length > 0.5), last
    assert not any("C" in who for who, length in last["dave"] if length > 0.5), last
    with pytest.raises(NotCoachable):
        ground.run(lambda call: join(call, Seat(room, coached="nobody")), name="erin").result()


def test_nobody_takes_a_call_in_time(ground: Ground) -> None:
    """It is ours again."""
    room = room_of("acct", "nobody")
    places: list[Any] = []
    waited = ground.run(
        lambda call: enter(call, room, 2, music="local_stream://moh", on_entered=places.append)
    ).result()
    assert waited.result is QueueResult.TIMEOUT
    assert 0.9 < waited.waited_s < 5
    assert (places[0].position, places[0].size) == (1, 1)


def test_a_call_is_taken(ground: Ground) -> None:
    """It leaves, the two talk, and it goes where it was to go; who took it is ours again."""
    room = room_of("acct", "taken")
    taken: list[str] = []
    after: list[str] = []
    host, port = ground.listener.address

    def wait(call: Call) -> Any:
        if after:
            after.append(call.uuid)
            return "afterwards"
        after.append("first")
        return enter(call, room, 20, music="silence", afterwards=f"'socket:{host}:{port} async full':inline")

    alice = ground.run(wait)
    agent = ground.run(lambda call: take(call, room, 10, on_taken=taken.append), name="bob")
    eventually(lambda: taken == [alice.leg], what="the two")
    waited = alice.result()
    assert (waited.result, waited.taken_by) == (QueueResult.CONNECTED, agent.leg)
    gevent.sleep(0.5)
    agent.dialog.hang_up()
    with pytest.raises(CallGone):
        agent.result()
    eventually(lambda: after == ["first", alice.leg], what="afterwards")


def test_nobody_waits_to_be_taken(ground: Ground) -> None:
    """Whoever wants to take a call waits for one, and not for ever; one that comes in time is taken."""
    room = room_of("acct", "agents")
    assert ground.run(lambda call: take(call, room, 0.5), name="bob").result().uuid == ""
    agent = ground.run(lambda call: take(call, room, 10), name="carol")
    gevent.sleep(0.5)
    alice = ground.run(lambda call: enter(call, room, 10, music="silence"))
    assert alice.result().taken_by == agent.leg
    gevent.sleep(0.3)
    alice.dialog.hang_up()
    result = agent.result()
    assert result.uuid == alice.leg
