"""Keeps a recording in the document store of this system, folder or CouchDB.

Parameters and promises: see storage.document_delivery.
"""

from __future__ import annotations

from typing import Any, BinaryIO

from storage import document_delivery
from storage.destination import DestinationContext, Media, Receipt
from storage.destination_registry import Destinations
from storage.document_delivery import DocumentDelivery


class LocalDestination:
    """The document store of this system."""

    def __init__(self, context: DestinationContext) -> None:
        self._destinations = Destinations(context)
        self._delivery = DocumentDelivery(context.documents, self._destinations)

    def validate(self, parameters: dict[str, Any]) -> list[str]:
        """Return every fault of the parameters; whether the names are good is the store's to say."""
        unknown = sorted(parameters.keys() - document_delivery.PARAMETERS)
        faults = [f"{name}: unknown parameter" for name in unknown]
        return faults + document_delivery.faults_of(parameters, self._destinations)

    def deliver(self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any]) -> Receipt:
        """Save and attach. Raises: as DocumentDelivery."""
        return self._delivery.deliver(media, metadata, parameters)

    def holds(
        self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any], receipt: Receipt
    ) -> bool:
        """Whether the copy is there. Raises: StoreError: it cannot be asked now."""
        return self._delivery.holds(media, metadata, parameters, receipt)

    def open_copy(
        self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any], receipt: Receipt
    ) -> BinaryIO:
        """Return the copy as a stream. Raises: NotFound; StoreError: it cannot be asked now."""
        return self._delivery.open_copy(media, metadata, parameters, receipt)

    def delete_copy(
        self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any], receipt: Receipt
    ) -> str:
        """Remove media and document. Returns: what is left. Raises: StoreError."""
        return self._delivery.delete_copy(media, metadata, parameters, receipt)


DESTINATION = LocalDestination
