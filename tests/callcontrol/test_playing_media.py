"""What sounds are found by: links, URLs, documents, recordings, content."""

from __future__ import annotations

import base64
import io
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from callcontrol.errors import Unprocessable
from callcontrol.playing_media import SoundFinder
from recording.link_spool import LinkSpool
from service.media_place import media_place
from storage.address import AddressPolicy
from storage.document import DocumentStore
from storage.names import account_db
from storage.open_store import open_store
from tests.callcontrol.heard import sound
from tests.recording.samples import ACCOUNT_ID, RECORDING_ID, Values

POINTER = "/audio_url"
LINK = "https://pbx.example/recordings/x"
CACHED = {("ecallmgr", "use_http_cache"): True}
PLAIN = {("ecallmgr", "use_http_cache"): False}


class OneLink:
    """Links to one recording. `path`: its file, None while there is none."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def recording_of(self, url: str) -> str:
        """The recording, of its one link."""
        return RECORDING_ID if url == LINK else ""

    def path_of(self, recording_id: str, timeout_s: float) -> Path | None:
        """Its file."""
        del timeout_s
        return self.path if recording_id == RECORDING_ID else None


def public(host: str, port: int) -> list[tuple[Any, ...]]:
    """A resolver that knows one public host, and one that leads inside."""
    address = {"sounds.example": "93.184.216.34", "rebound.example": "10.0.0.7"}.get(host)
    if address is None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DocumentStore]:
    """Documents of an account: media with a sound, without, deleted, and something else."""
    opened = open_store((tmp_path / "documents").as_uri(), cache=False)
    (tmp_path / "documents").mkdir()
    database = account_db(ACCOUNT_ID)
    opened.create_database(database)
    for document in (
        {"_id": "greeting", "pvt_type": "media", "name": "Our Greeting"},
        {"_id": "empty", "pvt_type": "media", "name": "empty"},
        {"_id": "gone", "pvt_type": "media", "pvt_deleted": True},
        {"_id": "flow", "pvt_type": "callflow"},
    ):
        opened.save(database, document)
    content = sound(0.1)
    opened.put_attachment(database, "greeting", "hi.wav", "audio/x-wav", io.BytesIO(content), len(content))
    yield opened
    opened.close()


def finder(store: DocumentStore, tmp_path: Path, path: Path | None = None, **changes: Any) -> SoundFinder:
    """A finder over those documents."""
    return SoundFinder(
        config=Values(changes.get("config", PLAIN)),
        store=store,
        place=media_place((tmp_path / "documents").as_uri()),
        links=OneLink(path),
        files=LinkSpool(tmp_path),
        addresses=AddressPolicy(lookup=public),
        owner_of=lambda recording_id: ACCOUNT_ID if recording_id == RECORDING_ID else "",
    )


def test_urls(store: DocumentStore, tmp_path: Path) -> None:
    """As they are, or through FreeSWITCH's cache; by the address that their host leads to."""
    url = "https://sounds.example/a b.mp3".replace(" ", "%20")
    assert finder(store, tmp_path).of_url(url, ACCOUNT_ID, POINTER) == url
    assert finder(store, tmp_path, config=CACHED).of_url(url, ACCOUNT_ID, POINTER) == f"http_cache://{url}"
    for refused in ("http://rebound.example/x.wav", "http://nowhere.example/x.wav", "http://10.0.0.1/x"):
        with pytest.raises(Unprocessable) as exc:
            finder(store, tmp_path).of_url(refused, ACCOUNT_ID, POINTER)
        assert exc.value.faults[0].kind.code == "10003"


def test_the_kind_of_a_file_is_told_where_its_name_does_not_say_it(
    store: DocumentStore, tmp_path: Path
) -> None:
    """By the client; a name that says it is believed."""
    found = finder(store, tmp_path).of_url
    for url, ending in (
        ("https://sounds.example/a", "#.mp3"),
        ("https://sounds.example/a.wav?v=1.2", "#.wav"),
    ):
        assert found(url, ACCOUNT_ID, POINTER, audio_type="mp3") == url + ending


def test_what_is_not_to_be_kept_is_fetched_again(store: DocumentStore, tmp_path: Path) -> None:
    """Where FreeSWITCH's cache fetches at all."""
    url = "https://sounds.example/a.wav"
    cached, plain = (finder(store, tmp_path, config=one) for one in (CACHED, PLAIN))
    found = cached.of_url(url, ACCOUNT_ID, POINTER, is_kept=False)
    assert found == f"{{refresh=true}}http_cache://{url}"
    assert plain.of_url(url, ACCOUNT_ID, POINTER, is_kept=False) == url


def test_a_link_to_a_recording_of_ours_is_played_from_disk(store: DocumentStore, tmp_path: Path) -> None:
    """Whoever has the link may hear it; it need not be reachable from FreeSWITCH."""
    path = tmp_path / "r.wav"
    assert finder(store, tmp_path, path).of_url(LINK, "another", POINTER) == str(path)
    with pytest.raises(Unprocessable):
        finder(store, tmp_path).of_url(LINK, ACCOUNT_ID, POINTER)


def test_names(store: DocumentStore, tmp_path: Path) -> None:
    """A document's id or its name, a recording's id; of this account only."""
    path = tmp_path / "r.wav"
    sounds = finder(store, tmp_path, path)
    found = sounds.of_name("greeting", ACCOUNT_ID, POINTER)
    assert Path(found).read_bytes() == sound(0.1)
    assert sounds.of_name("Our Greeting", ACCOUNT_ID, POINTER) == found
    assert sounds.of_name(RECORDING_ID, ACCOUNT_ID, POINTER) == str(path)
    for name in ("empty", "gone", "flow", "no such", "../greeting", "_design/x", "f" * 32):
        with pytest.raises(Unprocessable) as exc:
            sounds.of_name(name, ACCOUNT_ID, POINTER)
        assert exc.value.faults[0].kind.code == "10017"
    for name in ("greeting", RECORDING_ID):
        with pytest.raises(Unprocessable):
            sounds.of_name(name, "0" * 32, POINTER)


def test_content(store: DocumentStore, tmp_path: Path) -> None:
    """Kept once under a name of its own, with the extension that it is."""
    sounds = finder(store, tmp_path)
    wav = base64.b64encode(sound(0.1)).decode()
    path = Path(sounds.of_content(wav, POINTER))
    assert path.suffix == ".wav"
    assert path.read_bytes() == sound(0.1)
    assert sounds.of_content(wav, POINTER) == str(path)
    for raw in (b"ID3\x04rest", b"\xff\xfb\x90\x00"):
        assert sounds.of_content(base64.b64encode(raw).decode(), POINTER).endswith(".mp3")
    for content in ("", "%%%", base64.b64encode(b"OggS....").decode(), base64.b64encode(b"RIFF").decode()):
        with pytest.raises(Unprocessable):
            sounds.of_content(content, POINTER)
