"""Any callflows whatever, leading into each other in any way, come to an end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from callflows.document import FlowCompiler
from callflows.engine import Engine
from callflows.flow_run import Facilities, FlowRun
from callflows.library import Library
from callflows.lookup import Lookup
from callflows.media import MediaCatalogue
from config.system import SystemConfig
from storage.document import Document, ViewRow
from storage.errors import NotFound
from tests.callflows.kit import ACCOUNT, REGISTRY, FolderLocator, NoChanges, Notebook
from tests.calls.scripted_switch import ScriptedSwitch

IDS = ("a", "b", "c")
BRANCHES = 7

MODULES = st.sampled_from(
    ["noop", "flush_dtmf", "callflow", "branch_variable", "record_call", "nosuch", "hangup", "play", ""]
)
DATA = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from((*IDS, "")),
        "variable": st.sampled_from(["call_priority", "x"]),
        "action": st.sampled_from(["start", "stop"]),
        "skip_module": st.booleans(),
    },
)
NODES = st.recursive(
    st.just({}) | st.none() | st.fixed_dictionaries({"module": MODULES, "data": DATA}),
    lambda below: st.fixed_dictionaries(
        {
            "module": MODULES,
            "data": DATA,
            "children": st.dictionaries(st.sampled_from(["_", "7", "x"]), below, max_size=3),
        }
    ),
    max_leaves=6,
)


class Pages:
    """Callflows by their ids; no store but what a lookup asks of one."""

    def __init__(self, flows: dict[str, Any]) -> None:
        self._flows = flows

    def get(self, database: str, doc_id: str) -> Document:
        """A callflow."""
        if doc_id not in self._flows:
            raise NotFound(database, doc_id)
        return {"_id": doc_id, "flow": self._flows[doc_id]}

    def view(self, database: str, view: str, **options: Any) -> list[ViewRow]:
        """Nothing has a number."""
        return []


def nodes_in(flow: Any) -> int:
    """How many nodes a flow has."""
    if not isinstance(flow, dict):
        return 1
    return 1 + sum(nodes_in(child) for child in flow.get("children", {}).values())


@settings(max_examples=150, deadline=None)
@given(st.fixed_dictionaries(dict.fromkeys(IDS, NODES)))
def test_every_walk_ends_within_its_branches(flows: dict[str, Any]) -> None:
    """No more actions run than the branches allowed, and one flow each, have nodes."""
    config = SystemConfig(NoChanges({}), node="x")
    compiler = FlowCompiler(REGISTRY)
    library = Library(Pages(flows))  # type: ignore[arg-type]  # what a lookup asks of a store
    lookup = Lookup(library, compiler)
    media = MediaCatalogue(library, FolderLocator())
    facilities = Facilities(library, lookup, media, config, Notebook(), Path("/nowhere"))
    switch = ScriptedSwitch({"ecallmgr_Call-Priority": "7"}, Answer_State="answered")
    call = switch.call()
    call.account_id = ACCOUNT
    try:
        flow = compiler.compile("account/a", {"_id": "a", "flow": flows["a"]})
        run = FlowRun(call, facilities, flow)
        Engine(run, BRANCHES).walk(flow)
        assert run.walked_count <= (BRANCHES + 1) * max(map(nodes_in, flows.values()))
    finally:
        call.close()
        switch.close()
