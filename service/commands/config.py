"""callflows config: reads and changes system_config, with the same checks the engine applies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import click

from config.catalogue import Categories, discover, split_path
from config.editing import new_account_document, new_document, with_value
from config.settings import Settings
from config.source import ACCOUNT_DOCUMENT_PREFIX, SYSTEM_DATABASE
from config.system import DEFAULT_SECTION, SystemConfig
from service.config_source import StoredConfig
from service.options import load_settings, settings_option
from storage.document import Document, DocumentStore
from storage.errors import Conflict, NotFound
from storage.names import account_db
from storage.open_store import open_store

SAVE_ATTEMPTS = 5  # an engine or a person may save the same document at the same moment


@contextmanager
def store_of(settings: Settings) -> Iterator[DocumentStore]:
    """Open the document store of the settings."""
    store = open_store(settings.documents.url, cache=False)  # a change made elsewhere must be seen at once
    try:
        yield store
    finally:
        store.close()


@click.group(help="Read and change system_config.")
def COMMAND() -> None:  # noqa: N802 - found by this name
    """Values of system_config."""


@COMMAND.command()
@settings_option
@click.option("--account", default="", help="As this account sees it.")
@click.argument("category")
@click.argument("key", default="")
def get(settings_file: str | None, account: str, category: str, key: str) -> None:
    """Print the value in force of KEY (dotted; default: the whole CATEGORY) and where it comes from."""
    settings = load_settings(settings_file)
    with store_of(settings) as store:
        node, zone = settings.freeswitch.node_name, settings.documents.zone
        config = SystemConfig(StoredConfig(store), node=node, zone=zone)
        config.start()
        try:
            path = split_path(key) if key else ()
            resolved = (config.for_account(account) if account else config).resolve(category, *path)
            problems = config.health()
        finally:
            config.stop()
    click.echo(json.dumps(resolved.value, indent=2))
    click.echo(f"from: {resolved.origin}", err=True)
    for problem in problems:
        click.echo(f"warning: {problem}", err=True)


@COMMAND.command("set")
@settings_option
@click.option(
    "--section", default=DEFAULT_SECTION, show_default=True, help="A node's, a zone's or the default."
)
@click.option("--account", default="", help="In this account's own document instead.")
@click.argument("category")
@click.argument("key")
@click.argument("value")
def set_(settings_file: str | None, section: str, account: str, category: str, key: str, value: str) -> None:
    """Set KEY (dotted) of CATEGORY to VALUE; running engines follow within two seconds."""
    path = split_path(key)
    categories: Categories = discover()
    parsed = categories.parse_value(category, path, value)
    place = account_db(account) if account else SYSTEM_DATABASE
    blank = new_account_document(category) if account else new_document(category)
    with store_of(load_settings(settings_file)) as store:
        store.create_database(place)
        for attempt in range(1, SAVE_ATTEMPTS + 1):
            document = _existing(store, place, blank)
            try:
                store.save(place, with_value(document, "" if account else section, path, parsed))
            except Conflict:
                if attempt == SAVE_ATTEMPTS:
                    raise
            else:
                break
    where = (
        f"{ACCOUNT_DOCUMENT_PREFIX}{category} of {account}" if account else f"{category}, section {section}"
    )
    click.echo(f"{where}: {key} = {json.dumps(parsed)}")


def _existing(store: DocumentStore, database: str, blank: Document) -> Document:
    try:
        return store.get(database, str(blank["_id"]))
    except NotFound:
        return blank
