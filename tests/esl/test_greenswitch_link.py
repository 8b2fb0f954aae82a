"""esl/greenswitch_link.py: greenswitch's client, with deadlines and our decoder."""

from __future__ import annotations

from pathlib import Path

import pytest

from esl import command
from esl.errors import BadCommand, CommandRefused, LinkLost, ReplyTimeout
from esl.greenswitch_link import GreenswitchLink
from tests.esl.peer import AUTH_REQUEST, DEADLINE_S, OK, Log, Peer, Switch, event_frame, reply_frame

DATA = Path(__file__).parents[1] / "data" / "esl"


def _greet(peer: Peer) -> None:
    peer.send(AUTH_REQUEST)
    assert peer.command() == "auth ClueCon"
    peer.send(reply_frame("+OK accepted"))


def _link(switch: Switch, closes: Log | None = None, timeout_s: float = DEADLINE_S) -> GreenswitchLink:
    return GreenswitchLink("127.0.0.1", switch.port, "ClueCon", timeout_s, closes or Log())


def test_log_in_and_handlers() -> None:
    """Connected and logged in; events go to the handlers registered for them, the others to `*`."""

    def serve(peer: Peer) -> None:
        _greet(peer)
        assert peer.command() == "event plain DTMF"
        peer.send(
            OK
            + event_frame("DTMF")
            + event_frame("CUSTOM", Event_Subclass="sofia::register")
            + event_frame("RECORD_STOP")
        )
        peer.command()

    closes, digits, registered, others = Log(), Log(), Log(), Log()
    with Switch(serve) as switch:
        with _link(switch, closes) as link:
            link.register_handle("DTMF", digits)
            link.register_handle("sofia::register", registered)
            link.register_handle("*", others)
            assert link.send("event plain DTMF").data == "+OK"
            others.wait(1)
            assert link.silent_s < DEADLINE_S
            assert link.close_reason == ""
        assert closes.wait(1) == [None]
    assert [len(log.items) for log in (digits, registered, others)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("data", "failing", "reason"),
    [
        ((DATA / "password_refused.bin").read_bytes(), "auth", "-ERR invalid"),
        ((DATA / "rude_rejection.bin").read_bytes(), "connect", "Access Denied, go away."),
        (AUTH_REQUEST + reply_frame("+OK what?"), "auth", "Invalid password."),
    ],
)
def test_refusals(data: bytes, failing: str, reason: str) -> None:
    """A wrong password and an unwanted address are told apart from a lost connection."""
    with Switch(lambda peer: peer.play(data)) as switch:
        with pytest.raises(CommandRefused) as caught:
            _link(switch).connect()
        assert (caught.value.command, caught.value.reply) == (failing, reason)


def test_password_that_would_break_out_is_not_sent() -> None:
    """The client would put it into a line as it is."""
    with Switch(lambda peer: peer.send(AUTH_REQUEST)) as switch:
        link = GreenswitchLink("127.0.0.1", switch.port, "x\n\napi shutdown", DEADLINE_S, Log())
        with pytest.raises(CommandRefused):
            link.connect()


def test_nobody_listens() -> None:
    """The address is in the reason, the password is not."""
    with Switch(lambda _peer: None) as switch:
        port = switch.port
    link = GreenswitchLink("127.0.0.1", port, "ClueCon", 1, Log())
    with pytest.raises(LinkLost, match=f"127.0.0.1:{port}: Connection refused"):
        link.connect()
    with pytest.raises(LinkLost):
        link.post(command.noevents())
    assert link.silent_s == 0
    link.stop()


@pytest.mark.parametrize(
    ("data", "closes"), [(b"", False), (b"", True), (b"garbage\n\n", False), (AUTH_REQUEST, True)]
)
def test_greeting_that_does_not_come(data: bytes, closes: bool) -> None:
    """There is a deadline for every step."""

    def serve(peer: Peer) -> None:
        peer.send(data)
        if closes:
            peer.close()
        else:
            peer.wait_closed()

    with Switch(serve) as switch, pytest.raises(LinkLost):
        _link(switch, timeout_s=0.2).connect()


def test_answer_to_the_password_that_does_not_come() -> None:
    """Neither does it wait for ever, nor leave the connection open."""

    def serve(peer: Peer) -> None:
        peer.send(AUTH_REQUEST)
        peer.wait_closed()

    closes = Log()
    with Switch(serve) as switch:
        with pytest.raises(ReplyTimeout):
            _link(switch, closes, timeout_s=0.05).connect()
        closes.wait(1)


def test_command_lines_do_not_break_out() -> None:
    """What greenswitch's callers hand to send() is one line."""

    def serve(peer: Peer) -> None:
        _greet(peer)
        peer.command()

    with Switch(serve) as switch, _link(switch) as link, pytest.raises(BadCommand):
        link.send("api status\n\napi shutdown")
