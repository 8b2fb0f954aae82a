"""Methods are found by their files."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from config.errors import RegistryError
from swml.registry import all_methods, discover

METHOD = """
from swml.method import Method
from swml.properties import MethodData
METHOD = Method(schema=MethodData, run=lambda run, data: None, summary="Nothing.")
"""


def package(root: Path, name: str, **files: str) -> str:
    """Make a package of methods, and return its name."""
    folder = root / name
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    for file, content in files.items():
        (folder / f"{file}.py").write_text(content)
    sys.path.insert(0, str(root))
    return name


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))


def test_every_file_is_a_method_under_its_own_name(tmp_path: Path) -> None:
    """But for what Python keeps for itself, and shared parts."""
    registry = discover(package(tmp_path, "swml_good", wave=METHOD, if_=METHOD, _shared="x = 1"))
    assert [name for name, _ in registry] == ["if", "wave"]
    assert registry.nearest("wav") == "wave"
    assert registry.nearest("zzz") is None
    assert registry.get("nothing") is None


def test_a_file_without_a_method_is_told(tmp_path: Path) -> None:
    """At start-up, not when a call comes to it."""
    with pytest.raises(RegistryError, match=r"swml_empty\.empty: no METHOD = Method"):
        discover(package(tmp_path, "swml_empty", empty=""))


def test_two_files_of_one_name_are_told(tmp_path: Path) -> None:
    """`set.py` and `set_.py` are both `set`."""
    with pytest.raises(RegistryError, match="set_: there is one named set already"):
        discover(package(tmp_path, "swml_twice", set=METHOD, set_=METHOD))


def test_our_own_methods_say_what_they_are() -> None:
    """A sentence each; and what is missing, where something is."""
    for name, method in all_methods():
        assert method.summary.endswith("."), name
        assert bool(method.limits) == (method.support.value != "yes"), name
