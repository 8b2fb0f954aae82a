"""A real CouchDB as document store, from callflow to attachment, with the simulated switch."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from config.settings import load
from service.engine import Engine
from service.stage import Stage
from simulator.script import Act, Script, Step
from simulator.switch import Switch
from storage.document import DocumentStore
from storage.errors import NotFound
from storage.names import account_db, database_of_document, encode
from storage.open_store import open_store
from storage.outbox_delivery import DeliveryState
from tests.service.house import HANGUP, callflow, chain, lay_out, sleep
from tests.waiting import eventually

pytestmark = [pytest.mark.couch, pytest.mark.timeout(120)]

CALL_S = 20.0
MADE = ("system_config", "accounts")


@pytest.fixture
def url() -> str:
    """Where the CouchDB is."""
    found = os.environ.get("COUCHDB_URL", "")
    if not found:
        pytest.skip("no CouchDB: set COUCHDB_URL=http://user:password@host:5984")
    return found


@pytest.fixture
def account(url: str) -> Iterator[str]:
    """A new account's id; all its databases are deleted afterwards."""
    account_id = uuid.uuid4().hex
    yield account_id
    for name in requests.get(f"{url}/_all_dbs", timeout=10).json():
        if name.startswith(account_db(account_id)):
            requests.delete(f"{url}/{encode(name)}", timeout=10).raise_for_status()


@pytest.fixture
def store(url: str, account: str) -> Iterator[DocumentStore]:
    """The CouchDB, with that account; what stood in system_config before stands there again afterwards."""
    opened = open_store(url, cache=False)
    for database in (*MADE, account_db(account)):
        opened.create_database(database)
    before = _found(opened, "system_config", "media")
    opened.save("accounts", {"_id": account, "pvt_type": "account", "name": "Test"})
    yield opened
    opened.delete("accounts", account, str(opened.get("accounts", account)["_rev"]))
    now = _found(opened, "system_config", "media")
    if before is not None:
        opened.save("system_config", {**before, "_rev": now["_rev"]} if now else before)
    elif now is not None:
        opened.delete("system_config", "media", str(now["_rev"]))
    opened.close()


@pytest.fixture
def engine(url: str, account: str, store: DocumentStore, tmp_path: Path) -> Iterator[Engine]:
    """An engine on that CouchDB; the node's section of system_config is this test's own."""
    stage = Stage(tmp_path, account=account)
    lay_out(stage)
    configure(store, account, {"store_recordings": True})
    environment = {
        "CALLFLOWS_FREESWITCH_LISTEN": "127.0.0.1:0",
        "CALLFLOWS_FREESWITCH_EVENT_SOCKET": "",
        "CALLFLOWS_FREESWITCH_RECORDINGS_DIR": str(stage.recordings),
        "CALLFLOWS_FREESWITCH_NODE": account,
        "CALLFLOWS_DOCUMENTS_URL": url,
        "CALLFLOWS_DOCUMENTS_DEFAULT_ACCOUNT": account,
        "CALLFLOWS_OUTBOX_PATH": str(tmp_path / "outbox.sqlite"),
        "CALLFLOWS_OUTBOX_LOCAL_DIR": str(tmp_path / "delivered"),
        "CALLFLOWS_HTTP_LISTEN": "",
    }
    made = Engine(load(None, environment))
    made.start()
    yield made
    made.stop()


def _found(store: DocumentStore, database: str, doc_id: str) -> dict[str, object] | None:
    try:
        return store.get(database, doc_id)
    except NotFound:
        return None


def configure(store: DocumentStore, node: str, values: dict[str, object]) -> None:
    """Set a node's own section of the category media."""
    document = _found(store, "system_config", "media") or {"_id": "media", "pvt_type": "config"}
    store.save("system_config", {**document, node: values})


def test_a_call_is_recorded_into_the_accounts_month(
    engine: Engine, store: DocumentStore, account: str
) -> None:
    """The callflow is found, an edit of system_config followed, the recording attached in the MODB."""
    record = ("record_call", {"action": "start"})
    flow = callflow("1000", chain(record, ("answer", {}), sleep(0.8), HANGUP))
    store.save(account_db(account), {"_id": "main", **flow})
    configure(store, account, {"store_recordings": True, "call_recording": {"extension": "wav"}})
    eventually(lambda: engine.config.get("media", "call_recording", "extension") == "wav", 5, "the edit")
    switch = Switch()
    script = Script().with_steps(Step(Act.SAY, "0.6", at_s=0.1))

    def call_once() -> bool:
        call = switch.place_call("1000", script=script, engine=engine.listener.address[:2])
        assert call.wait_ended(CALL_S)
        return call.session.answered_s is not None

    eventually(call_once, 10, "the callflow")
    (delivery,) = eventually(
        lambda: (
            (found := engine.outbox.list())
            and all(one.state is DeliveryState.DELIVERED for one in found)
            and found
        ),
        CALL_S,
        "the delivery",
    )
    call = switch.calls[-1]
    switch.stop()
    database = database_of_document(account, delivery.document_id)
    document = store.get(database, delivery.document_id)
    assert document["pvt_type"] == "call_recording"
    assert document["call_id"] == call.uuid
    ((name, stub),) = document["_attachments"].items()
    with store.open_attachment(database, delivery.document_id, name) as attachment:
        content = attachment.read()
    assert len(content) == stub["length"] == call.recordings[0].size_bytes
    assert hashlib.sha256(content).hexdigest() == engine.outbox.recording(delivery.recording_id).media.sha256
    assert content[:4] == b"RIFF"
