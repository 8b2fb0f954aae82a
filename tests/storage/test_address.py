"""Which addresses a URL from outside may reach."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from gevent.event import Event
from hypothesis import given
from hypothesis import strategies as st

from config.errors import SettingsError
from storage.address import AddressPolicy
from storage.errors import AddressRefused

REFUSED = [
    ("127.0.0.1", "loopback"),
    ("127.255.0.3", "loopback"),
    ("0.0.0.0", "unspecified"),
    ("10.1.2.3", "private"),
    ("172.16.0.1", "private"),
    ("192.168.1.1", "private"),
    ("169.254.169.254", "link-local"),
    ("100.100.100.200", "private"),
    ("168.63.129.16", "cloud"),
    ("192.0.0.192", "reserved"),
    ("198.18.0.1", "private"),
    ("224.0.0.251", "multicast"),
    ("255.255.255.255", "reserved"),
    ("240.0.0.1", "reserved"),
    ("::", "unspecified"),
    ("::1", "loopback"),
    ("fe80::1", "link-local"),
    ("fe80::1%eth0", "link-local"),
    ("fec0::1", "private"),
    ("fd00:ec2::254", "private"),
    ("ff02::1", "multicast"),
    ("2001:db8::1", "reserved"),
    ("::ffff:127.0.0.1", "loopback"),
    ("::ffff:169.254.169.254", "link-local"),
    ("::127.0.0.1", "reserved"),
    ("64:ff9b::7f00:1", "loopback"),
    ("64:ff9b::a9fe:a9fe", "link-local"),
    ("64:ff9b:1::a00:1", "reserved"),
    ("2001:0:4136:e378::1", "reserved"),
    ("5f00::1", "reserved"),
    ("2002:7f00:1::", "loopback"),
    ("2002:a9fe:a9fe::1", "link-local"),
]

PUBLIC = [
    "93.184.216.34",
    "8.8.8.8",
    "2606:2800:220:1:248:1893:25c8:1946",
    "64:ff9b::808:808",
    "::ffff:8.8.8.8",
]


def answers(*addresses: str) -> list[tuple[object, ...]]:
    """What a resolver would answer."""
    return [
        (
            socket.AF_INET6 if ":" in address else socket.AF_INET,
            socket.SOCK_STREAM,
            6,
            "",
            (address, 80, 0, 0) if ":" in address else (address, 80),
        )
        for address in addresses
    ]


@pytest.mark.parametrize(("address", "kind"), REFUSED)
def test_special_addresses_are_refused_by_kind(address: str, kind: str) -> None:
    """Nothing but public hosts is reached, however the address is wrapped."""
    policy = AddressPolicy(lookup=lambda _host, _port: answers(address))
    with pytest.raises(AddressRefused, match=kind):
        policy.resolve("evil.example", 80, 1.0)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_reached(address: str) -> None:
    """Public addresses pass, also through NAT64 and as mapped ones."""
    policy = AddressPolicy(lookup=lambda _host, _port: answers(address))
    assert [vetted.sockaddr[0] for vetted in policy.resolve("good.example", 80, 1.0)] == [address]


@pytest.mark.parametrize(
    ("networks", "address", "reached"),
    [
        (["10.1.0.0/16"], "10.1.2.3", True),
        (["10.1.0.0/16"], "::ffff:10.1.2.3", True),
        (["10.1.0.0/16"], "10.2.2.3", False),
        (["fd12::/16"], "fd12::1", True),
        (["fd12::/16"], "fd13::1", False),
        (["127.0.0.0/8"], "127.0.0.1", True),
        (["127.0.0.0/8"], "::1", False),
        (["127.0.0.0/8"], "0.0.0.0", False),
        (["169.254.169.254"], "169.254.169.254", True),
    ],
)
def test_listed_networks_are_reached(networks: list[str], address: str, reached: bool) -> None:
    """A network in allow_networks opens exactly itself."""
    assert (AddressPolicy(networks).refusal(ip_address(address)) == "") == reached


def test_only_the_good_addresses_of_a_name_are_given_out() -> None:
    """A name with a private and a public address leads to the public one."""
    policy = AddressPolicy(lookup=lambda _host, _port: answers("10.0.0.1", "8.8.8.8", "::1"))
    assert [vetted.sockaddr[0] for vetted in policy.resolve("mixed.example", 80, 1.0)] == ["8.8.8.8"]


def test_a_name_without_addresses_is_refused() -> None:
    """An empty answer of the resolver is no licence."""
    with pytest.raises(AddressRefused, match="no address"):
        AddressPolicy(lookup=lambda _host, _port: []).resolve("void.example", 80, 1.0)


def test_a_silent_resolver_is_given_up() -> None:
    """Name resolution has a deadline of its own."""
    never = Event()

    def silent(_host: str, _port: int) -> list[tuple[object, ...]]:
        never.wait(10)
        return []

    with pytest.raises(TimeoutError, match="resolver"):
        AddressPolicy(lookup=silent).resolve("slow.example", 80, 0.05)


def test_bad_networks_are_named_in_the_settings_error() -> None:
    """Every entry that is no network is named at once."""
    with pytest.raises(SettingsError) as caught:
        AddressPolicy(["10.0.0.0/8", "10.0.0.1/8", "home"])
    assert len(caught.value.faults) == 2
    assert "home" in caught.value.faults[1]


@given(st.integers(0, 2**32 - 1))
def test_wrapping_never_changes_the_verdict(number: int) -> None:
    """An IPv4 address is judged the same bare, mapped, behind NAT64 and behind 6to4."""
    policy = AddressPolicy(["10.9.0.0/16"])
    bare = bool(policy.refusal(IPv4Address(number)))
    for wrapped in (0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80):
        assert bool(policy.refusal(IPv6Address(wrapped))) == bare


@given(st.ip_addresses())
def test_whatever_is_not_global_is_refused(address: IPv4Address | IPv6Address) -> None:
    """Nothing that Python's own registry calls special passes unless it wraps something else."""
    if not address.is_global and AddressPolicy().refusal(address) == "":
        assert isinstance(address, IPv6Address)
        assert address.ipv4_mapped or address.sixtofour
