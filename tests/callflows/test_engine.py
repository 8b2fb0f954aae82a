"""The engine's rules (reference section 1.4), one by one."""

from __future__ import annotations

from typing import Any

import gevent
import pytest
from marshmallow import fields
from structlog.testing import capture_logs

from callflows.action import (
    CONTINUE,
    HARD_STOP,
    STOP,
    TRANSFER,
    USURPED,
    Action,
    ActionData,
    Data,
    Needs,
    Next,
    Step,
    continue_to,
)
from callflows.engine import HANG_UP, LEAVE, Fate, Walk
from callflows.flow_run import FlowRun
from callflows.registry import Registry
from calls.cause import HangupCause
from tests.callflows.kit import REGISTRY, House, node
from tests.calls.scripted_switch import ScriptedSwitch


class AnyData(ActionData):
    """What the test actions are told."""

    key = fields.String(load_default="_")
    number = fields.Integer(load_default=0)


def _go(run: FlowRun, data: Data) -> Next:
    return continue_to(data["key"])


def _try(run: FlowRun, data: Data) -> Next:
    return run.attempt(data["key"]) or continue_to("failed")


def _crash(run: FlowRun, data: Data) -> Next:
    raise RuntimeError("of its own")


def _sleep_through(run: FlowRun, data: Data) -> Next:
    """Hang on until the call is gone, then go on all the same."""
    run.continue_on_destroy = True
    run.call.wait_ended(5)
    return CONTINUE


def _replace(run: FlowRun, data: Data) -> Next:
    flow = run.facilities.lookup.flow(data["key"], run.account_id)
    return Next(Step.REPLACE, flow=flow)


ACTIONS: dict[str, Action] = {
    name: Action(schema=AnyData, run=run, summary=name, needs=needs, branches="(?s).*")
    for name, run, needs in (
        ("go", _go, Needs.CHANNEL),
        ("mark", _go, Needs.NOTHING),
        ("try", _try, Needs.CHANNEL),
        ("crash", _crash, Needs.CHANNEL),
        ("through", _sleep_through, Needs.CHANNEL),
        ("replace", _replace, Needs.CHANNEL),
        ("nothing", lambda run, data: None, Needs.CHANNEL),
        ("stop", lambda run, data: STOP, Needs.CHANNEL),
        ("busy", lambda run, data: Next(Step.STOP, cause="USER_BUSY"), Needs.CHANNEL),
        ("odd", lambda run, data: Next(Step.STOP, cause="NO_SUCH_CAUSE"), Needs.CHANNEL),
        ("hard", lambda run, data: HARD_STOP, Needs.CHANNEL),
        ("leave", lambda run, data: TRANSFER, Needs.CHANNEL),
        ("usurp", lambda run, data: USURPED, Needs.CHANNEL),
        ("wait", lambda run, data: run.call.sleep(5) or CONTINUE, Needs.CHANNEL),
    )
}


@pytest.fixture
def house(house: House) -> House:
    """The same house with actions that do nothing but hand over."""
    house.registry = Registry({**dict(REGISTRY), **ACTIONS})
    house.facilities.lookup._compiler.registry = house.registry
    return house


END = node("mark")
NO_MODULE: dict[str, Any] = {"data": {}, "children": {"_": END}}


@pytest.mark.parametrize(
    ("flow", "walked", "end"),
    [
        # continue: the child, else `_`, else stop
        (node("go", {"key": "a"}, a=node("mark", {}, _=END), _=node("stop")), "go mark mark", HANG_UP),
        (node("go", {"key": "b"}, a=node("stop"), _=END), "go mark", HANG_UP),
        (node("go", {"key": "b"}, a=END), "go", HANG_UP),
        (node("go"), "go", HANG_UP),
        # an empty child counts as present for continue, and stops
        (node("go", {"key": "a"}, a={}, _=END), "go", HANG_UP),
        (node("go", {"key": "a"}, a=None, _=END), "go mark", HANG_UP),
        # attempt: exactly that child, and not an empty one
        (node("try", {"key": "a"}, a=END, failed=node("stop")), "try mark", HANG_UP),
        (node("try", {"key": "a"}, a={}, failed=END), "try mark", HANG_UP),
        (node("try", {"key": "a"}, a=None, failed=END), "try mark", HANG_UP),
        (node("try", {"key": "b"}, a=node("stop"), failed=node("go", {}, _=END)), "try go mark", HANG_UP),
        # passed over: skip_module, an unknown module
        (node("go", {"skip_module": True, "key": "a"}, a=node("stop"), _=END), "mark", HANG_UP),
        (node("go", {"skip_module": "true"}, _=END), "mark", HANG_UP),
        (node("goo", {"key": "a"}, a=node("stop"), _=END), "mark", HANG_UP),
        (node("goo"), "", HANG_UP),
        # a node without a module hangs up, whatever its children
        (node("go", {}, _=NO_MODULE), "go", HANG_UP),
        (node("go", {}, _={**NO_MODULE, "module": ""}), "go", HANG_UP),
        (node("go", {}, _="no node"), "go", HANG_UP),
        # a crash, and data that cannot be used, go on at `_`
        (node("crash", {}, _=END, a=node("stop")), "crash mark", HANG_UP),
        (node("go", {"number": "many"}, _=END), "go mark", HANG_UP),
        # another program's node
        ({**node("x", {}, REMOTE_UNAVAILABLE=END), "remote_execution": True}, "mark", HANG_UP),
        ({**node("x", {}, _=END), "remote_execution": True}, "mark", HANG_UP),
        # the ends
        (node("stop", {}, _=END), "stop", HANG_UP),
        (node("busy"), "busy", Walk(Fate.HANG_UP, HangupCause.USER_BUSY)),
        (node("odd"), "odd", HANG_UP),
        (node("hard", {}, _=END), "hard", HANG_UP),
        (node("leave", {}, _=END), "leave", LEAVE),
        (node("usurp", {}, _=END), "usurp", LEAVE),
        ({}, "", HANG_UP),
        (None, "", HANG_UP),
        ("no node", "", HANG_UP),
    ],
)
def test_outcomes_are_followed(house: House, flow: Any, walked: str, end: Walk) -> None:
    """Each rule in its smallest flow: the actions run, and what becomes of the channel."""
    found, run = house.walk(ScriptedSwitch().call(), flow)
    assert (" ".join(run.walked), found) == (walked, end)


@pytest.mark.parametrize(
    ("called", "back", "walked", "end"),
    [
        # what stops comes back to the branching node's `_`
        (node("stop"), END, "callflow stop mark", HANG_UP),
        (node("go"), END, "callflow go mark", HANG_UP),
        (node("busy"), END, "callflow busy mark", HANG_UP),
        (node("busy"), None, "callflow busy", Walk(Fate.HANG_UP, HangupCause.USER_BUSY)),
        ({}, END, "callflow mark", HANG_UP),
        # an empty `_` is nothing to come back to
        (node("stop"), {}, "callflow stop", HANG_UP),
        # hanging up and leaving do not come back
        (node("hard"), END, "callflow hard", HANG_UP),
        (node("hangup"), END, "callflow hangup", HANG_UP),
        (NO_MODULE, END, "callflow", HANG_UP),
        (node("leave"), END, "callflow leave", LEAVE),
        # replacing the flow keeps what is to be resumed
        (node("replace", {"key": "third"}), END, "callflow replace go mark", HANG_UP),
    ],
)
def test_branches_come_back(house: House, called: Any, back: Any, walked: str, end: Walk) -> None:
    """A callflow that was called hands back when it stops, and only then."""
    house.callflow("other", called)
    house.callflow("third", node("go"))
    children = {} if back is None else {"_": back}
    found, run = house.walk(ScriptedSwitch().call(), node("callflow", {"id": "other"}, **children))
    assert (" ".join(run.walked), found) == (walked, end)


def test_branches_nest(house: House) -> None:
    """The newest is resumed first."""
    house.callflow("b", node("callflow", {"id": "c"}, _=node("go", {}, _=node("stop"))))
    house.callflow("c", node("stop"))
    _, run = house.walk(ScriptedSwitch().call(), node("callflow", {"id": "b"}, _=END))
    assert run.walked == ["callflow", "callflow", "stop", "go", "stop", "mark"]


@pytest.mark.parametrize(("limit", "branches"), [(50, 50), (1, 1), (3, 3)])
def test_two_flows_that_call_each_other_end(house: House, limit: int, branches: int) -> None:
    """The counter is never filled up again; the one branch too many hangs up."""
    house.callflow("a", node("callflow", {"id": "b"}, _=END))
    house.callflow("b", node("callflow", {"id": "a"}, _=END))
    with capture_logs() as logs:
        end, run = house.walk(ScriptedSwitch().call(), node("callflow", {"id": "a"}), limit)
    assert (end, run.walked_count) == (HANG_UP, branches + 1)
    assert [line["event"] for line in logs if line["log_level"] == "warning"] == ["branch_count_exceeded"]


def test_a_module_that_says_nothing_waits_for_the_hangup(house: House) -> None:
    """The call is left as it is."""
    switch = ScriptedSwitch()
    walking = house.walking(switch, node("nothing", {}, _=END), until="nothing")
    assert not walking.ready()
    switch.hang_up()
    end, run = walking.get(timeout=5)
    assert (end, run.walked) == (LEAVE, ["nothing"])


@pytest.mark.parametrize("module", ["wait", "sleep"])
def test_nothing_runs_after_the_hangup(house: House, module: str) -> None:
    """Neither what comes next, nor what could be resumed."""
    house.callflow("other", node(module, {"duration": 5}, _=END))
    switch = ScriptedSwitch()
    walking = house.walking(switch, node("callflow", {"id": "other"}, _=END), until=module)
    switch.hang_up()
    end, run = walking.get(timeout=5)
    assert (end, run.walked) == (LEAVE, ["callflow", module])


def test_a_module_can_ask_to_go_on_after_the_hangup(house: House) -> None:
    """Then what needs no channel runs, and what needs one is passed over."""
    switch = ScriptedSwitch()
    flow = node("through", {}, _=node("go", {}, _=node("mark", {}, _=node("play", {"id": "x"}, _=END))))
    walking = house.walking(switch, flow, until="through")
    switch.hang_up()
    end, run = walking.get(timeout=5)
    assert run.walked == ["through", "mark", "mark"]
    assert end == HANG_UP


@pytest.mark.parametrize("how", ["leave", "close"])
def test_a_channel_that_left_is_left_alone(house: House, how: str) -> None:
    """Transferred away, or the link lost: no further node, no hangup."""
    switch = ScriptedSwitch()
    walking = house.walking(switch, node("wait", {}, _=END), until="wait")
    getattr(switch, how)()
    end, run = walking.get(timeout=5)
    assert (end, run.walked) == (LEAVE, ["wait"])


def test_a_crash_is_told_with_its_place(house: House) -> None:
    """Document, path and traceback, once."""
    with capture_logs() as logs:
        house.walk(ScriptedSwitch().call(), node("go", {}, _=node("crash", {}, _=END)))
    (line,) = [line for line in logs if line["event"] == "action_crashed"]
    assert (line["document"], line["path"], line["action"]) == ("main", "flow.children._", "crash")


def test_invalid_data_is_told_with_its_path(house: House) -> None:
    """The operator reads which document and which value."""
    with capture_logs() as logs:
        house.walk(ScriptedSwitch().call(), node("go", {"number": "x"}))
    (line,) = [line for line in logs if line["event"] == "node_data_invalid"]
    assert line["document"] == "main"
    assert line["faults"][0].startswith("flow.data.number: ")


def test_last_and_previous_action_are_remembered(house: House) -> None:
    """As cf_last_action and cf_old_action are."""
    _, run = house.walk(ScriptedSwitch().call(), node("go", {}, _=node("crash", {}, _=node("stop"))))
    assert (run.kvs.old_action, run.kvs.last_action) == ("crash", "stop")


def test_a_long_walk_lets_others_have_their_turn(house: House) -> None:
    """A thousand nodes that wait for nothing do not stop the other calls."""
    deep: dict[str, Any] = END
    for _ in range(1000):
        deep = node("mark", {}, _=deep)
    turns: list[int] = []

    def others() -> None:
        while True:
            turns.append(1)
            gevent.sleep(0)

    greenlet = gevent.spawn(others)
    _, run = house.walk(ScriptedSwitch().call(), deep)
    greenlet.kill()
    assert run.walked_count == 1001
    assert len(run.walked) == 200
    assert len(turns) >= 10


def test_peeking_does_not_move(house: House) -> None:
    """`next`: the child, else `_`, else nothing."""
    run = house.run_on(ScriptedSwitch().call(), node("go", {}, a=END, _={}))
    assert run.peek("a") is run.node.children["a"]
    assert run.peek("b") is run.node.children["_"]
    assert (run.has_child("b"), run.has_child("_"), run.is_wildcard_empty) == (False, True, True)
