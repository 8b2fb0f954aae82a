"""Places of call control, all closed at the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.callcontrol.place import Place
from tests.storage.conftest import couchdb_url, pouchdb_url

__all__ = ["couchdb_url", "pouchdb_url"]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A FreeSWITCH and the API beside it."""
    opened = Place(tmp_path)
    yield opened
    opened.close()
