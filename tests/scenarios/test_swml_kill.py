"""The engine is killed while a script records: the next one tells `finished` once, and all arrives."""

from __future__ import annotations

import json
import signal
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import gevent
import pytest
import requests

from esl.errors import EslError
from service.stage import ACCOUNT, Stage
from storage.names import account_db
from tests.scenarios.conftest import open_to_all
from tests.scenarios.swml_ground import TALKS
from tests.scenarios.swml_lines import PhoneLine
from tests.service.house import callflow, chain, lay_out
from tests.service.service_process import ServiceProcess, free_ports
from tests.storage.receiver import Answer, Receiver, serving
from tests.waiting import eventually

pytestmark = pytest.mark.timeout(90)

AGAIN_S = 1.5
"""For a second `finished`, if there were one."""

SETTLED_S = 30.0


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Where status callbacks go."""
    with serving(Answer(200)) as receiver:
        yield receiver


def states(receiver: Receiver) -> list[str]:
    """Return what was told, in order."""
    return [json.loads(request.body)["params"]["state"] for request in receiver.requests]


def recorded_s(stage: Stage) -> float:
    """Return how long the one recording is by now: its header says how many samples, when it is over."""
    for path in stage.recordings.glob("*/*.wav"):
        head = path.read_bytes()[:44]
        if len(head) == 44:
            _, _, bytes_a_second = struct.unpack_from("<HII", head, 22)
            return (path.stat().st_size - len(head)) / bytes_a_second
    return 0.0


@pytest.mark.parametrize("method", ["record", "record_call"])
def test_a_killed_engines_recording_is_finished_by_the_next(
    tmp_path_factory: pytest.TempPathFactory, phones: PhoneLine, receiver: Receiver, method: str
) -> None:
    """The caller hangs up meanwhile; what `finished` says leads to the recording."""
    stage = Stage(open_to_all(tmp_path_factory.mktemp("kill")))
    lay_out(stage)
    stage.recordings.chmod(0o777)
    properties: dict[str, Any] = {"status_url": receiver.url()}
    main = [{"answer": {}}, {method: properties}, {"play": {"url": "silence:60"}}]
    flow = callflow("1000", chain(("swml", {"document": {"sections": {"main": main}}})))
    stage.write(account_db(ACCOUNT), "flow", flow)
    ports = free_ports(2)

    def start(run: int) -> ServiceProcess:
        process = ServiceProcess(stage, phones.event_socket, port=ports[0], http_port=ports[1], run=run)
        process.wait_log("link_up")
        return process

    first = start(1)
    try:
        variables = {"callflows_account_id": ACCOUNT, "callflows_number": "1000"}
        phone = phones.ring("1000", TALKS, variables, ports[0])
        receiver.wait_for(lambda: states(receiver) == ["recording"])
        eventually(lambda: recorded_s(stage) > 0.6, SETTLED_S, "what is said, on the recording")
        first.signal(signal.SIGKILL)
        first.wait()
        with suppress(EslError):  # the call may be over already: nobody serves it
            phone.hang_up()
    finally:
        first.close()
    second = start(2)
    try:
        eventually(lambda: states(receiver) == ["recording", "finished"], SETTLED_S, "what is told")
        told = json.loads(receiver.requests[-1].body)["params"]
        copies = eventually(
            lambda: sorted((stage.documents / "account").glob("demo-*/*,*")), SETTLED_S, "its arrival"
        )
        file = requests.get(told["url"], timeout=10)
        gevent.sleep(AGAIN_S)
    finally:
        second.close()
    assert states(receiver) == ["recording", "finished"]
    assert [copy.stem.rpartition(",")[2] for copy in copies] == [told["recording_id"]]
    assert file.status_code == 200
    assert len(file.content) == told["size"] == copies[0].stat().st_size
    assert told["duration"] > 0.5
    assert json.loads(receiver.requests[0].body)["params"]["url"].partition("?")[0] in told["url"]
