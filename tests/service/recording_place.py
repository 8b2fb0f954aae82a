"""An installation with recordings of every kind, made without a call: for tests of `callflows recordings`."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from config.settings import load
from service.destinations import destinations_of
from storage.destination import Media, Target
from storage.media import measure
from storage.open_store import open_store
from storage.outbox import Outbox
from storage.register_row import Expected, Fate, Settled

DAY = "20261123"
MONTH = "account/demo-202611"
SOUND = b"RIFF" + bytes(range(256)) * 400


class Place:
    """An installation: the outbox, open as a running engine has it, and what recordings leave on disk."""

    def __init__(self, root: Path, documents_url: str = "", account: str = "demo") -> None:
        self.root = root
        self.account = account
        self.recordings = root / "recordings"
        for name in (DAY, "journal"):
            (self.recordings / name).mkdir(parents=True)
        (root / "documents").mkdir()
        self.settings = {
            "outbox_path": root / "outbox.sqlite",
            "outbox_local_dir": root / "delivered",
            "freeswitch_recordings_dir": self.recordings,
            "documents_url": documents_url or (root / "documents").as_uri(),
        }
        self.outbox = Outbox(root / "outbox.sqlite")

    def asked(self, number: int, age_s: float = 7200.0, **facts: Any) -> Expected:
        """Note that a recording was asked for by a process that is gone."""
        recording_id = f"{number:032x}"
        who = {"call_id": f"call-{number}", "uuid": f"uuid-{number}", "account_id": self.account, **facts}
        expected = Expected(
            recording_id,
            time.time() - age_s,
            f"202611-{recording_id}",
            owner="elsewhere[1]:1:x",
            limit_s=60,
            **who,
        )
        self.outbox.register.write([expected])
        return expected

    def settled(self, number: int, fate: Fate, **facts: Any) -> Expected:
        """Note what became of one."""
        expected = self.asked(number)
        self.outbox.register.write([Settled(expected, fate, **facts)])
        return expected

    def file(self, recording_id: str, suffix: str = ".wav", age_s: float = 7200.0) -> Path:
        """Write a media file that is no longer written to."""
        path = self.recordings / DAY / f"{recording_id}{suffix}"
        path.write_bytes(SOUND)
        os.utime(path, (time.time() - age_s, time.time() - age_s))
        return path

    def taken(self, number: int, *targets: Target, **facts: Any) -> Media:
        """Have a recording taken over by the outbox, for some targets."""
        expected = self.asked(number, **facts)
        path = self.file(expected.recording_id)
        measured = measure(path)
        media = Media(path, "audio/wav", measured.size_bytes, measured.sha256, f"call {number}.wav")
        metadata = {
            "_id": expected.document_id,
            "call_id": expected.call_id,
            "callflows": {"verdict": "ok", "ended_by": "hangup", "timeline": [{"what": "started"}]},
        }
        self.outbox.enqueue(
            media, metadata, targets, recording_id=expected.recording_id, account_id=expected.account_id
        )
        return media

    def deliver(self) -> None:
        """Attempt all that is due, truly."""
        environment = {f"CALLFLOWS_{key.upper()}": str(value) for key, value in self.settings.items()}
        settings = load(None, environment)
        store = open_store(settings.documents.url, cache=False)
        destinations = destinations_of(settings, store)
        while (job := self.outbox.claim("test", 60.0)) is not None:
            receipt = destinations[job.target.kind].deliver(job.media, job.metadata, job.target.parameters)
            self.outbox.succeeded(job, receipt)
        store.close()

    def release(self, media: Media) -> None:
        """Let the local file go, as retention does."""
        media.path.unlink()
        self.outbox.released(media.path.stem)

    def dead(self, reason: str) -> None:
        """Make a dead letter of what is due next."""
        job = self.outbox.claim("test", 60.0)
        assert job is not None
        self.outbox.failed(job, reason, retryable=False)


def local(number: int) -> Target:
    """To the month's database."""
    return Target("local", {"database": MONTH, "doc_id": f"202611-{number:032x}"})


def folder(name: str = "") -> Target:
    """To a folder of this host."""
    return Target("folder", {"directory": name})


def http() -> Target:
    """To a URL with secrets in it."""
    url = "https://user:hunter2@files.example.com/put/?sig=topsecret"
    return Target("http", {"url": url, "headers": {"Authorization": "Bearer-abc"}})
