"""What events of legs say is read as a real FreeSWITCH means it, and from nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esl.event import Event
from recording.leg_event import KINDS, Kind, LegEvent, Who, legs_of, read_leg_event
from tests.recording.conversations import events, leg_events, names


def _one(name: str, kind: Kind, uuid: str) -> LegEvent:
    return next(one for one in leg_events(name) if one.kind is kind and one.uuid == uuid)


def test_a_blind_transfer_is_signed_by_who_makes_it() -> None:
    """... and the leg that was moved says where to."""
    left = _one("a_blind", Kind.UNBRIDGED, "alice")
    assert (left.other, left.sign.startswith("blind:bob"), left.how_left) == ("bob", True, "blind")
    moved = _one("a_blind", Kind.BRIDGED, "bob")
    assert (moved.how_moved, moved.moved_to, moved.other) == ("blind", "carol", "carol")


def test_the_pair_is_the_one_that_was_bridged() -> None:
    """At its end the other leg is already the partner to come."""
    (event,) = [
        one for one in events("b_attended") if one.name == "CHANNEL_UNBRIDGE" and one.uuid == "alice"
    ][:1]
    assert event.get("Other-Leg-Unique-ID") == "carol"
    read = read_leg_event(event)
    assert read is not None
    assert (read.other, read.how_moved, read.moved_to) == ("bob", "bridged", "carol")
    assert set(legs_of(event)) == {"alice", "bob"}


def test_parking_lots_park_and_controllers_do_not() -> None:
    """FreeSWITCH tells a controller's call with the same event."""
    kinds = [one.kind for one in leg_events("b_valet") if one.uuid == "alice"]
    assert kinds.count(Kind.PARKED) == 1
    assert Kind.PARKED not in [one.kind for one in leg_events("plain_bridge")]


@pytest.mark.parametrize(
    ("source", "how", "to"),
    [
        ("", "", ""),
        ("1:u:bl_xfer:200/default/XML", "blind", "200"),
        ("1:u:uuid_br:some-leg", "bridged", "some-leg"),
        ('1:u:bl_xfer:m:":endless_playback:x"park/d/inline', "blind", ""),
        ("1:u", "blind", ""),
        (":::", "blind", ""),
    ],
)
def test_moves_are_read(source: str, how: str, to: str) -> None:
    """An extension is told where it is one; what FreeSWITCH makes up for itself is not."""
    event = LegEvent(Kind.BRIDGED, 1, 1, "a", "b", source=source)
    assert (event.how_moved, event.moved_to) == (how, to)


def test_an_attempt_that_failed_signs_nothing() -> None:
    """FreeSWITCH refused it, and says so."""
    headers = {
        "Event-Name": "CHANNEL_HANGUP",
        "Unique-ID": "a",
        "variable_transfer_disposition": "recv_replace",
        "variable_endpoint_disposition": "ATTENDED_TRANSFER_ERROR",
    }
    read = read_leg_event(Event.from_headers(headers))
    assert read is not None
    assert read.sign == ""


@pytest.mark.parametrize(
    ("direction", "who"), [("inbound", Who("Ada", "1555")), ("outbound", Who("", "200"))]
)
def test_the_other_party_is_who_it_is_to_the_world(direction: str, who: Who) -> None:
    """Who called in has its own number; who was called the one it was called by."""
    headers = {
        "Event-Name": "CHANNEL_BRIDGE",
        "Unique-ID": "a",
        "Bridge-A-Unique-ID": "a",
        "Bridge-B-Unique-ID": "b",
        "Other-Leg-Direction": direction,
        "Other-Leg-Caller-ID-Name": "Ada",
        "Other-Leg-Caller-ID-Number": "1555",
        "Other-Leg-Callee-ID-Name": "Outbound Call",
        "Other-Leg-Callee-ID-Number": "200",
    }
    read = read_leg_event(Event.from_headers(headers))
    assert read is not None
    assert read.party == who


HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "Unique-ID", "Other-Leg-Unique-ID", "Bridge-A-Unique-ID", "Bridge-B-Unique-ID", "Event-Sequence",
            "Caller-Transfer-Source", "Hangup-Cause", "Event-Date-Timestamp", "variable_transfer_to",
            "variable_soft_holding_uuid", "Event-Subclass", "Other-Leg-Caller-ID-Name", "Action",
        ]
    ),
    st.text(max_size=200),
)  # fmt: skip


@given(st.sampled_from([*KINDS, "CUSTOM", "DTMF"]), HEADERS)
def test_nothing_from_outside_breaks_the_reading(name: str, headers: dict[str, str]) -> None:
    """Legs are names that may stand in a command; texts are short."""
    read = read_leg_event(Event.from_headers({"Event-Name": name, **headers}))
    if read is not None:
        for leg in filter(None, (*read.legs, read.held)):
            assert leg.isascii()
            assert not set(leg) & set(" \n\r\t'\"{},/")
        assert len(read.source) <= 160
        assert read.moved_to.isprintable() or not read.moved_to


def test_every_trace_is_read() -> None:
    """Each tells of at least one leg."""
    assert all(leg_events(name) for name in names())
