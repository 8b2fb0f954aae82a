"""Small parts: clock, slots, digits, causes, channels, events, subscriptions, outlet."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from gevent.event import Event as Moment
from hypothesis import given
from hypothesis import strategies as st

from simulator.causes import cause_of, cause_of_sip, is_cause, q850
from simulator.channel import Channel, Profile, is_true
from simulator.clock import Clock
from simulator.core import Api, Core, Settings
from simulator.dtmf import Digit, DigitQueue, parse_digits
from simulator.events import Bus, Event, Identity
from simulator.outlet import MAX_BACKLOG_BYTES, Outlet
from simulator.script import Script
from simulator.slots import SLOT_S, Pacer, Slots
from simulator.subscription import Subscription


class TestClock:
    """Simulated time."""

    def test_speed_shortens_waits(self) -> None:
        """Ten simulated seconds in a tenth of one."""
        clock = Clock(speed=100.0, epoch_us=5_500_000)
        clock.sleep(10)
        assert clock.now() >= 10
        assert clock.epoch_us() == pytest.approx(5_500_000 + clock.now() * 1e6, abs=1e5)

    def test_epoch_seconds(self) -> None:
        """The wall clock's fraction decides when the next second begins."""
        clock = Clock(epoch_us=10_900_000)
        assert clock.epoch_s() == 10
        assert 0.05 < clock.until_epoch(11) <= 0.1
        assert clock.until_epoch(3) == 0.0

    def test_a_cancelled_timer_does_nothing(self) -> None:
        """One fires, one does not."""
        clock, fired, kept = Clock(), [], Moment()
        clock.later(0.01, fired.append, "cancelled").cancel()
        clock.later(0.02, kept.set)
        assert kept.wait(5)
        assert fired == []


class TestSlots:
    """The 20 ms grid."""

    @given(st.floats(0, 1e5), st.floats(0, 1e5))
    def test_the_following_edge_is_after_and_near(self, origin: float, later: float) -> None:
        """Never more than one slot away, never at once."""
        slots = Slots(origin)
        edge = slots.following(origin + later)
        assert -0.001 < edge - (origin + later) <= SLOT_S + 0.001
        assert slots.index(slots.edge(7)) == 7

    def test_pacer_wakes_on_the_edge_for_work_and_at_once_when_urgent(self) -> None:
        """Queued work waits for the edge; the end of the channel does not."""
        clock = Clock()
        slots = Slots(clock.now())
        pacer, state = Pacer(clock, slots), {"work": False, "down": False}

        def change(key: str) -> None:
            state[key] = True
            pacer.stir()

        clock.later(0.025, change, "work")
        pacer.wait(None, lambda: state["work"], lambda: state["down"])
        assert clock.now() - slots.origin_s >= 0.039
        state["work"] = False
        clock.later(0.005, change, "down")
        before = clock.now()
        pacer.wait(clock.now() + 5, lambda: state["work"], lambda: state["down"])
        assert clock.now() - before < 1


class TestDigits:
    """Digits and their queue."""

    @pytest.mark.parametrize(
        ("text", "keys", "samples"),
        [
            ("12#", "12#", 2000),
            ("1@200", "1", 1600),
            ("~1x2+3@100000", "123", None),
            ("1@5", "1", 400),
            ("", "", 0),
        ],
    )
    def test_parse(self, text: str, keys: str, samples: int | None) -> None:
        """Lengths in ms, limits, and what is no digit."""
        digits = parse_digits(text)
        assert "".join(digit.key for digit in digits) == keys
        if samples:
            assert digits[0].samples == samples

    def test_queue(self) -> None:
        """First in, first out; flushed when told."""
        queue = DigitQueue()
        queue.put(Digit("1"))
        queue.put(Digit("2"))
        assert (queue.take(), bool(queue)) == (Digit("1"), True)
        queue.flush()
        assert (queue.take(), bool(queue)) == (None, False)


class TestCauses:
    """Hangup causes."""

    def test_names_and_numbers(self) -> None:
        """By name in any case, by number, and what unknown ones become."""
        assert [cause_of(text) for text in ("user_busy", "17", "nope", "9999")] == [
            "USER_BUSY",
            "USER_BUSY",
            "NORMAL_CLEARING",
            "NORMAL_CLEARING",
        ]
        assert (q850("USER_BUSY"), is_cause("user_busy"), is_cause("x")) == (17, True, False)
        assert (cause_of_sip(486), cause_of_sip(699)) == ("USER_BUSY", "NORMAL_UNSPECIFIED")


class TestChannel:
    """State of a leg."""

    def channel(self) -> Channel:
        """A fresh one."""
        return Channel("u", "n", "inbound", Profile("1", "Ada", "2"))

    def test_variables(self) -> None:
        """Set, push, expand, special names."""
        channel = self.channel()
        channel.set("a", "1")
        channel.push("a", "2")
        assert channel.get("a") == "ARRAY::1|:2"
        assert channel.expand("${a} ${nope}|${caller_id_name}") == "ARRAY::1|:2 |Ada"
        assert channel.expand(r"\${a} \\n \'$1") == r"${a} \n $1"
        assert channel.expand(r"a\b $1") == r"a\b $1"
        channel.set("a", None)
        assert channel.get("a") is None

    def test_only_some_events_carry_variables(self) -> None:
        """DTMF has the basic headers."""
        channel = self.channel()
        channel.set("a", "1")
        assert ("variable_a", "1") in channel.headers("CHANNEL_EXECUTE")
        assert ("variable_a", "1") not in channel.headers("DTMF")

    @pytest.mark.parametrize("text", ["true", "YES", "on", "1", "-3", "t", "enabled"])
    def test_yes(self, text: str) -> None:
        """FreeSWITCH's yes."""
        assert is_true(text)

    @pytest.mark.parametrize("text", ["false", "0", "", None, "no", "off", "maybe"])
    def test_no(self, text: str | None) -> None:
        """And its no."""
        assert not is_true(text)


class TestSubscription:
    """Which events pass."""

    def event(self, name: str = "DTMF", uuid: str = "u", **headers: str) -> Event:
        """An event."""
        return Event(name, [("Unique-ID", uuid), *headers.items()], uuid=uuid)

    def test_names_and_custom_subclasses(self) -> None:
        """What follows CUSTOM are subclasses."""
        subscription = Subscription()
        subscription.event("plain DTMF CUSTOM a::b")
        custom = Event("CUSTOM", [], subclass="a::b")
        other = Event("CUSTOM", [], subclass="a::c")
        assert subscription.passes(self.event())
        assert [subscription.passes(one) for one in (custom, other)] == [True, False]
        subscription.nixevent("CUSTOM a::b")
        assert not subscription.passes(custom)

    def test_all_but_one(self) -> None:
        """Nixevent after ALL leaves the others."""
        subscription = Subscription()
        subscription.event("plain ALL")
        subscription.nixevent("DTMF")
        assert [subscription.passes(self.event(name)) for name in ("DTMF", "HEARTBEAT")] == [False, True]
        subscription.nixevent("ALL")
        assert not subscription.passes(self.event("HEARTBEAT"))

    def test_filters(self) -> None:
        """Any positive one lets through, any negative one holds back, slashes are patterns."""
        subscription = Subscription()
        subscription.event("plain DTMF")
        subscription.filter("Unique-ID U")
        subscription.filter("add X /^a.c$/")
        assert subscription.passes(self.event())
        assert subscription.passes(self.event(uuid="v", X="abc"))
        assert not subscription.passes(self.event(uuid="v", X="abd"))
        subscription.filter("X -abc")
        assert not subscription.passes(self.event(X="abc"))
        subscription.filter("Y /(/")
        assert not subscription.passes(self.event(uuid="v", Y="("))
        subscription.filter("delete all")
        assert subscription.passes(self.event(uuid="v"))

    def test_channels_are_told_to_the_bus(self) -> None:
        """Only when filters select nothing but channels."""
        subscription = Subscription()
        uuid = "0f9a1b3c-0000-4000-8000-000000000001"
        assert subscription.channels() is None
        subscription.filter(f"Unique-ID {uuid}")
        assert subscription.channels() == frozenset([uuid])
        subscription.filter("Event-Name DTMF")
        assert subscription.channels() is None
        subscription.my_events("", uuid)
        assert subscription.channels() == frozenset([uuid])


class TestBus:
    """Delivery of events."""

    def test_subscribers_of_a_channel_get_only_its_events(self) -> None:
        """Found by uuid, not by asking everybody."""

        class Ear:
            def __init__(self) -> None:
                self.heard: list[Any] = []

            def wants(self, event: Event) -> bool:
                return bool(event)

            def deliver(self, event: Event) -> None:
                self.heard.append(event.uuid)

        bus, one, every = Bus(Clock(), Identity()), Ear(), Ear()
        bus.subscribe(one, frozenset(["a"]))
        bus.subscribe(every, None)
        for uuid in ("a", "b"):
            bus.fire(Event("X", uuid=uuid))
        bus.unsubscribe(one)
        bus.unsubscribe(every)
        bus.fire(Event("X", uuid="a"))
        assert (one.heard, every.heard) == (["a"], ["a", "b"])


class TestOutlet:
    """Sending without waiting."""

    def test_messages_stay_in_order_when_the_peer_is_slow(self) -> None:
        """What the system does not take at once follows later."""
        ours, theirs = socket.socketpair()
        outlet = Outlet(ours)
        pieces = [bytes([number]) * 200_000 for number in range(20)]
        for piece in pieces:
            outlet.send(piece)
        outlet.finish()
        received = b""
        while data := theirs.recv(1_000_000):
            received += data
        assert received == b"".join(pieces)
        outlet.cut()
        theirs.close()

    def test_a_peer_that_never_reads_is_cut_off(self) -> None:
        """The backlog is bounded."""
        ours, theirs = socket.socketpair()
        outlet = Outlet(ours)
        for _ in range(MAX_BACKLOG_BYTES // 16_000_000 + 2):
            outlet.send(bytes(16_000_000))
        assert outlet.closed
        theirs.close()

    def test_a_closed_peer_ends_it(self) -> None:
        """Sending to nobody closes, quietly."""
        ours, theirs = socket.socketpair()
        outlet = Outlet(ours)
        theirs.close()
        outlet.send(b"x" * 10)
        outlet.send(b"x" * 10)
        assert outlet.closed


def test_two_things_of_one_name_are_refused() -> None:
    """A catalogue with a double entry is a mistake of ours."""
    api = Api("status", lambda _core, _argument: "")
    with pytest.raises(ValueError, match="status is defined twice"):
        Core(Settings(), Clock(), (), (api, api), Script())
