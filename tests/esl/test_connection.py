"""esl/connection.py: replies in their order, events at once, an end that comes exactly once."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import gevent
import pytest
from structlog.testing import capture_logs

from esl import command, connection
from esl.connection import Connection
from esl.errors import CommandRefused, LinkLost, ReplyTimeout
from esl.event import Event
from esl.frame import Frame
from tests.esl.peer import DEADLINE_S, DISCONNECT, OK, Log, Peer, api_frame, event_frame, reply_frame


class Pair:
    """A connection and the peer at its other end."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self.events, self.closes, self.frames = Log(), Log(), Log()
        self.peer = Peer(theirs)
        self.connection = Connection(
            ours, on_event=self.events, on_close=self.closes, on_frame=self.frames, max_frame_bytes=100_000
        )


@pytest.fixture
def pair() -> Iterator[Pair]:
    """A connection and its peer, both closed at the end."""
    made = Pair()
    yield made
    made.connection.close()
    made.peer.close()


def test_batch_is_one_write_and_replies_keep_their_order(pair: Pair) -> None:
    """Commands that go together arrive together; each gets its own reply, events in between or not."""
    replies = pair.connection.post(
        command.api("status"), command.linger(3), command.noevents(), command.api("version")
    )
    assert pair.peer.sock.recv(65536) == b"api status\n\nlinger 3\n\nnoevents\n\napi version\n\n"

    pair.peer.send(
        api_frame("UP\n")
        + event_frame("DTMF", DTMF_Digit="1")
        + reply_frame("+OK will linger 3 seconds")
        + reply_frame("-ERR not listening for events")
        + event_frame("DTMF", DTMF_Digit="2")
        + api_frame("1.10")
    )

    assert replies[3].get(DEADLINE_S).text == "1.10"
    assert replies[0].get(DEADLINE_S).text == "UP"
    assert replies[1].get(DEADLINE_S).text == "+OK will linger 3 seconds"
    with pytest.raises(CommandRefused) as caught:
        replies[2].get(DEADLINE_S)
    assert (caught.value.command, caught.value.reply) == ("noevents", "-ERR not listening for events")
    assert [event.get("DTMF-Digit") for event in pair.events.items if isinstance(event, Event)] == ["1", "2"]


def test_late_reply_does_not_disturb_the_next(pair: Pair) -> None:
    """After a timeout the reply that still comes is dropped in its turn."""
    with pytest.raises(ReplyTimeout) as caught:
        pair.connection.request(command.api("msleep", "9"), 0.01)
    assert (caught.value.command, caught.value.waited_s) == ("api msleep", 0.01)

    later = pair.connection.post(command.api("status"))[0]
    pair.peer.send(api_frame("late") + api_frame("UP"))

    assert later.get(DEADLINE_S).text == "UP"


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (api_frame("-ERR no reply\n"), ""),
        (api_frame("+OK\n"), "+OK"),
        (api_frame("a\nb\n"), "a\nb"),
        (reply_frame("Ada"), "Ada"),
    ],
)
def test_answers_that_are_no_refusal(pair: Pair, frame: bytes, text: str) -> None:
    """An api command without output is answered `-ERR no reply` by the event socket itself."""
    reply = pair.connection.post(command.api("x"))[0]
    pair.peer.send(frame)

    assert reply.get(DEADLINE_S).text == text


@pytest.mark.parametrize(
    "frame",
    [api_frame("-ERR x Command not found!\n"), api_frame("-USAGE: <uuid>"), reply_frame("-ERR no reply")],
)
def test_refusals(pair: Pair, frame: bytes) -> None:
    """-ERR and -USAGE are failures."""
    reply = pair.connection.post(command.api("x"))[0]
    pair.peer.send(frame)

    with pytest.raises(CommandRefused):
        reply.get(DEADLINE_S)


def test_several_greenlets_may_post(pair: Pair) -> None:
    """Each gets the reply to its own command."""

    def ask(number: int) -> str:
        return pair.connection.request(command.api("echo", str(number)), DEADLINE_S).text

    asking = [gevent.spawn(ask, number) for number in range(20)]
    for line in pair.peer.commands(20):
        pair.peer.send(api_frame(line.removeprefix("api echo ")))

    assert [greenlet.get(timeout=DEADLINE_S) for greenlet in asking] == [str(n) for n in range(20)]


def test_several_may_wait_for_one_reply(pair: Pair) -> None:
    """All get the same outcome."""
    reply = pair.connection.post(command.api("x"))[0]
    waiting = [gevent.spawn(reply.get, DEADLINE_S) for _ in range(3)]
    gevent.idle()
    assert not reply.is_done
    pair.peer.send(api_frame("x"))

    assert [greenlet.get(timeout=DEADLINE_S).text for greenlet in waiting] == ["x"] * 3
    assert reply.is_done


def test_peer_closes(pair: Pair) -> None:
    """Whoever waits is told at once; so is the owner, once; no more commands are taken."""
    reply = pair.connection.post(command.api("x"))[0]
    assert pair.peer.command() == "api x"
    pair.peer.close()

    with pytest.raises(LinkLost, match="api x: the peer closed"):
        reply.get(DEADLINE_S)
    assert pair.connection.closed
    assert pair.connection.close_reason == "the peer closed"
    with pytest.raises(LinkLost):
        pair.connection.post(command.api("x"))
    pair.connection.close()
    assert pair.closes.items == [None]


def test_peer_closes_amid_a_message(pair: Pair) -> None:
    """The reason says so."""
    pair.peer.send(OK[:-1])
    pair.peer.close()
    pair.closes.wait(1)

    assert pair.connection.close_reason == "the peer closed amid a message"


def test_last_events_are_read_although_writing_fails(pair: Pair) -> None:
    """A recording's end may wait in the socket when the peer is gone already."""
    pair.peer.send(event_frame("RECORD_STOP"))
    pair.peer.close()

    reply = pair.connection.post(command.api("x"))[0]

    with pytest.raises(LinkLost):
        reply.get(DEADLINE_S)
    assert [event.name for event in pair.events.items if isinstance(event, Event)] == ["RECORD_STOP"]


def test_disconnect_notices(pair: Pair) -> None:
    """The channel's end is remembered; its last events still come, then the peer closes."""
    head = DISCONNECT.partition(b"\n\n")[0]
    linger = head.replace(b": disconnect", b": linger").replace(b"67", b"0") + b"\n\n"
    pair.peer.send(linger + event_frame("RECORD_STOP"))
    pair.events.wait(1)
    assert pair.connection.lingering
    assert not pair.connection.closed

    pair.peer.send(DISCONNECT)
    pair.peer.close()
    pair.closes.wait(1)

    notices = [frame for frame in pair.frames.items if isinstance(frame, Frame)]
    assert [len(notice.body) for notice in notices] == [0, 67]
    assert [notice.headers["Content-Disposition"] for notice in notices] == ["linger", "disconnect"]


def test_closing_lets_the_peer_read_to_the_end(pair: Pair) -> None:
    """A hangup posted just before close() arrives, even with events unread on our side."""
    pair.peer.send(event_frame("DTMF") * 20)
    pair.connection.post(command.hangup())
    pair.connection.close()
    assert pair.connection.closed
    assert pair.closes.items == [None]

    assert pair.peer.command().endswith("hangup-cause: NORMAL_CLEARING")
    assert pair.peer.command() == ""
    pair.peer.send(event_frame("CHANNEL_HANGUP"))
    pair.peer.close()
    assert pair.events.items == []


def test_closing_fails_whoever_waits(pair: Pair) -> None:
    """Nothing waits for what cannot come."""
    reply = pair.connection.post(command.api("x"))[0]
    pair.connection.close()

    with pytest.raises(LinkLost):
        reply.get(DEADLINE_S)


def test_closed_connection_is_let_go_of(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer that does not close in its turn is left after a while."""
    monkeypatch.setattr(connection, "DRAIN_S", 0.01)
    pair.connection.close()

    assert pair.peer.wait_closed()
    pair.peer.send(b"x")
    with pytest.raises(OSError, match=r"Broken pipe|reset"):
        _send_until_refused(pair.peer)


def _send_until_refused(peer: Peer) -> None:
    with gevent.Timeout(DEADLINE_S, AssertionError("never refused")):
        while True:
            peer.send(b"x")
            gevent.idle()


def test_large_batches_leave_when_the_peer_reads(pair: Pair) -> None:
    """What the kernel does not take at once follows, complete and in order."""
    pair.connection._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    batch = [command.api("echo", f"{number:05d}" + "x" * 1000) for number in range(400)]
    pair.connection.post(*batch[:200])
    pair.connection.post(*batch[200:])

    assert [line[9:14] for line in pair.peer.commands(400)] == [f"{number:05d}" for number in range(400)]
    last = pair.connection.post(command.linger(1))[0]
    pair.peer.send(api_frame("x") * 400 + OK)
    assert last.get(DEADLINE_S).text == "+OK"


def test_closing_sends_what_still_waits(pair: Pair) -> None:
    """A slow peer gets every command posted before close(), then the end."""
    pair.connection._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    pair.connection.post(*[command.api("echo", "x" * 1000) for _ in range(200)])
    pair.connection.close()
    assert pair.connection.closed

    assert len(pair.peer.commands(200)) == 200
    assert pair.peer.command() == ""


def test_closing_when_writing_has_failed(pair: Pair) -> None:
    """There is nothing to wait for then."""
    pair.peer.close()
    (reply,) = pair.connection.post(command.noevents())
    pair.connection.close()

    with pytest.raises(LinkLost):
        reply.get(0)
    assert pair.closes.items == [None]


def test_peer_that_stops_reading_for_good_is_left(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing fails at once, reading never ends: the deadline does it."""
    monkeypatch.setattr(connection, "WRITE_TIMEOUT_S", 0.01)
    pair.peer.sock.shutdown(socket.SHUT_RD)
    (reply,) = pair.connection.post(command.noevents())

    with pytest.raises(LinkLost):
        pair.connection.post(command.noevents())
    with pytest.raises(LinkLost, match="Broken pipe"):
        reply.get(DEADLINE_S)


def test_peer_that_does_not_read_is_left(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """The write deadline ends the connection; posting itself never waits."""
    monkeypatch.setattr(connection, "WRITE_TIMEOUT_S", 0.05)
    replies = pair.connection.post(*[command.api("echo", "x" * 10_000) for _ in range(90)])

    with pytest.raises(LinkLost, match="does not read"):
        replies[0].get(DEADLINE_S)


def test_what_waits_for_a_slow_peer_is_bounded(pair: Pair) -> None:
    """Memory is not the place to keep commands in."""
    large = command.api("echo", "x" * 200_000)
    while not pair.connection.closed:
        pair.connection.post(large)
        assert len(pair.connection._unsent or b"") <= connection.MAX_UNSENT_BYTES

    assert pair.connection.close_reason == "the peer does not read"


@pytest.mark.parametrize("data", [b"garbage\n\n", OK, b"Content-Type: x\nContent-Length: 200000\n\n"])
def test_what_makes_no_sense_ends_the_connection(pair: Pair, data: bytes) -> None:
    """Garbage, a reply to no command, too much: replies could not be told apart any more."""
    with capture_logs() as logs:
        pair.peer.send(event_frame("DTMF") + data)
        pair.closes.wait(1)

    assert [entry["event"] for entry in logs] == ["event_socket_garbled"]
    assert len(pair.events.items) == 1
    assert pair.peer.wait_closed()


@pytest.mark.parametrize("failing", ["event", "close"])
def test_failing_callback_ends_its_connection_only(failing: str) -> None:
    """It is logged once; the hub goes on."""

    def fail(*_args: object) -> None:
        raise ZeroDivisionError

    ours, theirs = socket.socketpair()
    peer = Peer(theirs)
    closes = Log()
    made = Connection(
        ours, on_event=fail if failing == "event" else closes, on_close=fail if failing == "close" else closes
    )
    with capture_logs() as logs:
        peer.send(event_frame("DTMF"))
        closes.wait(1)
        peer.close()
        with gevent.Timeout(DEADLINE_S):
            while not made.closed:
                gevent.idle()

    assert [entry["event"] for entry in logs] == [f"{failing}_callback_failed"]


def test_callback_may_close(pair: Pair) -> None:
    """Nothing of the same read comes after it."""
    seen = Log()

    def close(event: Event) -> None:
        seen(event.name)
        pair.connection.close()

    pair.connection._on_event = close
    pair.peer.send(event_frame("A") + event_frame("B"))

    assert seen.wait(1) == ["A"]
    assert pair.peer.wait_closed()
    assert seen.items == ["A"]


def test_reset() -> None:
    """A peer that vanishes ends it as one that closes; what it had said is read first."""
    listening = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(listening.getsockname())
    sock, _ = listening.accept()
    events, closes = Log(), Log()
    made = Connection(sock, on_event=events, on_close=closes)
    peer = Peer(client)
    peer.send(event_frame("RECORD_STOP"))
    peer.reset()
    closes.wait(1)
    listening.close()

    assert made.close_reason == "Connection reset by peer"
    assert len(events.items) == 1


def test_flood_is_dealt_with_as_it_comes(pair: Pair) -> None:
    """Ten thousand events leave nothing behind in the connection."""
    flood = event_frame("DTMF", DTMF_Digit="1") * 1000
    for _ in range(10):
        pair.peer.send(flood)
    pair.events.wait(10_000)

    assert not pair.connection._decoder.is_amid_message
    assert pair.connection._expected == []
