"""Tries everything an engine depends on, each by a real round trip, and undoes what it did.

FreeSWITCH: log in, ask for the modules and applications the engine uses. Recordings directory: write and
remove a file, look for room. Document store: ask for it, and where the default account stores recordings,
deliver a synthetic one there and delete it again. Outbox: open it. Links to recordings: see who answers where
they lead. URLs on request: deliver a synthetic recording.
"""

from __future__ import annotations

import tempfile
import wave
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from config.errors import CallflowsError
from config.gregorian import to_gregorian_s
from config.settings import Settings
from config.system import SystemConfig
from esl.link import Link
from recording.naming import new_name
from service import link_check
from service.config_source import StoredConfig
from service.destinations import destinations_of
from storage.destination import Media, Target
from storage.disk_guard import Place, measured
from storage.document import DocumentStore
from storage.errors import StoreError
from storage.media import measure
from storage.names import database_of_document
from storage.open_store import open_store
from storage.outbox import Outbox

LINK_TIMEOUT_S = 8.0
APPLICATIONS = (
    "answer",
    "playback",
    "record_session",
    "speak",
    "send_dtmf",
    "respond",
    "hangup",
    "pre_answer",
)
MODULES = ("mod_event_socket", "mod_dptools", "mod_commands", "mod_sndfile", "mod_tone_stream", "mod_shout")
"""mod_shout is MP3; without it callflows must ask for WAV."""


@dataclass(frozen=True, slots=True)
class Result:
    """How one part is."""

    part: str
    is_good: bool
    detail: str


class Checkup:
    """Checks what the settings name."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def run(self, urls: Sequence[str] = ()) -> Iterator[Result]:
        """Yield a result per part, as each is known. Args: urls: to send a synthetic recording to."""
        yield from self._freeswitch()
        yield self._tried("recordings_dir", self._recordings_dir)
        yield self._tried("disk", self._disk)
        store = open_store(self._settings.documents.url, cache=False)
        try:
            yield self._tried("documents", lambda: _pinged(store))
            yield self._tried("local store", lambda: self._local_store(store))
            yield self._tried("outbox", self._outbox)
            yield self._tried("links", lambda: link_check.checked(self._settings.http))
            for url in urls:
                target = Target("http", {"url": url, "method": "put"})
                yield self._tried(target.key(), partial(self._deliver, store, target))
        finally:
            store.close()

    def _tried(self, part: str, attempt: Callable[[], str]) -> Result:
        try:
            return Result(part, is_good=True, detail=attempt())
        except (CallflowsError, OSError) as exc:
            return Result(part, is_good=False, detail=str(exc))

    def _freeswitch(self) -> Iterator[Result]:
        address = self._settings.freeswitch.event_socket
        if address is None:
            yield Result(
                "freeswitch", is_good=True, detail="no event_socket is set; only hand-offs are served"
            )
            return
        password = self._settings.freeswitch.password
        link = Link(
            address.host,
            address.port,
            password,
            events=["HEARTBEAT"],
            on_event=lambda _event: None,
            on_gap=lambda _since, _until: None,
            on_up=lambda: None,
        )
        link.start()
        try:
            if not link.wait_up(LINK_TIMEOUT_S):
                yield Result(
                    "freeswitch", is_good=False, detail=f"no log-in at {address} within {LINK_TIMEOUT_S:g} s"
                )
                return
            yield self._tried("freeswitch", lambda: link.api("version").splitlines()[0])
            yield self._tried("modules", lambda: _loaded(link))
            yield self._tried("applications", lambda: _applications(link))
        finally:
            link.stop()

    def _recordings_dir(self) -> str:
        directory = self._settings.freeswitch.recordings_dir
        with tempfile.NamedTemporaryFile(dir=directory):
            pass
        return f"{directory} can be written to by this process"

    def _disk(self) -> str:
        outbox = self._settings.outbox
        quota_bytes = outbox.disk_quota_mb * 1_000_000
        room = measured(Place("recordings", self._settings.freeswitch.recordings_dir, quota_bytes))
        told = f"{room.free_bytes // 1_000_000} MB free, {100 * room.share:.1f} %"
        if room.share < outbox.disk_low_percent / 100:
            raise StoreError(f"{told}: less than outbox.disk_low_percent, {outbox.disk_low_percent} %")
        return told

    def _outbox(self) -> str:
        path = self._settings.outbox.path
        if not path.exists():
            with tempfile.NamedTemporaryFile(dir=path.parent):
                return f"{path} is made at the first start"
        outbox = Outbox(path)
        try:
            counts = outbox.counts()
        finally:
            outbox.close()
        return f"{counts.pending} pending, {counts.dead} dead letters"

    def _local_store(self, store: DocumentStore) -> str:
        account = self._settings.documents.default_account
        documents = self._settings.documents
        config = SystemConfig(
            StoredConfig(store), node=self._settings.freeswitch.node_name, zone=documents.zone
        )
        store.ping()
        config.start()
        is_storing = config.get("media", "store_recordings")
        config.stop()
        if not is_storing:
            return "media.store_recordings is false: recordings without a URL are not stored"
        if not account:
            return "not tried: no documents.default_account is set"
        name = new_name(datetime.now(UTC))
        database = database_of_document(account, name.document_id)
        parameters = {"database": database, "doc_id": name.document_id, "attachment": "check.wav"}
        detail = self._deliver(store, Target("local", parameters))
        document = store.get(database, name.document_id)
        store.delete(database, name.document_id, str(document["_rev"]))
        return f"{detail}, and deleted again"

    def _deliver(self, store: DocumentStore, target: Target) -> str:
        destination = destinations_of(self._settings, store)[target.kind]
        if faults := destination.validate(target.parameters):
            raise StoreError("; ".join(faults))
        with tempfile.TemporaryDirectory() as directory:
            path = _tone(Path(directory) / "check.wav")
            measured = measure(path)
            media = Media(path, "audio/wav", measured.size_bytes, measured.sha256, "check.wav")
            metadata = {
                "_id": target.parameters.get("doc_id", "check"),
                "name": "check.wav",
                "pvt_type": "call_recording",
                "pvt_created": to_gregorian_s(datetime.now(UTC).timestamp()),
            }
            receipt = destination.deliver(media, metadata, target.parameters)
        return f"a synthetic recording arrived at {receipt.location}"


def _pinged(store: DocumentStore) -> str:
    store.ping()
    return f"{len(store.databases())} databases"


def _loaded(link: Link) -> str:
    missing = [name for name in MODULES if link.api("module_exists", name).strip() != "true"]
    if missing:
        raise StoreError(f"not loaded: {', '.join(missing)}")
    return f"{len(MODULES)} needed, all loaded"


def _applications(link: Link) -> str:
    known = {line.split(",", 1)[0] for line in link.api("show", "application").splitlines()}
    missing = [name for name in APPLICATIONS if name not in known]
    if missing:
        raise StoreError(f"unknown to this FreeSWITCH: {', '.join(missing)}")
    return f"{len(APPLICATIONS)} needed, all known"


def _tone(path: Path) -> Path:
    """Write half a second of silence."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(8000))
    return path
