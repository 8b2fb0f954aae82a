"""A stage for scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.swml.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A switch, an engine and an account, with default configuration."""
    stage = Stage(tmp_path)
    yield stage
    stage.close()
