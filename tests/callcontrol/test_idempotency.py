"""Command ids: a command runs once, whichever processes are asked, in whatever order."""

from __future__ import annotations

from typing import Any

import gevent
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcontrol import variables
from callcontrol.channel import LiveChannel
from callcontrol.errors import CallEnded, Unanswered, Unprocessable, invalid
from callcontrol.idempotency import CLAIM_S, KEPT, CommandIds, digest_of
from simulator.simcall import SimCall
from tests.callcontrol.place import NODE, Place
from tests.waiting import eventually


class Work:
    """Counts how often it is done. Args: failure: raised each time."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.done = 0
        self._failure = failure

    def __call__(self) -> dict[str, Any]:
        """Do it."""
        self.done += 1
        if self._failure is not None:
            raise self._failure
        return {"recording_id": "r1"}


@pytest.fixture
def leg(place: Place) -> tuple[SimCall, LiveChannel]:
    """A live call, and its channel over the inbound link."""
    call = place.call()
    assert place.house.link is not None
    return call, LiveChannel(place.house.link, NODE, call.uuid)


def test_a_repeated_id_is_not_run_again(leg: tuple[SimCall, LiveChannel]) -> None:
    """The second one gets the answer of the first; another id is another command."""
    _, channel = leg
    ids, work = CommandIds(), Work()
    assert ids.run(channel, "a", work) == ids.run(channel, "a", work) == {"recording_id": "r1"}
    assert work.done == 1
    ids.run(channel, "b", work)
    ids.run(channel, "", work)
    ids.run(channel, "", work)
    assert work.done == 4


def test_a_process_that_has_just_started_knows_it(leg: tuple[SimCall, LiveChannel]) -> None:
    """What is remembered stands on the channel, not in a process."""
    _, channel = leg
    work = Work()
    CommandIds().run(channel, "a", work)
    assert CommandIds().run(channel, "a", work) == {}
    assert work.done == 1
    assert channel.get(variables.COMMANDS) == digest_of("a")


def test_of_two_processes_at_once_one_runs_it(place: Place, leg: tuple[SimCall, LiveChannel]) -> None:
    """Twenty at once, each a process of its own with a link of its own: one does it."""
    call, _ = leg
    links = [place.house._new_link() for _ in range(4)]
    work = Work()
    tries = [
        gevent.spawn(CommandIds().run, LiveChannel(links[number % 4], NODE, call.uuid), "a", work)
        for number in range(20)
    ]
    gevent.joinall(tries, timeout=10, raise_error=True)
    for link in links:
        link.stop()
    assert work.done == 1


def test_different_ids_at_once_are_all_remembered(place: Place, leg: tuple[SimCall, LiveChannel]) -> None:
    """No process overwrites what another has just written."""
    call, channel = leg
    links = [place.house._new_link() for _ in range(3)]
    work = Work()
    names = [str(number) for number in range(15)]
    tries = [
        gevent.spawn(CommandIds().run, LiveChannel(links[int(name) % 3], NODE, call.uuid), name, work)
        for name in names
    ]
    gevent.joinall(tries, timeout=10, raise_error=True)
    expected = set(map(digest_of, names))
    eventually(lambda: set(channel.get(variables.COMMANDS).split(".")) == expected)
    for link in links:
        link.stop()


def test_what_did_nothing_may_be_tried_again(leg: tuple[SimCall, LiveChannel]) -> None:
    """A refusal is forgotten; of what nobody knows the id stays."""
    _, channel = leg
    with pytest.raises(Unprocessable):
        CommandIds().run(channel, "a", Work(invalid("", "no")))
    with pytest.raises(Unanswered):
        CommandIds().run(channel, "b", Work(Unanswered()))
    refused, unknown = Work(), Work()
    CommandIds().run(channel, "a", refused)
    CommandIds().run(channel, "b", unknown)
    assert (refused.done, unknown.done) == (1, 0)


def test_a_claim_of_a_dead_process_is_taken_over(leg: tuple[SimCall, LiveChannel]) -> None:
    """A process that died in between keeps nobody out for longer than a claim lasts."""
    _, channel = leg
    dead, work = CommandIds(), Work()
    dead._claim(channel)
    now_s = 0.0
    late = CommandIds(now=lambda: now_s)
    now_s = dead._now() + CLAIM_S + 1
    late.run(channel, "a", work)
    assert work.done == 1


def test_a_claim_of_a_living_process_is_waited_for(leg: tuple[SimCall, LiveChannel]) -> None:
    """The command goes on as soon as the other has given it back."""
    _, channel = leg
    other, work = CommandIds(), Work()
    claim = other._claim(channel)
    waiting = gevent.spawn(CommandIds().run, channel, "a", work)
    gevent.sleep(0)
    assert work.done == 0
    other._release(channel, claim, claim.known)
    waiting.get(timeout=5)
    assert work.done == 1


def test_without_mod_hash_one_process_is_still_sure(place: Place, leg: tuple[SimCall, LiveChannel]) -> None:
    """Without the table ids are remembered all the same."""
    _, channel = leg
    place.house.switch.core.apis.pop("hash")
    ids, work = CommandIds(), Work()
    ids.run(channel, "a", work)
    ids.run(channel, "a", work)
    CommandIds().run(channel, "a", work)
    assert work.done == 1


def test_ids_do_not_pile_up(leg: tuple[SimCall, LiveChannel]) -> None:
    """Of a call so many are kept; what it leaves in the table is nothing."""
    _, channel = leg
    ids, work = CommandIds(), Work()
    for number in range(KEPT + 5):
        ids.run(channel, str(number), work)
    kept = channel.get(variables.COMMANDS).split(".")
    assert kept == [digest_of(str(number)) for number in range(5, KEPT + 5)]


def test_a_call_that_is_over_leaves_nothing(place: Place, leg: tuple[SimCall, LiveChannel]) -> None:
    """Its end is told, except to who ended it; the table is empty."""
    call, channel = leg
    ids = CommandIds()

    def hang_up() -> dict[str, Any]:
        channel.api("uuid_kill")
        return {}

    ids.run(channel, "end", hang_up)
    assert call.wait_ended(10)
    assert ids.run(channel, "end", hang_up) == {}
    with pytest.raises(CallEnded):
        ids.run(channel, "more", Work())
    eventually(lambda: place.house.switch.core.table == {}, what="an empty table")
    assert ids._locks == {}


@given(st.text())
def test_any_id_has_a_harmless_digest(command_id: str) -> None:
    """Whatever a client calls its command, FreeSWITCH reads letters."""
    digest = digest_of(command_id)
    assert len(digest) == 12
    assert all(char.isalnum() or char in "-_" for char in digest)
