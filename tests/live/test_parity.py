"""The simulator and a running FreeSWITCH: the same document, the same story."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from simulator.script import read_script
from tests.live.beside import Beside
from tests.service.house import HANGUP, RECORD, House, sleep
from tests.waiting import eventually

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

ANSWER = ("answer", {})
STOP = ("record_call", {"action": "stop"})
TONE = ("play", {"id": "tone_stream://%(300,0,440)"})
LIMIT = ("record_call", {"action": "start", "format": "wav", "time_limit": 5})
SHORT = ("record_call", {"action": "start", "format": "wav", "record_min_sec": 3})

FLOWS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "recorded until hangup": [RECORD, ANSWER, TONE, sleep(0.5), HANGUP],
    "stopped": [ANSWER, RECORD, TONE, sleep(0.5), STOP, TONE, HANGUP],
    "limited": [ANSWER, LIMIT, TONE, sleep(6), HANGUP],
    "too short": [ANSWER, SHORT, TONE, HANGUP],
    "mp3": [ANSWER, ("record_call", {"action": "start", "format": "mp3"}), TONE, sleep(0.5), HANGUP],
    "missing media": [("play", {"id": "/nowhere.wav"}), TONE, HANGUP],
    "refused": [("response", {"code": 486})],
    "no digits": [("collect_dtmf", {"timeout": 500}), ("noop", {}), HANGUP],
    "variables": [("set_variables", {"custom_application_vars": {"a": "b"}}), ANSWER, HANGUP],
}


@dataclass(frozen=True)
class Story:
    """What both must tell alike."""

    actions: tuple[str, ...]
    cause: str
    verdict: str
    ended_by: tuple[str, ...]
    recordings: tuple[str, ...]


def story(reports: list[Any], outcomes: list[Any]) -> Story:
    """Return it, of the one call."""
    (report,) = reports
    return Story(
        actions=report.actions,
        cause=report.cause.value,
        verdict=report.verdict.value,
        ended_by=tuple(one.ended_by.value for one in outcomes),
        recordings=tuple(one.verdict.value for one in outcomes),
    )


@pytest.mark.parametrize("name", FLOWS)
def test_both_tell_the_same(name: str, beside: Callable[..., Beside], house: Callable[..., House]) -> None:
    """Actions walked, the call's cause and verdict, how each recording ended and what it is worth."""
    expected = sum(step[0] == "record_call" and step[1]["action"] == "start" for step in FLOWS[name])
    real = beside()
    real.flow("1000", *FLOWS[name])
    real.call("1000")
    real.report()
    if expected:
        real.outcome(expected)
    told_by_freeswitch = story(real.reports, list(real.outcomes.values()))

    home = house()
    reports: list[Any] = []
    outcomes: list[Any] = []
    home.flow("1000", *FLOWS[name])
    engine = home.stage.engine()
    engine.runner._on_report = reports.append
    engine.metrics.recording_finished = outcomes.append  # type: ignore[method-assign]
    engine.start()
    script = read_script([{"at": 0.0, "say": 4.0}])
    call = home.switch.place_call("1000", script=script, engine=engine.listener.address[:2])
    assert call.wait_ended(20)
    eventually(lambda: reports and len(outcomes) >= expected, what="the reports")
    engine.stop()
    assert story(reports, outcomes) == told_by_freeswitch
