"""Who is shown to whom on a running FreeSWITCH: callers with and without a name, and those who hide."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from tests.live.beside import Beside
from tests.live.phone import Dialog, Phone
from tests.live.test_call_control_calls import Desk, opened
from tests.waiting import eventually

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

NUMBER = "+15550100"


@pytest.fixture
def desk(beside: Callable[..., Beside]) -> Iterator[Desk]:
    """A client program beside a running FreeSWITCH."""
    with opened(beside) as one:
        yield one


@pytest.fixture
def bob() -> Iterator[Phone]:
    """A telephone."""
    phone = Phone("bob", 800)
    yield phone
    phone.close()


def header(dialog: Dialog, name: str) -> str:
    """A header of the message that invited."""
    assert dialog.invite is not None
    return dialog.invite.headers.get(name, "")


def test_the_number_stands_for_a_name(desk: Desk, bob: Phone) -> None:
    """Of a call that is made, and of one that is made for another call, whose own name is not told."""
    desk.dial(bob.uri)
    assert header(bob.wait_call(), "from").startswith(f'"{NUMBER}" <sip:{NUMBER}@')
    desk.home.call(
        "1000",
        "&endless_playback(tone_stream://%(1000,0,300);loops=-1)",
        variables={"origination_caller_id_name": "Ada"},
    )
    initiated = desk.wait("call.initiated", nth=1).payload
    assert initiated.caller_id_name == "Ada"
    desk.client.calls.actions.answer(initiated.call_control_id)
    desk.client.calls.actions.transfer(initiated.call_control_id, to=bob.uri, from_="+15550122")
    assert header(bob.wait_call(2), "from").startswith('"+15550122" <sip:+15550122@')
    desk.dial(bob.uri, from_display_name="Grace")
    assert header(bob.wait_call(3), "from").startswith(f'"Grace" <sip:{NUMBER}@')


def test_a_caller_hides(desk: Desk, bob: Phone) -> None:
    """privacy: whoever is called sees neither number nor name anywhere in the message."""
    desk.dial(bob.uri, privacy="id", from_display_name="Ada")
    dialog = bob.wait_call()
    assert header(dialog, "from").startswith('"Anonymous" <sip:anonymous@anonymous.invalid>')
    assert dialog.invite is not None
    told = str(dialog.invite.headers)
    assert NUMBER not in told
    assert "Ada" not in told


def test_headers_and_quality_are_told(desk: Desk, bob: Phone) -> None:
    """What an INVITE brings and an answer is given; how many packets came."""
    dialog = bob.dial(
        "sip:park@127.0.0.1:5060",
        {
            "X-Ticket": "7;a=b",
            "User-to-User": "00ff;encoding=hex",
            "Diversion": "<sip:+15550177@example.com>",
        },
    ).wait_up()
    home = desk.home

    def leg() -> str:
        rows = json.loads(home.link.api("show", "channels as json")).get("rows", [])
        return next((str(row["uuid"]) for row in rows if bob.address in row["name"]), "")

    uuid = eventually(leg, what="the call of the telephone")
    host, port = home.engine.listener.address[:2]
    home.link.api("uuid_setvar", f"{uuid} callflows_number 1000")
    home.link.api("uuid_transfer", f"{uuid} 'socket:{host}:{port} async full' inline")
    initiated = desk.wait("call.initiated", uuid).payload
    assert [(one.name, one.value) for one in initiated.custom_headers] == [("X-Ticket", "7;a=b")]
    assert {one.name: one.value for one in initiated.sip_headers} == {
        "User-to-User": "00ff;encoding=hex",
        "Diversion": "<sip:+15550177@example.com>",
    }
    dialog.hang_up()
    hangup = desk.wait("call.hangup", uuid).payload
    assert [one.name for one in hangup.sip_headers] == ["User-to-User", "Diversion"]
    assert int(hangup.call_quality_stats.inbound.packet_count) > 0
    assert hangup.hangup_source == "caller"
