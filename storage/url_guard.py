"""Judges a URL from outside that somebody else will fetch: FreeSWITCH, by means of its own.

Its host is resolved and judged here, when it is about to be handed over. A name that leads elsewhere a moment
later, or a server that redirects, is not held back by this: whoever must rule that out lets FreeSWITCH reach
the internet through a proxy only.
"""

from __future__ import annotations

from storage import http_url
from storage.address import AddressPolicy


def vet(addresses: AddressPolicy, url: str, timeout_s: float) -> None:
    """See that a URL leads where it may. Only the greenlet waits, and nothing is sent there.

    Raises: ValueError: it is no http(s) URL, see http_url.parse; AddressRefused; socket.gaierror: there is no
    host of that name; TimeoutError: the resolver did not answer in time.
    """
    _, host, port = http_url.parse(url).origin
    if addresses.is_unbounded:
        return
    try:
        addresses.resolve(host, port, timeout_s)
    except UnicodeError as exc:
        raise ValueError("url: its host is no name that there can be") from exc
