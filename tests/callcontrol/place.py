"""Everything between Telnyx' client and a caller: pages on a real socket, a simulated FreeSWITCH, a live
call.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flask import Flask
from telnyx import Telnyx

from callcontrol.call_control_id import CallControlId
from callcontrol.playing_media import SoundFinder
from callcontrol.recording_events import KIND
from callcontrol.token import Scope, new_token
from callcontrol.tokens import keep
from calls.call import Call
from config.address import Address
from config.sections import CallControl as Settings
from esl.event import Event
from esl.link import Link
from recording.link_spool import LinkSpool
from recording.recorder import LINK_EVENTS, Recorder
from recording.status import StatusSink
from recording.storage_rules import NoPlans, StorageRules
from service.call_control import CallControl, Surroundings
from service.call_recordings import Recordings
from service.http import HttpServer
from service.media_place import media_place
from simulator.simcall import SimCall
from storage.address import AddressPolicy
from storage.folder_names import directory_of, document_file
from storage.names import account_db
from storage.notice import Notice
from storage.notice_poster import NoticePoster
from storage.open_store import open_store
from tests.recording.house import QUICK, House
from tests.recording.samples import ACCOUNT_ID
from tests.waiting import eventually

NODE = "fs1.example.com"
SECRET = "a secret that all processes share"
DEADLINE_S = 15.0
SPEECH = {
    ("speech", "tts_provider"): "flite",
    ("speech", "tts_voice"): "male",
    ("ecallmgr", "use_http_cache"): False,
}


class NoLinks:
    """Links to recordings of a place whose recordings nobody fetches."""

    lifetime_s = 3600.0

    def url(
        self,
        recording_id: str,
        extension: str,
        lifetime_s: float | None = None,
        *,
        place: str = "",
        asked_by: str = "",
    ) -> str:
        """A URL of that form."""
        return f"http://127.0.0.1/recordings/{recording_id}.{extension}"

    def recording_of(self, url: str) -> str:
        """No URL is one of ours."""
        del url
        return ""

    def path_of(self, recording_id: str, timeout_s: float) -> Path | None:
        """No recording is on this host."""
        del recording_id, timeout_s
        return None


class ApiProcess:
    """One process that serves the API.

    Args: place: whose FreeSWITCH, documents and outbox it works on; own: with a recorder and an inbound link
    of its own, as another process of the host; else it is the one that holds the calls.
    """

    def __init__(self, place: Place, settings: Settings, *, own: bool = False) -> None:
        house = place.house
        self._link = _link_of(house, self._hear) if own else house.link
        observers: dict[str, StatusSink] = {} if own else house.observers
        self.recorder = _recorder_of(house, self._link, observers) if own else house.recorder
        self.store = open_store(place.documents.as_uri())
        self.poster = NoticePoster(house.outbox.notices)
        self.control = CallControl(
            settings,
            Surroundings(
                config=house.config,
                store=self.store,
                notices=self.poster,
                recorder=self.recorder.legs,
                links=NoLinks(),
                link=self._current,
                secret=SECRET,
                node=NODE,
                sounds=SoundFinder(
                    config=house.config,
                    store=self.store,
                    place=media_place(place.documents.as_uri()),
                    links=NoLinks(),
                    files=LinkSpool(house.recordings_dir),
                    addresses=AddressPolicy(place.allow_networks),
                    owner_of=place.owner_of,
                ),
                recordings=Recordings(house.outbox, {}, house.recordings_dir, lambda _: None),
                event_socket=Address(*house.switch.event_socket),
                password="ClueCon",
                told=house.outbox.notices,
            ),
        )
        observers[KIND] = self.control.recordings
        self._own = own
        self.control.start()
        self._clients: list[Telnyx] = []
        self.application = app = Flask("callflows", static_folder=None)
        for blueprint in self.control.blueprints:
            app.register_blueprint(blueprint)
        self._server = HttpServer(("127.0.0.1", 0), app)
        self._server.start()

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self._server.address[1]}"

    def client(self, key: str, **options: Any) -> Telnyx:
        """Telnyx' own client."""
        self._clients.append(Telnyx(api_key=key, base_url=f"{self.url}/v2", **({"max_retries": 0} | options)))
        return self._clients[-1]

    def _hear(self, event: Event) -> None:
        self.recorder.on_event(event)

    def _current(self) -> Link | None:
        return self._link if self._link is not None and self._link.is_up else None

    def close(self) -> None:
        """Take it down."""
        if self._own and self._link is not None:
            self._link.stop()
            self.recorder.close()
        for client in self._clients:
            client.close()
        self._server.stop(1)
        self.control.stop()
        self.poster.close()
        self.store.close()


def _link_of(house: House, on_event: Callable[[Event], None]) -> Link:
    """An inbound link of another process."""
    host, port = house.switch.event_socket
    link = Link(
        host,
        port,
        "ClueCon",
        events=LINK_EVENTS,
        on_event=on_event,
        on_gap=lambda *_: None,
        on_up=lambda: None,
    )
    link.start()
    assert link.wait_up(DEADLINE_S)
    return link


def _recorder_of(house: House, link: Link | None, observers: dict[str, StatusSink]) -> Recorder:
    """A recorder of another process, on the same disk and outbox."""
    recorder = Recorder(
        house.recordings_dir,
        config=house.config,
        outbox=house.outbox,
        storage=StorageRules(house.config, NoPlans()),
        link=lambda: link,
        node="another",
        timing=QUICK,
        observers=observers,
    )
    recorder.open()
    return recorder


class Place:
    """A FreeSWITCH, documents, an outbox, and processes that serve the API over them."""

    def __init__(self, root: Path) -> None:
        self.house = House(root)
        self.house.config.table.update(SPEECH)
        self.documents = root / "documents"
        self.documents.mkdir()
        self.allow_networks: list[str] = []
        self._processes: list[ApiProcess] = []

    def process(self, *, own: bool = False, **settings: Any) -> ApiProcess:
        """Start a process that serves the API. Args: own: see ApiProcess."""
        self._processes.append(ApiProcess(self, Settings(**({"rate_per_s": 0} | settings)), own=own))
        return self._processes[-1]

    @property
    def processes(self) -> list[ApiProcess]:
        """Those that were started."""
        return list(self._processes)

    @property
    def api(self) -> ApiProcess:
        """The first process, started when first asked for."""
        return self._processes[0] if self._processes else self.process()

    def key(self, *scopes: Scope, account_id: str = ACCOUNT_ID, **options: Any) -> str:
        """Make an API key that every process knows."""
        text, kept = new_token(account_id, scopes or (Scope.ADMIN,), **options)
        store = open_store(self.documents.as_uri(), cache=False)
        keep(store, kept)
        store.close()
        for process in self._processes or [self.api]:
            eventually(lambda process=process: process.control.tokens.find(text), what="the key")
        return text

    def client(self, *scopes: Scope, account_id: str = ACCOUNT_ID, **options: Any) -> Telnyx:
        """Telnyx' own client with a key of its own."""
        return self.api.client(self.key(*scopes, account_id=account_id), **options)

    def write(self, document: Mapping[str, Any], account_id: str = ACCOUNT_ID) -> None:
        """Put a document into an account's database."""
        path = self.documents / directory_of(account_db(account_id)) / document_file(str(document["_id"]))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document), encoding="utf-8")

    def call(self, steps: list[dict[str, Any]] | None = None, **options: Any) -> SimCall:
        """A live call, held by a process that leaves it alone."""

        def hold(call: Call) -> None:
            call.wait_ended(DEADLINE_S)

        live = self.house.dial(hold, steps, **options)
        eventually(lambda: self.house.calls, what="the call")
        return live

    def owner_of(self, recording_id: str) -> str:
        """Whose a recording is, "" for one that is not known."""
        entry = self.house.outbox.register.get(recording_id)
        return entry.row.expected.account_id if entry is not None else ""

    def id_of(self, call: SimCall, account_id: str = ACCOUNT_ID) -> str:
        """The call control id of a call."""
        ids = self.api.control.facilities.ids
        return ids.text(CallControlId(account_id, NODE, call.uuid))

    def notices(self, count: int) -> list[Notice]:
        """Wait for so many webhooks in the outbox; return them, the oldest first, with their bodies."""
        box = self.house.outbox.notices

        def found() -> list[Notice]:
            rows = list(box.list())
            return rows if len(rows) >= count else []

        return [box.show(row.id) for row in reversed(eventually(found, what="the webhooks"))]

    def close(self) -> None:
        """Take everything down."""
        for process in self._processes:
            process.close()
        self.house.close()


def wait_written(call: SimCall, count: int = 1) -> None:
    """Wait until so many recordings of a call have some frames in them: an empty one is thrown away."""

    def are_written() -> bool:
        found = call.recordings[-count:]
        return len(found) == count and all(one._capture.frames > 5 for one in found)

    eventually(are_written, what="the recording")
