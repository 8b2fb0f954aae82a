"""Callers who hang up in the middle of each method: the script is over at once, and nothing is wrong."""

from __future__ import annotations

import json
import time
from typing import Any

import gevent
import pytest
from structlog.testing import capture_logs

from tests.scenarios.swml_ground import ScriptGround, script, told
from tests.scenarios.swml_lines import PhoneLine, SimulatedPhones
from tests.service.house import HANGUP
from tests.storage.receiver import Answer, serving

pytestmark = pytest.mark.timeout(60)

HANGING = "HANGING"
METHODS: dict[str, list[Any]] = {
    "play": [{"play": {"url": "silence:30"}}],
    "say": [{"play": {"url": "say:" + "This is a very long sentence. " * 20}}],
    "prompt": [{"prompt": {"play": "silence:1", "initial_timeout": 30}}],
    "record": [{"record": {"max_length": 30}}],
    "record_call": [{"record_call": {}}, {"sleep": 30_000}],
    "sleep": [{"sleep": 30_000}],
    "request": [{"request": {"url": HANGING, "method": "POST", "timeout": 30}}],
    "execute": [{"execute": {"dest": HANGING}}],
    "connect": [{"connect": {"to": "sip:rings@127.0.0.1"}}],
    "detect_machine": [{"detect_machine": {"timeout": 30, "wait": True}}],
    "send_digits": [{"answer": {}}, {"send_digits": {"digits": "W" * 30}}],
    "cond": [{"cond": [{"when": "true", "then": [{"play": {"url": "silence:30"}}]}]}],
}


@pytest.mark.parametrize("name", METHODS)
def test_the_caller_hangs_up(ground_of_module: ScriptGround, phones: PhoneLine, name: str) -> None:
    """In the middle of each method: the script is over at once, nothing after it is run, nothing is wrong."""
    if name == "connect" and not isinstance(phones, SimulatedPhones):
        pytest.skip("nobody there rings for ever")
    with serving(Answer(hangs=True)) as receiver, capture_logs() as logs:
        main = json.loads(json.dumps(METHODS[name]).replace(HANGING, receiver.url()))
        talk = ground_of_module.run(script(*main, {"user_event": {"event": {"a": 1}}}), HANGUP)
        gevent.sleep(0.6)  # so that the method is in its middle
        talk.phone.hang_up()
        hung_up_s = time.monotonic()
        report = talk.report()
        outcomes = talk.outcomes()
    assert time.monotonic() - hung_up_s < 5
    assert report.actions == ("swml",)
    assert [line["event"] for line in told(logs, talk)] == []
    (ended,) = [line for line in logs if line["event"] == "script_ended" and line["call_id"] == talk.uuid]
    assert ended["how"] == "gone", ended
    assert "user_event" not in ended["methods"]
    assert all(outcome.ended_by.value == "hangup" for outcome in outcomes)
    assert len(outcomes) == name.startswith("record")
