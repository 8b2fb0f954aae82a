"""A callflow puts its call under call control, and goes on as that ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from callflows.action import CONTINUE, HARD_STOP, TRANSFER, Next
from calls.call import Call
from calls.program import Exit, ProgramEnd
from tests.callflows.kit import House, node
from tests.calls.scripted_switch import ScriptedSwitch


class Control:
    """Call control that ends as the test says. `given`: what it was told."""

    def __init__(self, end: ProgramEnd) -> None:
        self.end = end
        self.given: list[Mapping[str, Any]] = []

    def run(self, call: Call, data: Mapping[str, Any]) -> ProgramEnd:
        """Note it."""
        del call
        self.given.append(data)
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
def test_the_callflow_goes_on_as_the_holding_ended(house: House, exit_: Exit, outcome: Next) -> None:
    """Released, not taken, hung up, or connected with somebody else."""
    control = house.programs["call_control"] = Control(ProgramEnd(exit_))
    run = house.run_on(ScriptedSwitch().call(), node("call_control", {"connection_id": "c", "timeout": 20}))
    assert run.node.action is not None
    assert run.node.action.run(run, run.node.data) == outcome
    assert control.given == [{"connection_id": "c", "hold": True, "timeout_s": 20, "client_state": ""}]


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"hold": "perhaps"}, "flow.data.hold"),
        ({"timeout": -1}, "flow.data.timeout"),
        ({"timeout": 86_401}, "flow.data.timeout"),
        ({"client_state": "not base64"}, "flow.data.client_state"),
    ],
)
def test_faults_are_told_with_their_path(house: House, data: dict[str, Any], path: str) -> None:
    """When the document is read, not when a caller stands on the node."""
    assert path in [finding.path for finding in house.flow(node("call_control", data)).faults]


def test_without_call_control_the_callflow_goes_on(house: House) -> None:
    """An error for the operator, none for the caller."""
    run = house.run_on(ScriptedSwitch().call(), node("call_control"))
    assert run.node.action is not None
    with capture_logs() as logs:
        assert run.node.action.run(run, run.node.data) == CONTINUE
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["program_missing"]
