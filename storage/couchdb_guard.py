"""Connects an httpx client to vetted addresses only: what is judged is what is connected to.

The name is resolved and judged (storage.address) at the moment the socket is made; Host header, SNI and the
certificate's name stay those of the URL. As storage.guarded_connection does for requests.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from typing import Any

import httpcore
from httpcore import SOCKET_OPTION

from storage.address import AddressPolicy

CONNECT_S = 10.0
"""For a name and a connection where the request sets no time of its own."""


class GuardedBackend(httpcore.SyncBackend):
    """Makes sockets to addresses that a policy lets through."""

    def __init__(self, policy: AddressPolicy) -> None:
        super().__init__()
        self._policy = policy

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first vetted address that answers.

        Raises: AddressRefused, and httpcore's own errors.
        """
        failure: Exception = httpcore.ConnectError(f"{host}: no address answered")
        for sockaddr in self._vetted(host, port, timeout or CONNECT_S):
            try:
                return super().connect_tcp(sockaddr, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as exc:
                failure = exc
        raise failure

    def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.NetworkStream:
        """Refuse: a URL from outside names no file of this host."""
        raise httpcore.ConnectError("not over a socket of this host")

    def _vetted(self, host: str, port: int, timeout_s: float) -> list[str]:
        try:
            vetted = self._policy.resolve(host, port, timeout_s)
        except socket.gaierror as exc:
            raise httpcore.ConnectError(f"{host}: {exc.strerror}") from exc
        except TimeoutError as exc:
            raise httpcore.ConnectTimeout(str(exc)) from exc
        return [str(address.sockaddr[0]) for address in vetted]
