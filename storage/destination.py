"""The Destination seam: where finished media goes, and what is promised about it.

A destination is chosen by the kind of its target (storage.destinations, one file each). It moves one
file to one place, whole, and proves that the copy there is that file; when to try again, and how often,
is the outbox's affair alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol, runtime_checkable
from urllib.parse import urlsplit

from storage.address import AddressPolicy
from storage.document import DocumentStore


@dataclass(frozen=True, slots=True)
class Media:
    """One finished file on this host.

    Attributes: path: made by us, never from outside; content_type: audio/mpeg, audio/wav or video/mp4;
    size_bytes and sha256 (hex) as measured when it was finished; name: what the delivered copy is
    called, which is the only use outside names are put to.
    """

    path: Path
    content_type: str
    size_bytes: int
    sha256: str
    name: str


@dataclass(frozen=True, slots=True)
class Target:
    """Where to, as JSON-ready data (it is kept in the outbox).

    Attributes: kind: the destination's file name in storage.destinations (http, local, ...);
    parameters: what that destination needs (url, method, headers, database, doc_id ...), no secrets
    in logs; see each destination for its own keys.
    """

    kind: str
    parameters: dict[str, Any] = field(default_factory=dict)

    def key(self) -> str:
        """Whose health this target shares: attempts to one key are throttled together.

        `http:example.com:8443` for a URL (never its credentials), `folder:/srv/recordings` for a
        directory, else the kind alone (one local store, however many databases). Media that a plan's handler
        has are at that handler's key, so that a dead one delays nobody else's recordings.
        """
        media = self.parameters.get("media")
        if isinstance(media, dict):
            return Target(str(media.get("kind")), media.get("parameters") or {}).key()
        url = self.parameters.get("url")
        if isinstance(url, str) and url:
            return f"{self.kind}:{_host_of(url)}"
        directory = self.parameters.get("directory")
        return f"{self.kind}:{directory}" if directory else self.kind

    def holder(self) -> str:
        """Return the kind of destination that has the media, be it a handler whose document this is of."""
        media = self.parameters.get("media")
        if not isinstance(media, dict) or self.parameters.get("keeps_copy") is True:
            return self.kind
        return str(media.get("kind"))


def _host_of(url: str) -> str:
    try:
        netloc = urlsplit(url).netloc
    except ValueError:  # a bracket without its other half; the destination will say so
        netloc = ""
    return netloc.rsplit("@", 1)[-1].lower()


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof of a delivery: where the copy is, and what the destination said of it."""

    location: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class DestinationContext:
    """What destinations get of this process, at construction and never again.

    Attributes: documents: the document store of `[documents]`; addresses: which addresses outside URLs
    may reach; connect_timeout_s: for name, connection and TLS; stall_timeout_s: longest wait for the
    peer to take one block; response_timeout_s: from the last byte sent to the first of the answer;
    ca_file: certificate authorities to trust, None for the bundle that comes with requests; known_hosts:
    keys of SSH servers, new ones are written there, None to trust none but those a URL names; ssh_key: the
    private key that SSH servers know us by where a URL has no password.
    """

    documents: DocumentStore
    addresses: AddressPolicy
    connect_timeout_s: float = 10.0
    stall_timeout_s: float = 30.0
    response_timeout_s: float = 60.0
    folder_root: Path | None = None
    ca_file: Path | None = None
    known_hosts: Path | None = None
    ssh_key: Path | None = None


class Destination(Protocol):
    """Moves one file to one kind of place.

    A module of storage.destinations says `DESTINATION = <class or function taking a DestinationContext>`.
    """

    def validate(self, parameters: dict[str, Any]) -> list[str]:
        """Return every fault of a target's parameters, as sentences; [] when it can be tried."""

    def deliver(self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any]) -> Receipt:
        """Copy `media` there, streamed, verify, and return proof. Doing it twice leaves one copy.

        `metadata` is Kazoo's document of the recording (reference section 3.4), without `_rev`.
        Raises: DeliveryFailed, with `retryable` set as the destination's answer warrants; MediaDamaged
        when the file itself is at fault; StoreUnavailable when this host is.
        """


@runtime_checkable
class Verifiable(Protocol):
    """What a destination may offer besides: to say later, cheaply, whether its copy is still there."""

    def holds(
        self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any], receipt: Receipt
    ) -> bool:
        """Whether the copy is there and is this media, as far as can be told without fetching it whole.

        Args: media: its file may be gone; metadata, parameters: as they were delivered; receipt: what
        `deliver` gave then. Raises: StoreError: it cannot be asked now.
        """


@runtime_checkable
class Readable(Protocol):
    """What a destination may offer besides: to give its copy back."""

    def open_copy(
        self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any], receipt: Receipt
    ) -> BinaryIO:
        """Return a readable stream of the copy; the caller closes it. Args: as for Verifiable.

        Raises: NotFound: it is gone; StoreError: it cannot be asked now.
        """


@runtime_checkable
class Deletable(Protocol):
    """What a destination may offer besides: to remove its copy for good."""

    def delete_copy(
        self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any], receipt: Receipt
    ) -> str:
        """Remove the copy, and what tells of it; one that is gone is no failure. Args: as for Verifiable.

        Returns: what is left that it cannot remove, in a sentence, "" for nothing.
        Raises: StoreError: it cannot be asked now, or refuses.
        """
