"""A stage touches nothing outside its directory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service.stage import Stage


def test_everything_lies_below_the_directory(tmp_path: Path) -> None:
    """Documents, recordings, outbox and deliveries; addresses are the loopback's."""
    settings = Stage(tmp_path, event_socket="127.0.0.1:1", password="p", max_calls=7).settings()
    assert settings.documents.url == (tmp_path / "documents").as_uri()
    paths = (settings.freeswitch.recordings_dir, settings.outbox.path, settings.outbox.local_dir)
    assert all(path.is_relative_to(tmp_path) for path in paths)
    assert settings.freeswitch.listen == ("127.0.0.1", 0)
    assert settings.http.listen == ("127.0.0.1", 0)
    assert (settings.freeswitch.password, settings.freeswitch.max_calls) == ("p", 7)
    assert settings.freeswitch.event_socket == ("127.0.0.1", 1)
    assert Stage(tmp_path).settings().freeswitch.event_socket is None


def test_the_environment_of_the_host_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A demo on a production host leaves its outbox alone."""
    monkeypatch.setenv("CALLFLOWS_OUTBOX_PATH", "/var/lib/callflows/outbox.sqlite")
    assert Stage(tmp_path).settings().outbox.path == tmp_path / "outbox.sqlite"


def test_documents_are_written_where_the_store_looks(tmp_path: Path) -> None:
    """Names are encoded as the folder store does."""
    stage = Stage(tmp_path)
    path = stage.write("account/demo", "a/b", {"pvt_type": "media"})
    assert path == tmp_path / "documents" / "account" / "demo" / "a%2Fb.json"
    assert json.loads(path.read_text(encoding="utf-8")) == {"pvt_type": "media"}
