"""Recordings of a whole engine, by Telnyx' client: made by a callflow, delivered, listed, had, deleted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import Result
from telnyx import NotFoundError, Telnyx

from callcontrol.token import Scope, new_token
from callcontrol.tokens import keep
from service.stage import ACCOUNT
from simulator.script import read_script
from tests.service.house import HANGUP, RECORD, House, sleep
from tests.waiting import eventually

SPEAKS = read_script([{"at": 0.0, "say": 20.0}])


@contextmanager
def client_of(house: House, *scopes: Scope) -> Iterator[Telnyx]:
    """Telnyx' client of an engine, at its own pages."""
    engine = house.engine
    text, kept = new_token(ACCOUNT, scopes or (Scope.ADMIN,))
    keep(engine.store, kept)
    eventually(lambda: engine.call_control.tokens.find(text), what="the key")
    assert engine.http is not None
    host, port = engine.http.address
    with Telnyx(api_key=text, base_url=f"http://{host}:{port}/v2", max_retries=0) as client:
        yield client


def test_a_callflows_recording_is_listed_had_and_deleted(
    house: Callable[..., House], run: Callable[..., Result]
) -> None:
    """Whatever began it; its links work at the engine's own address, and the audit finds no gap then."""
    home = house()
    home.flow("1000", RECORD, sleep(1.0), HANGUP)
    home.call("1000", SPEAKS)
    home.delivered()
    with client_of(home) as client:
        (one,) = client.recordings.list(filter={"created_at": {"gte": "2020-01-01T00:00:00Z"}})
        assert one.initiated_by == "RecordVerb"
        assert one.duration_millis is not None
        assert 500 < one.duration_millis < 2_000
        assert client.recordings.list(filter={"call_leg_id": str(one.call_leg_id)}).data
        assert one.call_control_id is not None
        assert [
            each.id for each in client.recordings.list(filter={"call_control_id": one.call_control_id})
        ] == [one.id]
        urls = one.download_urls
        assert urls is not None
        wav, mp3 = httpx.get(str(urls.wav)), httpx.get(str(urls.mp3))
        assert (wav.status_code, wav.content[:4], mp3.status_code) == (200, b"RIFF", 200)
        assert mp3.headers["content-type"] == "audio/mpeg"
        client.recordings.delete(str(one.id))
        assert httpx.get(str(urls.wav)).status_code == 410
        with pytest.raises(NotFoundError):
            client.recordings.retrieve(str(one.id))
        assert list(client.recordings.list()) == []
    assert not [path for path in home.stage.recordings.rglob("*") if path.suffix in (".wav", ".mp3")]
    settings = home.stage.settings()
    told = run(
        "recordings",
        "audit",
        "--json",
        outbox_path=settings.outbox.path,
        freeswitch_recordings_dir=home.stage.recordings,
        documents_url=home.stage.documents.as_uri(),
    )
    assert told.exit_code == 0
    assert json.loads(told.stdout)["counts"]["deleted"] == 1


def test_a_live_recording_is_not_there_yet(house: Callable[..., House]) -> None:
    """Neither listed nor found, until it is over."""
    home = house()
    home.flow("1000", RECORD, sleep(60))
    call = home.call("1000", SPEAKS)
    entry = eventually(lambda: next(iter(home.engine.outbox.register.find(call.uuid)), None), what="the row")
    with client_of(home, Scope.LISTEN) as client:
        assert list(client.recordings.list()) == []
        with pytest.raises(NotFoundError, match="not finished"):
            client.recordings.retrieve(entry.row.recording_id)
        eventually(lambda: call.recordings and call.recordings[-1]._capture.frames > 5, what="some sound")
        call.hang_up()
        home.delivered()
        found = eventually(lambda: _retrieved(client, entry.row.recording_id), what="the recording")
        assert found.call_leg_id == call.uuid


def _retrieved(client: Telnyx, recording_id: str) -> Any:
    try:
        return client.recordings.retrieve(recording_id).data
    except NotFoundError:
        return None


def test_where_it_is_kept_is_no_outsiders_affair(house: Callable[..., House], tmp_path: Path) -> None:
    """Links name the document's place, and no path of this host."""
    home = house()
    home.flow("1000", RECORD, sleep(0.5), HANGUP)
    home.call("1000", SPEAKS)
    home.delivered()
    with client_of(home, Scope.LISTEN) as client:
        (one,) = client.recordings.list()
    assert str(tmp_path) not in one.to_json()
