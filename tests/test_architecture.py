"""What the import contracts cannot say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.settings import SETTING_KEYS

SERVICE = Path(__file__).parent.parent / "service"
READ_AS = {"node": "node_name", "own_port": "own_ports"}
"""Settings that are read through a property of their section."""


@pytest.mark.parametrize("key", SETTING_KEYS, ids=lambda key: key.dotted)
def test_every_setting_is_read(key: object) -> None:
    """A setting that is documented and read by nobody promises what is not there."""
    name = key.name  # type: ignore[attr-defined]
    wanted = re.compile(rf"\.{READ_AS.get(name, name)}\b")
    assert any(wanted.search(path.read_text(encoding="utf-8")) for path in SERVICE.rglob("*.py"))
