"""What clients may ask of the HTTP server: bytes, time, requests at once; and how it ends."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator

import gevent
import pytest
import requests
from flask import Blueprint, Response, request
from gevent.event import Event
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from config.errors import SettingsError
from service.health import Health
from service.http import HttpServer, Limits, application
from tests.waiting import eventually

LIMITS = Limits(max_body_bytes=10_000, max_requests=2)
JSON = b"POST /echo HTTP/1.1\r\nContent-Type: application/json\r\n"
HELLO = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"


class Shop:
    """A server with an application mounted beside the pages."""

    def __init__(self) -> None:
        self.gate = Event()
        self.waiting = 0
        pages = Blueprint("shop", __name__)

        @pages.get("/hello")
        def hello() -> str:
            return "hello"

        @pages.post("/echo")
        def echo() -> Response:
            return Response(json.dumps(request.get_json()), mimetype="application/json")

        @pages.post("/unread")
        def unread() -> str:
            return "not looked at"

        @pages.get("/wait")
        def wait() -> str:
            self.waiting += 1
            self.gate.wait(20)
            return "done"

        @pages.get("/broken")
        def broken() -> str:
            raise RuntimeError("a bug")

        app = application(Health(), CollectorRegistry(), [pages], limits=LIMITS)
        self.server = HttpServer(("127.0.0.1", 0), app, limits=LIMITS)
        self.server.start()

    @property
    def url(self) -> str:
        """Where it is."""
        return "http://{}:{}".format(*self.server.address)

    def talk(self, *sent: bytes) -> bytes:
        """Send bytes, and return everything until the server closes."""
        with socket.create_connection(self.server.address, timeout=10) as client:
            for each in sent:
                client.sendall(each)
            told = b""
            while block := client.recv(65536):
                told += block
            return told


@pytest.fixture
def shop() -> Iterator[Shop]:
    """One on a free port."""
    made = Shop()
    yield made
    made.gate.set()
    made.server.stop()


def status_of(answer: bytes) -> int:
    """The status in raw bytes."""
    return int(answer.split(b" ", 2)[1])


def test_applications_are_mounted_beside_the_pages(shop: Shop) -> None:
    """Each has its paths, health and metrics stay."""
    assert requests.get(f"{shop.url}/hello", timeout=5).text == "hello"
    assert requests.post(f"{shop.url}/echo", json={"a": 1}, timeout=5).json() == {"a": 1}
    assert requests.get(f"{shop.url}/healthz", timeout=5).status_code == 200


def test_a_connection_serves_many_requests(shop: Shop) -> None:
    """Keep-alive."""
    with requests.Session() as session:
        answers = [session.get(f"{shop.url}/hello", timeout=5) for _ in range(3)]
    assert [answer.text for answer in answers] == ["hello"] * 3
    told = shop.talk(HELLO, HELLO, HELLO.replace(b"Host", b"Connection: close\r\nHost"))
    assert told.count(b"200 OK") == 3


def test_an_answer_does_not_wait_for_acknowledgements(shop: Shop) -> None:
    """In one packet, at once: 40 ms is what clients' systems wait before they acknowledge a part of one."""
    with socket.create_connection(shop.server.address, timeout=10) as client:
        took_s = []
        for _ in range(21):
            began_s = time.monotonic()
            client.sendall(HELLO)
            told = client.recv(65536)
            took_s.append(time.monotonic() - began_s)
            assert told.endswith(b"hello")
    assert sorted(took_s)[10] < 0.03


def test_a_body_that_is_too_long_is_refused_unread(shop: Shop) -> None:
    """By its announced length, before any of it has come."""
    told = shop.talk(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10001\r\n\r\n")
    assert status_of(told) == 413
    assert requests.post(f"{shop.url}/echo", json=["a" * 9000], timeout=5).status_code == 200


def test_a_body_in_chunks_is_counted(shop: Shop) -> None:
    """Its length is not announced, and has a limit all the same."""
    head = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    head += b"Transfer-Encoding: chunked\r\n\r\n"
    good = b"3\r\n[1]\r\n0\r\n\r\n"
    told = shop.talk(head, good, HELLO.replace(b"Host", b"Connection: close\r\nHost"))
    assert told.count(b"200 OK") == 2
    told = shop.talk(head, b"2710\r\n" + b" " * 10_000 + b"\r\n", b"10\r\n" + b" " * 16)
    assert status_of(told) == 413


@pytest.mark.parametrize("header", [b"Upgrade: websocket", b"Connection: Upgrade", b"Expect: 100-continue"])
def test_other_protocols_are_not_talked(shop: Shop, header: bytes) -> None:
    """Whoever asks for one is served as ever, its body within its bounds."""
    head = JSON + header + b"\r\nContent-Length: 3\r\n\r\n[1]"
    told = shop.talk(head, HELLO.replace(b"Host", b"Connection: close\r\nHost"))
    assert (told.count(b"200 OK"), told.count(b"[1]"), told.endswith(b"hello")) == (2, 1, True)
    chunked = JSON + header + b"\r\nTransfer-Encoding: chunked\r\n\r\n2710\r\n" + b" " * 10_000
    assert b" 413 " in shop.talk(chunked, b"\r\n10\r\n" + b" " * 16)


def test_a_body_nobody_reads_ends_the_connection(shop: Shop) -> None:
    """A long one; so nobody makes us read for nothing. A short one is read for the next request."""
    head = b"POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345"
    told = shop.talk(head, HELLO.replace(b"Host", b"Connection: close\r\nHost"))
    assert told.count(b"200 OK") == 2
    chunked = b"POST /unread HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert shop.talk(chunked, b"1\r\na\r\n").count(b"200 OK") == 1


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + b"A: " + b"a" * 40_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"A: a\r\n" * 6000 + b"\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + b"A: a\r\n" * 200 + b"\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"GET / HTTP/3\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400),
        (b"POST /echo HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /echo HTTP/1.1\r\nContent-Length: +1\r\n\r\n", 400),
        (b"POST /echo HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"POST /unread HTTP/1.1\r\nContent-Length : 48\r\n\r\n" + HELLO, 400),
        (b"POST /unread HTTP/1.1\r\nX Y: z\r\nContent-Length: 48\r\n\r\n" + HELLO, 400),
        (b"POST /echo HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (b"POST /echo HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n", 501),
        (JSON + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
        (JSON + b"Transfer-Encoding: chunked\r\n\r\n2\r\n[1]\r\n", 400),
    ],
    ids=lambda value: value[:40].decode("latin-1") if isinstance(value, bytes) else str(value),
)
def test_what_is_no_request_of_ours_is_refused(shop: Shop, sent: bytes, status: int) -> None:
    """And the connection is closed; the next client is served."""
    with capture_logs():
        assert status_of(shop.talk(sent)) == status
    assert requests.get(f"{shop.url}/hello", timeout=5).text == "hello"


def test_a_client_without_a_request_is_let_go(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """After some time, before the first request and between two."""
    monkeypatch.setattr("service.http_handler.IDLE_S", 0.1)
    assert shop.talk() == b""
    assert shop.talk(HELLO).count(b"200 OK") == 1


def test_headers_that_trickle_are_not_waited_for(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often a byte of them comes."""
    monkeypatch.setattr("service.http_handler.HEADERS_S", 0.2)
    with capture_logs(), socket.create_connection(shop.server.address, timeout=10) as client:
        trickle = gevent.spawn(_trickle, client, b"GET /hello HTTP/1.1\r\nHost: " + b"a" * 1000)
        told = client.recv(65536)
        trickle.kill()
    assert status_of(told) == 408


def test_a_body_that_trickles_is_not_waited_for(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds a request's room."""
    monkeypatch.setattr("service.http_handler.BODY_S", 0.2)
    head = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n"
    with capture_logs(), socket.create_connection(shop.server.address, timeout=10) as client:
        client.sendall(head)
        trickle = gevent.spawn(_trickle, client, b" " * 999)
        told = client.recv(65536)
        trickle.kill()
    assert status_of(told) == 400


def _trickle(client: socket.socket, data: bytes) -> None:
    for at in range(len(data)):
        client.sendall(data[at : at + 1])
        gevent.sleep(0.01)


def test_too_many_at_once_are_told_to_come_again(shop: Shop) -> None:
    """Health and metrics are answered all the same; and the others, once there is room."""
    busy = [gevent.spawn(requests.get, f"{shop.url}/wait", timeout=20) for _ in range(2)]
    eventually(lambda: shop.waiting == 2)
    refused = requests.get(f"{shop.url}/hello", timeout=5)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    assert requests.get(f"{shop.url}/healthz", timeout=5).status_code == 200
    shop.gate.set()
    gevent.joinall(busy, raise_error=True)
    assert [each.value.text for each in busy] == ["done"] * 2
    assert requests.get(f"{shop.url}/hello", timeout=5).text == "hello"


def test_a_bug_is_logged_and_answered(shop: Shop) -> None:
    """Once, with its traceback; the client learns nothing of it."""
    with capture_logs() as logs:
        answer = requests.get(f"{shop.url}/broken?token=secret", timeout=5)
    assert (answer.status_code, "a bug" in answer.text) == (500, False)
    assert [(log["event"], log["path"]) for log in logs] == [("http_request_failed", "/broken")]


def test_stopping_ends_idle_connections_and_waits_for_requests(shop: Shop) -> None:
    """One that is under way gets its answer, and hears that the connection ends."""
    idle = socket.create_connection(shop.server.address, timeout=10)
    idle.sendall(HELLO)
    assert b"200 OK" in idle.recv(65536)
    busy = gevent.spawn(requests.get, f"{shop.url}/wait", timeout=20)
    eventually(lambda: shop.waiting == 1)
    stopping = gevent.spawn(shop.server.stop, 10.0)
    assert idle.recv(65536) == b""
    idle.close()
    assert not stopping.ready()
    shop.gate.set()
    answer = busy.get(timeout=10)
    assert (answer.text, answer.headers["Connection"]) == ("done", "close")
    stopping.get(timeout=10)


def test_stopping_cuts_off_what_takes_too_long(shop: Shop) -> None:
    """A download that has minutes to go does not hold the engine up."""
    busy = gevent.spawn(_outcome, lambda: requests.get(f"{shop.url}/wait", timeout=20).text)
    eventually(lambda: shop.waiting == 1)
    shop.server.stop(0.1)
    assert busy.get(timeout=10) != "done"


def _outcome(ask: Callable[[], str]) -> str:
    try:
        return ask()
    except requests.RequestException as exc:
        return str(exc)


def test_processes_may_share_an_address() -> None:
    """Only those that say so; whoever wants it alone is refused."""
    first = HttpServer(("127.0.0.1", 0), application(Health(), CollectorRegistry()), is_shared=True)
    first.start()
    second = HttpServer(first.address, application(Health(), CollectorRegistry()), is_shared=True)
    second.start()
    assert second.address == first.address
    third = HttpServer(first.address, application(Health(), CollectorRegistry()))
    with pytest.raises(SettingsError):
        third.start()
    first.stop()
    for _ in range(5):
        assert requests.get("http://{}:{}/healthz".format(*second.address), timeout=5).status_code == 200
    second.stop()
