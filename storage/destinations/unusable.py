"""Takes nothing: what a document named is no place. The recording is kept here, its dead letter says why.

| parameter | |
|---|---|
| reason | why, as a sentence |
| url | what the document named |
"""

from __future__ import annotations

from typing import Any

from storage.destination import DestinationContext, Media, Receipt
from storage.errors import DeliveryFailed


class UnusableDestination:
    """No place."""

    def __init__(self, context: DestinationContext) -> None:
        """Take nothing of this process."""

    def validate(self, parameters: dict[str, Any]) -> list[str]:
        """Return the reason, as its only fault."""
        return [str(parameters.get("reason") or "the url cannot be used")]

    def deliver(self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any]) -> Receipt:  # noqa: ARG002 - the seam's
        """Refuse. Raises: DeliveryFailed."""
        raise DeliveryFailed("; ".join(self.validate(parameters)), retryable=False)


DESTINATION = UnusableDestination
