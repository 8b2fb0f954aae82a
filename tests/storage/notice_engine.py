"""An engine reduced to its notices, to be killed: posts them and sends them, or only sends.

Run as `python -m tests.storage.notice_engine FOLDER URL FIRST`. Writes the number of each notice, from FIRST
on, to standard output once the outbox has taken it; with a FIRST below 0 it posts nothing, and ends when
nothing is left to send.
"""

from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402 - gevent first
from pathlib import Path  # noqa: E402

import structlog  # noqa: E402
from gevent.event import Event  # noqa: E402

from storage.notice import NewNotice  # noqa: E402
from storage.notice_sender import NoticeSender  # noqa: E402
from storage.notice_worker import NoticeSettings, NoticeWorker  # noqa: E402
from storage.outbox import Outbox  # noqa: E402
from storage.outbox_backoff import Backoff  # noqa: E402
from storage.outbox_health import Health  # noqa: E402
from tests.storage.receiver import loopback  # noqa: E402

STREAMS = 5


def main(folder: Path, url: str, first: int) -> None:
    """Send, and post if so told."""
    outbox = Outbox(folder / "outbox.sqlite", notice_backoff=Backoff(base_s=0.02, cap_s=0.1, least_s=0.0))
    settings = NoticeSettings(concurrency=8, poll_s=0.05, housekeeping_s=0.2)
    health = Health(settings.per_key, pause=Backoff(base_s=0.05, cap_s=0.1))
    NoticeWorker(outbox.notices, NoticeSender(loopback(), {}), settings, health=health).start()
    number = first
    while first >= 0:
        body = {"stream": number % STREAMS, "number": number}
        outbox.notices.post(NewNotice(f"s{number % STREAMS}", url, body, notice_id=f"n{number}"))
        print(number, flush=True)  # noqa: T201 - the acknowledgement
        number += 1
    turn = Event()
    while outbox.notices.counts().oldest_unsettled_at is not None:
        turn.wait(0.02)


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
