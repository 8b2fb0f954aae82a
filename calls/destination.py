"""Whom a document wants to call: a phone number, a SIP address or a resource, told apart and checked.

Text from documents is never part of a dial string before it has passed here: what is left holds no character
that FreeSWITCH gives a meaning to, and no parameter that would route the call elsewhere than it says.
Source: RFC 3966 (numbers), RFC 3261 section 25.1 (SIP addresses); FreeSWITCH mod_sofia.c,
sofia_outgoing_channel (`^` and `fs_path` choose other routes, a bare user is looked up as registered).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address

from calls.errors import NotDialable

MAX_LENGTH = 256
"""Of a whole destination; user and host of a SIP address have 64 and 128 of it in practice."""

_SEPARATORS = re.compile(r"[ ().-]")
_E164 = re.compile(r"\+[1-9][0-9]{4,14}\Z")
_NATIONAL = re.compile(r"[0-9*#]{1,32}\Z")
_LOOKS_LIKE_NUMBER = re.compile(r"\+?[0-9*#][0-9*# ().-]{0,63}\Z|\([0-9]")
# What RFC 3261 lets stand in a user part, without what separates dial strings (, | ' [ ] { } \ ^ / $ ; ?).
_USER = re.compile(r"(?:[A-Za-z0-9._~!*()&=+-]|%[0-9A-Fa-f]{2}){1,128}\Z")
_HOST = re.compile(
    r"(?=.{1,128}\Z)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*\Z"
)
_SIP = re.compile(
    r"(?P<scheme>sips?):(?:(?P<user>[^@;?]*)@)?(?P<host>\[[^\]]*\]|[^:;?@]*)(?::(?P<port>[0-9]{1,5}))?(?P<rest>[;?].*)?\Z",
    re.IGNORECASE | re.DOTALL,
)
_PARAMETERS = {"transport": frozenset({"udp", "tcp", "tls"}), "user": frozenset({"phone", "ip"})}
_RESOURCE = re.compile(
    r"/(?P<context>[A-Za-z0-9_][A-Za-z0-9_.-]{0,63})/(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})(?:\?channel=(?:audio|video))?\Z"
)
_MAX_PORT = 65_535


class Kind(StrEnum):
    """What kind of destination it is."""

    PHONE = "phone"
    SIP = "sip"
    RESOURCE = "resource"


@dataclass(frozen=True, slots=True)
class Destination:
    """One destination.

    Attributes: text: written the one way there is (separators of a number are gone, a scheme is in lower
    case); user, host: of a SIP address, or the context and name of a resource; address: of a host that is a
    literal address, None for a name.
    """

    kind: Kind
    text: str
    user: str = ""
    host: str = ""
    address: IPv4Address | IPv6Address | None = None


def parse_destination(text: str) -> Destination:
    """Read a destination. Raises: NotDialable: it is none, or holds what must not be passed on."""
    stripped = text.strip(" ")
    if not stripped:
        raise NotDialable(text, "it is empty")
    if len(stripped) > MAX_LENGTH:
        raise NotDialable(text, f"it is longer than {MAX_LENGTH} characters")
    lowered = stripped.lower()
    if lowered.startswith(("sip:", "sips:")):
        return _sip(stripped)
    if lowered.startswith("tel:"):
        return _phone(stripped[4:])
    if stripped.startswith("/"):
        return _resource(stripped)
    if _LOOKS_LIKE_NUMBER.match(stripped):
        return _phone(stripped)
    raise NotDialable(text, "it is no phone number, no sip: or sips: address and no /context/name")


def _phone(text: str) -> Destination:
    number = _SEPARATORS.sub("", text)
    if number.startswith("+"):
        if not _E164.match(number):
            raise NotDialable(text, "a number that begins with + has 5 to 15 digits, the first of them not 0")
    elif not _NATIONAL.match(number):
        raise NotDialable(text, "a number has 1 to 32 digits, * and # among them")
    return Destination(Kind.PHONE, number)


def _resource(text: str) -> Destination:
    match = _RESOURCE.match(text)
    if match is None:
        raise NotDialable(text, "a resource is /context/name, of letters, digits and _.-")
    context, name = match["context"], match["name"]
    return Destination(Kind.RESOURCE, f"/{context}/{name}", context, name)


def _sip(text: str) -> Destination:
    match = _SIP.match(text)
    if match is None:
        raise NotDialable(text, "it is no SIP address")
    user, host = match["user"] or "", match["host"]
    if not _USER.match(user):
        raise NotDialable(text, "its user part is missing or holds characters that are not dialled")
    address = _address(text, host)
    port = match["port"]
    if port is not None and not 0 < int(port) <= _MAX_PORT:
        raise NotDialable(text, "its port is none")
    parameters = _parameters(text, match["rest"] or "")
    where = f"{host}:{int(port)}" if port else host
    return Destination(Kind.SIP, f"{match['scheme'].lower()}:{user}@{where}{parameters}", user, host, address)


def _address(text: str, host: str) -> IPv4Address | IPv6Address | None:
    """Return the literal address a host is, None for a name."""
    literal = host[1:-1] if host.startswith("[") else host
    try:
        address = ip_address(literal)
    except ValueError:
        address = None
    if address is not None and "%" not in literal and isinstance(address, IPv6Address) == (literal != host):
        return address
    # A last label of digits is an address in one of its older forms (127.1, 0x7f000001), known to resolvers.
    last = host.rpartition(".")[2]
    if not _HOST.match(host) or last[:1].isdigit():
        raise NotDialable(text, "its host is neither a name nor an IP address")
    return None


def _parameters(text: str, rest: str) -> str:
    if rest.startswith("?"):
        raise NotDialable(text, "headers within a SIP address are not dialled; use the headers of the step")
    parts = []
    for part in rest.split(";")[1:]:
        name, _, value = part.lower().partition("=")
        if value not in _PARAMETERS.get(name, frozenset()):
            raise NotDialable(
                text, "of its parameters only transport=udp|tcp|tls and user=phone|ip are dialled"
            )
        parts.append(f";{name}={value}")
    return "".join(parts)
