"""Large media over every protocol: constant memory, and a hub that goes on turning."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paramiko
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from storage.address import AddressPolicy
from storage.destination import Destination, Media
from storage.destination_registry import discover
from storage.media import measure
from tests.storage.ftp_server import ftp_serving
from tests.storage.object_store import KEY_ID, SECRET, azure_judge, s3_judge
from tests.storage.receiver import TLS, context_of, resolved_here, serving
from tests.storage.sftp_server import sftp_serving
from tests.storage.strain import MOST_GROWTH_BYTES, Strain, strained

SIZE_BYTES = 200 * 1024 * 1024
SFTP_BYTES = 64 * 1024 * 1024
"""Both ends are Python here, and encrypt."""

MOST_LAG_S = 0.25
"""Generous: the servers turn on the same hub."""

ACCOUNT_KEY = "a2V5"


def made(path: Path, size_bytes: int) -> Media:
    """A large recording that takes no room: nearly all of it is a hole."""
    with path.open("wb") as file:
        file.write(b"RIFF")
        file.truncate(size_bytes)
    measured = measure(path)
    return Media(path, "audio/wav", measured.size_bytes, measured.sha256, "large.wav")


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Media]:
    """The recording; what servers wrote is removed with it."""
    directory = tmp_path_factory.mktemp("large")
    yield made(directory / "large.wav", SIZE_BYTES)
    for path in directory.rglob("*.wav"):
        path.unlink()


@pytest.fixture
def destinations(tmp_path: Path) -> dict[str, Destination]:
    """All of them, with a name for this host."""
    policy = AddressPolicy(["127.0.0.0/8"], resolved_here)
    return discover(
        context_of(policy=policy, ca_file=TLS / "authority.pem", known_hosts=tmp_path / "known_hosts")
    )


def assert_light(strain: Strain) -> None:
    """Constant memory, and nobody else was kept waiting."""
    assert strain.growth_bytes < MOST_GROWTH_BYTES
    assert strain.lag_s < MOST_LAG_S


@pytest.mark.parametrize("tls", ["", "explicit"])
def test_ftp_is_light(media: Media, destinations: dict[str, Destination], tls: str) -> None:
    """Sent as it is read, encrypted or not."""
    host = "receiver.test" if tls else "127.0.0.1"
    root = media.path.parent / f"served{tls}"
    root.mkdir()
    with ftp_serving(root, tls=tls) as peer, strained() as strain:
        destinations["ftp"].deliver(media, {}, {"url": peer.url(host=host)})
    assert (root / "large.wav").stat().st_size == SIZE_BYTES
    assert_light(strain)


def test_sftp_is_light(destinations: dict[str, Destination], tmp_path: Path) -> None:
    """Its packets are small, and the hub turns between blocks."""
    key = tmp_path / "host_key"
    private = Ed25519PrivateKey.generate()
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    media = made(tmp_path / "large.wav", SFTP_BYTES)
    (tmp_path / "served").mkdir()
    with sftp_serving(tmp_path / "served", paramiko.PKey.from_path(key)) as peer, strained() as strain:
        destinations["sftp"].deliver(media, {}, {"url": peer.url()})
    assert measure(tmp_path / "served" / "large.wav").sha256 == media.sha256
    assert_light(strain)


@pytest.mark.parametrize("kind", ["s3", "gs", "azure"])
def test_object_stores_are_light(media: Media, destinations: dict[str, Destination], kind: str) -> None:
    """Signed by libraries that do not read the body."""
    kept: dict[str, Any] = {}
    with serving() as receiver, strained() as strain:
        keys: dict[str, Any] = {"access_key": KEY_ID, "secret": SECRET}
        receiver.judge = s3_judge(kept, region="auto" if kind == "gs" else "us-east-1")
        if kind == "azure":
            keys = {"account": "acc", "secret": ACCOUNT_KEY}
            receiver.judge = azure_judge(kept, "acc", ACCOUNT_KEY)
        url = f"{'az' if kind == 'azure' else kind}://calls/"
        endpoint = {"host": "127.0.0.1", "port": receiver.port, "scheme": "http"}
        destinations[kind].deliver(media, {}, {"url": url, **endpoint, **keys})
    assert receiver.requests[0].sha256 == media.sha256
    assert len(kept) == 1
    assert_light(strain)
