"""One engine on which scenarios are played, several at once, and what became of each.

A switch is reached by a Line: the simulator's or a real FreeSWITCH's. Everything else is the same for both.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import gevent
from gevent.pool import Pool

from callflows.runner import CallReport
from config.settings import load
from esl.errors import EslError
from esl.link import Link
from esl.session import Session
from recording.outcome import RecordingOutcome
from recording.recording import Recording
from service.engine import Engine
from storage.open_store import open_store
from storage.outbox_delivery import Delivery, DeliveryState
from tests.scenarios.outside import Outside
from tests.scenarios.scenario import Caller, Scenario, Tenant
from tests.scenarios.tenants import Accounts, tenants
from tests.service.house import callflow, chain
from tests.waiting import eventually

AT_ONCE = 10
"""Scenarios played side by side; more would disturb each other's times."""

HANDED_OVER_S = 15.0
CALL_S = 40.0
SETTLED_S = 40.0
FIRST_NUMBER = 7000


class Line(Protocol):
    """A switch. `event_socket`, `password`: of it; `moved_to`: what `uuid_transfer` takes for a party."""

    event_socket: str
    password: str
    moved_to: str

    def place(self, number: str, caller: Caller, variables: Mapping[str, str], port: int) -> str:
        """Have a call handed to an engine on that port. Returns: what `uuid_kill` is to be told."""


@dataclass(slots=True)
class Played:
    """What became of one scenario. `failure`: why it could not be played."""

    scenario: Scenario
    account_id: str = ""
    uuid: str = ""
    report: CallReport | None = None
    recordings: list[Recording] = field(default_factory=list)
    outcomes: list[RecordingOutcome] = field(default_factory=list)
    deliveries: list[Sequence[Delivery]] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    failure: BaseException | None = None


class Ground:
    """Args: documents_url: "" for a folder below `directory`."""

    def __init__(
        self,
        directory: Path,
        line: Line,
        outside: Outside,
        scenarios: Sequence[Scenario],
        documents_url: str = "",
    ) -> None:
        self.directory = directory
        self.outside = outside
        self.recordings = directory / "recordings"
        self.recordings.mkdir()
        self.recordings.chmod(0o777)  # FreeSWITCH may run as another user
        self._line = line
        self._numbers = {one.name: str(FIRST_NUMBER + index) for index, one in enumerate(scenarios)}
        (directory / "documents").mkdir()
        self.documents_url = documents_url or (directory / "documents").as_uri()
        self.store = open_store(self.documents_url, cache=False)
        third_url = outside.third_url
        self.accounts = Accounts(self.documents_url, self.store, tenants(outside.receiver.url, third_url))
        self.month = datetime.now(UTC).strftime("%Y%m")
        for one in scenarios:
            number = self._numbers[one.name]
            document = callflow(number, chain(*self.spelled(one.steps)))
            self.accounts.write(one.tenant, f"flow{number}", document)
        self._sessions: dict[str, str] = {}
        self._reports: dict[str, CallReport] = {}
        self._begun: dict[str, list[Recording]] = {}
        self.engine = self._engine()

    def spelled(self, what: Any) -> Any:
        """Put addresses and the month where scenarios have words for them."""
        if isinstance(what, str):
            return what.format(**self.outside.words, month=self.month) if "{" in what else what
        if isinstance(what, Mapping):
            return {key: self.spelled(value) for key, value in what.items()}
        if isinstance(what, tuple):
            return tuple(self.spelled(one) for one in what)
        return what

    def play(self, scenarios: Sequence[Scenario]) -> dict[str, Played]:
        """Play them all. Returns: what became of each, by name."""
        self.engine.start()
        assert self.engine.link is not None
        link = self.engine.link.wait_up(10)
        assert link is not None, "no log-in at the switch's event socket"
        pool = Pool(AT_ONCE)
        played = {one.name: Played(one) for one in scenarios}
        pool.map(lambda one: self._play(one, link), played.values())
        return played

    def close(self) -> None:
        """Stop the engine, and leave others' databases as they were."""
        self.engine.stop()
        self.accounts.close()
        self.store.close()

    def _engine(self) -> Engine:
        environment = {
            "CALLFLOWS_FREESWITCH_LISTEN": "127.0.0.1:0",
            "CALLFLOWS_FREESWITCH_EVENT_SOCKET": self._line.event_socket,
            "CALLFLOWS_FREESWITCH_PASSWORD": self._line.password,
            "CALLFLOWS_FREESWITCH_RECORDINGS_DIR": str(self.recordings),
            "CALLFLOWS_FREESWITCH_NODE": self.accounts.ids[Tenant.STORES],
            "CALLFLOWS_DOCUMENTS_URL": self.documents_url,
            "CALLFLOWS_OUTBOX_PATH": str(self.directory / "outbox.sqlite"),
            "CALLFLOWS_OUTBOX_LOCAL_DIR": str(self.directory / "delivered"),
            "CALLFLOWS_OUTBOX_ALLOW_NETWORKS": "127.0.0.0/8",
            "CALLFLOWS_HTTP_LISTEN": "",
        }
        engine = Engine(load(None, environment))
        handle, report, begin = engine.listener._handle, engine.runner._on_report, engine.recorder.start

        def handed_over(session: Session) -> None:
            self._sessions[_number_of(session)] = session.uuid
            handle(session)

        def reported(found: CallReport) -> None:
            self._reports[found.call_id] = found
            if report is not None:
                report(found)

        def start(call: Any, request: Any, **options: Any) -> Recording:
            recording = begin(call, request, **options)
            self._begun.setdefault(call.uuid, []).append(recording)
            return recording

        engine.listener._handle = handed_over
        engine.runner._on_report = reported
        engine.recorder.start = start  # type: ignore[method-assign]
        return engine

    # -- one call ---------------------------------------------------------------------------------------

    def _play(self, played: Played, link: Link) -> None:
        try:
            self._run(played, link)
        except Exception as exc:  # noqa: BLE001 - it belongs to that scenario's test
            played.failure = exc

    def _run(self, played: Played, link: Link) -> None:
        scenario = played.scenario
        number, played.account_id = self._numbers[scenario.name], self.accounts.ids[scenario.tenant]
        variables = {"callflows_account_id": played.account_id, "callflows_number": number}
        caller = self._line.place(number, scenario.caller, variables, self.engine.listener.address[1])
        played.uuid = eventually(lambda: self._sessions.get(number, ""), HANDED_OVER_S, "the hand-off")
        self._act(scenario.caller, played.uuid, caller, link)
        played.report = eventually(lambda: self._reports.get(played.uuid), CALL_S, "the call's end")
        played.recordings = self._begun.get(played.uuid, [])
        for recording in played.recordings:
            outcome = recording.wait_finished(SETTLED_S)
            assert outcome is not None, f"a recording is {recording.state} after {SETTLED_S:g} s"
            played.outcomes.append(outcome)
            played.deliveries.append(self._settled(recording.id))
            entry = self.engine.outbox.register.get(recording.id)
            played.rules.append(entry.row.rule if entry else "")

    def _act(self, caller: Caller, uuid: str, killed: str, link: Link) -> None:
        """Do what the caller does besides talking."""
        began_s = time.monotonic()
        moments = [(at_s, "uuid_recv_dtmf", f"{uuid} {digits}") for at_s, digits in caller.presses]
        if caller.moves_s is not None:
            moments.append((caller.moves_s, "uuid_transfer", f"{uuid} {self._line.moved_to}"))
        if caller.hangs_up_s is not None:
            moments.append((caller.hangs_up_s, "uuid_kill", killed))
        for at_s, command, argument in sorted(moments):
            gevent.sleep(max(0.0, began_s + at_s - time.monotonic()))
            try:
                link.api(command, argument)
            except EslError as exc:
                raise AssertionError(f"{command}: {exc}; the call is over too early") from exc

    def _settled(self, recording_id: str) -> Sequence[Delivery]:
        """Wait until nothing of a recording waits any more that could be done soon."""

        def at_rest() -> bool:
            return all(_is_at_rest(one) for one in self.engine.outbox.list(recording_id=recording_id))

        eventually(at_rest, SETTLED_S, "the delivery")
        return self.engine.outbox.list(recording_id=recording_id)


def _is_at_rest(delivery: Delivery) -> bool:
    is_done = delivery.state in (DeliveryState.DELIVERED, DeliveryState.DEAD)
    return is_done or (delivery.attempts > 0 and delivery.state is DeliveryState.PENDING)


def _number_of(session: Session) -> str:
    return session.channel.variable("callflows_number") or ""
