"""transfer, bridge and reject, by Telnyx' own client, on a simulated FreeSWITCH."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from telnyx import UnprocessableEntityError

from simulator.simcall import SimCall
from tests.callcontrol.controlled import (
    BOB,
    BUSY,
    CAROL,
    CONNECTION_ID,
    DEAF,
    FROM,
    controlled,
    kinds_of,
    prepare,
    told,
    wait_told,
)
from tests.callcontrol.place import Place
from tests.waiting import eventually

STATE = base64.b64encode(b"the other leg").decode()


def answered(place: Place) -> tuple[SimCall, str, Any]:
    """A call that is answered, its id, and a client."""
    call = controlled(place)
    client = place.client()
    call_control_id = place.id_of(call)
    client.calls.actions.answer(call_control_id)
    wait_told(place, call.uuid, "call.answered")
    return call, call_control_id, client


def other_leg(place: Place, call: SimCall, nth: int = 0) -> Any:
    """call.initiated of the leg that was called for a call."""
    return eventually(
        lambda: next(
            iter(
                [one for one in told(place, "", "call.initiated") if one.payload.call_leg_id != call.uuid][
                    nth:
                ]
            ),
            None,
        ),
        what="the other leg",
    ).payload


def is_live(place: Place, uuid: str) -> bool:
    """Whether a leg is up."""
    return place.house.switch.core.located(uuid) is not None


class TestTransfer:
    """A leg is called for a call, and connected with it."""

    def test_the_new_leg_is_told_of_like_the_old_one(self, place: Place) -> None:
        """Initiated, answered, bridged, of the same connection and session, with a state of its own."""
        prepare(place)
        call, call_control_id, client = answered(place)
        client.calls.actions.transfer(call_control_id, to=BOB, from_=FROM, target_leg_client_state=STATE)
        leg = other_leg(place, call)
        wait_told(place, leg.call_leg_id, "call.bridged")
        events = told(place, leg.call_leg_id)
        assert kinds_of(events) == ["call.initiated", "call.answered", "call.bridged"]
        assert (leg.from_, leg.to, leg.direction) == (FROM, BOB, "outgoing")
        assert {one.payload.client_state for one in events} == {STATE}
        assert {one.payload.connection_id for one in events} == {CONNECTION_ID}
        assert leg.call_session_id == call.uuid
        wait_told(place, call.uuid, "call.bridged")
        client.calls.actions.hangup(leg.call_control_id)
        assert wait_told(place, call.uuid, "call.hangup").payload.hangup_cause == "normal_clearing"
        assert wait_told(place, leg.call_leg_id, "call.hangup")

    def test_nobody_answers_and_the_call_goes_on(self, place: Place) -> None:
        """Why is told of the leg that was called; the call takes the next command."""
        prepare(place)
        call, call_control_id, client = answered(place)
        client.calls.actions.transfer(call_control_id, to=BUSY)
        leg = other_leg(place, call)
        assert leg.from_ == "+15550111"
        assert wait_told(place, leg.call_leg_id, "call.hangup").payload.hangup_cause == "user_busy"
        assert is_live(place, call.uuid)
        client.calls.actions.transfer(call_control_id, to=BOB)
        wait_told(place, call.uuid, "call.bridged")

    def test_the_call_waits_when_the_other_side_goes(self, place: Place) -> None:
        """park_after_unbridge: it takes further commands."""
        prepare(place)
        call, call_control_id, client = answered(place)
        client.calls.actions.transfer(call_control_id, to=BOB, park_after_unbridge="self")
        leg = other_leg(place, call)
        wait_told(place, call.uuid, "call.bridged")
        client.calls.actions.hangup(leg.call_control_id)
        wait_told(place, leg.call_leg_id, "call.hangup")
        assert is_live(place, call.uuid)
        client.calls.actions.transfer(call_control_id, to=CAROL)
        assert other_leg(place, call, 1).to == CAROL
        eventually(lambda: len(told(place, call.uuid, "call.bridged")) == 2)

    def test_a_call_that_talks_is_taken_away(self, place: Place) -> None:
        """Whom it talked with is hung up; it is connected with somebody else."""
        prepare(place)
        call, call_control_id, client = answered(place)
        client.calls.actions.transfer(call_control_id, to=BOB)
        first = other_leg(place, call)
        wait_told(place, call.uuid, "call.bridged")
        client.calls.actions.transfer(call_control_id, to=CAROL)
        wait_told(place, first.call_leg_id, "call.hangup")
        second = other_leg(place, call, 1)
        wait_told(place, second.call_leg_id, "call.bridged")
        assert is_live(place, call.uuid)

    def test_who_rings_is_let_go_for_somebody_else(self, place: Place) -> None:
        """A second transfer takes the place of the first one."""
        prepare(place)
        call, call_control_id, client = answered(place)
        client.calls.actions.transfer(call_control_id, to=DEAF)
        first = other_leg(place, call)
        client.calls.actions.transfer(call_control_id, to=BOB)
        assert wait_told(place, first.call_leg_id, "call.hangup").payload.hangup_cause == "originator_cancel"
        second = other_leg(place, call, 1)
        wait_told(place, second.call_leg_id, "call.bridged")
        assert is_live(place, call.uuid)

    def test_what_cannot_be_called_is_refused(self, place: Place) -> None:
        """And the call is left alone."""
        prepare(place)
        _, call_control_id, client = answered(place)
        with pytest.raises(UnprocessableEntityError) as refused:
            client.calls.actions.transfer(call_control_id, to="sip:bob@localhost")
        assert refused.value.response.json()["errors"][0]["source"]["pointer"] == "/to"

    def test_whom_a_leg_hears_before_it_is_connected(self, place: Place) -> None:
        """A sound of the account's own is played to it first."""
        prepare(place)
        sound = place.house.recordings_dir.parent / "hello.wav"
        place.allow_networks.append("127.0.0.0/8")
        place.house.config.table["ecallmgr", "use_http_cache"] = False
        call, call_control_id, client = answered(place)
        client.calls.actions.transfer(call_control_id, to=BOB, audio_url=f"http://127.0.0.1/{sound.name}")
        leg = other_leg(place, call)
        wait_told(place, leg.call_leg_id, "call.answered")
        eventually(lambda: any("playback http://127.0.0.1/hello.wav" in line.detail for line in call.log))


class TestBridge:
    """Two calls are connected."""

    def test_both_hang_up_together(self, place: Place) -> None:
        """As two legs of one call do, unless they are told otherwise."""
        prepare(place)
        first, first_id, client = answered(place)
        second, second_id, _ = answered(place)
        client.calls.actions.bridge(first_id, call_control_id_to_bridge_with=second_id)
        wait_told(place, first.uuid, "call.bridged")
        wait_told(place, second.uuid, "call.bridged")
        second.hang_up()
        wait_told(place, first.uuid, "call.hangup")
        assert kinds_of(told(place, first.uuid))[-1] == "call.hangup"

    @pytest.mark.parametrize("side", [0, 1])
    def test_one_waits_when_the_other_goes(self, place: Place, side: int) -> None:
        """park_after_unbridge concerns the call that is commanded."""
        prepare(place)
        calls = [answered(place), answered(place)]
        (first, first_id, client), (second, second_id, _) = calls
        client.calls.actions.bridge(
            first_id, call_control_id_to_bridge_with=second_id, park_after_unbridge="self"
        )
        wait_told(place, second.uuid, "call.bridged")
        (second, first)[side].hang_up()
        wait_told(place, (second, first)[side].uuid, "call.hangup")
        if side:
            wait_told(place, second.uuid, "call.hangup")
        else:
            eventually(lambda: first.session.channel.get("current_application") in ("sleep", "park"))
            client.calls.actions.hangup(first_id)
            wait_told(place, first.uuid, "call.hangup")

    def test_a_call_that_talks_can_be_left_alone(self, place: Place) -> None:
        """prevent_double_bridge refuses; without it the call is taken away."""
        prepare(place)
        first, first_id, client = answered(place)
        second, second_id, _ = answered(place)
        third, third_id, _ = answered(place)
        client.calls.actions.bridge(first_id, call_control_id_to_bridge_with=second_id)
        wait_told(place, first.uuid, "call.bridged")
        with pytest.raises(UnprocessableEntityError):
            client.calls.actions.bridge(
                third_id, call_control_id_to_bridge_with=second_id, prevent_double_bridge=True
            )
        client.calls.actions.bridge(third_id, call_control_id_to_bridge_with=second_id)
        wait_told(place, third.uuid, "call.bridged")
        wait_told(place, first.uuid, "call.hangup")
        assert is_live(place, second.uuid)

    def test_what_cannot_be_connected(self, place: Place) -> None:
        """A call with itself, with nobody's, with a queue, before either is answered."""
        prepare(place)
        call = controlled(place)
        other = controlled(place)
        client = place.client()
        call_id, other_id = place.id_of(call), place.id_of(other)
        tries: list[dict[str, Any]] = [
            {"call_control_id_to_bridge_with": call_id},
            {"call_control_id_to_bridge_with": "v3:forged"},
            {"call_control_id_to_bridge_with": other_id},
            {"call_control_id_to_bridge_with": other_id, "queue": "support"},
        ]
        codes = []
        for wish in tries:
            with pytest.raises(UnprocessableEntityError) as refused:
                client.calls.actions.bridge(call_id, **wish)
            codes.append(refused.value.response.json()["errors"][0]["code"])
        assert codes == ["10015", "10017", "90034", "10015"]

    def test_which_of_the_two_is_over_is_told(self, place: Place) -> None:
        """The other one at its parameter, so that a client does not take it for the one it commands."""
        prepare(place)
        first, first_id, client = answered(place)
        second, second_id, _ = answered(place)
        second.hang_up()
        wait_told(place, second.uuid, "call.hangup")
        pointers = []
        for one, other in ((first_id, second_id), (second_id, first_id)):
            with pytest.raises(UnprocessableEntityError) as refused:
                client.calls.actions.bridge(one, call_control_id_to_bridge_with=other)
            (error,) = refused.value.response.json()["errors"]
            assert error["code"] == "90018"
            pointers.append(error.get("source"))
        assert pointers == [{"pointer": "/call_control_id"}, None]
        assert is_live(place, first.uuid)


class TestReject:
    """An incoming call is refused."""

    @pytest.mark.parametrize(
        ("cause", "freeswitch", "word"),
        [
            ("USER_BUSY", "USER_BUSY", "user_busy"),
            ("CALL_REJECTED", "CALL_REJECTED", "call_rejected"),
            ("NOT_FOUND", "UNALLOCATED_NUMBER", "not_found"),
            ("TEMPORARILY_UNAVAILABLE", "NO_ANSWER", "no_answer"),
        ],
    )
    def test_with_a_cause(self, place: Place, cause: Any, freeswitch: str, word: str) -> None:
        """The caller is told by FreeSWITCH's cause, the client by its own word."""
        prepare(place)
        call = controlled(place)
        place.client().calls.actions.reject(place.id_of(call), cause=cause)
        hangup = wait_told(place, call.uuid, "call.hangup").payload
        assert call.session.channel.hangup_cause == freeswitch
        assert (hangup.hangup_cause, hangup.hangup_source) == (word, "callee")

    def test_not_once_it_is_answered(self, place: Place) -> None:
        """It can be hung up then."""
        prepare(place)
        _, call_control_id, client = answered(place)
        with pytest.raises(UnprocessableEntityError):
            client.calls.actions.reject(call_control_id, cause="USER_BUSY")
