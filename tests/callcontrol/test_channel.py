"""A leg over the inbound link: what it is told, what it says, and how its end is told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcontrol.channel import LiveChannel, OneSwitch, channel_of, packed, unpacked
from callcontrol.errors import CallEnded, Unavailable, Unprocessable
from simulator.simcall import SimCall
from tests.callcontrol.place import NODE, Place
from tests.waiting import eventually

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)
)


@pytest.fixture
def leg(place: Place) -> tuple[SimCall, LiveChannel]:
    """A live call and its channel."""
    call = place.call()
    assert place.house.link is not None
    return call, LiveChannel(place.house.link, NODE, call.uuid)


def test_variables_come_back(leg: tuple[SimCall, LiveChannel]) -> None:
    """Several at once; an empty value removes."""
    call, channel = leg
    text = packed({"url": "https://a.example/x y?b='c';d", "n": [1, None]})
    channel.set({"one": "eA==", "two": text})
    assert channel.get("one") == "eA=="
    assert unpacked(channel.get("two")) == {"url": "https://a.example/x y?b='c';d", "n": [1, None]}
    channel.set({"one": ""})
    assert channel.get("one") == ""
    assert call.session.channel.get("one") is None


@pytest.mark.parametrize("text", ["a b", "it's \\ 'q'", 'say "hi"; b=c', " both ends ", "Jürgen €"])
def test_any_text_can_be_assigned(leg: tuple[SimCall, LiveChannel], text: str) -> None:
    """What people write arrives as they wrote it."""
    call, channel = leg
    channel.run(channel.assigning("told", text))
    assert call.session.channel.get("told") == text
    assert channel.get("told") == text.rstrip("\n")


def test_a_value_that_would_be_read_is_a_bug(leg: tuple[SimCall, LiveChannel]) -> None:
    """What FreeSWITCH would take for more than text has to be packed."""
    with pytest.raises(ValueError, match="packed"):
        leg[1].set({"one": "a;b=c"})


def test_an_application_runs_on_it(leg: tuple[SimCall, LiveChannel]) -> None:
    """Whoever holds the call, its channel does what it is told."""
    call, channel = leg
    channel.execute("set", "told='some' words")
    eventually(lambda: call.session.channel.get("told") == "'some' words")


def test_a_snapshot_tells_who_calls_whom(leg: tuple[SimCall, LiveChannel]) -> None:
    """All that webhooks and recordings need is in one answer."""
    call, channel = leg
    snapshot = channel.snapshot()
    assert (snapshot.uuid, snapshot.session_id) == (call.uuid, call.uuid)
    assert snapshot.is_incoming
    assert not snapshot.is_answered
    assert snapshot.identity.caller_id_number == "15551234567"
    channel.api("uuid_answer")
    assert channel.snapshot().is_answered


@pytest.mark.parametrize(
    "ask",
    [
        lambda channel: channel.api("uuid_answer"),
        lambda channel: channel.api("uuid_kill"),
        lambda channel: channel.api("uuid_record", "start /tmp/x.wav"),
        lambda channel: channel.api("uuid_broadcast", "x"),
        lambda channel: channel.api("uuid_send_dtmf", "1"),
        lambda channel: channel.execute("answer"),
        lambda channel: channel.get("x"),
        lambda channel: channel.set({"x": "y"}),
        lambda channel: channel.snapshot(),
    ],
)
def test_a_leg_that_is_gone_is_told(leg: tuple[SimCall, LiveChannel], ask: Any) -> None:
    """Each of FreeSWITCH's ways to say that there is no such channel is the end of the call."""
    call, channel = leg
    call.hang_up()
    assert call.wait_ended(10)
    with pytest.raises(CallEnded):
        ask(channel)


def test_a_refusal_is_the_clients_affair(leg: tuple[SimCall, LiveChannel]) -> None:
    """What FreeSWITCH does not do is told with its words."""
    with pytest.raises(Unprocessable, match="FreeSWITCH refused"):
        leg[1].api("uuid_record", "stop /tmp/nothing.wav")
    with pytest.raises(Unprocessable, match="cannot be given"):
        leg[1].api("uuid_broadcast", "a\nb")


def test_no_link_is_told_before_anything_is_done(place: Place) -> None:
    """While FreeSWITCH is away, nothing was done, and a client may try again."""
    call = place.call()
    with pytest.raises(Unavailable):
        channel_of(OneSwitch(NODE, lambda: None), NODE, call.uuid)
    assert place.house.link is not None
    channel = channel_of(OneSwitch(NODE, lambda: place.house.link), NODE, call.uuid)
    place.house.link.stop()
    with pytest.raises(Unavailable):
        channel.api("uuid_answer")


def test_a_foreign_freeswitch_has_no_calls_here(place: Place) -> None:
    """An id that names another FreeSWITCH is that of a call that is over, as far as we can tell."""
    with pytest.raises(CallEnded):
        channel_of(OneSwitch(NODE, lambda: place.house.link), "fs2", "x")


@given(json_values)
def test_what_is_packed_is_unpacked(value: Any) -> None:
    """Any JSON value survives as letters that nobody reads."""
    text = packed(value)
    assert unpacked(text) == value
    assert all(char.isalnum() or char in "-_" for char in text)


@given(st.text())
def test_unpacking_never_fails(text: str) -> None:
    """A variable that somebody else wrote is nothing."""
    unpacked(text)
