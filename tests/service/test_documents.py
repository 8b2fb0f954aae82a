"""`callflows documents`: from one folder to another and back, nothing lost, nothing done twice."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from storage.folder import FolderStore

Run = Callable[..., Result]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with a callflow, a prompt with its sound, and system_config."""
    folder = tmp_path / "source"
    for name, document in {
        "account/acme/main": {"pvt_type": "callflow", "numbers": ["1"], "flow": {"module": "answer"}},
        "account/acme/welcome": {"pvt_type": "media", "name": "welcome"},
        "accounts/acme": {"pvt_type": "account", "name": "Ächme"},
        "system_config/media": {"default": {"store_recordings": True}},
    }.items():
        path = folder / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document), encoding="utf-8")
    sound = b"RIFF" + bytes(range(256)) * 100
    store = FolderStore(folder)
    store.put_attachment("account/acme", "welcome", "welcome.wav", "audio/wav", io.BytesIO(sound), len(sound))
    store.close()
    return folder


def documents_below(folder: Path) -> dict[str, object]:
    """Return all documents of a folder without what the store adds."""
    found = {}
    for path in sorted(folder.rglob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        found[str(path.relative_to(folder))] = {
            key: value for key, value in document.items() if not key.startswith("_")
        }
    return found


def test_out_and_in_again_is_the_same(run: Run, source: Path, tmp_path: Path) -> None:
    """Export to a directory, import that into an empty store: every document and every byte is there."""
    target = tmp_path / "target"
    target.mkdir()
    out = run("documents", "export", tmp_path / "backup", documents_url=source.as_uri())
    assert out.exit_code == 0, out.output
    assert "4 documents created" in out.stdout
    into = run("documents", "import", tmp_path / "backup", documents_url=target.as_uri())
    assert into.exit_code == 0, into.output
    assert "1 media copied" in into.stdout
    assert documents_below(target) == documents_below(source)
    media = "account/acme/welcome,welcome.wav"
    assert (target / media).read_bytes() == (source / media).read_bytes()


def test_a_repetition_changes_nothing(run: Run, source: Path, tmp_path: Path) -> None:
    """The second time everything is unchanged."""
    run("documents", "export", tmp_path / "backup", documents_url=source.as_uri())
    again = run("documents", "export", tmp_path / "backup", documents_url=source.as_uri())
    assert again.exit_code == 0
    assert "0 documents created, 0 updated, 4 unchanged, 0 media copied, 0 faults" in again.stdout


def test_only_the_databases_named_are_copied(run: Run, source: Path, tmp_path: Path) -> None:
    """--database may be repeated; one that is not there is an error of ours."""
    result = run(
        "documents",
        "export",
        "--database",
        "system_config",
        "--database",
        "accounts",
        tmp_path / "backup",
        documents_url=source.as_uri(),
    )
    assert result.exit_code == 0
    assert sorted(documents_below(tmp_path / "backup")) == ["accounts/acme.json", "system_config/media.json"]
    gone = run("documents", "export", "--database", "gone", tmp_path / "b", documents_url=source.as_uri())
    assert gone.exit_code == 1
    assert "gone" in gone.stderr


def test_a_broken_file_is_told_and_the_rest_copied(run: Run, source: Path, tmp_path: Path) -> None:
    """Exit code 1 and the file's name; what is in order arrives all the same."""
    (source / "account" / "acme" / "broken.json").write_text("{", encoding="utf-8")
    target = tmp_path / "target"
    target.mkdir()
    result = run("documents", "import", source, documents_url=target.as_uri())
    assert result.exit_code == 1
    assert "broken.json" in result.stderr
    assert "1 faults" in result.stdout
    assert (target / "account" / "acme" / "main.json").exists()


def test_importing_from_nowhere_is_wrong_usage(run: Run, tmp_path: Path) -> None:
    """A misspelt directory is no empty one."""
    result = run("documents", "import", tmp_path / "gone", documents_url=tmp_path.as_uri())
    assert result.exit_code == 2
