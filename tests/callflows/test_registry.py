"""Actions are found by their files."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from callflows import actions
from callflows.registry import discover
from config.errors import RegistryError

GOOD = """
from callflows.action import CONTINUE, Action, ActionData
ACTION = Action(schema=ActionData, run=lambda run, data: CONTINUE, summary="does nothing")
"""


def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **files: str) -> ModuleType:
    """Make a package of action files."""
    name = f"extra_{tmp_path.name.replace('-', '_')}"
    folder = tmp_path / name
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    for file, text in files.items():
        (folder / f"{file}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    module = __import__(name)
    monkeypatch.setitem(sys.modules, name, module)
    return module


def test_every_file_is_an_action_under_its_name() -> None:
    """All of this issue's, and none that begins with an underscore."""
    files = {
        path.stem for path in Path(next(iter(actions.__path__))).glob("*.py") if not path.stem.startswith("_")
    }
    assert {name for name, _ in discover()} == files
    assert len(discover()) == len(files) >= 17


def test_a_keyword_may_be_an_action(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a trailing underscore of its file."""
    registry = discover(package(tmp_path, monkeypatch, set_=GOOD, _shared="x = 1"))
    assert [name for name, _ in registry] == ["set"]


def test_a_file_without_an_action_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At start-up, by name."""
    with pytest.raises(RegistryError, match=r"forgotten: no ACTION"):
        discover(package(tmp_path, monkeypatch, forgotten="x = 1"))


def test_a_name_given_twice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`set.py` and `set_.py` would be the same action."""
    with pytest.raises(RegistryError, match="already"):
        discover(package(tmp_path, monkeypatch, set=GOOD, set_=GOOD))


def test_the_nearest_name_is_suggested() -> None:
    """Only where there is something near."""
    registry = discover()
    assert registry.nearest("record-call") == "record_call"
    assert registry.nearest("zzzzzz") is None
