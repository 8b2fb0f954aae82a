"""Keeps a recording in another CouchDB than this system's: a third party's, or a storage plan's.

| parameter | |
|---|---|
| url | http or https, host and port; no credentials |
| user, password | basic authentication |
| trusted | true: the operator named it (system_config), and it may be at any address |
| all others | see storage.document_delivery |

A server that a plan named is connected to at vetted addresses only (storage.address). Connections last for
one delivery: these servers are many, and each is asked seldom.
"""

from __future__ import annotations

import io
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

import gevent

from storage import document_delivery, http_url
from storage.couchdb import CouchStore
from storage.couchdb_link import READ_S, CouchAddress, CouchLink, no_tls
from storage.destination import DestinationContext, Media, Receipt
from storage.destination_registry import Destinations
from storage.document_delivery import DocumentDelivery
from storage.errors import StoreError
from storage.tls_trust import context_for

OWN_PARAMETERS = frozenset(("url", "user", "password", "trusted"))
PORTS = {"http": 5984, "https": 6984}


class CouchDestination:
    """A CouchDB that the target names."""

    def __init__(self, context: DestinationContext) -> None:
        self._context = context
        self._destinations = Destinations(context)

    def validate(self, parameters: dict[str, Any]) -> list[str]:
        """Return every fault of the parameters; see the table at the top."""
        unknown = sorted(parameters.keys() - OWN_PARAMETERS - document_delivery.PARAMETERS)
        faults = [f"{name}: unknown parameter" for name in unknown]
        try:
            if http_url.parse(str(parameters.get("url", ""))).credentials is not None:
                faults.append("url: credentials belong into user and password")
        except ValueError as exc:
            faults.append(str(exc))
        faults += [
            f"{name}: must be text"
            for name in ("user", "password")
            if not isinstance(parameters.get(name, ""), str)
        ]
        return faults + document_delivery.faults_of(parameters, self._destinations)

    def deliver(self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any]) -> Receipt:
        """Save and attach there. Raises: as DocumentDelivery."""
        with self._store(parameters) as store:
            receipt = DocumentDelivery(store, self._destinations).deliver(media, metadata, parameters)
        if parameters.get("media") is not None:
            return receipt
        return Receipt(f"{parameters['url'].rstrip('/')}/{receipt.location}", receipt.detail)

    def holds(
        self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any], receipt: Receipt
    ) -> bool:
        """Whether the copy is there. Raises: StoreError: it cannot be asked now."""
        with self._store(parameters) as store:
            return DocumentDelivery(store, self._destinations).holds(media, metadata, parameters, receipt)

    def open_copy(
        self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any], receipt: Receipt
    ) -> BinaryIO:
        """Return the copy as a stream. Raises: NotFound; StoreError: it cannot be asked now."""
        store = self._open(parameters)
        try:
            found = DocumentDelivery(store, self._destinations).open_copy(
                media, metadata, parameters, receipt
            )
        except StoreError:
            store.close()
            raise
        return _Borrowed(found, store)  # its connection lasts as long as it is read

    def delete_copy(
        self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any], receipt: Receipt
    ) -> str:
        """Remove media and document there. Returns: what is left. Raises: StoreError."""
        with self._store(parameters) as store:
            delivery = DocumentDelivery(store, self._destinations)
            return delivery.delete_copy(media, metadata, parameters, receipt)

    @contextmanager
    def _store(self, parameters: dict[str, Any]) -> Iterator[CouchStore]:
        with closing(self._open(parameters)) as store:
            yield store

    def _open(self, parameters: dict[str, Any]) -> CouchStore:
        address = _address(parameters)
        tls = self._trust() if address.scheme == "https" else no_tls()
        policy = None if parameters.get("trusted") is True else self._context.addresses
        read_s = min(READ_S, self._context.response_timeout_s)
        return CouchStore(address, CouchLink(address, read_s=read_s, tls=tls, policy=policy))

    def _trust(self) -> ssl.SSLContext:
        """Return the authorities to trust; off the hub, since reading them the first time takes 20 ms."""
        trust: ssl.SSLContext = gevent.get_hub().threadpool.apply(
            context_for, ("couchdb", self._context.ca_file)
        )
        return trust


class _Borrowed(io.BufferedReader):
    """A stream out of a store that is closed with it."""

    def __init__(self, stream: BinaryIO, store: CouchStore) -> None:
        super().__init__(cast("io.RawIOBase", stream))
        self._store = store

    def close(self) -> None:
        """Close both."""
        super().close()
        self._store.close()


def _address(parameters: dict[str, Any]) -> CouchAddress:
    parts = urlsplit(parameters["url"])
    return CouchAddress(
        scheme=parts.scheme,
        host=parts.hostname or "",
        port=parts.port or PORTS[parts.scheme],
        prefix=parts.path.strip("/"),
        user=parameters.get("user", ""),
        password=parameters.get("password", ""),
    )


DESTINATION = CouchDestination
