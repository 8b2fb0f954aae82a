"""The Destination seam: where finished media goes, and what is promised about it.

A destination is chosen by the scheme of its target (storage.destinations, one file each). It moves one
file to one place, whole, and proves that the copy there is that file; when to try again, and how often,
is the outbox's affair alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


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
        """Whose health this target shares: attempts to one key are throttled together."""
        where = self.parameters.get("url") or self.parameters.get("database") or ""
        host = str(where).split("://", 1)[-1].split("/", 1)[0].rsplit("@", 1)[-1]
        return f"{self.kind}:{host}"


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof of a delivery: where the copy is, and what the destination said of it."""

    location: str
    detail: str = ""


class Destination(Protocol):
    """Moves one file to one kind of place."""

    def validate(self, parameters: dict[str, Any]) -> list[str]:
        """Return every fault of a target's parameters, as sentences; [] when it can be tried."""

    def deliver(self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any]) -> Receipt:
        """Copy `media` there, streamed, verify, and return proof. Doing it twice leaves one copy.

        `metadata` is Kazoo's document of the recording (reference section 3.4), without `_rev`.
        Raises: DeliveryFailed, with `retryable` set as the destination's answer warrants.
        """
