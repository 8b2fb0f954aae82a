"""Builds the destinations as the settings describe them; once, for the engine, the check and the commands."""

from __future__ import annotations

from config.settings import Settings
from storage.address import AddressPolicy
from storage.destination import Destination, DestinationContext
from storage.destination_registry import discover
from storage.document import DocumentStore


def destinations_of(settings: Settings, documents: DocumentStore) -> dict[str, Destination]:
    """Return every destination by its kind."""
    outbox = settings.outbox
    return discover(
        DestinationContext(
            documents=documents,
            addresses=AddressPolicy([str(network) for network in outbox.allow_networks]),
            folder_root=outbox.local_dir,
            known_hosts=outbox.known_hosts,
            ssh_key=outbox.ssh_key,
        )
    )
