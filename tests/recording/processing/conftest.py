"""Fixtures of the processing tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from recording.probe import Examiner
from recording.processing.processor import Processor
from tests.recording.samples import Values

SETTINGS = {
    ("recording", "processing", "peaks"): 10,
    ("recording", "processing", "transcript_engine"): "",
    ("recording", "processing", "transcript_limit_s"): 50,
}


@pytest.fixture
def config() -> Values:
    """What system_config says; tests change its table."""
    return Values(SETTINGS)


@pytest.fixture
def processor(config: Values) -> Iterator[Processor]:
    """Works on recordings."""
    examiner = Examiner()
    processor = Processor(config, examiner)
    yield processor
    processor.close()
    examiner.close()
