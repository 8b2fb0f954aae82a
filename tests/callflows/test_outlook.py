"""Which nodes a call may come to: every way once, told with what it depends on."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callflows.described_call import DescribedCall, Description
from callflows.document import compile_flow
from callflows.library import Library
from callflows.outlook import Outlook, Reached
from tests.callflows.kit import ACCOUNT, REGISTRY, House, node
from tests.callflows.test_document import NODES

END = node("noop")


def looked(house: House, flow: Any, **said: Any) -> tuple[list[Reached], Outlook]:
    """Walk a flow for a described call."""
    call = DescribedCall(Description("1000", ACCOUNT, **said))
    lookup = house.facilities.lookup
    outlook = Outlook(call, house.facilities.library, lambda flow_id: lookup.flow(flow_id, ACCOUNT))
    return list(outlook.walk(house.flow(flow))), outlook


def shown(house: House, flow: Any, **said: Any) -> str:
    """The modules in order; those in parentheses are perhaps reached, those with ! are passed over."""
    found, _ = looked(house, flow, **said)
    words = (f"{one.node.module}{'!' if one.passed_over else ''}" for one in found)
    return " ".join(word if one.is_certain else f"({word})" for one, word in zip(found, words, strict=True))


@pytest.mark.parametrize(
    ("flow", "expected"),
    [
        (node("answer", {}, _=node("play", {"id": "a/b"}, _=END)), "answer play noop"),
        ({}, ""),
        (node("answer", {}, _={}), "answer"),
        # the ends
        (node("hangup", {}, _=END), "hangup"),
        (node("response", {"code": 486}, _=END), "response"),
        # passed over
        (node("answer", {"skip_module": True}, x=node("play"), _=END), "answer! noop"),
        (node("nothing", {}, x=node("play"), _=END), "nothing! noop"),
        (node("play", {"loop_count": 0}, _=END), "play! noop"),
        (
            {**node("answer", {}, REMOTE_UNAVAILABLE=END, _=node("play")), "remote_execution": True},
            "answer! noop",
        ),
        # a node without a module hangs up
        (node("answer", {}, _={"data": {}, "children": {"_": END}}), "answer"),
        # a menu goes anywhere, but for its empty children
        (node("menu", {"id": "m"}, **{"1": node("play"), "2": {}, "_": END}), "menu (play) (noop)"),
        (node("menu", {"id": "m"}, **{"1": node("play", {}, _=END)}), "menu (play) (noop)"),
    ],
)
def test_every_way_is_gone(house: House, flow: Any, expected: str) -> None:
    """By the engine's rules."""
    assert shown(house, flow) == expected


def test_the_way_is_told(house: House) -> None:
    """Branch by branch, with the node that decides."""
    inner = node("menu", {}, **{"7": END})
    found, _ = looked(house, node("answer", {}, _=node("menu", {}, **{"1": inner})))
    assert found[-1].way == (
        "menu goes to 1 at flow.children._ of main",
        "menu goes to 7 at flow.children._.children.1 of main",
    )


BRANCH = node("branch_variable", {"variable": "colour"}, red=node("play"), _=END)


@pytest.mark.parametrize(
    ("flow", "said", "expected"),
    [
        (BRANCH, {}, "branch_variable (play) (noop)"),
        (BRANCH, {"variables": {"colour": "red"}}, "branch_variable play"),
        (BRANCH, {"variables": {"ecallmgr_Colour": "red"}}, "branch_variable play"),
        (BRANCH, {"variables": {"colour": "blue"}}, "branch_variable noop"),
        (
            node("branch_variable", {"variable": "kind", "scope": "device"}, soft=node("play"), _=END),
            {"endpoint_id": "d", "endpoint_type": "device"},
            "branch_variable play",
        ),
        (
            node("branch_variable", {"variable": "kind", "scope": "device"}, soft=node("play"), _=END),
            {},
            "branch_variable noop",
        ),
        (
            node("branch_variable", {"variable": "tier", "scope": "account"}, gold=node("play"), _=END),
            {},
            "branch_variable play",
        ),
        (
            node(
                "set_variable",
                {"variable": "call_priority", "value": "9"},
                _=node("branch_variable", {"variable": "call_priority"}, **{"9": node("play"), "_": END}),
            ),
            {},
            "set_variable branch_variable play",
        ),
    ],
)
def test_variables_that_are_known_decide(
    house: House, flow: Any, said: dict[str, Any], expected: str
) -> None:
    """Told, set on the way, or in a document; others make every child possible."""
    house.save({"_id": "d", "pvt_type": "device", "kind": "soft"})
    house.save({"_id": ACCOUNT, "tier": "gold"}, "accounts")
    assert shown(house, flow, **said) == expected


def test_callflows_are_followed_and_come_back(house: House) -> None:
    """As certainly as they are called."""
    house.callflow("sub", node("play", {}, _=node("sleep")))
    assert shown(house, node("callflow", {"id": "sub"}, _=END)) == "callflow play sleep noop"
    assert shown(house, node("callflow", {"id": "gone"}, _=END)) == "callflow noop"
    house.callflow("ends", node("hangup"))
    assert shown(house, node("callflow", {"id": "ends"}, _=END)) == "callflow hangup"


def test_a_callflow_is_looked_at_once(house: House) -> None:
    """What comes after the second call of it is possible still."""
    house.callflow("sub", node("menu", {}, **{"1": node("play")}))
    flow = node("callflow", {"id": "sub"}, _=node("callflow", {"id": "sub"}, _=END))
    assert shown(house, flow) == "callflow menu (play) (callflow) (noop)"


def test_callflows_that_call_each_other_end(house: House) -> None:
    """However they are entangled."""
    house.callflow("a", node("menu", {}, **{"1": node("callflow", {"id": "b"}, _=END)}))
    house.callflow("b", node("menu", {}, **{"1": node("callflow", {"id": "a"}, _=END)}))
    found, _ = looked(house, node("callflow", {"id": "a"}, _=node("callflow", {"id": "b"})))
    assert len(found) < 12


def test_a_menu_that_hunts_is_not_followed_and_that_is_told(house: House) -> None:
    """Any extension could be dialled in it."""
    house.save({"_id": "m", "pvt_type": "menu", "hunt": True})
    _, outlook = looked(house, node("menu", {"id": "m"}, **{"1": END}))
    assert [place for place, _ in outlook.notes] == ["menu m"]


class NoDocuments:
    """A store without any."""

    def find(self, database: str, doc_id: str) -> None:
        """Nothing."""


@settings(max_examples=100)
@given(NODES, st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2))
def test_any_flow_is_walked(flow: Any, variables: dict[str, str]) -> None:
    """Whatever it holds, each node is reached at most once."""
    compiled = compile_flow({"_id": "main", "flow": flow}, REGISTRY)
    library: Library = NoDocuments()  # type: ignore[assignment]  # one of its methods is all that is asked
    outlook = Outlook(DescribedCall(Description("1", ACCOUNT, variables=variables)), library, lambda _: None)
    paths = [one.node.path for one in outlook.walk(compiled)]
    assert len(paths) == len(set(paths))
