"""Where the conversation goes is told from what a real FreeSWITCH said of each kind of transfer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recording.conversation import ON_HOLD, Conversation, End, Follow
from recording.leg_event import Kind, LegEvent
from recording.timeline import What
from tests.recording.conversations import decisions, is_ended, leg_events, legs, marks, names

STAYS = ""  # nothing but the timeline
# name: (where alice's recording goes, whether one that is not to follow is ended, the same for bob's)
CASES: dict[str, tuple[str, bool, str, bool]] = {
    "plain_bridge": (STAYS, False, STAYS, False),
    "a_hangs_up": (STAYS, False, STAYS, False),
    "a_hold": (STAYS, False, STAYS, False),
    "b_hold": (STAYS, False, STAYS, False),
    "uuid_hold": (STAYS, False, STAYS, False),
    "a_consult_failed": (STAYS, False, STAYS, False),
    "b_consult_failed": (STAYS, False, STAYS, False),
    "a_blind": ("bob", True, STAYS, True),
    "a_blind_bye": ("bob", True, STAYS, True),
    "a_blind_dead": (STAYS, True, STAYS, True),
    "b_blind": (STAYS, True, "alice", True),
    "b_blind_busy": (STAYS, True, "alice", True),
    "b_blind_dead": (STAYS, True, "alice", True),
    "a_attended": ("bob", True, STAYS, True),
    "b_attended": (STAYS, True, "alice", True),
    "a_semi_attended": ("bob", True, STAYS, True),
    "b_semi_attended": (STAYS, True, "alice", True),
    "att_xfer_ok": (STAYS, True, "alice", True),
    "att_xfer_cancel": (STAYS, False, STAYS, False),
    "att_xfer_fail": (STAYS, False, STAYS, False),
    "att_xfer_by_a_ok": ("bob", True, STAYS, True),
    "att_xfer_by_a_cancel": (STAYS, False, STAYS, False),
    "att_xfer_by_a_fail": (STAYS, False, STAYS, False),
    "uuid_transfer_a": (STAYS, True, "alice", True),
    "uuid_transfer_bleg": ("bob", True, STAYS, True),
    "uuid_transfer_both": (STAYS, True, "alice", True),
    "uuid_bridge": (STAYS, True, "alice", True),
    "uuid_bridge_b": ("bob", True, STAYS, True),
    "intercept_a": (STAYS, True, "alice", True),
    "intercept_b": ("bob", True, STAYS, True),
    "a_park": ("bob", True, STAYS, True),
    "b_park": (STAYS, True, "alice", True),
    "a_valet": ("bob", True, STAYS, True),
    "b_valet": (STAYS, True, "alice", True),
    "uuid_park": (STAYS, False, STAYS, False),
}


def test_every_trace_is_in_the_table() -> None:
    """What was captured is looked at."""
    assert names() == sorted(CASES)


@pytest.mark.parametrize("name", sorted(CASES))
def test_it_follows_where_the_conversation_goes(name: str) -> None:
    """The recorded leg's partner is gone on to where it was the recorded leg that left, and only there."""
    alice, _, bob, _ = CASES[name]
    for recorded, next_leg in (("alice", alice), ("bob", bob)):
        made = decisions(leg_events(name), recorded, follow=True)
        assert legs(made, recorded) == [recorded, *filter(None, [next_leg])], recorded
        assert not is_ended(made)


@pytest.mark.parametrize("name", sorted(CASES))
def test_it_ends_at_the_transfer_when_it_is_not_to_follow(name: str) -> None:
    """... and at nothing else; it never goes on to another leg."""
    _, alice, _, bob = CASES[name]
    for recorded, ended in (("alice", alice), ("bob", bob)):
        made = decisions(leg_events(name), recorded, follow=False)
        assert is_ended(made) == ended, recorded
        assert legs(made, recorded) == [recorded]


def test_the_timeline_tells_of_an_attended_transfer() -> None:
    """Who was held, who went, who came: in order, with what the phones call themselves."""
    told = marks(decisions(leg_events("b_attended"), "alice", follow=True))
    assert told == [
        (What.BRIDGED, {"uuid": "alice", "with": "bob", "number": "bob"}),
        (What.HELD, {"uuid": "bob"}),
        (What.UNHELD, {"uuid": "bob"}),
        (What.UNBRIDGED, {"uuid": "alice", "with": "bob"}),
        (What.TRANSFERRED, {"uuid": "alice", "from": "bob", "to": "carol", "how": "bridged"}),
        (What.BRIDGED, {"uuid": "alice", "with": "carol", "number": "carol"}),
    ]


def test_the_timeline_tells_of_a_blind_transfer_by_the_recorded_leg() -> None:
    """The recorded leg goes, its partner stays, somebody else comes."""
    told = marks(decisions(leg_events("a_blind"), "alice", follow=True))
    assert told[1:] == [
        (What.UNBRIDGED, {"uuid": "alice", "with": "bob"}),
        (What.TRANSFERRED, {"from": "alice", "to": "bob", "how": "blind"}),
        (What.BRIDGED, {"uuid": "bob", "with": "carol", "number": "carol"}),
    ]


def test_hold_by_the_recorded_leg_is_a_gap() -> None:
    """FreeSWITCH writes nothing then, and the timeline says so."""
    told = marks(decisions(leg_events("a_hold"), "alice", follow=True))
    assert told[1:4] == [
        (What.HELD, {"uuid": "alice"}),
        (What.GAP, {"uuid": "alice", "why": ON_HOLD}),
        (What.UNHELD, {"uuid": "alice"}),
    ]


def test_parking_and_retrieval_are_told() -> None:
    """A leg in a parking lot, and who fetched it."""
    told = marks(decisions(leg_events("b_valet"), "alice", follow=True))
    assert [what for what, _ in told] == [
        What.BRIDGED, What.UNBRIDGED, What.TRANSFERRED, What.PARKED, What.BRIDGED, What.UNBRIDGED
    ]  # fmt: skip
    assert told[2][1]["to"] == "valet"


def test_a_call_handed_to_a_controller_is_not_parked() -> None:
    """FreeSWITCH says CHANNEL_PARK of every call of ours."""
    assert marks(decisions(leg_events("plain_bridge"), "alice", follow=True))[0][0] is What.BRIDGED


def test_an_engine_that_came_in_the_middle_follows_too() -> None:
    """After a restart nobody knows the partner; the end of the bridge names it."""
    heard = [event for event in leg_events("a_blind") if event.kind not in (Kind.STARTED, Kind.BRIDGED)]
    assert legs(decisions(heard, "alice", follow=True), "alice") == ["alice", "bob"]


def test_what_a_leg_did_before_it_was_recorded_counts_for_nothing() -> None:
    """Its variables still tell of its last transfer; its hangup now is an ordinary one."""
    conversation = Conversation("alice", follow=True)
    for at, kind in enumerate((Kind.STARTED, Kind.BRIDGED, Kind.HUNG_UP), 1):
        event = LegEvent(kind, at, at, "alice", "bob", sign="blind:dora BLIND_TRANSFER refers")
        assert not any(isinstance(one, Follow) for one in conversation.hear(event))
    assert conversation.is_over


def test_a_failed_recall_of_the_engine_does_not_follow() -> None:
    """The partner hung up, and the recorded leg goes on in its flow: nothing to follow when it ends."""
    conversation = Conversation("alice", follow=True)
    conversation.hear(LegEvent(Kind.BRIDGED, 1, 1, "alice", "bob"))
    conversation.hear(LegEvent(Kind.UNBRIDGED, 2, 2, "alice", "bob", was_hung_up=True))
    assert (
        conversation.hear(LegEvent(Kind.HUNG_UP, 3, 3, "alice", cause="NORMAL_CLEARING", is_gone=True)) == []
    )


def test_two_transfers_make_three_legs() -> None:
    """Alice sends bob to carol, bob then sends carol away."""
    heard = leg_events("a_blind_bye")
    until = next(at for at, event in enumerate(heard) if event.kind is Kind.HUNG_UP and event.uuid == "bob")
    last = heard[until]
    again = LegEvent(
        Kind.UNBRIDGED, last.at_us, last.sequence, "bob", "carol", sign="blind:carol BLIND_TRANSFER refers"
    )
    made = decisions([*heard[:until], again], "alice", follow=True)
    assert legs(made, "alice") == ["alice", "bob", "carol"]


@st.composite
def retellings(draw: st.DrawFn) -> tuple[str, list[LegEvent]]:
    """The events of a trace, each told once or twice, each up to two places later than it was."""
    name = draw(st.sampled_from(sorted(CASES)))
    told: list[tuple[float, LegEvent]] = []
    for at, event in enumerate(leg_events(name)):
        told.append((at, event))
        if draw(st.booleans()):
            told.append((at + draw(st.floats(0, 2)), event))
    return name, [event for _, event in sorted(told, key=lambda one: one[0])]


@given(retellings(), st.sampled_from(["alice", "bob"]), st.booleans())
def test_what_is_told_twice_changes_nothing(
    case: tuple[str, list[LegEvent]], recorded: str, follow: bool
) -> None:
    """The call's connection and the inbound link tell the same, one later than the other."""
    name, retold = case
    once = decisions(leg_events(name), recorded, follow=follow)
    assert decisions(retold, recorded, follow=follow) == once


@st.composite
def disorders(draw: st.DrawFn) -> tuple[str, list[LegEvent]]:
    """The events of a trace, those of the same 20 ms in any order.

    Where both were sent to somebody new at once, either is the conversation: whoever is told of first. And
    where the transfer failed at once there is none.
    """
    vague = {"uuid_transfer_both", "a_blind_dead", "b_blind_busy", "b_blind_dead"}
    name = draw(st.sampled_from(sorted(set(CASES) - vague)))
    heard = leg_events(name)
    slots = sorted({event.at_us // 20_000 for event in heard})
    mixed: list[LegEvent] = []
    for slot in slots:
        mixed += draw(st.permutations([event for event in heard if event.at_us // 20_000 == slot]))
    return name, mixed


@given(disorders(), st.sampled_from(["alice", "bob"]))
def test_disorder_within_a_slot_changes_no_segment(case: tuple[str, list[LegEvent]], recorded: str) -> None:
    """Two connections and several threads tell what happened in one media frame in any order."""
    name, mixed = case
    once = legs(decisions(leg_events(name), recorded, follow=True), recorded)
    assert legs(decisions(mixed, recorded, follow=True), recorded) == once


LEGS = st.sampled_from(["alice", "bob", "carol", "dora"])
EVENTS = st.builds(
    LegEvent,
    kind=st.sampled_from(Kind),
    at_us=st.integers(1, 60),
    sequence=st.integers(1, 60),
    uuid=LEGS,
    other=LEGS,
    source=st.sampled_from(["", "1:x:bl_xfer:200/default/XML", "2:y:uuid_br:carol"]),
    sign=st.sampled_from(["", "blind:bob BLIND_TRANSFER refers", "refers"]),
    cause=st.sampled_from(["", "NORMAL_CLEARING", "PICKED_OFF"]),
    is_gone=st.booleans(),
    held=st.sampled_from(["", "bob", "dora"]),
    was_hung_up=st.booleans(),
)


@given(st.lists(EVENTS, max_size=40), st.booleans())
def test_no_event_breaks_the_law(heard: list[LegEvent], follow: bool) -> None:
    """Whatever is told: never on to a leg that hung up or is recorded, nothing after the end."""
    conversation = Conversation("alice", follow=follow)
    gone: set[str] = set()
    for event in heard:
        was_over, recorded = conversation.is_over, conversation.recorded
        involved = bool(conversation.legs & set(event.legs))
        gone |= {event.uuid} if event.is_gone and involved else set()
        made = conversation.hear(event)
        follows = [one for one in made if isinstance(one, Follow)]
        assert not (was_over and made)
        assert len(follows) <= 1
        assert follow or not follows
        assert all(one.uuid not in gone and one.uuid != recorded for one in follows)
        assert not (follows and any(isinstance(one, End) for one in made))
        assert len(conversation.legs) <= 3
