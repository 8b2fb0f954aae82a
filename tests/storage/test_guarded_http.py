"""Exchanges with hosts that documents name: what is reached, followed, sent along, and given up."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from storage.address import AddressPolicy
from storage.errors import AddressRefused, ExchangeFailed
from storage.guarded_http import MAX_REDIRECTS, MAX_REPLY_BYTES, GuardedHttp
from tests.storage.receiver import TLS, Answer, Receiver, loopback, serving

BASIC = "Basic dTpwQHNz"
"""u and p@ss"""


@contextmanager
def http(policy: AddressPolicy | None = None, **options: Any) -> Iterator[GuardedHttp]:
    """An HTTP client with short deadlines that may reach this host."""
    settings = {"connect_timeout_s": 1.0, "stall_timeout_s": 1.0, "response_timeout_s": 1.0, **options}
    client = GuardedHttp(policy or loopback(), **settings)
    yield client
    client.close()


def resolving(table: dict[str, list[str]]) -> Any:
    """A resolver that answers by a table, each name's answers in order, the last one for ever."""

    def lookup(host: str, port: int) -> list[tuple[Any, ...]]:
        answers = table[host]
        address = answers.pop(0) if len(answers) > 1 else answers[0]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    return lookup


def moved(url: str, status: int = 302) -> Answer:
    """A redirect."""
    return Answer(status, {"Location": url})


def test_the_last_answer_is_returned_whatever_its_status() -> None:
    """Status, reason, headers and the body's beginning, of an answer that is no success, too."""
    with serving(Answer(418, {"X-Kind": "pot"}, b"z" * (MAX_REPLY_BYTES + 5))) as receiver, http() as client:
        reply = client.exchange("get", receiver.url("/tea?a=b"), headers={"Accept": "text/tea"})
    assert (reply.status, reply.reason, reply.headers["x-kind"]) == (418, "Told", "pot")
    assert reply.body == b"z" * MAX_REPLY_BYTES
    assert receiver.requests[0].target == "/tea?a=b"
    assert receiver.requests[0].headers["host"] == f"127.0.0.1:{receiver.port}"
    assert receiver.requests[0].headers["accept"] == "text/tea"


def test_connections_are_kept() -> None:
    """Two exchanges with one host take one connection, also after an answer with a body."""
    with serving(Answer(200, body=b"hello")) as receiver, http() as client:
        for _ in range(2):
            assert client.exchange("get", receiver.url(), headers={}).body == b"hello"
        pools = client._adapter.poolmanager.pools
        assert [pools[key].num_connections for key in pools.keys()] == [1]  # noqa: SIM118 - not a dict


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]", "2130706433"]
)
def test_this_host_is_not_reached_by_any_spelling(host: str) -> None:
    """Unless listed, loopback stays closed: no connection is even tried."""
    with serving() as receiver, http(AddressPolicy()) as client:
        with pytest.raises(AddressRefused):
            client.exchange("get", receiver.url(host=host), headers={})
        assert receiver.requests == []


def test_a_redirect_to_a_private_address_is_refused() -> None:
    """Each hop is judged: a public host cannot send us inside."""
    policy = AddressPolicy(
        ["127.0.0.1/32"], lookup=resolving({"a.test": ["127.0.0.1"], "b.test": ["127.0.0.2"]})
    )
    with serving() as inner, serving(moved(inner.url(host="b.test"))) as outer, http(policy) as client:
        with pytest.raises(AddressRefused, match=r"127\.0\.0\.2 is a loopback"):
            client.exchange("get", outer.url(host="a.test"), headers={})
        assert len(outer.requests) == 1
        assert inner.requests == []


def test_the_address_judged_is_the_address_connected_to() -> None:
    """A name that is good first and bad afterwards is asked once for each connection, and never trusted."""
    table = {"rebind.test": ["127.0.0.1", "127.0.0.2"]}
    policy = AddressPolicy(["127.0.0.1/32"], lookup=resolving(table))
    with serving(Answer(200, {"Connection": "close"}, early=True)) as receiver, http(policy) as client:
        assert client.exchange("get", receiver.url(host="rebind.test"), headers={}).status == 200
        with pytest.raises(AddressRefused):
            client.exchange("get", receiver.url(host="rebind.test"), headers={})
    assert [request.headers["host"] for request in receiver.requests] == [f"rebind.test:{receiver.port}"]


def test_another_address_of_the_name_is_tried_when_the_first_is_dead() -> None:
    """A name's good addresses are tried in order."""

    def lookup(_host: str, port: int) -> list[tuple[Any, ...]]:
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, ("127.0.0.9", port)), (*kind, ("127.0.0.1", port))]

    with serving() as receiver, http(AddressPolicy(["127.0.0.0/8"], lookup=lookup)) as client:
        assert client.exchange("get", receiver.url(host="two.test"), headers={}).status == 201


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_redirects_keep_the_method(status: int, method: str) -> None:
    """All five, for recordings are sent again wherever they are wanted."""
    with serving(moved("/elsewhere?x=1", status), Answer(200)) as receiver, http() as client:
        reply = client.exchange(method, receiver.url("/here"), headers={})
    assert [(request.method, request.target) for request in receiver.requests] == [
        (method, "/here"),
        (method, "/elsewhere?x=1"),
    ]
    assert reply.url == receiver.url("/elsewhere?x=1")


def test_credentials_go_to_their_origin_only() -> None:
    """User and password of the URL, and private headers, are sent to that origin and to no other."""
    with serving() as other, serving(moved("/again"), moved(other.url("/there"))) as first, http() as client:
        url = first.url("/here").replace("://", "://u:p%40ss@")
        client.exchange("put", url, headers={"Content-Type": "x/y"}, private_headers={"X-Key": "1"})
    assert [request.headers.get("authorization") for request in first.requests] == [BASIC, BASIC]
    assert [request.headers.get("x-key") for request in first.requests] == ["1", "1"]
    assert "authorization" not in other.requests[0].headers
    assert "x-key" not in other.requests[0].headers
    assert other.requests[0].headers["content-type"] == "x/y"


def test_credentials_in_a_redirect_are_not_used() -> None:
    """Who redirects does not choose what we authenticate as."""
    with (
        serving() as other,
        serving(moved(other.url().replace("://", "://evil:evil@"))) as first,
        http() as client,
    ):
        client.exchange("put", first.url(), headers={})
    assert "authorization" not in other.requests[0].headers


@pytest.mark.parametrize("count", [MAX_REDIRECTS, MAX_REDIRECTS + 1])
def test_ten_redirects_are_followed_and_no_more(count: int) -> None:
    """The eleventh is the end of it, for good."""
    with serving(*(moved(f"/{n}") for n in range(count)), Answer(200)) as receiver, http() as client:
        if count <= MAX_REDIRECTS:
            assert client.exchange("put", receiver.url("/start"), headers={}).status == 200
            return
        with pytest.raises(ExchangeFailed, match="more than 10 redirects") as caught:
            client.exchange("put", receiver.url("/start"), headers={})
    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("/here", "circle"),
        ("ftp://127.0.0.1/", "unusable"),
        ("http://[bad/", "unusable"),
        ("http://:80/", "unusable"),
    ],
)
def test_senseless_redirects_end_the_exchange(location: str, reason: str) -> None:
    """Circles and places that are no HTTP are refused for good."""
    with (
        serving(moved(location)) as receiver,
        http() as client,
        pytest.raises(ExchangeFailed, match=reason) as caught,
    ):
        client.exchange("put", receiver.url("/here"), headers={})
    assert not caught.value.retryable


def secure(receiver: Receiver, host: str = "receiver.test") -> tuple[str, AddressPolicy]:
    """The URL of a TLS receiver by name, and a policy by which the name leads to it."""
    policy = AddressPolicy(["127.0.0.0/8"], lookup=resolving({host: ["127.0.0.1"]}))
    return receiver.url(host=host, scheme="https"), policy


def test_certificates_are_checked_against_the_name_in_the_url() -> None:
    """Connected by address, verified by name."""
    with serving(tls=True) as receiver:
        url, policy = secure(receiver)
        with http(policy, ca_file=TLS / "authority.pem") as client:
            assert client.exchange("put", url, headers={}).status == 201


@pytest.mark.parametrize(
    ("host", "authority"), [("receiver.test", None), ("other.test", TLS / "authority.pem")]
)
def test_wrong_certificates_are_refused(host: str, authority: object) -> None:
    """An unknown authority, or another host's certificate, ends the exchange before anything is sent."""
    with serving(tls=True) as receiver:
        url, policy = secure(receiver, host)
        with (
            http(policy, ca_file=authority) as client,
            pytest.raises(ExchangeFailed, match="certificate") as caught,
        ):
            client.exchange("put", url, headers={})
    assert caught.value.retryable  # certificates are renewed
    assert receiver.requests == []


def test_a_redirect_from_https_to_http_is_refused() -> None:
    """What was to travel encrypted does not go in the clear."""
    with serving() as plain, serving(moved(plain.url()), tls=True) as receiver:
        url, policy = secure(receiver)
        with (
            http(policy, ca_file=TLS / "authority.pem") as client,
            pytest.raises(ExchangeFailed, match="https to http"),
        ):
            client.exchange("put", url, headers={})
        assert plain.requests == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(hangs=True), "timed out"),
        (Answer(cut_after=0), "closed the connection"),
        (Answer(200, {"Content-Length": "100", "Connection": "close"}, trickles=True), "not done within"),
    ],
)
def test_bad_answers_are_given_up_and_may_be_tried_again(answer: Answer, reason: str) -> None:
    """Silence, a cut connection, an answer that never ends: all bounded."""
    with (
        serving(answer) as receiver,
        http(response_timeout_s=0.3, connect_timeout_s=0.3) as client,
        pytest.raises(ExchangeFailed, match=reason) as caught,
    ):
        client.exchange("put", receiver.url("/?token=secret"), headers={})
    assert caught.value.retryable
    assert "secret" not in str(caught.value)


def test_a_refused_connection_is_told_in_plain_words() -> None:
    """Nobody listens: worth another attempt, and the URL's secrets are not repeated."""
    with serving() as receiver:
        url = receiver.url("/?token=secret").replace("://", "://u:hidden@")
    with http() as client, pytest.raises(ExchangeFailed) as caught:
        client.exchange("put", url, headers={})
    assert str(caught.value) == "connection refused"
    assert caught.value.retryable


def test_an_unknown_name_may_be_known_later() -> None:
    """The resolver's no is not taken for the last word."""

    def lookup(_host: str, _port: int) -> list[tuple[Any, ...]]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with (
        http(AddressPolicy(lookup=lookup)) as client,
        pytest.raises(ExchangeFailed, match="not known") as caught,
    ):
        client.exchange("get", "http://nowhere.test/", headers={})
    assert caught.value.retryable


def test_proxies_of_the_environment_have_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would do the resolving, and with it the judging."""
    with serving() as receiver, serving() as proxy, http() as client:
        monkeypatch.setenv("http_proxy", proxy.url())
        monkeypatch.setenv("HTTP_PROXY", proxy.url())
        client.exchange("get", receiver.url(), headers={})
        assert (len(receiver.requests), len(proxy.requests)) == (1, 0)


def test_cookies_are_not_kept() -> None:
    """One account's exchange leaves nothing for the next one's."""
    with serving(Answer(200, {"Set-Cookie": "session=1"})) as receiver, http() as client:
        for _ in range(2):
            client.exchange("get", receiver.url(), headers={})
    assert "cookie" not in receiver.requests[1].headers


@pytest.mark.parametrize(
    "url", ["ftp://example.com/", "http://exa mple/", "", "http://" + "ü" * 300 + ".test/"]
)
def test_unusable_urls_are_refused_for_good(url: str) -> None:
    """Nothing of a later attempt would make them better."""
    with http() as client, pytest.raises(ExchangeFailed) as caught:
        client.exchange("get", url, headers={})
    assert not caught.value.retryable
