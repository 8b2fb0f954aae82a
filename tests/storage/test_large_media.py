"""Media of any size: constant memory, and a hub that goes on turning while it is hashed and sent."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.destination import Destination, Media
from storage.destination_registry import discover
from storage.folder import FolderStore
from storage.media import measure
from tests.storage.receiver import context_of, serving
from tests.storage.strain import MOST_GROWTH_BYTES, Strain, strained

SIZE_BYTES = 200 * 1024 * 1024
MOST_LAG_S = 0.25
"""Generous, for a machine that others use, too; some 10 ms are usual, reading whole files takes 100s."""

GIGABYTES = 2 * 1024**3
MOST_STALL_S = 0.05

DATABASE = "account/ab/cd/ef0123456789abcdef0123456789-202611"


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Media:
    """A large recording that takes no room: nearly all of it is a hole."""
    path = tmp_path_factory.mktemp("large") / "large.wav"
    with path.open("wb") as file:
        file.write(b"RIFF")
        file.truncate(SIZE_BYTES)
    measured = measure(path)
    return Media(path, "audio/wav", measured.size_bytes, measured.sha256, "large.wav")


@pytest.fixture
def destinations(tmp_path: Path) -> Iterator[dict[str, Destination]]:
    """All of them, over a folder."""
    (tmp_path / "documents").mkdir()
    store = FolderStore(tmp_path / "documents")
    yield discover(context_of(store, folder_root=tmp_path / "delivered"))
    store.close()


def assert_light(strain: Strain) -> None:
    """Constant memory, and nobody else was kept waiting."""
    assert strain.growth_bytes < MOST_GROWTH_BYTES
    assert strain.lag_s < MOST_LAG_S


def test_measuring_is_light(media: Media) -> None:
    """Hashing happens a block at a time, off the hub."""
    with strained() as strain:
        assert measure(media.path).sha256 == media.sha256
    assert_light(strain)


@pytest.mark.parametrize("multipart", [False, True])
def test_http_is_light(media: Media, destinations: dict[str, Destination], multipart: bool) -> None:
    """Sent as it is read; in a form, too."""
    with serving() as receiver, strained() as strain:
        parameters = {"url": receiver.url(), "multipart": multipart}
        destinations["http"].deliver(media, {"_id": "x"}, parameters)
        (request,) = receiver.requests
    assert request.size >= SIZE_BYTES
    assert multipart or request.sha256 == media.sha256
    assert_light(strain)


@pytest.mark.parametrize(
    ("kind", "parameters"), [("folder", {"directory": "a"}), ("local", {"database": DATABASE})]
)
def test_disks_are_light(
    media: Media, destinations: dict[str, Destination], kind: str, parameters: dict[str, str]
) -> None:
    """Copied a block at a time, off the hub."""
    with strained() as strain:
        destinations[kind].deliver(media, {"_id": "202611-" + "0" * 32}, parameters)
    assert_light(strain)


@pytest.fixture
def sink() -> Iterator[subprocess.Popen[str]]:
    """A server in a process of its own, so that its work is not taken for ours."""
    server = subprocess.Popen([sys.executable, "-m", "tests.storage.sink"], stdout=subprocess.PIPE, text=True)
    yield server
    server.kill()
    server.communicate()


@pytest.mark.large
@pytest.mark.timeout(600)
def test_two_gigabytes_by_http(
    sink: subprocess.Popen[str],
    tmp_path: Path,
    destinations: dict[str, Destination],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Less than 32 MiB more memory, and no stall of 50 ms."""
    assert sink.stdout is not None
    url = f"http://127.0.0.1:{int(sink.stdout.readline())}/"
    path = tmp_path / "large.wav"
    with path.open("wb") as file:
        file.write(b"RIFF")
        file.truncate(GIGABYTES)
    measured = measure(path)
    media = Media(path, "audio/wav", measured.size_bytes, measured.sha256, "large.wav")
    with strained() as strain:
        destinations["http"].deliver(media, {"_id": "x"}, {"url": url})
    with capsys.disabled():
        sys.stdout.write(
            f"\n2 GB by HTTP: {strain.growth_bytes / 2**20:.1f} MiB more memory, hub late by "
            f"{strain.lag_s * 1000:.1f} ms, of that of its own {strain.stall_s * 1000:.1f} ms\n"
        )
    assert sink.stdout.readline().strip() == media.sha256
    assert strain.growth_bytes < MOST_GROWTH_BYTES
    assert strain.stall_s < MOST_STALL_S
