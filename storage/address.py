"""Decides which addresses a URL from outside may make us connect to.

A document names a host; what counts is the address behind it at the moment of connecting. So a name is
resolved once, every address it gives is judged here, and the connection goes to a judged address: there
is no second resolution in which the name could mean something else. Addresses inside addresses (IPv4 in
IPv6, NAT64, 6to4) are unwrapped and judged as what they lead to.
Source: IANA's special-purpose address registries (RFC 6890), RFC 6052 (NAT64), RFC 3056 (6to4).
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

import gevent

from config.errors import SettingsError
from storage.errors import AddressRefused

IpAddress = IPv4Address | IPv6Address
Network = str | IPv4Network | IPv6Network

NAT64 = IPv6Network("64:ff9b::/96")
GLOBAL_UNICAST = IPv6Network("2000::/3")
"""The only part of IPv6 where public hosts are."""

SPECIAL = tuple(
    (ip_network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "an unspecified address"),
        ("10.0.0.0/8", "a private address"),
        ("100.64.0.0/10", "a private address"),  # behind carriers' NAT; Alibaba's metadata service
        ("127.0.0.0/8", "a loopback address"),
        ("168.63.129.16/32", "a cloud host's own service"),  # Azure's agent, on a public-looking address
        ("169.254.0.0/16", "a link-local address"),  # and the metadata service of most clouds
        ("172.16.0.0/12", "a private address"),
        ("192.0.0.0/24", "a reserved address"),  # Oracle's metadata service among them
        ("192.0.2.0/24", "a reserved address"),
        ("192.88.99.0/24", "a reserved address"),
        ("192.168.0.0/16", "a private address"),
        ("198.18.0.0/15", "a private address"),
        ("198.51.100.0/24", "a reserved address"),
        ("203.0.113.0/24", "a reserved address"),
        ("224.0.0.0/4", "a multicast address"),
        ("240.0.0.0/4", "a reserved address"),
        ("::/128", "an unspecified address"),
        ("::1/128", "a loopback address"),
        ("2001::/23", "a reserved address"),
        ("2001:db8::/32", "a reserved address"),
        ("3fff::/20", "a reserved address"),
        ("fc00::/7", "a private address"),
        ("fe80::/10", "a link-local address"),
        ("fec0::/10", "a private address"),
        ("ff00::/8", "a multicast address"),
    )
)
"""Special-purpose networks. A table of our own: what `ipaddress` calls global depends on the patch level of
Python (192.0.0.192 was global until 3.11.9)."""

Lookup = Callable[[str, int], Sequence[tuple[Any, ...]]]
"""What `socket.getaddrinfo` answers: (family, type, protocol, canonical name, socket address) each."""


@dataclass(frozen=True, slots=True)
class VettedAddress:
    """One address that may be connected to: `socket.socket(family).connect(sockaddr)`."""

    family: socket.AddressFamily
    sockaddr: tuple[Any, ...]


def look_up(host: str, port: int) -> Sequence[tuple[Any, ...]]:
    """Resolve by the system's resolver, for TCP."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


class AddressPolicy:
    """Which addresses may be reached: public ones, and those of `allow_networks`."""

    def __init__(self, allow_networks: Sequence[Network] = (), lookup: Lookup = look_up) -> None:
        """Take the setting `[outbox] allow_networks`, networks, in CIDR form if text.

        Raises: SettingsError: one of them is not a network.
        """
        self._allowed: list[IPv4Network | IPv6Network] = []
        self._lookup = lookup
        faults = []
        for network in allow_networks:
            try:
                self._allowed.append(ip_network(network))
            except ValueError as exc:
                faults.append(f"outbox.allow_networks: {exc}")
        if faults:
            raise SettingsError(faults)

    @property
    def is_unbounded(self) -> bool:
        """Whether any address may be reached: `0.0.0.0/0` and `::/0` are among those allowed."""
        return {network.version for network in self._allowed if network.prefixlen == 0} == {4, 6}

    def refusal(self, address: IpAddress) -> str:
        """Return why an address must not be reached, "" when it may."""
        meant = _unwrapped(address)
        if any(meant in network or address in network for network in self._allowed):
            return ""
        kind = _special_kind(meant)
        return f"{address} is {kind}; list its network in outbox.allow_networks to reach it" if kind else ""

    def resolve(self, host: str, port: int, timeout_s: float) -> list[VettedAddress]:
        """Resolve a host (name or literal address) and return the addresses that may be reached.

        Raises: AddressRefused: there are addresses, but none may be reached; socket.gaierror: there is
        no such name; TimeoutError: the resolver did not answer in time.
        """
        with gevent.Timeout(timeout_s, TimeoutError(f"{host}: no answer from the resolver")):
            answers = self._lookup(host, port)
        vetted = []
        refusals = []
        for family, _type, _protocol, _name, sockaddr in answers:
            refusal = self.refusal(_parsed(str(sockaddr[0])))
            if refusal:
                refusals.append(refusal)
            else:
                vetted.append(VettedAddress(family, sockaddr))
        if not vetted:
            raise AddressRefused(host, refusals[0] if refusals else "the name has no address")
        return vetted


def _parsed(text: str) -> IpAddress:
    return ip_address(text.split("%", 1)[0])  # a scope id says which link, not what kind of address


def _unwrapped(address: IpAddress) -> IpAddress:
    """Return the IPv4 address that an IPv6 address leads to, else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour or address


def _special_kind(address: IpAddress) -> str:
    """Name what makes an address not a public host, "" when nothing does."""
    for network, kind in SPECIAL:
        if address in network:
            return kind
    return "a reserved address" if address.version == 6 and address not in GLOBAL_UNICAST else ""
