"""Addresses as settings name them: `host:port`, IPv6 hosts in brackets."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import NamedTuple

MAX_PORT = 65535
_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?\Z")
_DOTTED_NUMBERS = re.compile(r"[0-9.]+\Z")
_PORT = re.compile(r"[0-9]{1,5}\Z")
_MAX_HOST_LENGTH = 253
"""Of a name in the DNS, RFC 1035 section 2.3.4."""


class Address(NamedTuple):
    """Where something listens: a host (name, IPv4, or IPv6 without brackets) and a TCP port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str, *, any_port: bool = False) -> Address:
    """Return the address that `text` writes down; names are not looked up.

    Args: any_port: whether port 0 (the system chooses) is good.
    Raises: ValueError, with a reason to be read after "must be".
    """
    host, colon, port_text = text.rpartition(":")
    if not colon or text.endswith("]"):
        raise ValueError("host:port (no port is given)")
    if not host:
        raise ValueError("host:port (no host is given; 0.0.0.0 and [::] stand for all interfaces)")
    if not _PORT.match(port_text) or not (0 if any_port else 1) <= int(port_text) <= MAX_PORT:
        raise ValueError(f"host:port with a port from {0 if any_port else 1} to {MAX_PORT}")
    return Address(_host(host), int(port_text))


def _host(text: str) -> str:
    if text.startswith("[") and text.endswith("]"):
        return _checked(IPv6Address, text[1:-1], "an IPv6 address within the brackets")
    if ":" in text:
        raise ValueError("host:port with the IPv6 address in brackets, as in [::1]:8084")
    if _DOTTED_NUMBERS.match(text):
        return _checked(IPv4Address, text, "host:port with a whole IPv4 address")
    if len(text) > _MAX_HOST_LENGTH or not _HOST_NAME.match(text):
        raise ValueError("host:port with a host name or an IP address")
    return text


def _checked(kind: type[IPv4Address | IPv6Address], text: str, expected: str) -> str:
    try:
        kind(text)
    except AddressValueError as exc:
        raise ValueError(expected) from exc
    return text
