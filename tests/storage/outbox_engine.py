"""An engine reduced to its outbox, to be killed: queues recordings and delivers them, or only delivers.

Run as `python -m tests.storage.outbox_engine FOLDER URL queue|drain`. Writes the id of each recording to
standard output once the outbox has taken it; `drain` ends when nothing is left to deliver.
"""

from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402 - gevent first
import uuid  # noqa: E402
from pathlib import Path  # noqa: E402

import structlog  # noqa: E402
from gevent.event import Event  # noqa: E402

from storage.destination import Target  # noqa: E402
from storage.destinations.folder import FolderDestination  # noqa: E402
from storage.destinations.http import HttpDestination  # noqa: E402
from storage.outbox import Outbox  # noqa: E402
from storage.outbox_backoff import Backoff  # noqa: E402
from storage.outbox_health import Health  # noqa: E402
from storage.outbox_retention import Retention  # noqa: E402
from storage.outbox_worker import DeliveryWorker, WorkerSettings  # noqa: E402
from tests.storage.receiver import context_of, media_of  # noqa: E402


def content_of(recording_id: str) -> bytes:
    """What a recording of this id sounds like."""
    return recording_id.encode() * 4000


def queue(folder: Path, outbox: Outbox, url: str) -> None:
    """One recording after another, for ever."""
    while True:
        recording_id = uuid.uuid4().hex
        name = f"{recording_id}.mp3"
        media = media_of(folder / "recordings" / name, content_of(recording_id), name)
        targets = [Target("http", {"url": url, "fields": {}}), Target("folder", {"directory": "kept"})]
        outbox.enqueue(
            media, {"_id": f"202611-{recording_id}"}, targets, recording_id=recording_id, account_id="acc"
        )
        print(recording_id, flush=True)  # noqa: T201 - the acknowledgement


def main(folder: Path, url: str, mode: str) -> None:
    """Deliver, and queue if so told."""
    outbox = Outbox(folder / "outbox.sqlite", backoff=Backoff(base_s=0.05, cap_s=0.2))
    context = context_of(folder_root=folder / "delivered")
    destinations = {"http": HttpDestination(context), "folder": FolderDestination(context)}
    retention = Retention(media_s=0.0, rows_s=1e6)
    settings = WorkerSettings(poll_s=0.05, housekeeping_s=0.05, retention=retention)
    health = Health(settings.per_key, pause=Backoff(base_s=0.1, cap_s=0.2))
    worker = DeliveryWorker(outbox, destinations, settings, health=health)
    worker.start()
    if mode == "queue":
        queue(folder, outbox, url)
    turn = Event()
    while outbox.counts().pending or outbox.counts().delivering or outbox.releasable(0.0):
        turn.wait(0.02)
    worker.stop()


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
