"""enter_queue: how callers wait, who takes them, what is told of it, where they go afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from callflows.own_program import SWML_VARIABLE
from calls.identity import ACCOUNT_VARIABLES
from simulator.simcall import SimCall
from swml.compiling import load
from swml.errors import BadDocument
from swml.methods.enter_queue import ACCOUNT_VARIABLE, PROGRAM_VARIABLE
from swml.runner import How
from tests.callflows.kit import ACCOUNT
from tests.swml.script_stage import ScriptStage
from tests.swml.stage import applications
from tests.waiting import eventually

QUEUE = f"{ACCOUNT}__support"
URL, AFTER = "https://example.com/queue", "https://example.com/after"
RESULT = {"return": "${queue_result} ${return_value} ${entry_position} ${entry_size}"}
STAYS = {"at": 0, "say": 30.0}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[ScriptStage]:
    """A stage for documents."""
    made = ScriptStage(tmp_path)
    yield made
    made.close()


def entering(stage: ScriptStage, number: str = "1", **properties: Any) -> SimCall:
    """Have a call enter the queue; returns once it is in."""
    step = {"queue_name": "support", "transfer_after_bridge": AFTER, "status_url": URL, **properties}
    sim = stage.begin([{"enter_queue": step}, RESULT], STAYS, number=number)
    eventually(lambda: told(stage, sim), what="that it is in the queue")
    return sim


def taking(stage: ScriptStage, number: str = "9") -> SimCall:
    """Have a call take one."""
    steps = [{"connect": {"to": "queue:support", "timeout": 5}}, {"return": "${connect_result}"}]
    return stage.begin(steps, STAYS, number=number)


def told(stage: ScriptStage, sim: SimCall) -> list[dict[str, Any]]:
    """What was told of a call."""
    return [one for one in stage.callbacks("calling.call.queue") if one["call_id"] == sim.uuid]


def test_the_variables_are_those_of_calls_that_bring_a_program() -> None:
    """They are named where each language looks for them."""
    assert (SWML_VARIABLE, ACCOUNT_VARIABLES[0]) == (PROGRAM_VARIABLE, ACCOUNT_VARIABLE)


def test_nobody_comes_in_time(stage: ScriptStage) -> None:
    """The script goes on, and knows where it stood; nothing is left for later."""
    sim = entering(stage, wait_time=1)
    done = stage.finish(sim)
    assert (done.end.how, done.end.value) == (How.FINISHED, "timeout timeout 1 1")
    assert [one["status"] for one in told(stage, sim)] == ["enqueue", "leave"]
    assert not sim.session.channel.get("transfer_after_bridge")
    assert not sim.session.channel.get(PROGRAM_VARIABLE)


def test_the_callbacks_have_the_published_fields(stage: ScriptStage) -> None:
    """Times are epoch microseconds, 0 where there are none yet."""
    sim = entering(stage, wait_time=1)
    stage.finish(sim)
    entered, left = told(stage, sim)
    assert entered == {
        "status": "enqueue",
        "id": left["id"],
        "name": "support",
        "position": 1,
        "size": 1,
        "avg_time": 0,
        "enqueue_ts": left["enqueue_ts"],
        "dequeue_ts": 0,
        "leave_ts": 0,
        "status_url": URL,
        "control_id": left["control_id"],
        "call_id": sim.uuid,
        "node_id": "node-1",
    }
    assert 0.5e6 < left["leave_ts"] - entered["enqueue_ts"] < 5e6


def test_who_comes_first_is_taken_first(stage: ScriptStage) -> None:
    """It leaves its script with the document it is to run then, and is told apart from the other."""
    first = entering(stage, "1")
    second = entering(stage, "2")
    assert [told(stage, sim)[0]["position"] for sim in (first, second)] == [1, 2]
    agent = taking(stage)
    eventually(lambda: len(told(stage, first)) == 2, what="that it is taken")
    assert stage.ends[first.uuid].how is How.LEFT
    dequeued = told(stage, first)[1]
    assert (dequeued["status"], dequeued["position"], dequeued["size"]) == ("dequeue", 0, 0)
    assert (dequeued["control_id"], dequeued["enqueue_ts"]) == (None, 0)
    assert dequeued["dequeue_ts"]
    channel = first.session.channel
    assert channel.get(PROGRAM_VARIABLE) == AFTER
    assert channel.get(ACCOUNT_VARIABLE) == ACCOUNT
    host, port = stage.listener.address
    assert channel.get("transfer_after_bridge") == f"'socket:{host}:{port} async full':inline"
    assert len(told(stage, second)) == 1
    first.hang_up()
    assert stage.finish(agent).end.value == "connected"
    second.hang_up()
    assert stage.finish(second).end.how is How.GONE
    assert [one["status"] for one in told(stage, second)] == ["enqueue", "leave"]


def test_a_call_is_handed_over_anew_when_the_talk_is_over(stage: ScriptStage) -> None:
    """To whichever engine is there; the document in it is in one line, its expressions as they stand."""
    document = {"sections": {"main": [{"set": {"a": "${call.call_id}"}}, {"hangup": {}}]}}
    caller = entering(stage, transfer_after_bridge=json.dumps(document, indent=2))
    stage.documents["socket"] = {"sections": {"main": [{"return": "anew"}]}}
    agent = taking(stage)
    eventually(lambda: caller.uuid in stage.ends, what="that it has left")
    # As it stands there events say `$`: FreeSWITCH is to expand nothing in it.
    program = (caller.session.channel.get(PROGRAM_VARIABLE) or "").replace("%24{", "${")
    assert program == json.dumps(document, separators=(",", ":"))
    del stage.ends[caller.uuid]
    stage.documents[caller.session.channel.profile.destination] = stage.documents["socket"]
    agent.hang_up()
    assert stage.finish(caller).end.value == "anew"


def test_music_is_what_the_document_says(stage: ScriptStage) -> None:
    """Else the house's."""
    for number, url, music in (("1", "https://example.com/a.wav", "a.wav"), ("2", "", "local_stream://moh")):
        sim = entering(stage, number, wait_time=1, **({"wait_url": url} if url else {}))
        stage.finish(sim)
        (line,) = [one for one in applications(sim) if one.startswith("fifo ")]
        assert line.endswith(music)


def test_a_name_that_is_none_fails(stage: ScriptStage) -> None:
    """The script goes on."""
    done = stage.do([{"enter_queue": {"queue_name": " ", "transfer_after_bridge": AFTER}}, RESULT])
    assert done.end.value == "failed failed -1 -1"


@pytest.mark.parametrize(
    "properties",
    [
        {"queue_name": "x"},
        {"transfer_after_bridge": AFTER},
        {"queue_name": "x", "transfer_after_bridge": "somewhere"},
        {"queue_name": "x", "transfer_after_bridge": '{"sections": {"main": [{"nothing": {}}]}}'},
        {"queue_name": "x", "transfer_after_bridge": AFTER, "wait_time": 0},
    ],
)
def test_what_is_no_queue_is_refused(properties: dict[str, Any]) -> None:
    """When the document is read."""
    with pytest.raises(BadDocument):
        load(json.dumps({"sections": {"main": [{"enter_queue": properties}]}}))
