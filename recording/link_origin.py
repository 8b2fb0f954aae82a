"""Where our pages are reached, as others spell it: what links begin with, and which URLs are our own.

A URL of ours may come back under another spelling: the public name that a proxy has, the address listened on,
this host's name. All of them mean these pages; what protects a recording is the signature, not the name.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

PORTS = {"http": 80, "https": 443}

LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))


@dataclass(frozen=True, slots=True)
class Origin:
    """Where our pages are.

    Attributes: public_url: as others reach them, "" when they reach the address itself; listening: returns
    host and port, None when nothing is listened on (the port is known only once it is).
    """

    public_url: str
    listening: Callable[[], tuple[str, int] | None]
    host_name: Callable[[], str] = socket.gethostname

    def base(self) -> str:
        """Return what a link begins with, without a `/` at its end; "" when there is nothing to reach."""
        if self.public_url:
            return self.public_url.rstrip("/")
        address = self.listening()
        if address is None:
            return ""
        host, port = address
        if _is_wildcard(host):
            host = self.host_name()
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def path_below(self, url: SplitResult) -> str | None:
        """Return the path of a URL of ours as our pages see it, None when it leads elsewhere.

        Raises: ValueError: its port is none.
        """
        if url.username is not None or url.password is not None or url.fragment:
            return None
        public = urlsplit(self.public_url)
        if self.public_url and _place(url) == _place(public):
            prefix = public.path.rstrip("/")
            if url.path.startswith(f"{prefix}/"):
                return url.path.removeprefix(prefix)
        address = self.listening()
        if address is None or url.scheme != "http":
            return None
        host, port = address
        known = {host.lower()}
        if _is_wildcard(host) or host.lower() in LOOPBACK:
            known |= LOOPBACK
        if _is_wildcard(host):
            known.add(self.host_name().lower())
        _, asked, asked_port = _place(url)
        return url.path if asked in known and asked_port == port else None


def _place(url: SplitResult) -> tuple[str, str, int]:
    return url.scheme, (url.hostname or "").lower(), url.port or PORTS.get(url.scheme, 0)


def _is_wildcard(host: str) -> bool:
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False
