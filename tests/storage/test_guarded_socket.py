"""Connections to hosts that documents name."""

from __future__ import annotations

import socket

import pytest

from storage.address import AddressPolicy
from storage.errors import AddressRefused
from storage.guarded_socket import connect
from tests.storage.receiver import loopback, resolved_here, serving


def test_the_address_that_was_judged_is_connected_to() -> None:
    """The name is looked up once."""
    asked = []

    def lookup(host: str, port: int) -> list[tuple[object, ...]]:
        asked.append(host)
        return resolved_here(host, port)

    with serving() as receiver:
        sock = connect(AddressPolicy(["127.0.0.0/8"], lookup), "h.test", receiver.port, 2.0)
        assert sock.getpeername() == ("127.0.0.1", receiver.port)
        sock.close()
    assert asked == ["h.test"]


def test_an_address_that_does_not_answer_gives_way_to_the_next() -> None:
    """As long as there is one."""

    def lookup(host: str, port: int) -> list[tuple[object, ...]]:
        nobody = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 1))
        return [nobody, *resolved_here(host, port)]

    with serving() as receiver:
        connect(AddressPolicy(["127.0.0.0/8"], lookup), "h.test", receiver.port, 2.0).close()


def test_why_nobody_could_be_connected_to_is_raised() -> None:
    """Refused by the peer, by us, or unknown."""
    with pytest.raises(ConnectionRefusedError):
        connect(loopback(), "127.0.0.1", 1, 2.0)
    with pytest.raises(AddressRefused):
        connect(loopback("10.0.0.0/8"), "127.0.0.1", 1, 2.0)
    with pytest.raises(socket.gaierror):
        connect(loopback(), "no-such-host.invalid", 1, 2.0)
