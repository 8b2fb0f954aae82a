"""Everything outside the engine that recordings go to: receivers, the third party's CouchDB, the store.

What is there is read back and compared with what the engine says it delivered.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage import names
from storage.document import DocumentStore
from tests.crash.receiver import Receiver, Stored
from tests.storage.ftp_server import FtpPeer, ftp_serving


@dataclass(frozen=True, slots=True)
class Copy:
    """A delivered file: its name there, what is in it, and its document where there is one."""

    name: str
    content: bytes
    document: dict[str, Any] | None = None
    sent: str = ""


@dataclass(slots=True)
class Outside:
    """Where recordings go. `third`: the third party's CouchDB, None where there is none."""

    directory: Path
    receiver: Receiver
    ftp: FtpPeer
    third: DocumentStore | None
    third_url: str

    @property
    def words(self) -> dict[str, str]:
        """What stands in scenarios for an address."""
        return {"http": self.receiver.url, "ftp": self.ftp.url("/")}

    def at_receiver(self, digest: str, document_id: str) -> list[Copy]:
        """Return what the receiver was sent with this content; repeated, it counts once.

        Args: document_id: of the recording, which storage plans do not tell the receiver.
        """
        found: dict[str, Stored] = {
            one.target: one
            for one in self.receiver.stored
            if one.digest == digest and one.document_id in ("", document_id)
        }
        return [
            Copy(one.name, self.receiver.file_of(one).read_bytes(), sent=one.method) for one in found.values()
        ]

    def at_ftp(self, digest: str) -> list[Copy]:
        """Return what the FTP server was sent with this content."""
        files = [path for path in (self.directory / "ftp").rglob("*") if path.is_file()]
        return [
            Copy(path.name, content)
            for path in files
            if hashlib.sha256(content := path.read_bytes()).hexdigest() == digest
        ]


@contextmanager
def outside(directory: Path, third: DocumentStore | None, third_url: str) -> Iterator[Outside]:
    """Open the receivers; they are closed at the end."""
    (directory / "ftp").mkdir()
    receiver = Receiver(directory / "received", random.Random(0), calm=True)
    receiver.start()
    try:
        with ftp_serving(directory / "ftp") as ftp:
            yield Outside(directory, receiver, ftp, third, third_url)
    finally:
        receiver.stop()


def in_documents(store: DocumentStore, account_id: str, document_id: str, month: str) -> list[Copy]:
    """Return the media of a recording's document in the account's month."""
    database = names.modb(account_id, month)
    document = store.get(database, document_id)
    copies = []
    for name in document.get("_attachments", {}):
        with store.open_attachment(database, document_id, name) as attachment:
            copies.append(Copy(name, attachment.read(), document))
    return copies
