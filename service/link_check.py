"""Tells whether links to recordings lead here, and whether they may be read on the way.

Nobody answering is no fault: the check is run before the engine as well. Somebody else answering is one.
"""

from __future__ import annotations

import json
import socket
from ipaddress import ip_address
from urllib.parse import urlsplit

from config.errors import CallflowsError
from config.sections import Http
from recording.link_origin import Origin
from storage.address import AddressPolicy
from storage.errors import ExchangeFailed
from storage.guarded_http import GuardedHttp

TIMEOUT_S = 5.0

ANYWHERE = AddressPolicy(["0.0.0.0/0", "::/0"])
"""It is the operator who named the address."""

OPEN = (
    "links would travel in the clear, and whoever reads one has the recording: put a proxy with TLS in front"
)


class LinkFault(CallflowsError):
    """Links would not do what they are for."""


def checked(http: Http) -> str:
    """Return how links do, in a sentence. Raises: LinkFault."""
    base = Origin(http.public_url, lambda: http.listen).base()
    if not base:
        return "no http.listen is set: recordings have no links"
    host = urlsplit(base).hostname or ""
    addresses = _addresses(host)
    if http.public_url and not addresses:
        raise LinkFault(f"http.public_url: {host} has no address")
    if base.startswith("http:") and any(ip_address(each).is_global for each in addresses):
        raise LinkFault(f"{base}: {OPEN}")
    if not http.public_url and all(ip_address(each).is_loopback for each in addresses):
        return f"links begin with {base}, and are good on this host; http.public_url is for others"
    return f"links begin with {base}; {_answer(base)}"


def _addresses(host: str) -> list[str]:
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        return []


def _answer(base: str) -> str:
    """Ask for the health of whoever answers there. Raises: LinkFault: it is not one of ours."""
    http = GuardedHttp(
        ANYWHERE, connect_timeout_s=TIMEOUT_S, stall_timeout_s=TIMEOUT_S, response_timeout_s=TIMEOUT_S
    )
    try:
        answer = http.exchange("GET", f"{base}/healthz", headers={}, max_redirects=0)
    except ExchangeFailed as exc:
        if "certificate" in str(exc):
            raise LinkFault(f"{base}: {exc}") from exc
        return f"nobody answers there now ({exc})"
    finally:
        http.close()
    if answer.status in (502, 504):
        return "a proxy answers there, and has nobody behind it now"
    try:
        is_ours = isinstance(json.loads(answer.body)["parts"], dict)
    except (ValueError, KeyError, TypeError):
        is_ours = False
    if not is_ours:
        raise LinkFault(f"{base}/healthz is answered with {answer.status} by somebody else")
    return "an engine answers there"
