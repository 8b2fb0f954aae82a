"""A broken system_config document in a folder: said at the start, not taken for an absent one."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.errors import ConfigDocumentBroken, ConfigSourceUnavailable
from config.system import SystemConfig
from service.config_source import StoredConfig
from storage.open_store import open_store


def test_a_broken_document_is_reported_with_its_line(tmp_path: Path) -> None:
    """With `store_recordings` lost to a typing error, recordings would quietly be stored nowhere."""
    (tmp_path / "system_config").mkdir()
    (tmp_path / "system_config" / "media.json").write_text('{\n"default": {')
    store = open_store(tmp_path.as_uri())
    try:
        with pytest.raises(ConfigDocumentBroken, match=r"media\.json:2"):
            StoredConfig(store).read("system_config", "media")
        config = SystemConfig(StoredConfig(store), node="here")
        config.start()
        problems = [str(problem) for problem in config.health()]
        config.stop()
    finally:
        store.close()
    assert any("media" in problem for problem in problems), problems


def test_a_folder_that_is_away_is_no_empty_folder(tmp_path: Path) -> None:
    """An unmounted folder is asked again later; its documents do not count as deleted."""
    store = open_store((tmp_path / "gone").as_uri())
    try:
        with pytest.raises(ConfigSourceUnavailable):
            StoredConfig(store).read("system_config", "media")
    finally:
        store.close()
