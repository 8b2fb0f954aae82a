"""A supervisor of a call on a running FreeSWITCH: three telephones, and what each of them hears."""

from __future__ import annotations

import array
import time
from collections.abc import Callable, Iterator

import pytest
from gevent import socket

from tests.live.beside import Beside
from tests.live.phone import RATE_HZ, Dialog, Phone
from tests.live.test_call_control_calls import Desk, opened
from tests.live.tones import LEAST, _level
from tests.waiting import eventually

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

TONES = {"A": 400, "B": 800, "C": 1600}
LISTEN_S = 0.4


@pytest.fixture
def desk(beside: Callable[..., Beside]) -> Iterator[Desk]:
    """A client program beside a running FreeSWITCH."""
    with opened(beside) as one:
        yield one


@pytest.fixture
def phones() -> Iterator[list[Phone]]:
    """alice, who is supervised, bob, whom she talks with, and carol."""
    made = [Phone(name, TONES[letter]) for name, letter in (("alice", "A"), ("bob", "B"), ("carol", "C"))]
    yield made
    for phone in made:
        phone.close()


def heard(dialog: Dialog) -> str:
    """The letters of all that a telephone hears from now on, for a moment."""
    dialog.rtp.settimeout(0)
    try:
        while dialog.rtp.recv(2048):
            pass
    except BlockingIOError:
        pass
    samples = array.array("h")
    until_s = time.monotonic() + LISTEN_S
    while (left_s := until_s - time.monotonic()) > 0:
        dialog.rtp.settimeout(left_s)
        try:
            packet = dialog.rtp.recv(2048)
        except socket.timeout:
            break
        if packet[1] & 0x7F == 0:
            samples.extend(map(_sample, packet[12:]))
    return "".join(who for who, hz in TONES.items() if samples and _level(samples, RATE_HZ, hz) > LEAST)


def _sample(octet: int) -> int:
    """Return a sample of PCMU. Source: ITU-T G.711."""
    octet = ~octet & 0xFF
    magnitude = (((octet & 0x0F) << 3) + 0x84 << (octet >> 4 & 7)) - 0x84
    return -magnitude if octet & 0x80 else magnitude


def test_who_hears_a_supervisor(desk: Desk, phones: list[Phone]) -> None:
    """By her role, which can be changed; she hears both, and goes when the call does."""
    alice, bob, carol = phones
    call = desk.dial(alice.uri)
    desk.wait("call.answered", call.call_leg_id)
    desk.client.calls.actions.transfer(call.call_control_id, to=bob.uri)
    desk.wait("call.bridged", call.call_leg_id)
    supervisor = desk.dial(
        carol.uri, supervise_call_control_id=call.call_control_id, supervisor_role="whisper"
    )
    desk.wait("call.answered", supervisor.call_leg_id)
    ears = [phone.wait_call() for phone in phones]

    def all_heard() -> list[str]:
        return [heard(ear) for ear in ears]

    def hear(*expected: str) -> None:
        eventually(lambda: all_heard() == list(expected), what=f"{expected}, not {all_heard()}")

    hear("BC", "A", "AB")
    for role, expected in (("barge", "AC"), ("monitor", "A")):
        desk.client.calls.actions.switch_supervisor_role(supervisor.call_control_id, role=role)  # type: ignore[arg-type]
        hear("BC" if role == "barge" else "B", expected, "AB")
    desk.home.link.api("uuid_recv_dtmf", f"{supervisor.call_leg_id} 3")
    assert all_heard() == ["B", "A", "AB"]  # her digits, unlike eavesdrop's own, change nothing
    desk.client.calls.actions.hangup(call.call_control_id)
    assert desk.wait("call.hangup", supervisor.call_leg_id).payload.hangup_cause == "normal_clearing"


def test_a_supervisor_joins_as_barge(desk: Desk, phones: list[Phone]) -> None:
    """Which is the role of whom none is said; the call goes on when she leaves."""
    alice, bob, carol = phones
    call = desk.dial(alice.uri)
    desk.wait("call.answered", call.call_leg_id)
    desk.client.calls.actions.transfer(call.call_control_id, to=bob.uri)
    desk.wait("call.bridged", call.call_leg_id)
    supervisor = desk.dial(carol.uri, supervise_call_control_id=call.call_control_id)
    desk.wait("call.answered", supervisor.call_leg_id)
    ears = [phone.wait_call() for phone in phones]
    eventually(lambda: [heard(ear) for ear in ears] == ["BC", "AC", "AB"], what="all three")
    carol.dialog.hang_up()
    desk.wait("call.hangup", supervisor.call_leg_id)
    eventually(lambda: [heard(ear) for ear in ears[:2]] == ["B", "A"], what="the two")
