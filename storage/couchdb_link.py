"""One CouchDB over HTTP: its connections, how long it may take, and its errors as ours.

The library is couchdb3, on an httpx client of ours, because three things of couchdb3 as it comes would not
do here: its reads wait 300 s whatever timeout is set; it puts a database's name into the path unescaped
(so `account/ab/cd/...` is asked for as a document) and refuses the escaped one; it opens a session by cookie
before each first request. So the client's transport sets the timeouts, and retries what may be retried; a
database is made by its slash form and given its escaped path (`account%2Fab%2F...`, escaped once); requests
carry the credentials themselves. Names of documents are escaped before they are handed to couchdb3.

A server that a document named is connected to at a vetted address only (`policy`).
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import quote

import couchdb3
import gevent
import httpcore
import httpx
from couchdb3 import exceptions

from storage.address import AddressPolicy
from storage.couchdb_guard import GuardedBackend
from storage.errors import BadDocument, BadName, Conflict, NotFound, StoreUnavailable
from storage.names import encode

DEADLINE_S = 30.0
"""For one request and its answer, of documents; media take as long as they move (see READ_S)."""

CONNECT_S = 3.0
READ_S = 15.0
"""Silence within an answer. A view that a cluster has not asked for in weeks may take some seconds."""

HEARTBEAT_MS = 5_000
FEED_SILENCE_S = 15.0
"""A changes feed says something every HEARTBEAT_MS; after three of them missed, nobody is there."""

MAX_CONNECTIONS = 50
"""To one server, feeds aside. Lookups are cached and short; more at once would only queue there."""

PATIENCE = "callflows_patience"
"""Extension of a request that must be waited for otherwise: httpx's names of timeouts, in seconds."""

MAX_ANSWER_BYTES = 32 * 1024 * 1024
"""From a server that a document named; documents end at 8 MB, and an answer without end would fill memory."""

RETRY_PAUSES_S = (0.05, 0.25)
"""Before the second and the third attempt at a read: a connection was closed, a balancer lost a node."""

_RETRIED_STATUS = frozenset({502, 503, 504})
_READS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class CouchAddress:
    """Where a CouchDB is, taken apart from its URL; `prefix` is a path before all others, or "" for none."""

    scheme: str
    host: str
    port: int
    prefix: str = ""
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def origin(self) -> str:
        """Scheme, host and port, fit to be shown."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


class _Transport(httpx.HTTPTransport):
    """Sends requests with our timeouts, whatever was asked for, and again where that can do no harm."""

    def __init__(
        self, read_s: float, max_connections: int | None, tls: ssl.SSLContext, policy: AddressPolicy | None
    ) -> None:
        limits = httpx.Limits(max_connections=max_connections, max_keepalive_connections=max_connections)
        super().__init__(limits=limits, verify=tls)
        if policy is not None:  # httpx has no place for it, only the pool within
            self._pool = httpcore.ConnectionPool(
                ssl_context=tls,
                max_connections=max_connections,
                max_keepalive_connections=max_connections,
                network_backend=GuardedBackend(policy),
            )
        self._is_guarded = policy is not None
        self._timeout = httpx.Timeout(read_s, connect=CONNECT_S).as_dict()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        request.extensions["timeout"] = {**self._timeout, **request.extensions.get(PATIENCE, {})}
        for pause_s in RETRY_PAUSES_S:
            try:
                response = super().handle_request(request)
            except httpx.ConnectError:  # nothing was sent
                pass
            except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
                if request.method not in _READS:
                    raise
            else:
                if request.method not in _READS or response.status_code not in _RETRIED_STATUS:
                    return self._bounded(response)
                response.close()
            gevent.sleep(pause_s)
        return self._bounded(super().handle_request(request))

    def _bounded(self, response: httpx.Response) -> httpx.Response:
        if self._is_guarded and isinstance(response.stream, httpx.SyncByteStream):
            response.stream = _Bounded(response.stream)
        return response


class _Bounded(httpx.SyncByteStream):
    """An answer that ends."""

    def __init__(self, stream: httpx.SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        left_bytes = MAX_ANSWER_BYTES
        for block in self._stream:
            left_bytes -= len(block)
            if left_bytes < 0:
                raise httpx.ReadError(f"an answer of more than {MAX_ANSWER_BYTES} bytes")
            yield block

    def close(self) -> None:
        self._stream.close()


class CouchLink:
    """The connections to one server.

    Args: read_s, feed_silence_s: for those who cannot wait as long; tls: whom to trust, by default the bundle
    that comes with httpx; policy: which addresses may be reached, None for any.
    Attributes: address; client: for requests that couchdb3 cannot make (media as a stream).
    Raises (from all requests): AddressRefused, where there is a policy.
    """

    def __init__(
        self,
        address: CouchAddress,
        *,
        read_s: float = READ_S,
        feed_silence_s: float = FEED_SILENCE_S,
        tls: ssl.SSLContext | None = None,
        policy: AddressPolicy | None = None,
    ) -> None:
        self.address = address
        self._tls = tls or (httpx.create_ssl_context() if address.scheme == "https" else no_tls())
        self._policy = policy
        self.client = self._client(read_s, MAX_CONNECTIONS)
        self._feeds = self._client(feed_silence_s, None)  # one connection each, for as long as it lasts

    def server(self) -> couchdb3.Server:
        """Return the server, for what is asked of it as a whole."""
        server: Any = couchdb3.Server(self.address.origin, session=self.client, **self._credentials())
        server.host, server.root = self._host(), self.address.prefix or None
        return cast("couchdb3.Server", server)

    def database(self, database: str, *, feed: bool = False) -> couchdb3.Database:
        """Return a database by its name in slash form. Raises: BadName."""
        session = self._feeds if feed else self.client
        try:
            made: Any = couchdb3.Database(
                database, url=self.address.origin, session=session, **self._credentials()
            )
        except exceptions.NameComplianceError as exc:
            raise BadName(f"{database!a}: CouchDB takes no such name for a database") from exc
        made.host, made.root = self._host(), self.path(database)
        return cast("couchdb3.Database", made)

    def path(self, *names: str) -> str:
        """Return the raw path of a database (slash form), of a document of it, of an attachment of that."""
        parts = [self.address.prefix] if self.address.prefix else []
        return "/".join([*parts, encode(names[0]), *(escaped(name) for name in names[1:])])

    def url(self, *names: str) -> str:
        """Return the URL of the same."""
        return f"{self.address.origin}/{self.path(*names)}"

    @contextmanager
    def asked(
        self, database: str, name: str = "", *, deadline_s: float | None = DEADLINE_S
    ) -> Iterator[None]:
        """Ask within this: what goes wrong comes out as our errors, about `database` and `name`.

        Raises: NotFound, Conflict, BadDocument, StoreUnavailable.
        """
        late = StoreUnavailable(f"{self.address.origin} did not answer within {deadline_s} s")
        try:
            with gevent.Timeout(deadline_s, late):
                yield
        except exceptions.NotFoundError as exc:
            raise NotFound(database, name) from exc
        except (exceptions.ConflictError, exceptions.PreconditionFailedError) as exc:
            raise Conflict(database, name) from exc
        except (exceptions.UnauthorizedError, exceptions.ForbiddenError) as exc:
            raise StoreUnavailable(
                f"{self.address.origin} refuses these credentials: {_reason(exc)}"
            ) from exc
        except exceptions.RequestEntityTooLargeError as exc:
            limits = "see max_attachment_size and max_document_size there"
            raise BadDocument(f"{database}/{name}: larger than the server takes ({limits})") from exc
        except exceptions.BadRequestError as exc:
            raise BadDocument(f"{database}/{name}: {_reason(exc)}") from exc
        except (exceptions.CouchDBError, httpx.HTTPError, httpx.StreamError) as exc:
            raise StoreUnavailable(f"{self.address.origin}: {type(exc).__name__}: {_reason(exc)}") from exc
        except ValueError as exc:  # an answer that is no JSON: a proxy's page, or a connection cut in a line
            raise StoreUnavailable(f"{self.address.origin} answered what is no JSON") from exc
        except (KeyError, TypeError, AttributeError) as exc:  # couchdb3 takes answers apart unseen
            raise StoreUnavailable(f"{self.address.origin} answered what no CouchDB does") from exc

    def close(self) -> None:
        """Close all connections."""
        self.client.close()
        self._feeds.close()

    def _client(self, read_s: float, max_connections: int | None) -> httpx.Client:
        auth = httpx.BasicAuth(self.address.user, self.address.password) if self.address.user else None
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        transport = _Transport(read_s, max_connections, self._tls, self._policy)
        # a proxy of the environment would resolve names for us, unjudged
        return httpx.Client(transport=transport, auth=auth, headers=headers, trust_env=self._policy is None)

    def _credentials(self) -> dict[str, Any]:
        return {"user": self.address.user, "password": self.address.password, "auth_method": "basic"}

    def _host(self) -> str:
        """The host as URLs have it; couchdb3 takes the brackets off an IPv6 address."""
        return f"[{self.address.host}]" if ":" in self.address.host else self.address.host


def no_tls() -> ssl.SSLContext:
    """Return a context that trusts nobody: reading a bundle of authorities takes its time."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def escaped(name: str) -> str:
    """Return a document's id or an attachment's name as one part of a path."""
    return quote(name, safe="")


def _reason(exc: Exception) -> str:
    """Return what a server said, cut: it may be a page."""
    return str(exc).strip()[:200]
