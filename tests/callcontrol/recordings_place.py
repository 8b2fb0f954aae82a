"""Recordings, the API over them and Telnyx' own client, without any call: documents, an outbox, files."""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from flask import Flask
from gevent.pywsgi import WSGIServer
from telnyx import Telnyx

from callcontrol.access import Access
from callcontrol.call_control_id import CallControlId, CallControlIds
from callcontrol.rate_limit import RateLimit
from callcontrol.recordings import SCOPES
from callcontrol.token import Scope, new_token
from callcontrol.tokens import TokenBook, keep
from config.gregorian import to_gregorian_s
from config.settings import load
from recording.link import Links
from recording.link_archive import Archive
from recording.link_origin import Origin
from recording.link_shelf import Shelf
from service.call_recordings import Recordings, recording_pages
from service.destinations import destinations_of
from service.recording_pages import recording_pages as link_pages
from storage.destination import Media, Target
from storage.document import Document
from storage.media import measure
from storage.names import modb
from storage.open_store import open_store
from storage.outbox import Outbox
from storage.register_row import Expected
from tests.recording.samples import write_wav
from tests.waiting import eventually

NODE = "fs1.example.com"
DAY = "20261123"
NOON_S = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()
ABSENT: Mapping[str, Any] = {}


class Library:
    """One host. Args: documents_url: of a store that others may share; a folder of its own by default."""

    def __init__(self, root: Path, documents_url: str = "") -> None:
        self.root = root
        self.account_id = uuid4().hex
        self.recordings = root / "recordings"
        (self.recordings / DAY).mkdir(parents=True)
        (root / "documents").mkdir()
        self.documents_url = documents_url or (root / "documents").as_uri()
        self.store = open_store(self.documents_url)
        self.outbox = Outbox(root / "outbox.sqlite")
        environment = {
            "CALLFLOWS_OUTBOX_PATH": str(root / "outbox.sqlite"),
            "CALLFLOWS_OUTBOX_LOCAL_DIR": str(root / "delivered"),
            "CALLFLOWS_OUTBOX_ALLOW_NETWORKS": "127.0.0.0/8",
            "CALLFLOWS_FREESWITCH_RECORDINGS_DIR": str(self.recordings),
            "CALLFLOWS_DOCUMENTS_URL": self.documents_url,
        }
        self.destinations = destinations_of(load(None, environment), self.store)
        self.shelf = Shelf(self.recordings, self.outbox, self.destinations, archive=Archive(self.store))
        self.ids = CallControlIds(b"a secret")
        self.links = Links("a secret", Origin("", self._address), self.shelf, lifetime_s=3600)
        self.tokens = TokenBook(self.store)
        self.tokens.start()
        self._clients: list[Telnyx] = []
        self._server = WSGIServer(("127.0.0.1", 0), self._app(), log=None, error_log=None)
        self._server.start()
        self._number = 0

    @property
    def url(self) -> str:
        """Where the pages are."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def key(self, *scopes: Scope, account_id: str = "") -> str:
        """Make an API key."""
        text, kept = new_token(account_id or self.account_id, scopes or (Scope.ADMIN,))
        keep(self.store, kept)
        eventually(lambda: self.tokens.find(text), what="the key")
        return text

    def client(self, *scopes: Scope, account_id: str = "") -> Telnyx:
        """Telnyx' own client with a key of its own."""
        key = self.key(*scopes, account_id=account_id)
        self._clients.append(Telnyx(api_key=key, base_url=f"{self.url}/v2", max_retries=0))
        return self._clients[-1]

    def id_of(self, uuid: str) -> str:
        """The call control id of a leg."""
        return self.ids.text(CallControlId(self.account_id, NODE, uuid))

    def document(self, created_s: float = NOON_S, ours: Mapping[str, Any] = ABSENT, **facts: Any) -> Document:
        """A recording's document, of a leg of its own. Args: ours: in its `callflows`; facts: beside."""
        self._number += 1
        recording_id = f"{self._number:032x}"
        when = datetime.fromtimestamp(created_s, UTC)
        return {
            "_id": f"{when:%Y%m}-{recording_id}",
            "pvt_type": "call_recording",
            "pvt_account_id": self.account_id,
            "pvt_created": to_gregorian_s(created_s),
            "pvt_modified": to_gregorian_s(created_s),
            "pvt_node": NODE,
            "caller_id_number": "+15550100",
            "callee_id_number": "+15550199",
            "duration_ms": 5_000,
            "origin": "callflow : main",
            **facts,
            "callflows": {
                "recording_id": recording_id,
                "uuid": f"leg-{self._number}",
                "channels": 2,
                "started_at_us": int((created_s - 10) * 1e6),
                "requested_at_us": int((created_s - 10) * 1e6),
                "transcript": None,
                **ours,
            },
        }

    def saved(self, document: Document, account_id: str = "") -> str:
        """Put a document into its month; return the recording's id."""
        database = modb(account_id or self.account_id, document["_id"][:6])
        self.store.create_database(database)
        self.store.save(database, document)
        return str(document["callflows"]["recording_id"])

    def stored(self, document: Document, account_id: str = "") -> str:
        """The same with its media, as another host would have delivered it."""
        recording_id = self.saved(document, account_id)
        media = write_wav(self.root / "sound.wav", 0.5).read_bytes()
        database = modb(account_id or self.account_id, document["_id"][:6])
        self.store.put_attachment(
            database, document["_id"], "call.wav", "audio/wav", io.BytesIO(media), len(media)
        )
        return recording_id

    def taken(self, document: Document, *targets: Target, account_id: str = "", keep_s: float = 0.0) -> str:
        """Have a recording of this host in the outbox; return its id."""
        recording_id = str(document["callflows"]["recording_id"])
        path = write_wav(self.recordings / DAY / f"{recording_id}.wav", 0.5)
        measured = measure(path)
        media = Media(path, "audio/wav", measured.size_bytes, measured.sha256, "call.wav")
        who = account_id or self.account_id
        expected = Expected(recording_id, NOON_S, document["_id"], "call", "uuid", who, "callflow : main")
        self.outbox.register.write([expected])
        self.outbox.enqueue(
            media,
            document,
            targets,
            recording_id=recording_id,
            account_id=who,
            keep_until=time.time() + keep_s if keep_s else 0.0,
        )
        return recording_id

    def local(self, document: Document, **more: Any) -> Target:
        """To the month's database of this system."""
        return Target("local", {"database": modb(self.account_id, document["_id"][:6]), **more})

    def deliver(self) -> None:
        """Attempt all that is due, truly."""
        while (job := self.outbox.claim("test", 60.0)) is not None:
            destination = self.destinations[job.target.kind]
            self.outbox.succeeded(job, destination.deliver(job.media, job.metadata, job.target.parameters))

    def forget(self, recording_id: str) -> None:
        """Let the outbox forget a recording that is delivered, file and row."""
        self.outbox.recording(recording_id).media.path.unlink()
        self.outbox.released(recording_id)
        self.outbox.purge(-1.0)
        assert self.outbox.register.get(recording_id) is None

    def close(self) -> None:
        """Take everything down."""
        for client in self._clients:
            client.close()
        self._server.stop(timeout=1)
        self.tokens.stop()
        self.shelf.close()
        self.outbox.close()
        self.store.close()

    def _app(self) -> Flask:
        app = Flask("callflows", static_folder=None)
        access = Access(self.tokens, RateLimit(0, 0), SCOPES)
        where = Recordings(self.outbox, self.destinations, self.recordings, self.shelf.spool.drop)
        for blueprint in recording_pages(where, self.store, self.ids, self.links, access):
            app.register_blueprint(blueprint)
        app.register_blueprint(link_pages(self.links, self.shelf))
        return app

    def _address(self) -> tuple[str, int]:
        return "127.0.0.1", int(self._server.server_port)
