"""All scenarios, and what they must cover."""

from __future__ import annotations

from callflows.actions.record_call import RecordCallData
from callflows.actions.record_caller import RecordCallerData
from recording.storage_decision import RULES
from tests.scenarios import message_table, recording_table, silence_table, storage_table
from tests.scenarios.scenario import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    *recording_table.SCENARIOS,
    *silence_table.SCENARIOS,
    *message_table.SCENARIOS,
    *storage_table.SCENARIOS,
)
BY_NAME = {one.name: one for one in SCENARIOS}

MESSAGE_COMMON = frozenset({"sensitive"})
"""What every action takes and one scenario of record_call shows."""


def wanted() -> set[str]:
    """Return what is to be covered: parameters of both actions, rows of the storage table."""
    parameters = {field.data_key or name for name, field in RecordCallData().fields.items()}
    message = {field.data_key or name for name, field in RecordCallerData().fields.items()} - MESSAGE_COMMON
    rows = {f"row.{rule.name}" for rule in RULES}
    return parameters | {f"message.{name}" for name in message} | rows


def covered() -> set[str]:
    """Return what scenarios cover."""
    return {what for one in SCENARIOS for what in one.covers}
