"""Builds what SWML scripts share, as the settings describe it."""

from __future__ import annotations

from collections.abc import Mapping

from config.settings import Settings
from storage.address import AddressPolicy
from swml.fetching import Fetcher, Read
from swml.web import Web


def fetcher_of(settings: Settings, read: Read) -> Fetcher:
    """Return what fetches documents, and asks servers for scripts. Args: read: makes a script of a text."""
    addresses = AddressPolicy([str(network) for network in settings.outbox.allow_networks])
    longest_s = max(settings.swml.request_timeout_s, settings.swml.fetch_timeout_s)
    return Fetcher(
        Web(addresses, longest_s=longest_s),
        read,
        timeout_s=settings.swml.fetch_timeout_s,
        max_bytes=settings.swml.document_limit_kb * 1000,
        request_timeout_s=settings.swml.request_timeout_s,
    )


def envs_of(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """Return what scripts see of the environment: what the settings name, where it is set."""
    return {name: environ[name] for name in settings.swml.environment if name in environ}


def names_of(settings: Settings) -> tuple[str, str]:
    """Return the project's and the space's id."""
    return settings.swml.project_id, settings.swml.space_id
