"""HTTP of scripts, against real sockets: what is reached, how long it may take, how much is taken."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gevent
import pytest
from gevent.event import Event

from calls.errors import CallGone
from storage.address import AddressPolicy
from swml.errors import WebFailed
from swml.web import Asking, Page, Web
from tests.calls.scripted_switch import ScriptedSwitch
from tests.storage.receiver import TLS, Answer, loopback, resolved_here, serving

BASIC = "Basic dTpwQHNz"
"""u and p@ss"""


@contextmanager
def web(policy: AddressPolicy | None = None, **options: Any) -> Iterator[Web]:
    """One that may reach this host."""
    made = Web(policy or loopback(), longest_s=options.pop("longest_s", 5.0), **options)
    yield made
    made.close()


def asking(url: str, method: str = "GET", **options: Any) -> Asking:
    """A small request in a short time."""
    return Asking(method, url, **{"timeout_s": 1.0, "max_bytes": 1000, **options})


def moved(url: str, status: int = 302) -> Answer:
    """A redirect."""
    return Answer(status, {"Location": url})


def took_s(web: Web, request: Asking) -> float:
    """How long a request that fails takes."""
    started_s = time.monotonic()
    with pytest.raises(WebFailed):
        web.ask(request)
    return time.monotonic() - started_s


def test_an_answer_is_a_page_whatever_its_status() -> None:
    """Headers in lower case, the body as text."""
    answer = Answer(404, {"Content-Type": "text/plain", "X-Kind": " pot "}, b"caf\xc3\xa9")
    with serving(answer) as receiver, web() as client:
        page = client.ask(asking(receiver.url("/a?b=c"), headers={"Accept": "text/plain"}))
    assert (page.status, page.is_success, page.is_cut) == (404, False, False)
    assert (page.text(), page.media_type, page.headers["x-kind"]) == ("café", "text/plain", "pot")
    assert receiver.requests[0].headers["accept"] == "text/plain"
    assert receiver.requests[0].headers["accept-encoding"] == "identity"


def test_a_body_is_sent() -> None:
    """With its length."""
    with serving(Answer(200)) as receiver, web() as client:
        client.ask(asking(receiver.url(), "POST", body=b"hello"))
        client.ask(asking(receiver.url(), "PUT", body=b""))
    assert [(one.method, one.body) for one in receiver.requests] == [("POST", b"hello"), ("PUT", b"")]


def test_an_endless_answer_is_given_up_in_time() -> None:
    """A byte now and then does not keep it alive."""
    with serving(Answer(200, {"Content-Length": "100000"}, trickles=True)) as receiver, web() as client:
        assert 0.9 <= took_s(client, asking(receiver.url())) < 3


def test_a_server_that_says_nothing_is_given_up_in_time() -> None:
    """It had the request."""
    with serving(Answer(hangs=True)) as receiver, web() as client:
        assert 0.9 <= took_s(client, asking(receiver.url())) < 3


def test_a_host_that_does_not_accept_is_given_up_in_time() -> None:
    """A full backlog, as behind a firewall: connecting has its own limit."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        address = listening.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.settimeout(0)
            filler.connect_ex(address)
        with web() as client:
            url = f"http://127.0.0.1:{address[1]}/"
            assert 0.25 <= took_s(client, asking(url, timeout_s=5.0, connect_timeout_s=0.3)) < 3
        for filler in fillers:
            filler.close()


def test_redirects_share_one_deadline() -> None:
    """Each is answered soon, all together are not."""
    with serving() as receiver, web() as client:

        def onward(received: Any) -> Answer:
            gevent.sleep(0.3)
            return moved(receiver.url(f"{received.target}x"))

        receiver.judge = onward
        assert 0.9 <= took_s(client, asking(receiver.url("/"))) < 3


def test_redirects_in_a_circle_are_no_answer() -> None:
    """At once."""
    with serving() as receiver, web() as client:
        receiver.judge = lambda received: moved("/b" if received.target == "/a" else "/a")
        with pytest.raises(WebFailed, match="in a circle"):
            client.ask(asking(receiver.url("/a")))
        assert len(receiver.requests) == 2


def test_a_303_goes_on_by_get() -> None:
    """Without the body; the other redirects repeat the request."""
    with serving(moved("/there", 303), Answer(200)) as receiver, web() as client:
        client.ask(asking(receiver.url("/here"), "POST", body=b"x", headers={"Content-Type": "a/b"}))
    assert [(one.method, one.body) for one in receiver.requests] == [("POST", b"x"), ("GET", b"")]
    assert "content-type" not in receiver.requests[1].headers
    with serving(moved("/there", 307), Answer(200)) as receiver, web() as client:
        client.ask(asking(receiver.url("/here"), "POST", body=b"x"))
    assert [(one.method, one.body) for one in receiver.requests] == [("POST", b"x"), ("POST", b"x")]


def test_credentials_go_to_their_own_host_alone() -> None:
    """Along redirects too, with the headers that may be secrets."""
    with serving(Answer(200)) as other, serving(moved(other.url("/there"))) as first, web() as client:
        url = first.url("/here").replace("://", "://u:p%40ss@")
        client.ask(asking(url, headers={"Accept": "a/b"}, private_headers={"X-Key": "1"}))
    assert first.requests[0].headers["authorization"] == BASIC
    assert first.requests[0].headers["x-key"] == "1"
    assert not {"authorization", "x-key"} & other.requests[0].headers.keys()
    assert other.requests[0].headers["accept"] == "a/b"


@pytest.mark.parametrize("size", [999, 1000, 1001, 500_000])
def test_no_more_is_taken_than_was_asked_for(size: int) -> None:
    """Whether there was more is known."""
    with serving(Answer(200, body=b"z" * size)) as receiver, web() as client:
        page = client.ask(asking(receiver.url()))
    assert (len(page.body), page.is_cut) == (min(size, 1000), size > 1000)


def test_private_addresses_are_refused_and_named() -> None:
    """No connection is tried; the message has no credentials."""
    with serving() as receiver, web(AddressPolicy()) as client:
        with pytest.raises(WebFailed, match="loopback") as refused:
            client.ask(asking(receiver.url("/x?key=k").replace("://", "://u:secret@")))
        assert receiver.requests == []
    assert "secret" not in str(refused.value)
    assert "key=k" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["", "mailto:a@b", "http://", "http://h:0/", "http://a b/", "http://h/\r\nX: y", "http://[::1"]
)
def test_urls_that_cannot_be_used_are_failures(url: str) -> None:
    """Of the same kind as all others."""
    with web() as client, pytest.raises(WebFailed):
        client.ask(asking(url))


def test_headers_cannot_begin_another_line() -> None:
    """What would is a failure, and nothing is sent."""
    with serving() as receiver, web() as client, pytest.raises(WebFailed):
        client.ask(asking(receiver.url(), private_headers={"X-A": "b\r\nX-Evil: c"}))
    assert receiver.requests == []


def test_certificates_are_verified() -> None:
    """By the authorities given, against the URL's own name."""
    policy = AddressPolicy(["127.0.0.0/8"], lookup=resolved_here)
    with serving(Answer(200), tls=True) as receiver:
        good = receiver.url(host="receiver.test", scheme="https")
        with web(policy, ca_file=TLS / "authority.pem") as client:
            assert client.ask(asking(good)).status == 200
            with pytest.raises(WebFailed):
                client.ask(asking(receiver.url(host="other.test", scheme="https")))
        with web(policy) as client, pytest.raises(WebFailed):
            client.ask(asking(good))


def test_a_call_that_ends_waits_no_longer_and_the_request_goes_on() -> None:
    """The server is not cut off in the middle."""
    switch = ScriptedSwitch()
    call, gone = switch.call(), Event()
    with serving(Answer(200)) as receiver, web() as client:

        def slowly(_received: Any) -> Answer:
            switch.hang_up()
            gone.wait(5)
            return Answer(200)

        receiver.judge = slowly
        with pytest.raises(CallGone):
            client.ask(asking(receiver.url()), call)
        gone.set()
        receiver.wait_for(lambda: receiver.requests)


def test_a_call_gets_its_page_as_soon_as_it_is_there() -> None:
    """And what fails is raised in it."""
    call = ScriptedSwitch().call()
    with serving(Answer(200, body=b"x")) as receiver, web() as client:
        started_s = time.monotonic()
        assert client.ask(asking(receiver.url()), call).body == b"x"
        with pytest.raises(WebFailed):
            client.ask(asking("http://127.0.0.1:1/"), call)
        assert time.monotonic() - started_s < 1


def page(body: bytes, content_type: str = "", **headers: str) -> Page:
    """A page with a body of that type."""
    return Page("http://u:secret@h/", 200, {"content-type": content_type, **headers}, body)


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("é".encode(), "", "é"),
        ("é".encode("latin-1"), "text/plain; charset=ISO-8859-1", "é"),
        ("€".encode("cp1252"), 'text/plain; charset="windows-1252"', "€"),
        (b"\xef\xbb\xbfx", "text/plain; charset=latin-1", "x"),
        ("é".encode("utf-16"), "text/plain", "é"),
        (b"\xff", "text/plain; charset=utf-8", "�"),
    ],
)
def test_bodies_are_read_in_their_charset(body: bytes, content_type: str, text: str) -> None:
    """A mark first, then what the headers say, then UTF-8."""
    assert page(body, content_type).text() == text


@pytest.mark.parametrize("charset", ["zip", "rot13", "punycode", "unicode_escape", "idna", "nope", "\0"])
def test_what_is_no_charset_is_refused(charset: str) -> None:
    """Python knows encodings that are none."""
    with pytest.raises(WebFailed, match="charset"):
        page(b"x", f"text/plain; charset={charset}").text()


def test_compressed_answers_are_refused() -> None:
    """Nobody asked for them, and they may be bombs."""
    with pytest.raises(WebFailed, match="compressed"):
        page(b"x", **{"content-encoding": "gzip"}).text()
