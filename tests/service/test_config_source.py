"""system_config as the document store has it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.errors import ConfigDocumentBroken, ConfigSourceUnavailable
from service.config_source import StoredConfig
from storage.folder import FolderStore
from storage.open_store import open_store
from tests.waiting import eventually


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one document that can be read and one that cannot."""
    (tmp_path / "system_config").mkdir()
    (tmp_path / "system_config" / "media.json").write_text('{"default": {"a": 1}}', encoding="utf-8")
    (tmp_path / "system_config" / "broken.json").write_text("{", encoding="utf-8")
    return tmp_path


@pytest.fixture
def store(folder: Path) -> Iterator[FolderStore]:
    """That folder as a store."""
    opened = FolderStore(folder)
    yield opened
    opened.close()


def test_a_document_is_read(store: FolderStore) -> None:
    """As it stands there."""
    document = StoredConfig(store).read("system_config", "media")
    assert document is not None
    assert document["default"] == {"a": 1}


@pytest.mark.parametrize(("database", "name"), [("system_config", "gone"), ("account/acme", "configs_media")])
def test_what_is_absent_is_none(store: FolderStore, database: str, name: str) -> None:
    """Absence is no failure: the defaults hold."""
    assert StoredConfig(store).read(database, name) is None


def test_what_only_an_edit_mends_is_told_from_what_is_absent(store: FolderStore) -> None:
    """A name no store can have is not asked for again and again."""
    with pytest.raises(ConfigDocumentBroken):
        StoredConfig(store).read("system_config", "../accounts")


def test_a_store_that_is_away_is_told() -> None:
    """Then what was read before stays in force."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        store = open_store(f"http://127.0.0.1:{nobody.getsockname()[1]}", cache=False)
        with pytest.raises(ConfigSourceUnavailable):
            StoredConfig(store).read("system_config", "media")
        store.close()


def test_changes_are_followed(store: FolderStore, folder: Path) -> None:
    """The id of what changed is told, until it is stopped."""
    seen: list[str] = []
    stop = StoredConfig(store).follow("system_config", seen.append)
    (folder / "system_config" / "media.json").write_text('{"default": {"a": 2}}', encoding="utf-8")
    eventually(lambda: {"media", ""} & set(seen), what="the change")
    stop()


def test_accounts_have_databases_of_their_own(store: FolderStore) -> None:
    """What cannot be an account has none."""
    config = StoredConfig(store)
    assert config.account_database("acme") == "account/acme"
    assert config.account_database("ab" * 16) == f"account/ab/ab/{'ab' * 14}"
    assert config.account_database("../x") is None
