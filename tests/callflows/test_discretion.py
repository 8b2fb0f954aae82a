"""Recordings are silent while a node marked sensitive runs, and never for longer."""

from __future__ import annotations

from typing import Any

import pytest

from callflows.action import CONTINUE, HARD_STOP, TRANSFER, Action, ActionData, Data, Needs, Next
from callflows.flow_run import FlowRun
from callflows.registry import Registry
from tests.callflows.kit import REGISTRY, House, node
from tests.calls.scripted_switch import ScriptedSwitch, never

SECRET = {"sensitive": True}


class Watch:
    """Notes which masks were worn as its nodes ran."""

    def __init__(self, house: House) -> None:
        self.seen: list[list[str]] = []
        self._house = house

    def look(self, run: FlowRun, data: Data) -> Next:
        """Look."""
        self.seen.append(list(self._house.recorder.worn))
        return CONTINUE

    def crash(self, run: FlowRun, data: Data) -> Next:
        """Look, and fail."""
        self.look(run, data)
        raise RuntimeError("of its own")

    def stop(self, run: FlowRun, data: Data) -> Next:
        """Look, and hang up."""
        self.look(run, data)
        return HARD_STOP

    def leave(self, run: FlowRun, data: Data) -> Next:
        """Look, and leave."""
        self.look(run, data)
        return TRANSFER


@pytest.fixture
def watch(house: House) -> Watch:
    """A house whose actions look."""
    watch = Watch(house)
    actions = {
        name: Action(schema=ActionData, run=getattr(watch, name), summary=name, needs=Needs.NOTHING)
        for name in ("look", "crash", "stop", "leave")
    }
    house.registry = Registry({**dict(REGISTRY), **actions})
    house.facilities.lookup._compiler.registry = house.registry
    return watch


def test_a_node_is_masked_while_it_runs_and_not_after(house: House, watch: Watch) -> None:
    """The reason names the action, the node and its document."""
    house.walk(ScriptedSwitch().call(), node("look", {}, _=node("look", SECRET, _=node("look"))))
    assert watch.seen == [[], ["look at flow.children._ of main"], []]
    assert house.recorder.worn == []


@pytest.mark.parametrize("marked", ["true", True])
def test_it_may_be_marked_in_words(house: House, watch: Watch, marked: Any) -> None:
    """Documents come from many hands."""
    house.walk(ScriptedSwitch().call(), node("look", {"sensitive": marked}))
    assert len(watch.seen[0]) == 1


def test_a_mark_that_is_none_keeps_the_node_from_running(house: House, watch: Watch) -> None:
    """Better no digits than digits on the tape."""
    _, run = house.walk(ScriptedSwitch().call(), node("look", {"sensitive": "maybe"}, _=node("answer")))
    assert (watch.seen, run.walked) == ([], ["look", "answer"])


@pytest.mark.parametrize("module", ["crash", "stop", "leave"])
def test_the_mask_is_lifted_however_the_node_ends(house: House, watch: Watch, module: str) -> None:
    """A crash, a hangup, a channel that goes elsewhere."""
    house.walk(ScriptedSwitch().call(), node(module, SECRET))
    assert len(watch.seen[0]) == 1
    assert house.recorder.worn == []


def test_the_mask_is_lifted_when_the_caller_hangs_up_in_it(house: House) -> None:
    """In the middle of a prompt, say."""
    switch = ScriptedSwitch()
    switch.applications["playback"] = never
    walking = house.walking(switch, node("play", {"id": "a/b.wav", "sensitive": True}), "play")
    switch.wait_run("playback")
    assert len(house.recorder.worn) == 1
    switch.hang_up()
    walking.get(timeout=5)
    assert house.recorder.worn == []


def test_a_callflow_that_is_called_is_masked_until_it_comes_back(house: House, watch: Watch) -> None:
    """Whoever marks the call means what happens in it."""
    house.callflow("pay", node("look", {}, _=node("look")))
    house.walk(ScriptedSwitch().call(), node("callflow", {"id": "pay", **SECRET}, _=node("look")))
    assert [len(worn) for worn in watch.seen] == [1, 1, 0]


def test_one_that_does_not_come_back_is_masked_to_the_end(house: House, watch: Watch) -> None:
    """Its end is the end of the walk, or of the callflow that called the one it is in."""
    house.callflow("pay", node("look"))
    house.callflow("outer", node("callflow", {"id": "pay", **SECRET}))
    house.walk(ScriptedSwitch().call(), node("callflow", {"id": "pay", **SECRET}))
    assert ([len(worn) for worn in watch.seen], house.recorder.worn) == ([1], [])
    watch.seen.clear()
    house.walk(ScriptedSwitch().call(), node("callflow", {"id": "outer"}, _=node("look")))
    assert [len(worn) for worn in watch.seen] == [1, 0]


def test_masks_nest(house: House, watch: Watch) -> None:
    """Each is lifted with its own node."""
    house.callflow("inner", node("look", SECRET, _=node("look")))
    house.callflow("outer", node("callflow", {"id": "inner", **SECRET}, _=node("look")))
    house.walk(ScriptedSwitch().call(), node("callflow", {"id": "outer", **SECRET}, _=node("look")))
    assert [len(worn) for worn in watch.seen] == [3, 2, 1, 0]


def test_a_callflow_that_may_not_be_called_leaves_no_mask(house: House, watch: Watch) -> None:
    """There is none of that id, or there were too many branches already."""
    house.walk(ScriptedSwitch().call(), node("callflow", {"id": "gone", **SECRET}, _=node("look")))
    assert watch.seen == [[]]
    house.callflow("pay", node("look"))
    house.walk(
        ScriptedSwitch().call(), node("callflow", {"id": "pay", **SECRET}, _=node("look")), max_branch_count=0
    )
    assert (watch.seen, house.recorder.worn) == ([[]], [])
