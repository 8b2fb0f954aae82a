"""`callflows config`: what is in force and where it comes from, and changes that the engine would take."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gevent
import pytest
from click.testing import Result

from service.commands.config import set_

Run = Callable[..., Result]


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """An empty folder of documents."""
    folder = tmp_path / "documents"
    folder.mkdir()
    return folder


@pytest.fixture
def config(run: Run, documents: Path) -> Callable[..., Result]:
    """Runs `callflows config` on that folder."""
    return lambda *arguments, **settings: run(
        "config", *arguments, documents_url=documents.as_uri(), freeswitch_node="fs1", **settings
    )


def stored(documents: Path, name: str) -> dict[str, Any]:
    """Read a document of the folder."""
    document: dict[str, Any] = json.loads((documents / f"{name}.json").read_text(encoding="utf-8"))
    return document


def test_the_default_is_in_force_at_first(config: Run) -> None:
    """Without a document the built-in default holds, and it says so."""
    result = config("get", "media", "store_recordings")
    assert result.exit_code == 0
    assert json.loads(result.stdout) is False
    assert "from: " in result.stderr


def test_what_is_set_is_in_force(config: Run, documents: Path) -> None:
    """The document is made as Kazoo would, and read back with its origin."""
    assert config("set", "media", "store_recordings", "true").exit_code == 0
    assert stored(documents, "system_config/media")["default"] == {"store_recordings": True}
    result = config("get", "media", "store_recordings")
    assert json.loads(result.stdout) is True
    assert "default" in result.stderr


def test_dotted_keys_reach_inside(config: Run, documents: Path) -> None:
    """Other keys of the document stay as they are."""
    config("set", "media", "store_recordings", "true")
    assert config("set", "media", "call_recording.extension", "wav").exit_code == 0
    assert stored(documents, "system_config/media")["default"] == {
        "store_recordings": True,
        "call_recording": {"extension": "wav"},
    }


def test_a_node_has_its_own_section(config: Run, documents: Path) -> None:
    """A section named as this node goes over the default one."""
    config("set", "media", "record_min_sec", "3")
    config("set", "media", "record_min_sec", "5", "--section", "fs1")
    result = config("get", "media", "record_min_sec")
    assert json.loads(result.stdout) == 5
    assert "fs1" in result.stderr


def test_a_whole_category_can_be_read(config: Run) -> None:
    """Without a key the category is one object."""
    result = config("get", "media")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["call_recording"]["extension"]


def test_an_account_has_its_own_document(config: Run, documents: Path) -> None:
    """It is written where Kazoo has it, and seen by that account only."""
    arguments = ("media", "record_min_sec")
    result = config("set", "--account", "acme", *arguments, "7")
    assert result.exit_code == 0, result.output
    assert stored(documents, "account/acme/configs_media")["record_min_sec"] == 7
    assert json.loads(config("get", "--account", "acme", *arguments).stdout) == 7
    assert json.loads(config("get", *arguments).stdout) == 0


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("set", "media", "record_min_sec", "many"), "record_min_sec"),
        (("set", "media", "call_recording.extension", "ogg"), "call_recording.extension"),
        (("set", "media", "store_recording", "true"), "store_recordings"),
        (("set", "media", "call_recording", "{}"), "call_recording.extension"),
        (("set", "medium", "x", "1"), "media"),
        (("get", "media", "nosuch"), "nosuch"),
        (("get", "nosuch"), "nosuch"),
        (("set", "media", "record_min_sec", "1", "--section", "_rev"), "_rev"),
    ],
)
def test_what_the_engine_would_not_take_is_refused(
    config: Run, documents: Path, arguments: tuple[str, ...], named: str
) -> None:
    """The key is named (or the nearest one), the exit code is 1 and nothing is written."""
    result = config(*arguments)
    assert result.exit_code == 1, result.output
    assert named in result.stderr
    assert "Traceback" not in result.output
    assert not (documents / "system_config" / "media.json").exists()


def test_a_broken_document_is_kept(config: Run, documents: Path) -> None:
    """The default is in force; setting does not overwrite what may be mended."""
    (documents / "system_config").mkdir()
    broken = documents / "system_config" / "media.json"
    broken.write_text("{", encoding="utf-8")
    result = config("get", "media", "record_min_sec")
    assert json.loads(result.stdout) == 0
    assert config("set", "media", "record_min_sec", "1").exit_code == 1
    assert broken.read_text(encoding="utf-8") == "{"


def test_changes_at_the_same_moment_all_arrive(
    documents: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A document saved by somebody else in between is read again, so that no change is lost."""
    monkeypatch.setenv("CALLFLOWS_DOCUMENTS_URL", documents.as_uri())
    change = set_.callback
    assert change is not None
    names = ("a", "b", "c", "d")
    jobs = [
        gevent.spawn(
            change,
            settings_file=None,
            section=name,
            account="",
            category="media",
            key="record_min_sec",
            value=str(index),
        )
        for index, name in enumerate(names)
    ]
    gevent.joinall(jobs, timeout=20, raise_error=True)
    document = stored(documents, "system_config/media")
    assert {name: document[name]["record_min_sec"] for name in names} == {"a": 0, "b": 1, "c": 2, "d": 3}
    assert capsys.readouterr().out.count("record_min_sec") == len(names)
