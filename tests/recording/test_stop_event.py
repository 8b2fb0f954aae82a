"""RECORD_STOP is read the same from every connection."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recording.stop_event import MAX_CUSTOM, number, read_stop
from tests.recording.samples import STARTED_AT_US, record_event, ticket


def test_facts_are_read(tmp_path: Path) -> None:
    """Time, cause, length and the channel's custom variables."""
    headers = {"variable_record_ms": "1540", "variable_ecallmgr_Owner-ID": "ada"}
    event = record_event(
        "RECORD_STOP", ticket(), tmp_path, Record_Completion_Cause="success-maxtime", **headers
    )
    stop = read_stop(event)
    assert (stop.at_us, stop.raw_cause, stop.record_ms, stop.hung_up) == (
        STARTED_AT_US,
        "success-maxtime",
        1540,
        False,
    )
    assert stop.custom == {"Owner-ID": "ada"}


@pytest.mark.parametrize("headers", [{"Answer_State": "hangup"}, {"Hangup_Cause": "NORMAL_CLEARING"}])
def test_order_is_told_by_the_channels_state(tmp_path: Path, headers: dict[str, str]) -> None:
    """A channel that is already hung up says so in the event itself."""
    assert read_stop(record_event("RECORD_STOP", ticket(), tmp_path, **headers)).hung_up


def test_custom_variables_are_bounded(tmp_path: Path) -> None:
    """A channel with a thousand variables does not make a document of a thousand fields."""
    many = {f"variable_ecallmgr_{count}": "x" * 5000 for count in range(1000)}
    custom = read_stop(record_event("RECORD_STOP", ticket(), tmp_path, **many)).custom
    assert len(custom) == MAX_CUSTOM
    assert max(map(len, custom.values())) == 1024


@given(st.none() | st.text() | st.integers().map(str))
def test_numbers_from_outside_are_numbers(text: str | None) -> None:
    """Anything that is no plain number counts as none."""
    assert 0 <= number(text) < 10**18
