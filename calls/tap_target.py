"""Where a tap sends to: `rtp://host:port`, `ws://…`, `wss://…`, taken apart and judged.

What stands there comes from documents, so the address behind a name is held to the rules of deliveries
(storage.address): no private network unless the operator allows it.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from calls.errors import TapFailed

DEFAULT_PORTS = {"ws": 80, "wss": 443}
SCHEMES = ("rtp", *DEFAULT_PORTS)
MAX_URI = 2_000


@dataclass(frozen=True, slots=True)
class TapTarget:
    """A target. Attributes: uri: as written; host: name or address without brackets."""

    uri: str
    scheme: str
    host: str
    port: int

    @property
    def is_rtp(self) -> bool:
        """Whether it is RTP rather than a websocket."""
        return self.scheme == "rtp"


def parse_target(uri: str) -> TapTarget:
    """Take a URI apart. Raises: TapFailed: it is none of the three kinds."""
    if len(uri) > MAX_URI or any(ord(char) <= 32 or ord(char) == 127 for char in uri):
        raise TapFailed("a URI that is none")
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname or "", parts.port
    except ValueError as exc:
        raise TapFailed(f"a URI that is none: {exc}") from exc
    if parts.scheme not in SCHEMES or not host:
        raise TapFailed("a URI that is none of rtp://host:port, ws:// and wss://")
    if parts.scheme != "rtp":
        return TapTarget(uri, parts.scheme, _plain(host), port or DEFAULT_PORTS[parts.scheme])
    if not port or parts.path.strip("/") or parts.query or parts.username is not None:
        raise TapFailed("RTP goes to rtp://host:port and nothing more")
    return TapTarget(uri, "rtp", _plain(host), port)


def _plain(host: str) -> str:
    """Return a host as resolvers take it. Raises: TapFailed: no resolver would."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError as exc:
        raise TapFailed("a host whose name is none") from exc
