"""esl/listener.py: many hand-overs, and none that harms another."""

from __future__ import annotations

import _socket
import gc
import os
import resource
import socket
from collections.abc import Iterator

import gevent
import pytest
from structlog.testing import capture_logs

from config.errors import SettingsError
from esl import listener as module
from esl.connection import Connection
from esl.errors import LinkLost
from esl.listener import Listener
from esl.session import Session
from tests.esl.peer import DEADLINE_S, UUID, Log, Peer


class Served:
    """A listener whose handler notes each session and stays until its connection ends."""

    def __init__(self, host: str = "127.0.0.1", **options: object) -> None:
        self.sessions = Log()
        self.listener = Listener(host, 0, self._handle, **options)  # type: ignore[arg-type]
        self.listener.start()

    def _handle(self, session: Session) -> None:
        self.sessions(session)
        session.wait_closed(DEADLINE_S)

    def dial(self) -> Peer:
        """A connection from FreeSWITCH, not greeted yet."""
        return Peer.dial(self.listener.address)

    def settle(self, live: int) -> None:
        """Wait until so many sessions are live."""
        with gevent.Timeout(DEADLINE_S, AssertionError(f"{self.listener.live} live, not {live}")):
            while self.listener.live != live:
                gevent.sleep(0.001)


@pytest.fixture
def served() -> Iterator[Served]:
    """A listener on a free port."""
    made = Served()
    yield made
    made.listener.close()
    assert made.listener.wait_idle(DEADLINE_S)


def test_hand_over(served: Served) -> None:
    """A connection is greeted at once, and its handler gets the channel's data."""
    peer = served.dial()
    peer.hand_over()

    (session,) = served.sessions.wait(1)

    assert isinstance(session, Session)
    assert session.uuid == UUID
    assert served.listener.live == 1
    assert not served.listener.wait_idle(0)
    peer.close()
    assert served.listener.wait_idle(DEADLINE_S)
    assert served.listener.live == 0


def test_accepted_sockets_send_at_once_and_notice_dead_peers(served: Served) -> None:
    """The options set on the listening socket are inherited."""
    peer = served.dial()
    peer.hand_over()
    (session,) = served.sessions.wait(1)
    assert isinstance(session, Session)
    sock = session._connection._sock

    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000


def test_hundreds_at_once(served: Served) -> None:
    """More than one wake-up accepts."""
    peers = [served.dial() for _ in range(200)]
    for peer in peers:
        peer.hand_over()
    served.sessions.wait(200)

    assert served.listener.live == 200
    for peer in peers:
        peer.close()
    assert served.listener.wait_idle(DEADLINE_S)


@pytest.mark.parametrize(
    "data",
    [
        b"garbage\n\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"Content-Type: command/reply\nReply-Text: -ERR\n\n",
        b"Event-Name: CHANNEL_DATA\nContent-Type: command/reply\n\n",
        b"",
    ],
)
def test_peer_that_hands_nothing_over(data: bytes) -> None:
    """It is dropped, at the deadline at the latest, and nobody else notices."""
    served = Served(handshake_timeout_s=0.1)
    other = served.dial()
    other.hand_over()
    served.sessions.wait(1)
    with capture_logs() as logs:
        peer = served.dial()
        peer.send(data)

        assert peer.wait_closed()
        served.settle(1)

    assert [entry["event"] for entry in logs if entry["event"] != "event_socket_garbled"] == [
        "handover_failed"
    ]
    assert len(served.sessions.items) == 1
    other.close()
    served.listener.close()


def test_peer_that_leaves_before_the_hand_over(served: Served) -> None:
    """It leaves no trace."""
    served.dial().close()
    peer = served.dial()
    peer.hand_over()
    served.sessions.wait(1)
    served.settle(1)


def test_failing_handler_ends_its_session_only() -> None:
    """It is logged once, with the channel; the connection is closed."""

    def fail(_session: Session) -> None:
        raise ZeroDivisionError

    listener = Listener("127.0.0.1", 0, fail)
    listener.start()
    with capture_logs() as logs:
        peer = Peer.dial(listener.address)
        peer.hand_over()
        assert peer.wait_closed()
        peer.close()
        assert listener.wait_idle(DEADLINE_S)

    failed = [entry for entry in logs if entry["event"] == "session_failed"]
    assert [entry["uuid"] for entry in failed] == [UUID]
    listener.close()


def test_more_sessions_than_wanted() -> None:
    """They are closed at once, so that the dialplan goes on; logged once until there is room again."""
    served = Served(max_sessions=1)
    first = served.dial()
    first.hand_over()
    served.sessions.wait(1)
    with capture_logs() as logs:
        assert served.dial().wait_closed()
        assert served.dial().wait_closed()
    assert [entry["event"] for entry in logs] == ["session_refused"]

    first.close()
    served.settle(0)
    served.dial().hand_over()
    served.sessions.wait(2)
    served.listener.close()


def test_stop_accepting(served: Served) -> None:
    """New calls are refused; live ones, and those the kernel has accepted already, go on."""
    live, waiting = served.dial(), served.dial()
    live.hand_over()
    served.sessions.wait(1)
    address = served.listener.address

    served.listener.stop_accepting()

    with pytest.raises(ConnectionRefusedError):
        Peer.dial(address)
    waiting.hand_over()
    served.sessions.wait(2)
    served.listener.stop_accepting()
    assert not served.listener.wait_idle(0.01)
    live.close()
    waiting.close()
    assert served.listener.wait_idle(DEADLINE_S)


def test_close_ends_all_sessions(served: Served) -> None:
    """Handlers see their connection go, greeted or not."""
    greeted, silent = served.dial(), served.dial()
    greeted.hand_over()
    (session,) = served.sessions.wait(1)
    served.settle(2)

    served.listener.close()

    assert served.listener.wait_idle(DEADLINE_S)
    assert isinstance(session, Session)
    with pytest.raises(LinkLost):
        session.execute("answer")
    assert greeted.wait_closed()
    assert silent.wait_closed()


def test_no_file_left(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Accepting pauses, is logged once, and goes on by itself."""
    monkeypatch.setattr(module, "_BACK_OFF_S", 0.005)
    waiting = _socket.socket()  # not gevent's: the hub must not run yet
    waiting.connect(served.listener.address)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    next_fd = os.dup(0)
    os.close(next_fd)
    with capture_logs() as logs:
        resource.setrlimit(resource.RLIMIT_NOFILE, (next_fd, limits[1]))
        try:
            with gevent.Timeout(DEADLINE_S):
                while not logs:
                    gevent.idle()
            gevent.sleep(0.02)  # some more attempts
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        peer = Peer(socket.socket(fileno=waiting.detach()))
        peer.hand_over()
        served.sessions.wait(1)

    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("accept_exhausted", "error")]


def test_several_listen_on_one_port(served: Served) -> None:
    """As the engine's processes do; the kernel chooses among them."""
    second = Listener(*served.listener.address, served._handle)
    second.start()
    peers = [served.dial() for _ in range(40)]
    for peer in peers:
        peer.hand_over()
    served.sessions.wait(40)

    assert second.live + served.listener.live == 40
    assert second.live
    assert served.listener.live
    second.close()
    assert second.wait_idle(DEADLINE_S)


@pytest.mark.parametrize(
    ("host", "dialled"), [("::1", "::1"), ("::", "127.0.0.1"), ("", "::1"), ("localhost", "")]
)
def test_both_families(host: str, dialled: str) -> None:
    """IPv6 as well as IPv4, and both at once on all addresses."""
    served = Served(host)
    address = served.listener.address
    peer = Peer.dial((dialled or address[0], address[1]))
    peer.hand_over()
    served.sessions.wait(1)
    peer.close()
    served.listener.close()


@pytest.mark.parametrize(("host", "port"), [("192.0.2.1", 0), ("no.such.host.invalid", 0), ("127.0.0.1", -1)])
def test_addresses_that_cannot_be_listened_on(host: str, port: int) -> None:
    """They are a fault of the settings, and said so."""
    listener = Listener(host, port, lambda _session: None)
    with pytest.raises(SettingsError, match="cannot listen on"):
        listener.start()
    assert listener.address == (host, port)


def test_ended_sessions_are_free_at_once(served: Served) -> None:
    """Without the garbage collector: no cycles, so that thousands of calls do not pile up."""
    gc.collect()
    gc.disable()
    try:
        peer = served.dial()
        peer.hand_over()
        served.sessions.wait(1)
        peer.close()
        assert served.listener.wait_idle(DEADLINE_S)
        served.sessions.items.clear()
        gevent.idle()
        kept = [kept for kept in gc.get_objects() if isinstance(kept, Session | Connection)]
    finally:
        gc.enable()

    assert kept == []
