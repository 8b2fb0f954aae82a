"""A callflow hands its call to a document of another language, and goes on as that one ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from callflows.action import CONTINUE, HARD_STOP, TRANSFER, Next
from calls.call import Call
from calls.program import Exit, ProgramEnd
from tests.callflows.kit import ACCOUNT, House, node
from tests.calls.scripted_switch import ScriptedSwitch

PLAIN = {"version": "1.0.0", "sections": {"main": []}}


class Programs:
    """A language whose programs end as the test says. `ran`: what it was given."""

    def __init__(self, end: ProgramEnd) -> None:
        self.end = end
        self.ran: list[tuple[str, Mapping[str, Any]]] = []

    def run(self, call: Call, data: Mapping[str, Any]) -> ProgramEnd:
        """Note it."""
        self.ran.append((call.account_id, data))
        return self.end


@pytest.mark.parametrize(
    ("exit_", "outcome"),
    [
        (Exit.DONE, CONTINUE),
        (Exit.FAILED, CONTINUE),
        (Exit.HANG_UP, HARD_STOP),
        (Exit.LEFT, TRANSFER),
    ],
)
def test_the_callflow_goes_on_as_the_document_ended(house: House, exit_: Exit, outcome: Next) -> None:
    """And the call's recordings are told with those of the callflow."""
    programs = house.programs["swml"] = Programs(ProgramEnd(exit_, recordings=("f" * 32,)))
    far = ScriptedSwitch()
    run = house.run_on(far.call(), node("swml", {"url": "https://example.com/a"}))
    assert run.node.action is not None
    assert run.node.action.run(run, run.node.data) == outcome
    assert programs.ran == [(ACCOUNT, {"url": "https://example.com/a", "document": None})]
    assert run.kvs.recordings == ["f" * 32]


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({}, "flow.data.url"),
        ({"url": "https://example.com/", "document": PLAIN}, "flow.data.url"),
        ({"document": 7}, "flow.data.document"),
        ({"url": "ftp://example.com/"}, "flow.data.url"),
        ({"url": "https://example.com/" + "a" * 3000}, "flow.data.url"),
    ],
)
def test_a_node_without_one_usable_document_is_a_fault(house: House, data: dict[str, Any], path: str) -> None:
    """With the path of the parameter."""
    faults = house.flow(node("swml", data)).faults
    assert path in [finding.path for finding in faults]


def test_without_the_language_the_callflow_goes_on(house: House) -> None:
    """An error for the operator, none for the caller."""
    far = ScriptedSwitch()
    run = house.run_on(far.call(), node("swml", {"document": PLAIN}))
    assert run.node.action is not None
    with capture_logs() as logs:
        assert run.node.action.run(run, run.node.data) == CONTINUE
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["program_missing"]


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("https://example.com/a.yaml", {"url": "https://example.com/a.yaml", "document": None}),
        ("version: 1.0.0\n", {"url": "", "document": "version: 1.0.0"}),
    ],
)
def test_a_call_brings_its_document_along(house: House, text: str, data: dict[str, Any]) -> None:
    """By the dialplan's variable, as a URL or inline; its number is not looked up, its account counts."""
    programs = house.programs["swml"] = Programs(ProgramEnd(Exit.DONE))
    variables = {"callflows_account_id": ACCOUNT, "callflows_swml": text}
    far = ScriptedSwitch(variables, Caller_Destination_Number="999")
    house.runner().handle(far.session)
    assert programs.ran == [(ACCOUNT, data)]
    assert far.names[-1] == "hangup"
    assert far.arguments("set") == ["callflows_swml="]
    (report,) = house.reports
    assert report.actions == ("swml",)


def test_a_call_with_a_document_still_needs_an_account_in_force(house: House) -> None:
    """Refused as every call of that account is."""
    programs = house.programs["swml"] = Programs(ProgramEnd(Exit.DONE))
    house.save({"_id": ACCOUNT, "pvt_type": "account", "enabled": False})
    variables = {"callflows_account_id": ACCOUNT, "callflows_swml": "version: 1.0.0"}
    far = ScriptedSwitch(variables)
    house.runner().handle(far.session)
    assert programs.ran == []
    assert far.names == ["respond", "hangup"]


def test_a_sip_header_brings_nothing_along(house: House) -> None:
    """What a peer can set never names a document."""
    programs = house.programs["swml"] = Programs(ProgramEnd(Exit.DONE))
    variables = {"callflows_account_id": ACCOUNT, "sip_h_callflows_swml": "https://example.com/"}
    house.runner().handle(ScriptedSwitch(variables).session)
    assert programs.ran == []
