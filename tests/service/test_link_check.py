"""What the check says of links to recordings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry

from config.address import Address
from config.sections import Http
from service.health import Health
from service.http import HttpServer, application
from service.link_check import LinkFault, checked
from tests.storage.receiver import Answer, serving


@pytest.fixture
def server() -> Iterator[HttpServer]:
    """An engine's pages."""
    made = HttpServer(("127.0.0.1", 0), application(Health(), CollectorRegistry()))
    made.start()
    yield made
    made.stop()


def public(url: str) -> Http:
    """Settings with a public URL."""
    return Http(listen=Address("127.0.0.1", 8080), public_url=url)


def test_an_engine_that_answers_is_good(server: HttpServer) -> None:
    """Where the public URL leads to it."""
    assert "an engine answers" in checked(public(f"http://127.0.0.1:{server.address[1]}"))


def test_nobody_is_no_fault(server: HttpServer) -> None:
    """The engine may not be started yet; a proxy says so in its own way."""
    port = server.address[1]
    server.stop()
    assert "nobody answers" in checked(public(f"http://127.0.0.1:{port}"))
    with serving(Answer(502)) as proxy:
        assert "nobody behind it" in checked(public(proxy.url("")))


def test_somebody_else_is_one() -> None:
    """Another service at that address."""
    for answer in (Answer(200, body=b"<html>"), Answer(404), Answer(200, body=b"[]")):
        with serving(answer) as other, pytest.raises(LinkFault, match="somebody else"):
            checked(public(other.url("")))


def test_a_certificate_that_is_not_trusted_is_one() -> None:
    """Clients would refuse it."""
    with serving(tls=True) as other, pytest.raises(LinkFault, match="certificate"):
        checked(public(other.url("", scheme="https")))


@pytest.mark.parametrize(
    "http",
    [public("http://8.8.8.8"), Http(listen=Address("8.8.8.8", 8080))],
    ids=["public_url", "listen"],
)
def test_plain_http_to_the_world_is_one(http: Http) -> None:
    """A link is a key."""
    with pytest.raises(LinkFault, match="in the clear"):
        checked(http)


def test_a_host_without_an_address_is_one() -> None:
    """A name that was misspelled."""
    with pytest.raises(LinkFault, match="no address"):
        checked(public("https://calls.invalid"))


def test_links_of_the_loopback_are_said_to_be() -> None:
    """The default, which is good for a start."""
    assert "good on this host" in checked(Http())
    assert "no links" in checked(Http(listen=None))
