"""Copies read back from where they were delivered: whole, in pieces, and what is said when they are gone."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paramiko
import pytest

from storage import remote_stream
from storage.destination import Destination, Media, Readable, Receipt
from storage.destinations.azure import AzureDestination
from storage.destinations.ftp import FtpDestination
from storage.destinations.gs import GoogleDestination
from storage.destinations.s3 import S3Destination
from storage.destinations.sftp import SftpDestination
from storage.errors import DeliveryFailed, NotFound
from storage.media_blocks import blocks_of
from tests.storage.ftp_server import DTPHandler, ftp_serving
from tests.storage.object_store import KEY_ID, SECRET, Judge, s3_judge
from tests.storage.receiver import Answer, Received, Receiver, context_of, media_of, serving
from tests.storage.sftp_server import sftp_serving

CONTENT = b"ID3" + bytes(range(251)) * 1500
PIECE = 100_000
METADATA = {"_id": "202611-ab", "pvt_account_id": "acc"}
AZURE_KEY = base64.b64encode(b"a key of an account" * 3).decode()
STORES: dict[str, tuple[Callable[[Any], Destination], dict[str, str]]] = {
    "s3": (S3Destination, {"url": "s3://calls/in/", "access_key": KEY_ID, "secret": SECRET}),
    "gs": (GoogleDestination, {"url": "gs://calls/in/", "access_key": "a", "secret": "b"}),
    "azure": (AzureDestination, {"url": "az://calls/in/", "account": "account1", "secret": AZURE_KEY}),
}


@pytest.fixture
def media(tmp_path: Path) -> Media:
    """A finished recording of several pieces."""
    return media_of(tmp_path / "a.mp3", CONTENT)


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that several are needed."""
    monkeypatch.setattr(remote_stream, "PIECE_BYTES", PIECE)


def read(destination: object, media: Media, parameters: dict[str, Any]) -> bytes:
    """Read a copy back."""
    assert isinstance(destination, Readable)
    with destination.open_copy(media, METADATA, parameters, Receipt("")) as copy:
        return b"".join(blocks_of(copy))


def ranged(content: bytes) -> Judge:
    """Answer ranges of some content, as object stores do."""

    def judge(received: Received) -> Answer | None:
        asked = received.headers.get("range") or received.headers["x-ms-range"]
        start, _, last = asked.removeprefix("bytes=").partition("-")
        body = content[int(start) : int(last) + 1]
        headers = {
            "Content-Range": f"bytes {start}-{last}/{len(content)}",
            "ETag": '"0x8D"',
            "x-ms-blob-type": "BlockBlob",
        }
        return Answer(206, headers, body)

    return judge


def store_of(kind: str, receiver: Receiver) -> tuple[object, dict[str, Any]]:
    """A destination and parameters that lead to a receiver."""
    factory, parameters = STORES[kind]
    endpoint = {"host": "127.0.0.1", "port": receiver.port, "scheme": "http"}
    return factory(context_of()), {**parameters, **endpoint}


@pytest.mark.parametrize("kind", sorted(STORES))
def test_objects_are_read_back_in_pieces(media: Media, kind: str) -> None:
    """None is longer than it may be, and together they are what was delivered."""
    with serving() as receiver:
        receiver.judge = ranged(CONTENT)
        destination, parameters = store_of(kind, receiver)
        assert hashlib.sha256(read(destination, media, parameters)).hexdigest() == media.sha256
        assert [each.method for each in receiver.requests] == ["GET"] * 4
        assert all("/calls/in/call_recording_1.mp3" in each.target for each in receiver.requests)


def test_pieces_of_s3_are_signed(media: Media) -> None:
    """As the store's own library signs."""
    judge, give = s3_judge({}), ranged(CONTENT)
    with serving() as receiver:

        def both(received: Received) -> Answer | None:
            judged = judge(received)
            return give(received) if judged is not None and judged.status == 200 else judged

        receiver.judge = both
        assert read(*_with(media, store_of("s3", receiver))) == CONTENT


def _with(media: Media, store: tuple[object, dict[str, Any]]) -> tuple[object, Media, dict[str, Any]]:
    return store[0], media, store[1]


@pytest.mark.parametrize("kind", sorted(STORES))
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(404, {"x-ms-error-code": "BlobNotFound"}), NotFound),
        (Answer(403), DeliveryFailed),
        (Answer(200, {"x-ms-blob-type": "BlockBlob"}, b"short"), DeliveryFailed),
    ],
    ids=["gone", "refused", "short"],
)
def test_objects_that_are_not_given_are_said(
    media: Media, kind: str, answer: Answer, error: type[Exception]
) -> None:
    """At once, when they are opened."""
    with serving(answer) as receiver:
        destination, parameters = store_of(kind, receiver)
        with pytest.raises(error):
            read(destination, media, parameters)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of a server."""
    folder = tmp_path / "server"
    folder.mkdir()
    return folder


def deliver(destination: Destination, media: Media, url: str) -> None:
    """Bring it there."""
    destination.deliver(media, METADATA, {"url": url})


@pytest.fixture
def sftp(root: Path, tmp_path: Path) -> Iterator[tuple[SftpDestination, str]]:
    """A destination, and the URL of a server."""
    key = paramiko.ECDSAKey.generate()
    with sftp_serving(root, key) as peer:
        yield SftpDestination(context_of(known_hosts=tmp_path / "known_hosts")), peer.url("/in")


@pytest.fixture
def ftp(root: Path) -> Iterator[tuple[FtpDestination, str]]:
    """The same for FTP."""
    with ftp_serving(root) as peer:
        yield FtpDestination(context_of()), peer.url("/in")


@pytest.mark.parametrize("kind", ["sftp", "ftp"])
def test_files_are_read_back(request: pytest.FixtureRequest, media: Media, root: Path, kind: str) -> None:
    """Over a connection that is closed with them; one that is gone is said to be."""
    destination, url = request.getfixturevalue(kind)
    deliver(destination, media, url)
    assert read(destination, media, {"url": url}) == CONTENT
    (root / "in" / media.name).unlink()
    with pytest.raises(NotFound):
        read(destination, media, {"url": url})


@pytest.mark.parametrize("kind", ["sftp", "ftp"])
def test_reading_may_be_given_up(request: pytest.FixtureRequest, media: Media, kind: str) -> None:
    """In the middle of the file; the server is asked again all the same."""
    destination, url = request.getfixturevalue(kind)
    deliver(destination, media, url)
    with destination.open_copy(media, METADATA, {"url": url}, Receipt("")) as copy:
        assert copy.read(3) == b"ID3"
    copy.close()
    assert read(destination, media, {"url": url}) == CONTENT


class CutsOff(DTPHandler):
    """Closes the data connection before the end of the file."""

    def push_with_producer(self, producer: Any) -> None:
        """Send nothing, and say that it failed."""
        del producer
        self.cmd_channel.respond("426 Connection closed; transfer aborted.")
        self.close()


def test_a_transfer_that_is_cut_off_is_no_file(root: Path, media: Media) -> None:
    """The server's word is heard at the end."""
    with ftp_serving(root) as peer:
        deliver(FtpDestination(context_of()), media, peer.url("/in"))
    with ftp_serving(root, data_handler=CutsOff) as peer, pytest.raises(DeliveryFailed, match="426"):
        read(FtpDestination(context_of()), media, {"url": peer.url("/in")})


def test_an_empty_copy_is_nothing_to_ask_for(tmp_path: Path) -> None:
    """A file without a byte has no pieces."""
    empty = media_of(tmp_path / "a.mp3", b"")
    with serving() as receiver:
        destination, parameters = store_of("s3", receiver)
        assert read(destination, empty, parameters) == b""
        assert receiver.requests == []
