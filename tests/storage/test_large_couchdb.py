"""Media of any size to a CouchDB: constant memory, a hub that goes on turning, whole and compared.

The 2 GB go to a real server, measured by `make large` with COUCHDB_URL; 200 MB always, to one that is not.
"""

from __future__ import annotations

import shutil
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import requests

from storage.destination import Destination, Media
from storage.destinations.couchdb import CouchDestination
from storage.destinations.local import LocalDestination
from storage.media import measure
from storage.open_store import open_store
from tests.storage.couch_double import CouchDouble
from tests.storage.receiver import context_of
from tests.storage.strain import MOST_GROWTH_BYTES, strained

DATABASE = "account/ab/cd/ef0123456789abcdef0123456789-202611"
DOC_ID = "202611-" + "0" * 32
METADATA = {"_id": DOC_ID, "pvt_type": "call_recording"}
SMALLER_BYTES = 200 * 1024 * 1024
GIGABYTES = 2 * 1024**3
MOST_STALL_S = 0.05
MOST_LAG_BESIDE_S = 0.25
"""Where server, client and other test runs share two cores: what whole files in memory would exceed."""


def large(directory: Path, size_bytes: int) -> Media:
    """A recording that takes no room here: nearly all of it is a hole."""
    path = directory / "large.wav"
    with path.open("wb") as file:
        file.write(b"RIFF")
        file.truncate(size_bytes)
    measured = measure(path)
    return Media(path, "audio/wav", measured.size_bytes, measured.sha256, "large.wav")


@pytest.mark.parametrize("kind", ["local", "couchdb"])
def test_couchdb_is_light(tmp_path: Path, kind: str) -> None:
    """Sent as it is read, hashed off the hub, once."""
    couch = CouchDouble()
    store = open_store(couch.url)
    context = context_of(store)
    media = large(tmp_path, SMALLER_BYTES)
    destination: Destination = (LocalDestination if kind == "local" else CouchDestination)(context)
    parameters = {"database": DATABASE} | ({"url": couch.url} if kind == "couchdb" else {})
    destination.deliver(media, {**METADATA, "_id": "first"}, parameters)  # what is loaded once is loaded
    with strained() as strain:
        destination.deliver(media, METADATA, parameters)
    stub = couch.documents[DATABASE][DOC_ID]["_attachments"]["large.wav"]
    store.close()
    couch.close()
    assert stub["length"] == SMALLER_BYTES
    assert strain.growth_bytes < MOST_GROWTH_BYTES
    assert strain.lag_s < MOST_LAG_BESIDE_S


@pytest.fixture
def roomy_couchdb(couchdb_url: str) -> Iterator[str]:
    """A CouchDB that takes attachments of any size for as long as this lasts; by itself it ends at 1 GiB."""
    limit = f"{couchdb_url}/_node/_local/_config/couchdb/max_attachment_size"
    answer = requests.get(limit, timeout=10)
    if answer.status_code == 401:
        pytest.skip("COUCHDB_URL names no administrator, who alone may raise max_attachment_size")
    requests.put(limit, json="infinity", timeout=10).raise_for_status()
    yield couchdb_url
    if answer.status_code == 404:
        requests.delete(limit, timeout=10)
    else:
        requests.put(limit, json=answer.json(), timeout=10)


@pytest.mark.large
@pytest.mark.timeout(900)
def test_two_gigabytes_to_a_real_couchdb(
    roomy_couchdb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Less than 32 MiB more memory, no stall of 50 ms, and the server's digest is that of the file."""
    if shutil.disk_usage("/").free < 4 * GIGABYTES:
        pytest.skip("less than 8 GB of disk are free")
    account = uuid.uuid4().hex
    database = f"account/{account[:2]}/{account[2:4]}/{account[4:]}-202611"
    store = open_store(roomy_couchdb)
    media = large(tmp_path, GIGABYTES)
    destination = LocalDestination(context_of(store))
    try:
        destination.deliver(
            media_of_few_bytes(tmp_path), {**METADATA, "_id": "first"}, {"database": database}
        )
        with strained() as strain:
            began = time.monotonic()
            receipt = destination.deliver(media, METADATA, {"database": database})
            took_s = time.monotonic() - began
        stub = store.get(database, DOC_ID)["_attachments"]["large.wav"]
    finally:
        store.close()
        requests.delete(f"{roomy_couchdb}/{quote(database, safe='')}", timeout=60)
    with capsys.disabled():
        sys.stdout.write(
            f"\n2 GB to CouchDB: {took_s:.1f} s, {GIGABYTES / took_s / 1e6:.0f} MB/s, "
            f"{strain.growth_bytes / 2**20:.1f} MiB more memory, hub late by {strain.lag_s * 1000:.1f} ms, "
            f"of that of its own {strain.stall_s * 1000:.1f} ms\n"
        )
    assert receipt.detail.startswith("rev ")
    assert stub["length"] == GIGABYTES
    assert strain.growth_bytes < MOST_GROWTH_BYTES
    assert strain.stall_s < MOST_STALL_S


def media_of_few_bytes(directory: Path) -> Media:
    """A recording that makes the client load what it loads once."""
    path = directory / "small.wav"
    path.write_bytes(b"RIFF")
    measured = measure(path)
    return Media(path, "audio/wav", measured.size_bytes, measured.sha256, "small.wav")
