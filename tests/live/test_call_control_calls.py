"""Calls under call control on a running FreeSWITCH: Telnyx' client commands, and verifies the webhooks."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from telnyx import Telnyx

from callcontrol.webhook_key import SIGNER
from esl.errors import EslError
from service.stage import ACCOUNT
from tests.live.beside import Beside
from tests.live.phone import Phone
from tests.live.test_call_control import client_of, id_of
from tests.storage.receiver import Receiver, serving
from tests.waiting import eventually

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

Houses = Callable[..., Beside]
CONNECTION_ID = f"connection-{secrets.token_hex(4)}"
"""Of this run: what another one has left behind on FreeSWITCH is not ours."""

ECHO = "sip:echo@127.0.0.1:5060"
BUSY = "sip:busy@127.0.0.1:5060"
STATE = base64.b64encode(b"x" * 1500).decode()
PATIENCE_S = 15.0


class Desk:
    """A client program: its API client, and the webhooks that it got, each verified and read by its model."""

    def __init__(self, home: Beside, client: Telnyx, receiver: Receiver) -> None:
        self.home = home
        self.client = client
        self._receiver = receiver
        self._public_key = home.engine.call_control.signers[SIGNER].public  # type: ignore[attr-defined]

    @property
    def events(self) -> list[Any]:
        """All webhooks so far, in the order of their coming."""
        verifying = self.client.with_options(public_key=self._public_key)
        found = []
        for request in self._receiver.requests:
            names = {"telnyx-signature-ed25519", "telnyx-timestamp"}
            headers = {name: value for name, value in request.headers.items() if name in names}
            found.append(verifying.webhooks.unwrap(request.body.decode(), headers=headers).data)
        return found

    def of(self, leg_id: str) -> list[str]:
        """The types of a leg's webhooks."""
        return [one.event_type for one in self.events if one.payload.call_leg_id == leg_id]

    def wait(self, kind: str, leg_id: str = "", nth: int = 0) -> Any:
        """Wait for a webhook; return it."""

        def found() -> Any:
            events = [one for one in self.events if one.event_type == kind]
            events = [one for one in events if leg_id in ("", one.payload.call_leg_id)]
            return events[nth] if len(events) > nth else None

        return eventually(found, PATIENCE_S, f"{kind} of {leg_id or 'any leg'}, number {nth}")

    def incoming(self) -> tuple[str, str]:
        """A call that is held, and answered by command: its leg and its id."""
        known = set(self.home.handovers)
        self.home.call("1000", "&endless_playback(tone_stream://%(1000,0,300);loops=-1)")
        uuid = eventually(lambda: next(iter(set(self.home.handovers) - known), ""), what="the call")
        initiated = self.wait("call.initiated", uuid)
        assert (initiated.payload.state, initiated.payload.direction) == ("parked", "incoming")
        call_control_id = initiated.payload.call_control_id
        assert call_control_id == id_of(self.home.engine, uuid)
        self.client.calls.actions.answer(call_control_id, client_state=STATE)
        assert self.wait("call.answered", uuid).payload.client_state == STATE
        return uuid, call_control_id

    def dial(self, to: str, **options: Any) -> Any:
        """Have somebody called."""
        chosen = {"connection_id": CONNECTION_ID, "to": to, "from_": "+15550100"} | options
        answer = self.client.calls.dial(**chosen)
        assert answer.data is not None
        return answer.data


@pytest.fixture
def desk(beside: Houses) -> Iterator[Desk]:
    """A client program beside a running FreeSWITCH."""
    with opened(beside) as one:
        yield one


@contextmanager
def opened(beside: Houses) -> Iterator[Desk]:
    """The same, as a context."""
    home = beside()
    with serving() as receiver, client_of(home.engine) as client:
        rules = {"profile": "internal", "allow_private_hosts": True, "gateway": "nowhere"}
        home.stage.write("system_config", "dialling", {"default": rules})
        home.document(CONNECTION_ID, {"pvt_type": "connection", "webhook_event_url": receiver.url("/hook")})
        home.flow("1000", ("call_control", {"connection_id": CONNECTION_ID}))
        config = home.engine.config.for_account(ACCOUNT)
        eventually(lambda: config.get("dialling", "gateway") == "nowhere", what="the configuration")
        connections = home.engine.call_control.facilities.connections
        eventually(lambda: connections.of_id(ACCOUNT, CONNECTION_ID), what="the connection")
        desk = Desk(home, client, receiver)
        yield desk
        for live in client.connections.list_active_calls(CONNECTION_ID):
            with suppress(EslError):  # one that ends takes others along
                home.link.api("uuid_kill", live.call_leg_id)


def test_a_call_from_its_beginning_to_its_end(desk: Desk) -> None:
    """Initiated, answered, digits, hangup: each once, signed, in order."""
    uuid, call_control_id = desk.incoming()
    eventually(
        lambda: "verbose_events" in desk.home.link.api("uuid_getvar", f"{uuid} execute_on_answer_callcontrol")
    )
    desk.home.link.api("uuid_recv_dtmf", f"{uuid} 12")
    assert desk.wait("call.dtmf.received", uuid, 1).payload.digit == "2"
    (live,) = desk.client.connections.list_active_calls(CONNECTION_ID).data
    assert live.call_control_id == call_control_id
    desk.client.calls.actions.hangup(call_control_id)
    hangup = desk.wait("call.hangup", uuid).payload
    assert hangup.hangup_cause == "normal_clearing"
    assert desk.of(uuid) == [
        "call.initiated",
        "call.answered",
        "call.dtmf.received",
        "call.dtmf.received",
        "call.hangup",
    ]


def test_calls_that_are_made(desk: Desk) -> None:
    """One is answered, presses a digit, and is hung up; one is busy; one never comes to be."""
    call = desk.dial(f"{ECHO}", client_state=STATE, send_digits_on_answer="7", command_id=CONNECTION_ID)
    assert desk.dial(ECHO, command_id=CONNECTION_ID).call_control_id == call.call_control_id
    answered = desk.wait("call.answered", call.call_leg_id).payload
    assert (answered.from_, answered.to, answered.client_state) == ("+15550100", ECHO, STATE)
    desk.home.link.api("uuid_recv_dtmf", f"{call.call_leg_id} 5")
    eventually(
        lambda: "5" in [one.payload.digit for one in desk.events if one.event_type == "call.dtmf.received"],
        PATIENCE_S,
    )
    desk.client.calls.actions.hangup(call.call_control_id)
    hangup = desk.wait("call.hangup", call.call_leg_id).payload
    assert (hangup.hangup_cause, hangup.hangup_source) == ("normal_clearing", "caller")
    busy = desk.dial(BUSY)
    hangup = desk.wait("call.hangup", busy.call_leg_id).payload
    assert (hangup.hangup_cause, hangup.hangup_source, hangup.sip_hangup_cause) == (
        "user_busy",
        "callee",
        "486",
    )
    assert desk.of(busy.call_leg_id) == ["call.initiated", "call.hangup"]
    never = desk.dial("+15550177")
    hangup = desk.wait("call.hangup", never.call_leg_id).payload
    assert (hangup.hangup_cause, hangup.hangup_source) == ("not_found", "unknown")
    assert desk.of(never.call_leg_id) == ["call.initiated", "call.hangup"]
    claims = desk.home.link.api("hash_dump", "db").splitlines()
    assert any("callcontrol_dial_" in line for line in claims)


def test_a_leg_that_lasts_too_long(desk: Desk) -> None:
    """time_limit_secs is FreeSWITCH's own timer, and has a word of its own."""
    call = desk.dial(ECHO, time_limit_secs=30)
    desk.wait("call.answered", call.call_leg_id)
    desk.home.link.api("sched_hangup", f"+1 {call.call_leg_id} ALLOTTED_TIMEOUT")
    assert desk.wait("call.hangup", call.call_leg_id).payload.hangup_cause == "time_limit"


def test_a_call_is_transferred(desk: Desk) -> None:
    """To somebody busy, and goes on; to somebody who answers, away from whom it talked with."""
    uuid, call_control_id = desk.incoming()
    desk.client.calls.actions.transfer(call_control_id, to=BUSY)
    busy = desk.wait("call.hangup").payload
    assert (busy.hangup_cause, busy.to) == ("user_busy", BUSY)
    desk.client.calls.actions.transfer(
        call_control_id, to=ECHO, preferred_codecs="PCMU", park_after_unbridge="self"
    )
    desk.wait("call.bridged", uuid)
    first = next(one for one in desk.events if one.event_type == "call.answered" and one.payload.to == ECHO)
    assert first.payload.call_session_id == uuid
    desk.wait("call.bridged", first.payload.call_leg_id)
    desk.client.calls.actions.transfer(
        call_control_id, to=ECHO, preferred_codecs="PCMU", park_after_unbridge="self"
    )
    desk.wait("call.hangup", first.payload.call_leg_id)
    desk.wait("call.bridged", uuid, 1)
    second = [one for one in desk.events if one.event_type == "call.answered" and one.payload.to == ECHO][1]
    desk.client.calls.actions.hangup(second.payload.call_control_id)
    desk.wait("call.hangup", second.payload.call_leg_id)
    state = desk.client.calls.retrieve_status(call_control_id).data
    assert state is not None
    assert state.is_alive
    desk.client.calls.actions.transfer(call_control_id, to=ECHO, preferred_codecs="PCMU")
    desk.wait("call.bridged", uuid, 2)
    third = [one for one in desk.events if one.event_type == "call.answered" and one.payload.to == ECHO][2]
    desk.client.calls.actions.hangup(third.payload.call_control_id)
    assert desk.wait("call.hangup", uuid).payload.hangup_cause == "normal_clearing"


def test_a_call_is_transferred_to_somebody_else_while_it_rings(desk: Desk) -> None:
    """Who rings is let go; who is called instead answers, and has the call."""
    bob, carol = Phone("bob", 800), Phone("carol", 1600)
    bob.rings = True
    uuid, call_control_id = desk.incoming()
    desk.client.calls.actions.transfer(call_control_id, to=bob.uri, preferred_codecs="PCMU")
    ringing = bob.dialog
    desk.client.calls.actions.transfer(call_control_id, to=carol.uri, preferred_codecs="PCMU")
    carol.wait_call()
    desk.wait("call.bridged", uuid)
    ringing.wait_over()
    hangup = next(one.payload for one in desk.events if one.event_type == "call.hangup")
    assert (hangup.to, hangup.hangup_cause) == (bob.uri, "originator_cancel")
    assert carol.dialog.is_up
    bob.close()
    carol.close()


def test_two_calls_are_bridged(desk: Desk) -> None:
    """Both are told; one waits when the other goes, and is bridged again, then goes too."""
    uuid, call_control_id = desk.incoming()
    other = desk.dial(ECHO)
    desk.wait("call.answered", other.call_leg_id)
    desk.client.calls.actions.bridge(
        call_control_id, call_control_id_to_bridge_with=other.call_control_id, park_after_unbridge="self"
    )
    desk.wait("call.bridged", uuid)
    desk.wait("call.bridged", other.call_leg_id)
    desk.client.calls.actions.hangup(other.call_control_id)
    desk.wait("call.hangup", other.call_leg_id)
    again = desk.dial(ECHO)
    desk.wait("call.answered", again.call_leg_id)
    desk.client.calls.actions.bridge(
        again.call_control_id, call_control_id_to_bridge_with=call_control_id, hold_after_unbridge=True
    )
    desk.wait("call.bridged", again.call_leg_id)
    desk.client.calls.actions.hangup(call_control_id)
    desk.wait("call.hangup", uuid)
    held = desk.client.calls.retrieve_status(again.call_control_id).data
    assert held is not None
    assert held.is_alive
    playing = desk.home.link.api("uuid_getvar", f"{again.call_leg_id} current_application")
    assert playing == "endless_playback"
    desk.client.calls.actions.hangup(again.call_control_id)
    desk.wait("call.hangup", again.call_leg_id)


def test_a_call_is_connected_as_it_answers(desk: Desk) -> None:
    """link_to with bridge_on_answer: one session, and both hang up together."""
    uuid, call_control_id = desk.incoming()
    linked = desk.dial(ECHO, link_to=call_control_id, bridge_on_answer=True)
    assert linked.call_session_id == uuid
    desk.wait("call.bridged", linked.call_leg_id)
    desk.wait("call.bridged", uuid)
    desk.client.calls.actions.hangup(linked.call_control_id)
    desk.wait("call.hangup", uuid)


def test_a_sound_comes_before_the_bridge(desk: Desk) -> None:
    """Whoever answers a transfer hears it first."""
    uuid, call_control_id = desk.incoming()
    with serving() as sounds:
        sounds.answers[0].headers["Content-Type"] = "audio/wav"
        sounds.answers[:] = [
            type(sounds.answers[0])(200, {"Content-Type": "audio/wav"}, desk.home.voice.read_bytes())
        ]
        url = sounds.url("/hello.wav")
        desk.client.calls.actions.transfer(call_control_id, to=ECHO, preferred_codecs="PCMU", audio_url=url)
        answered = eventually(
            lambda: next(
                (one for one in desk.events if one.event_type == "call.answered" and one.payload.to == ECHO),
                None,
            ),
            PATIENCE_S,
        )
        playing = desk.home.link.api(
            "uuid_getvar", f"{answered.payload.call_leg_id} current_application_data"
        )
        assert url in playing
    assert desk.of(uuid) == ["call.initiated", "call.answered"]


def test_a_call_is_rejected(desk: Desk) -> None:
    """With a cause that FreeSWITCH tells the caller."""
    call = desk.home.call("1000", "&park()")
    initiated = desk.wait("call.initiated")
    desk.client.calls.actions.reject(initiated.payload.call_control_id, cause="USER_BUSY")
    assert desk.wait("call.hangup").payload.hangup_cause == "user_busy"
    assert "USER_BUSY" in call.answer
