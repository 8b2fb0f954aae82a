"""`callflows serve` from outside: calls, pages, signals, several processes, and a kill in mid-recording."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests

from recording.link import Links
from recording.link_origin import Origin
from recording.link_shelf import Shelf
from service.receiver import Receiver
from service.secret import NAME
from service.stage import ACCOUNT, Stage
from simulator.script import Act, Script, Step
from simulator.switch import Switch
from storage.names import account_db
from storage.outbox import Outbox
from storage.outbox_delivery import DeliveryState
from tests.service.house import HANGUP, RECORD, callflow, chain, lay_out, sleep
from tests.service.service_process import ServiceProcess, free_ports
from tests.waiting import eventually

CALL_S = 20.0
Serving = Callable[..., ServiceProcess]


@pytest.fixture
def switch() -> Iterator[Switch]:
    """A simulated FreeSWITCH in this process; it outlives the engines."""
    made = Switch().start()
    yield made
    made.stop()


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Documents with three callflows: a short one, a long one, one that records until the caller hangs up."""
    made = Stage(tmp_path)
    lay_out(made)
    database = account_db(ACCOUNT)
    answer = ("answer", {})
    made.write(database, "short", callflow("1000", chain(RECORD, answer, sleep(0.3), HANGUP)))
    made.write(database, "longer", callflow("2000", chain(RECORD, answer, sleep(1.5), HANGUP)))
    made.write(database, "endless", callflow("3000", chain(answer, sleep(600), HANGUP)))
    return made


@pytest.fixture
def serving(stage: Stage, switch: Switch) -> Iterator[Serving]:
    """Starts service processes on that stage; all are ended afterwards."""
    started: list[ServiceProcess] = []

    def start(**options: object) -> ServiceProcess:
        host, port = switch.event_socket
        started.append(ServiceProcess(stage, f"{host}:{port}", run=len(started) + 1, **options))  # type: ignore[arg-type]
        return started[-1]

    yield start
    for one in started:
        one.close()


def test_it_takes_calls_and_ends_gracefully(serving: Serving, switch: Switch, stage: Stage) -> None:
    """Calls are recorded and delivered, the pages answer, and SIGTERM lets the live call finish: exit 0."""
    engine = serving()
    call = switch.place_call("1000", engine=engine.address)
    assert call.wait_ended(CALL_S)
    health = engine.get("/healthz")
    assert health.status_code == 200
    assert set(health.json()["parts"]) == {
        "calls",
        "documents",
        "system_config",
        "outbox",
        "recordings",
        "disk",
        "notices",
        "event_socket",
        "call_events",
    }
    engine.wait_log("recording_finished")
    metrics = engine.get("/metrics").text
    assert 'callflows_calls_total{verdict="success"} 1.0' in metrics
    assert "callflows_hub_lag_seconds" in metrics
    live = switch.place_call("2000", engine=engine.address)
    eventually(lambda: live.recordings, what="the recording")
    engine.signal(signal.SIGTERM)
    assert engine.wait() == 0
    assert live.wait_ended(CALL_S)
    assert live.hangup_cause == "NORMAL_CLEARING"
    assert live.session.call_s > 1.4
    outbox = Outbox(stage.directory / "outbox.sqlite")
    sizes = {one.size_bytes for one in outbox.list()}
    outbox.close()
    assert sizes == {call.recordings[0].size_bytes, live.recordings[0].size_bytes}
    assert "Traceback" not in engine.text


def test_a_second_signal_does_not_wait(serving: Serving, switch: Switch) -> None:
    """Who asks twice means it: the live call is let go, and the exit code says so."""
    engine = serving()
    live = switch.place_call("3000", engine=engine.address)
    eventually(lambda: live.was_taken)
    engine.wait_log("listening")
    engine.signal(signal.SIGTERM)
    engine.wait_log("draining")
    assert engine.process.poll() is None
    assert engine.get("/healthz").status_code == 503
    engine.signal(signal.SIGINT)
    assert engine.wait(15) == 1


def test_several_processes_share_the_calls(serving: Serving, switch: Switch, stage: Stage) -> None:
    """Each takes its part, each has metrics of its own beside what they share, one SIGTERM ends all."""
    port, http_port, *own = free_ports(4)
    engines = serving(processes=2, port=port, http_port=http_port, own_port=own[0])
    first, second = engines.wait_log("engine_started", 2)
    assert first["port"] == second["port"]
    calls = [switch.place_call("1000", engine=engines.address) for _ in range(16)]
    assert all(call.wait_ended(CALL_S) for call in calls)
    assert {call.hangup_cause for call in calls} == {"NORMAL_CLEARING"}

    def taken() -> list[float]:
        pages = [engines.get_at(each, "/metrics").text.splitlines() for each in own]
        return [
            sum(float(line.split()[-1]) for line in lines if line.startswith("callflows_calls_total"))
            for lines in pages
        ]

    eventually(lambda: sum(taken()) == len(calls), what="all calls in the metrics")
    assert all(taken())
    assert {engines.get_at(http_port, "/healthz").status_code for _ in range(8)} == {200}
    answer = engines.get_at(http_port, "/metrics")
    assert (answer.status_code, str(own[1]) in answer.text) == (404, True)
    with closing(Outbox(stage.directory / "outbox.sqlite")) as outbox:
        origin = Origin(f"http://127.0.0.1:{http_port}", lambda: None)
        shelf = Shelf(stage.recordings, outbox, {})
        links = Links(outbox.secret(NAME), origin, shelf, lifetime_s=60)
        eventually(lambda: len(outbox.recordings()) == len(calls), what="all recordings in the outbox")
        urls = [links.url(one.recording_id, "wav") for one in outbox.recordings()]
    assert {requests.get(url, timeout=5).status_code for url in urls} == {200}  # whoever recorded it
    engines.signal(signal.SIGTERM)
    assert engines.wait() == 0
    assert len(engines.log("engine_stopped")) == 2


def test_a_killed_engine_loses_no_recording(serving: Serving, switch: Switch, stage: Stage) -> None:
    """A kill -9 in mid-recording; the switch finishes the file alone; the next engine delivers it, once."""
    receiver = Receiver(stage.directory / "received")
    receiver.start()
    record = ("record_call", {"action": "start", "format": "wav", "url": receiver.url})
    stage.write(account_db(ACCOUNT), "killed", callflow("4000", chain(record, ("answer", {}), sleep(600))))
    engine = serving()
    script = Script().with_steps(Step(Act.SAY, "0.8", at_s=0.1))
    call = switch.place_call("4000", engine=engine.address, script=script)
    eventually(lambda: call.recordings, what="the recording")
    engine.wait_log("recording_started")
    eventually(lambda: call.session.call_s >= 1.0)
    os.kill(engine.process.pid, signal.SIGKILL)
    engine.wait()
    assert call.wait_ended(CALL_S)
    (recording,) = call.recordings
    eventually(lambda: recording.cause, what="the end of the recording")
    written = recording.path.read_bytes()
    assert len(written) == recording.size_bytes > 1000
    again = serving()
    again.wait_log("recording_delivered", timeout_s=40)
    assert [path.read_bytes() for path in receiver.received] == [written]
    again.signal(signal.SIGTERM)
    assert again.wait() == 0
    outbox = Outbox(stage.directory / "outbox.sqlite")
    (delivery,) = outbox.list()
    outbox.close()
    assert (delivery.state, delivery.attempts) == (DeliveryState.DELIVERED, 1)
    assert len(receiver.received) == 1
    receiver.stop()


def test_an_address_in_use_is_said_in_a_line(serving: Serving) -> None:
    """The process ends with exit code 1, and its last line names the address."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for options in ({"port": port}, {"http_port": port}):
            engine = serving(**options)
            assert engine.wait() == 1
            assert engine.text.splitlines()[-1].startswith("Error: ")
            assert str(port) in engine.text.splitlines()[-1]
            assert "Traceback" not in engine.text
