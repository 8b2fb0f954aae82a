"""`callflows recordings` against real peers: what a CouchDB holds, and what a FreeSWITCH recorded."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result

from recording.audit import Standing
from service.auditing import Auditor
from service.cli import cli
from storage.destination import Target
from storage.names import account_db, database_of_document, encode
from storage.open_store import open_store
from storage.register_row import Wanted
from tests.live.beside import Beside
from tests.service.house import HANGUP, RECORD, sleep
from tests.service.recording_place import SOUND, Place
from tests.waiting import eventually

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """An installation whose documents are in a CouchDB, under an account of its own."""
    url = os.environ.get("COUCHDB_URL", "")
    if not url:
        pytest.skip("no CouchDB: set COUCHDB_URL=http://user:password@host:5984")
    made = Place(tmp_path, url, uuid.uuid4().hex)
    yield made
    made.outbox.close()
    for name in requests.get(f"{url}/_all_dbs", timeout=10).json():
        if name.startswith(account_db(made.account)):
            requests.delete(f"{url}/{encode(name)}", timeout=10).raise_for_status()


def run(place: Place, *arguments: str) -> Result:
    """Run `callflows recordings` there."""
    environment = {f"CALLFLOWS_{key.upper()}": str(value) for key, value in place.settings.items()}
    return CliRunner().invoke(cli, ["recordings", *arguments], env=environment)


def target(place: Place, number: int) -> Target:
    """To the account's month in the CouchDB."""
    document_id = f"202611-{number:032x}"
    database = database_of_document(place.account, document_id)
    return Target("local", {"database": database, "doc_id": document_id})


@pytest.mark.couch
def test_what_a_couchdb_holds_is_verified_and_given_back(place: Place, tmp_path: Path) -> None:
    """The copy is asked for by its stub, fetched whole, and missed when somebody deletes or replaces it."""
    released = [place.taken(number, target(place, number)) for number in (1, 2, 3)]
    place.deliver()
    for media in released:
        place.release(media)
    result = run(place, "audit", "--json", "--verify")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["verified"] == {"there": 3, "absent": 0, "not_asked": {}}
    result = run(place, "get", "call-1", "--output", str(tmp_path / "mine.wav"))
    assert result.exit_code == 0, result.output
    assert (tmp_path / "mine.wav").read_bytes() == SOUND
    _delete_one_and_replace_another(place)
    result = run(place, "audit", "--json", "--verify")
    found: dict[str, Any] = json.loads(result.stdout)
    assert (result.exit_code, found["counts"]["stored"], found["counts"]["absent"]) == (1, 1, 2)
    assert sorted(int(gap["recording_id"], 16) for gap in found["listed_gaps"]) == [2, 3]


def _delete_one_and_replace_another(place: Place) -> None:
    store = open_store(str(place.settings["documents_url"]), cache=False)
    gone, changed = (target(place, number).parameters for number in (2, 3))
    document = store.get(gone["database"], gone["doc_id"])
    store.delete(gone["database"], gone["doc_id"], document["_rev"])
    (name,) = store.get(changed["database"], changed["doc_id"])["_attachments"]
    other = place.root / "other.wav"
    other.write_bytes(SOUND[::-1])
    with other.open("rb") as source:
        store.put_attachment(changed["database"], changed["doc_id"], name, "audio/wav", source, len(SOUND))
    store.close()


@pytest.mark.live
def test_what_a_freeswitch_recorded_is_accounted_for(beside: Callable[..., Beside]) -> None:
    """Asked for, recorded, stored: the figure is one, and the engine finds no gap."""
    one = beside()
    one.flow("1000", RECORD, ("answer", {}), sleep(1.0), HANGUP)
    one.call("1000")
    auditor = Auditor(one.engine.outbox, one.engine.settings.freeswitch.recordings_dir)
    audit = eventually(
        lambda: found if (found := auditor.run(Wanted()).audit).counts[Standing.STORED] else None,
        timeout_s=30.0,
        what="the recording in its place",
    )
    assert (audit.asked_for, audit.completeness) == (1, 1.0)
    (entry,) = one.engine.outbox.register.entries(Wanted())
    assert entry.row.expected.uuid
    assert entry.row.started_at is not None
    assert entry.row.duration_ms > 500
