"""The table of scenarios is complete."""

from __future__ import annotations

from tests.scenarios.catalogue import BY_NAME, SCENARIOS, covered, wanted
from tests.scenarios.storage_table import UNREACHABLE


def test_every_parameter_and_every_row_has_a_scenario() -> None:
    """What an action takes and what the storage decision can say is played, or is said why it cannot be."""
    assert wanted() - covered() - UNREACHABLE.keys() == set()


def test_what_cannot_be_played_is_not_played() -> None:
    """The list of excuses holds nothing that has a scenario, and nothing that does not exist."""
    assert UNREACHABLE.keys() <= wanted() - covered()


def test_names_are_unique() -> None:
    """Each scenario can be asked for by its name."""
    assert len(BY_NAME) == len(SCENARIOS)
