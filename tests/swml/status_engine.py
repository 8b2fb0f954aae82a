"""An engine reduced to its recorder and its notices, to be killed: it records every call, observed.

Run as `python -m tests.swml.status_engine FOLDER EVENT_SOCKET_PORT STATUS_URL`. Writes the port that
FreeSWITCH is to dial to standard output once it listens.
"""

from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402 - gevent first
from pathlib import Path  # noqa: E402

import structlog  # noqa: E402
from gevent.event import Event  # noqa: E402

from calls.reception import receive  # noqa: E402
from calls.signaling import answer  # noqa: E402
from esl.link import Link  # noqa: E402
from esl.listener import Listener  # noqa: E402
from esl.session import Session  # noqa: E402
from recording.recorder import LINK_EVENTS, Recorder  # noqa: E402
from recording.request import AudioFormat, Observer, RecordingRequest  # noqa: E402
from recording.storage_rules import NoPlans, StorageRules  # noqa: E402
from storage.notice_poster import NoticePoster  # noqa: E402
from storage.notice_sender import NoticeSender  # noqa: E402
from storage.notice_worker import NoticeWorker  # noqa: E402
from storage.outbox import Outbox  # noqa: E402
from swml.record_status import KIND, RecordStatusSink  # noqa: E402
from tests.recording.house import QUICK, STORED  # noqa: E402
from tests.recording.samples import Values  # noqa: E402
from tests.storage.receiver import loopback  # noqa: E402

KNOWN = {"control_id": "c-1", "session_id": "s-1", "project_id": "p", "space_id": "sp", "node_id": "n"}


class Links:
    """Links that say what they are of."""

    def url(self, recording_id: str, extension: str) -> str:
        """Return one."""
        return f"http://links.test/{recording_id}.{extension}"

    def recording_of(self, url: str) -> str:
        """Nobody asks."""
        return url

    def path_of(self, recording_id: str, timeout_s: float) -> Path | None:
        """Nobody asks."""


def main(folder: Path, event_socket_port: int, status_url: str) -> None:
    """Record calls until killed."""
    outbox = Outbox(folder / "outbox.sqlite")
    poster = NoticePoster(outbox.notices)
    config = Values(STORED)
    links: list[Link] = []
    recorder = Recorder(
        folder / "recordings",
        config=config,
        outbox=outbox,
        storage=StorageRules(config, NoPlans()),
        link=lambda: links[0] if links and links[0].is_up else None,
        timing=QUICK,
        observers={KIND: RecordStatusSink(poster, Links())},
    )
    link = Link(
        "127.0.0.1",
        event_socket_port,
        "ClueCon",
        events=LINK_EVENTS,
        on_event=recorder.on_event,
        on_gap=lambda *_: None,
        on_up=recorder.reconcile,
    )
    links.append(link)
    observers = (Observer(KIND, {"url": status_url, **KNOWN}),)
    request = RecordingRequest(AudioFormat.WAV, 30, stereo=False, observers=observers)

    def serve(session: Session) -> None:
        call = receive(session)
        answer(call)
        recorder.start(call, request)
        call.wait_complete(60)

    recorder.open()
    NoticeWorker(outbox.notices, NoticeSender(loopback(), {})).start()
    link.start()
    listener = Listener("127.0.0.1", 0, serve)
    listener.start()
    print(listener.address[1], flush=True)  # noqa: T201 - the acknowledgement
    Event().wait()


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
