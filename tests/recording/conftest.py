"""Fixtures of the recording tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.recording.house import House


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the pauses that tests would only sit out."""
    monkeypatch.setattr("recording.finisher.APPEAR_S", 0.2)
    monkeypatch.setattr("recording.handover.RETRY_FIRST_S", 0.1)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A switch, an engine and an outbox, connected."""
    house = House(tmp_path)
    yield house
    house.close()
