"""Targets and the registry of destinations."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from config.errors import RegistryError
from storage import destinations
from storage.destination import Target
from storage.destination_registry import Destinations, discover
from tests.storage.receiver import context_of


@pytest.mark.parametrize(
    ("target", "key"),
    [
        (Target("http", {"url": "https://u:p@Example.com:8443/a?b=c@d/e"}), "http:example.com:8443"),
        (Target("http", {"url": "http://example.com?user@evil"}), "http:example.com"),
        (Target("http", {"url": "http://[::1]:80/"}), "http:[::1]:80"),
        (Target("http", {"url": "http://[::1"}), "http:"),
        (Target("http", {}), "http"),
        (Target("local", {"database": "account/ab/cd/ef-202611"}), "local"),
        (Target("folder", {"directory": "a/b"}), "folder:a/b"),
        (Target("folder", {"directory": ""}), "folder"),
        (Target("couchdb", {"url": "https://c.example:6984", "user": "u"}), "couchdb:c.example:6984"),
        (Target("local", {"media": {"kind": "s3", "parameters": {"url": "s3://b/"}}}), "s3:b"),
    ],
)
def test_targets_share_health_by_host(target: Target, key: str) -> None:
    """Never by credentials or path."""
    assert target.key() == key


def test_every_module_is_a_destination_of_its_name() -> None:
    """Found by file, built with the context."""
    found = discover(context_of())
    files = {path.stem for path in Path(destinations.__path__[0]).glob("[!_]*.py")}
    assert set(found) == files >= {"azure", "folder", "ftp", "gs", "http", "local", "s3", "sftp"}
    assert {kind: type(each).__module__ for kind, each in found.items()} == {
        kind: f"storage.destinations.{kind}" for kind in files
    }


def test_a_destination_is_built_when_it_is_asked_for() -> None:
    """By one that hands part of its work on; once, and only of a kind that there is."""
    some = Destinations(context_of())
    assert some.find("http") is some.find("http")
    assert all(some.find(kind) is None for kind in ("floppy", "", "..", "_private"))


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A package of destinations with one that does not say what it is."""
    folder = tmp_path / "further_destinations"
    folder.mkdir()
    (folder / "_private.py").write_text("raise AssertionError('never imported')\n")
    (folder / "mute.py").write_text('"""Says nothing."""\n')
    module = ModuleType("further_destinations")
    module.__path__ = [str(folder)]
    monkeypatch.setitem(sys.modules, "further_destinations", module)
    monkeypatch.delitem(sys.modules, "further_destinations.mute", raising=False)
    return module


def test_a_module_that_does_not_say_what_it_is_is_an_error(package: ModuleType) -> None:
    """At start-up, with what to do about it; private modules are left out."""
    with pytest.raises(RegistryError, match=r"further_destinations\.mute has no DESTINATION"):
        discover(context_of(), package)
