"""What is at the destinations, looked at from outside: the store is read without our code.

A copy is known by the id of its document. That of the receiver is the `recording_id` it was sent with.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import requests

from tests.crash.receiver import Receiver

TIMEOUT_S = 30


@dataclass(slots=True)
class Copies:
    """The copies of one recording at one place. `file`: one to look at."""

    names: set[str] = field(default_factory=set)
    digests: set[str] = field(default_factory=set)
    file: Path | None = None
    documents: int = 1


def at_receiver(receiver: Receiver) -> dict[str, Copies]:
    """Return what the receiver stored, by document id."""
    found: dict[str, Copies] = {}
    for stored in receiver.stored:
        copies = found.setdefault(stored.document_id, Copies())
        copies.names.add(stored.target)
        copies.digests.add(stored.digest)
        copies.file = receiver.file_of(stored)
    return found


def in_folder(documents: Path, account: str) -> dict[str, Copies]:
    """Return what is in the account's months of a folder, by document id."""
    found: dict[str, Copies] = {}
    for path in sorted((documents / "account").glob(f"{account}-*/*")):
        document_id, comma, name = unquote(path.name).partition(",")
        if comma:
            copies = found.setdefault(document_id, Copies(documents=0))
            copies.names.add(name)
            copies.digests.add(hashlib.sha256(path.read_bytes()).hexdigest())
            copies.file = path
        elif path.suffix == ".json" and json.loads(path.read_text("utf-8"))["pvt_type"] == "call_recording":
            found.setdefault(path.stem, Copies(documents=0)).documents += 1
    return found


def in_couchdb(url: str, database_prefix: str, directory: Path) -> dict[str, Copies]:
    """Return what is in the account's months of a CouchDB, by document id; the media are fetched."""
    found: dict[str, Copies] = {}
    for database, row in _rows(url, database_prefix):
        if row["doc"].get("pvt_type") != "call_recording":
            continue
        copies = found.setdefault(row["id"], Copies(documents=0))
        copies.documents += 1
        for name in row["doc"].get("_attachments", {}):
            where = f"{url}/{quote(database, safe='')}/{quote(row['id'], safe='')}/{quote(name, safe='')}"
            body = requests.get(where, timeout=TIMEOUT_S).content
            copies.names.add(name)
            copies.digests.add(hashlib.sha256(body).hexdigest())
            copies.file = directory / f"{row['id']}.{name.rpartition('.')[2]}"
            copies.file.write_bytes(body)
    return found


def _rows(url: str, prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for database in requests.get(f"{url}/_all_dbs", timeout=TIMEOUT_S).json():
        if database.startswith(prefix):
            where = f"{url}/{quote(database, safe='')}/_all_docs?include_docs=true"
            for row in requests.get(where, timeout=TIMEOUT_S).json()["rows"]:
                yield database, row
