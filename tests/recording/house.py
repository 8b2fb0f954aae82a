"""A small house for recording tests: simulated FreeSWITCH, listener, calls, recorder and a real outbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import gevent

from calls.call import Call
from calls.reception import receive
from esl.event import Event
from esl.link import Link
from esl.listener import Listener
from esl.session import Session
from recording.outcome import RecordingOutcome
from recording.patience import Patience
from recording.recorder import LINK_EVENTS, Recorder, Timing
from recording.recording import Recording
from recording.request import RecordingRequest
from recording.status import StatusSink
from recording.storage_rules import NoPlans, StorageRules
from simulator.script import Script, read_script
from simulator.simcall import SimCall
from simulator.switch import Switch
from storage.errors import NotFound
from storage.outbox import Outbox
from storage.outbox_delivery import StoredRecording
from tests.recording.samples import ACCOUNT_ID, Values

DEADLINE_S = 15.0
STORED = {("media", "store_recordings"): True}
QUICK = Timing(
    Patience(start=1.0, media=0.1, stop=0.4, hangup=0.5, poll=0.5, still=0.6),
    stray_s=0.3,
    housekeeping_s=3600.0,
)
"""Patience for tests: a second where the real thing has ten."""

Flow = Callable[[Call], None]


class Count:
    """A tally that remembers."""

    def __init__(self) -> None:
        self.started = 0
        self.outcomes: list[RecordingOutcome] = []
        self.failures = 0

    def recording_started(self) -> None:
        """One more."""
        self.started += 1

    def recording_finished(self, outcome: RecordingOutcome) -> None:
        """One more."""
        self.outcomes.append(outcome)

    def recording_handover_failed(self) -> None:
        """One more."""
        self.failures += 1


class House:
    """Everything between a caller and the outbox, on real sockets."""

    def __init__(
        self,
        root: Path,
        *,
        with_link: bool = True,
        changes: Mapping[tuple[str, ...], Any] = STORED,
        observers: Mapping[str, StatusSink] | None = None,
    ) -> None:
        self.recordings_dir = root / "recordings"
        self.config = Values(changes)
        self.tally = Count()
        self.observers: dict[str, StatusSink] = dict(observers or {})
        self.outbox = Outbox(root / "outbox.sqlite")
        self.flow: Flow = lambda _: None
        self.listener = Listener("127.0.0.1", 0, self._serve)
        self.listener.start()
        self.switch = Switch(self.listener.address, sounds_dir=root).start()
        self.link = self._new_link() if with_link else None
        self.recorder = self.new_recorder()
        self.calls: list[Call] = []

    def new_recorder(self, outbox: Any = None) -> Recorder:
        """A recorder as a process that starts now would have it."""
        recorder = Recorder(
            self.recordings_dir,
            config=self.config,
            outbox=outbox or self.outbox,
            storage=StorageRules(self.config, NoPlans()),
            link=lambda: self.link if self.link is not None and self.link.is_up else None,
            tally=self.tally,
            node="tests",
            timing=QUICK,
            observers=self.observers,
        )
        recorder.open()
        return recorder

    def die(self) -> Recorder:
        """The engine is killed, its connections with it; return the one that starts in its place."""
        kill(self.recorder)
        for call in self.calls:
            call.close()
        self.recorder = self.new_recorder()
        return self.recorder

    def close(self) -> None:
        """Take everything down."""
        self.switch.stop()
        if self.link is not None:
            self.link.stop()
        self.listener.close()
        self.recorder.close()
        self.outbox.close()

    def dial(
        self, flow: Flow, steps: list[dict[str, Any]] | dict[str, Any] | Script | None = None
    ) -> SimCall:
        """Hand a call over whose engine does `flow`; returns at once.

        Args: steps: what the caller does, or a whole script; by default the caller speaks for ten seconds.
        """
        self.flow = flow
        if steps is None:
            steps = [{"at": 0.0, "say": 10.0}]
        script = steps if isinstance(steps, Script) else read_script(steps)
        return self.switch.place_call(script=script, variables={"callflows_account_id": ACCOUNT_ID})

    def run(self, flow: Flow, steps: list[dict[str, Any]] | dict[str, Any] | Script | None = None) -> SimCall:
        """The same, and wait for the call's end and for every recording of it."""
        call = self.dial(flow, steps)
        assert call.wait_ended(DEADLINE_S), [str(line) for line in call.log]
        self.wait(lambda: not self.recorder.live)
        return call

    def record(
        self,
        request: RecordingRequest,
        then: Flow,
        steps: list[dict[str, Any]] | dict[str, Any] | None = None,
    ) -> tuple[Recording, SimCall]:
        """Record a call from its first moment, do `then`, and see it all to the end."""
        begun: list[Recording] = []

        def flow(call: Call) -> None:
            begun.append(self.recorder.start(call, request))
            then(call)

        call = self.run(flow, steps)
        return begun[0], call

    def stored(self, recording_id: str) -> StoredRecording:
        """What the outbox has of a recording."""
        return self.outbox.recording(recording_id)

    def is_known(self, recording_id: str) -> bool:
        """Whether the outbox has a recording."""
        try:
            self.outbox.recording(recording_id)
        except NotFound:
            return False
        return True

    def wait(self, condition: Callable[[], object]) -> None:
        """Wait until something holds, with a deadline."""
        with gevent.Timeout(DEADLINE_S, AssertionError("it never came about")):
            while not condition():
                gevent.sleep(0.005)

    def _serve(self, session: Session) -> None:
        call = receive(session)
        self.calls.append(call)
        self.flow(call)
        call.wait_complete(DEADLINE_S)

    def _heard(self, event: Event) -> None:
        self.recorder.on_event(event)

    def _new_link(self) -> Link:
        host, port = self.switch.event_socket
        link = Link(
            host,
            port,
            "ClueCon",
            events=LINK_EVENTS,
            on_event=self._heard,
            on_gap=lambda *_: None,
            on_up=lambda: None,
        )
        link.start()
        assert link.wait_up(DEADLINE_S)
        return link


def kill(recorder: Recorder) -> None:
    """End a recorder as SIGKILL would: nothing more is done by it, and nothing is tidied up."""
    if recorder._housekeeper is not None:
        recorder._housekeeper.kill()
    recorder._care._greenlets.kill()
    recorder._statuses.close()
    recorder._journal.flush()
    recorder._journal._writer.kill()
