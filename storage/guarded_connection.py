"""The transport adapter for `requests` that connects to vetted addresses only.

The name is resolved and judged (storage.address) at the moment the socket is made, and the socket goes
to the very address that was judged; Host header, SNI and the certificate's name stay those of the URL.
Proxies of the environment have no say, for they would do the resolving.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Any

from requests.adapters import DEFAULT_POOLSIZE, HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.poolmanager import PoolManager

from storage import guarded_socket, tls_trust
from storage.address import AddressPolicy

SEND_BYTES = 64 * 1024
"""Sent in one go; the stall timeout holds for each, so a slow but living peer is not given up."""


class GuardedAdapter(HTTPAdapter):
    """Sends prepared requests to vetted addresses; certificates are always verified."""

    def __init__(
        self,
        policy: AddressPolicy,
        stall_timeout_s: float,
        ca_file: Path | None = None,
        *,
        connections: int = DEFAULT_POOLSIZE,
    ) -> None:
        """Args: connections: how many hosts, and how many connections to each of them, are kept open."""
        self._pool_classes = _pool_classes(policy, stall_timeout_s)
        self._ssl_context = tls_trust.context_for("http", ca_file)
        super().__init__(pool_connections=connections, pool_maxsize=connections, max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        """Make the pool of connections, of our kind."""
        self.poolmanager = PoolManager(
            num_pools=connections,
            maxsize=maxsize,
            block=block,
            blocksize=SEND_BYTES,
            ssl_context=self._ssl_context,
            **options,
        )
        self.poolmanager.pool_classes_by_scheme = self._pool_classes

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:  # noqa: ARG002 - its signature
        """Leave verification to the one context; nothing is loaded per connection."""
        conn.cert_reqs = "CERT_REQUIRED"
        conn.ca_certs = None
        conn.ca_cert_dir = None


def _pool_classes(policy: AddressPolicy, stall_timeout_s: float) -> dict[str, type[HTTPConnectionPool]]:
    """Make connection classes bound to a policy: urllib3 builds connections from classes, by scheme."""

    class GuardedConnection(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _connect(self, policy)

        def connect(self) -> None:
            super().connect()
            self.sock.settimeout(stall_timeout_s)

    class GuardedTlsConnection(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _connect(self, policy)

        def connect(self) -> None:
            super().connect()
            self.sock.settimeout(stall_timeout_s)

    class GuardedPool(HTTPConnectionPool):
        ConnectionCls = GuardedConnection

    class GuardedTlsPool(HTTPSConnectionPool):
        ConnectionCls = GuardedTlsConnection

    return {"http": GuardedPool, "https": GuardedTlsPool}


def _connect(connection: HTTPConnection, policy: AddressPolicy) -> socket.socket:
    """Connect to the first vetted address that answers, each given the whole connect timeout.

    Raises: AddressRefused, and urllib3's own errors, as its `_new_conn` does.
    """
    timeout_s = float(connection.timeout or 10.0)
    host = connection._dns_host  # noqa: SLF001 - with its trailing dot, as urllib3 itself resolves it
    port = int(connection.port or connection.default_port)
    try:
        sock = guarded_socket.connect(policy, host, port, timeout_s)
    except socket.gaierror as exc:
        raise NameResolutionError(connection.host, connection, exc) from exc
    except TimeoutError as exc:
        raise ConnectTimeoutError(connection, str(exc) or f"no connection within {timeout_s:g} s") from exc
    except OSError as exc:
        raise NewConnectionError(connection, str(exc)) from exc
    sys.audit("http.client.connect", connection, connection.host, port)
    return sock
