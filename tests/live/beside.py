"""An engine beside a running FreeSWITCH, and calls placed there whose far end plays a file."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gevent
from gevent.event import Event as Signal

from callflows.runner import CallReport
from config.address import Address
from esl.event import Event
from esl.link import Link
from esl.session import Session
from recording.outcome import RecordingOutcome
from service.demo import write_speech
from service.engine import Engine
from service.stage import ACCOUNT, Stage
from storage.names import account_db
from storage.outbox_delivery import Delivery, DeliveryState
from tests.service.house import Step, callflow, chain, lay_out
from tests.waiting import eventually

HEARD = (
    "RECORD_START",
    "RECORD_STOP",
    "CHANNEL_HANGUP_COMPLETE",
    "CHANNEL_ANSWER",
    "CHANNEL_EXECUTE_COMPLETE",
    "DTMF",
)
CALL_S = 20.0


@dataclass(slots=True)
class HandOver:
    """When a call came to the engine: monotonic seconds, and epoch microseconds by FreeSWITCH's clock."""

    uuid: str
    at_s: float
    stamp_us: int


@dataclass(slots=True)
class Heard:
    """One event as heard by a third party on a connection of its own."""

    at_s: float
    event: Event

    def get(self, name: str) -> str:
        """Return a header, "" for none."""
        return self.event.get(name) or ""

    @property
    def stamp_us(self) -> int:
        """Epoch microseconds by FreeSWITCH's clock."""
        return int(self.get("Event-Date-Timestamp"))


@dataclass(slots=True)
class LiveCall:
    """A call placed on FreeSWITCH. `caller`: uuid of the far end's leg; `answer`: what originate said."""

    caller: str
    _job: Any
    heard: list[Heard] = field(default_factory=list)

    @property
    def answer(self) -> str:
        """What originate said: +OK, or -ERR and the cause."""
        return str(self._job.get(timeout=CALL_S))


class Beside:
    """Args: has_voice: whether the far end speaks (else it is silent); options go to the stage."""

    def __init__(self, directory: Path, address: Address, password: str, **options: Any) -> None:
        self.directory = directory
        directory.chmod(0o777)
        self._options = {"event_socket": str(address), "password": password, **options}
        self.stage = Stage(directory, **self._options)
        lay_out(self.stage)
        self.stage.recordings.chmod(0o777)
        self.voice = write_speech(directory / "caller.wav")
        self.heard: list[Heard] = []
        self.handovers: dict[str, HandOver] = {}
        self.reports: list[CallReport] = []
        self.outcomes: dict[str, RecordingOutcome] = {}
        self._up = Signal()
        self.link = Link(
            address.host,
            address.port,
            password,
            events=HEARD,
            on_event=self._hear,
            on_gap=lambda _since, _until: None,
            on_up=self._up.set,
        )
        self.link.start()
        assert self._up.wait(10), f"no log-in at {address}"
        self.engine = self.start_engine()

    def start_engine(self) -> Engine:
        """Return one more engine on this stage, started, with our notebook beside its own."""
        engine = self.stage.engine()
        engine.listener._handle = self._noting(engine)
        engine.runner._on_report = self._reporting(engine)
        finished = engine.metrics.recording_finished

        def note(outcome: RecordingOutcome) -> None:
            self.outcomes[outcome.recording_id] = outcome
            finished(outcome)

        engine.metrics.recording_finished = note  # type: ignore[method-assign]
        engine.start()
        assert engine.link is not None
        assert engine.link.wait_up(10)
        return engine

    def flow(self, number: str, *steps: Step) -> None:
        """Write a callflow of actions one after the other."""
        self.document(number, callflow(number, chain(*steps)))

    def document(self, doc_id: str, document: Mapping[str, Any]) -> None:
        """Write a document of the account."""
        self.stage.write(account_db(ACCOUNT), doc_id, document)

    def call(
        self,
        number: str,
        far_end: str = "",
        *,
        variables: Mapping[str, str] | None = None,
        engine: Engine | None = None,
    ) -> LiveCall:
        """Place a call to the engine.

        Args: far_end: the application of the caller's leg, by default playing the voice; variables: of the
        originate.
        """
        caller = str(uuid.uuid4())
        host, port = (engine or self.engine).listener.address[:2]
        chosen = {
            "origination_uuid": caller,
            "origination_caller_id_number": "15551234567",
            "callflows_number": number,
            "originate_timeout": "15",
            **(variables or {}),
        }
        braces = ",".join(f"{key}={value}" for key, value in chosen.items())
        dial = f"{{{braces}}}loopback/'socket:{host}:{port} async full'/default/inline"
        far_end = far_end or f"&playback({self.voice})"
        job = gevent.spawn(self._originate, f"{dial} {far_end}")
        return LiveCall(caller, job)

    def report(self, count: int = 1) -> CallReport:
        """Wait for the end of so many calls, and return the last one's report."""
        eventually(lambda: len(self.reports) >= count, CALL_S, "the end of the call")
        return self.reports[-1]

    def events(self, name: str, **headers: str) -> list[Heard]:
        """Return the events heard so far of that name whose headers (dashes as _) are these."""
        return [
            one
            for one in self.heard
            if one.get("Event-Name") == name
            and all(one.get(key.replace("_", "-")) == value for key, value in headers.items())
        ]

    def wait_event(self, name: str, count: int = 1, **headers: str) -> list[Heard]:
        """Wait for so many."""

        def heard() -> list[Heard]:
            found = self.events(name, **headers)
            return found if len(found) >= count else []

        return eventually(heard, CALL_S, name)

    def delivered(self, count: int = 1) -> Sequence[Delivery]:
        """Wait for so many deliveries, all arrived."""

        def arrived() -> Sequence[Delivery]:
            found = self.engine.outbox.list()
            is_done = all(one.state is DeliveryState.DELIVERED for one in found)
            return found if len(found) >= count and is_done else []

        return eventually(arrived, CALL_S, f"the deliveries; the outbox has {self.engine.outbox.list()}")

    def copies(self) -> list[Path]:
        """Return the recordings in the document store."""
        return sorted((self.stage.documents / "account").glob("demo-*/*,*"))

    def outcome(self, count: int = 1) -> RecordingOutcome:
        """Wait for the end of so many recordings, and return the last one's outcome."""
        eventually(lambda: len(self.outcomes) >= count, CALL_S, "the end of the recording")
        return list(self.outcomes.values())[-1]

    def legs(self) -> int:
        """Return how many of our legs FreeSWITCH has at the moment."""
        rows = self.link.api("show", "channels").splitlines()
        return sum(str(self.engine.listener.address[1]) in row or str(self.directory) in row for row in rows)

    def close(self) -> None:
        """Stop the engine, hang up what is left."""
        self.engine.stop()
        self.link.stop()

    def _originate(self, arguments: str) -> str:
        from esl.errors import EslError

        try:
            return self.link.bgapi("originate", arguments, CALL_S)
        except EslError as exc:
            return str(exc)

    def _hear(self, event: Event) -> None:
        self.heard.append(Heard(time.monotonic(), event))

    def _noting(self, engine: Engine) -> Any:
        def handle(session: Session) -> None:
            stamp = session.channel.get("Event-Date-Timestamp") or "0"
            self.handovers[session.uuid] = HandOver(session.uuid, time.monotonic(), int(stamp))
            engine.runner.handle(session)

        return handle

    def _reporting(self, engine: Engine) -> Any:
        def report(found: CallReport) -> None:
            self.reports.append(found)
            engine.metrics.call_ended(found)

        return report
