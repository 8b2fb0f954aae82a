"""Things found by their files: what counts, what it is called, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.discovery import discover, modules_of
from config.errors import RegistryError

THING = "THING = 7\n"


def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **files: str) -> str:
    """Make a package of files, and return its name."""
    name = f"things_{tmp_path.name.replace('-', '_')}"
    folder = tmp_path / name
    folder.mkdir()
    for file, text in {"__init__": "", **files}.items():
        (folder / f"{file}.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


def test_every_file_is_found_under_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for what Python keeps for itself, and shared parts; in the order of names."""
    name = package(tmp_path, monkeypatch, return_=THING, b=THING, a=THING, _shared="x = 1")
    registry = discover(name, "THING", int)
    assert list(registry) == [("a", 7), ("b", 7), ("return", 7)]
    assert (registry.get("return"), registry.get("return_"), len(registry)) == (7, None, 3)
    assert (registry.nearest("retrun"), registry.nearest("RETURN"), registry.nearest("zzz")) == (
        "return",
        "return",
        None,
    )


def test_nothing_is_imported_to_know_the_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that is not installed is no reason not to list what needs it."""
    name = package(tmp_path, monkeypatch, broken="raise RuntimeError")
    assert modules_of(name) == {"broken": f"{name}.broken"}


@pytest.mark.parametrize("text", ["", "THING = 'seven'\n"])
def test_a_file_without_the_thing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """At start-up, by name; so is one with another thing of that name."""
    with pytest.raises(RegistryError, match=r"\.empty: no THING = int"):
        discover(package(tmp_path, monkeypatch, empty=text), "THING", int)


def test_two_files_of_one_name_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`set.py` and `set_.py` are both `set`."""
    with pytest.raises(RegistryError, match="one named set already"):
        discover(package(tmp_path, monkeypatch, set=THING, set_=THING), "THING", int)
