"""Addresses of settings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.address import Address, parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8084", Address("127.0.0.1", 8084)),
        ("[::1]:8084", Address("::1", 8084)),
        ("[fe80::1%eth0]:8021", Address("fe80::1%eth0", 8021)),
        ("freeswitch:8021", Address("freeswitch", 8021)),
        ("fs_1.example.com.:1", Address("fs_1.example.com.", 1)),
        ("0.0.0.0:65535", Address("0.0.0.0", 65535)),
    ],
)
def test_addresses_are_taken_apart(text: str, address: Address) -> None:
    """Names, IPv4 and bracketed IPv6 are split into host and port, and joined again."""
    assert parse_address(text) == address
    assert str(address) == text


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("127.0.0.1", "no port"),
        (":8084", "no host"),
        ("::1:8084", "brackets"),
        ("[::1]", "no port"),
        ("[127.0.0.1]:80", "IPv6"),
        ("[::g]:80", "IPv6"),
        ("1.2.3:80", "whole IPv4"),
        ("256.0.0.1:80", "whole IPv4"),
        ("host:0", "port from 1"),
        ("host:65536", "port from 1"),
        ("host:+80", "port from 1"),
        ("host:८०", "port from 1"),
        ("-host:80", "host name"),
        ("a b:80", "host name"),
        ("host\n:80", "host name"),
        (f"{'a' * 64}:80", "host name"),
        (f"{'a.' * 150}b:80", "host name"),
        ("", "no port"),
    ],
)
def test_what_is_no_address_is_refused_with_a_remedy(text: str, remedy: str) -> None:
    """The reason says what would be right."""
    with pytest.raises(ValueError, match=remedy):
        parse_address(text)


def test_port_0_is_good_where_the_system_may_choose() -> None:
    """A listener of a test or a demo may take any free port."""
    assert parse_address("localhost:0", any_port=True).port == 0


@given(
    st.one_of(st.ip_addresses().map(str), st.from_regex(r"[a-z]([a-z0-9]{0,10}[a-z0-9])?", fullmatch=True)),
    st.integers(1, 65535),
)
def test_every_address_survives_being_written_down(host: str, port: int) -> None:
    """What is written is read back the same."""
    address = Address(host, port)
    assert parse_address(str(address)) == address


@given(st.text(max_size=40))
def test_no_text_breaks_the_parser(text: str) -> None:
    """Any text is an address that writes itself the same, or a ValueError."""
    try:
        address = parse_address(text)
    except ValueError:
        return
    assert parse_address(str(address)) == address
