"""sip_refer: what the caller's telephone is asked, what comes of it, what is told of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from swml.runner import How
from tests.swml.script_stage import Done, ScriptStage

ALICE = "sip:alice@example.com"
STATUS_URL = "https://example.com/refer"
RESULT = {
    "return": "${sip_refer_to} ${sip_refer_result} ${sip_refer_response_code} ${sip_refer_to_response_code}"
}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[ScriptStage]:
    """A stage for documents."""
    made = ScriptStage(tmp_path)
    yield made
    made.close()


def referred(stage: ScriptStage, *statuses: int, **properties: Any) -> Done:
    """Run the step; the telephone answers REFER with the first status, and tells the second."""
    steps: list[Mapping[str, Any]] = [
        {"answer": {}},
        {"sip_refer": {"to_uri": ALICE, "status_url": STATUS_URL} | properties},
        RESULT,
    ]
    return stage.do(steps, referrals=statuses)


@pytest.mark.parametrize(
    ("statuses", "result"),
    [
        ((202, 200), "success 202 200"),
        ((202, 486), "busy 202 486"),
        ((202, 487), "no-answer 202 487"),
        ((202, 404), "failed 202 404"),
        ((403,), "failed 403 "),
    ],
)
def test_what_comes_of_it(stage: ScriptStage, statuses: tuple[int, ...], result: str) -> None:
    """In variables; the script goes on with a telephone that is still there."""
    done = referred(stage, *statuses)
    assert (done.end.how, done.end.value) == (How.FINISHED, f"{ALICE} {result}")
    assert done.said("deflect") == [ALICE]


def test_the_callback_has_the_published_fields(stage: ScriptStage) -> None:
    """A code that was never received is not there."""
    done = referred(stage, 202, 200)
    referred(stage, 603)
    told = stage.callbacks("calling.call.refer")
    assert told[0] == {
        "call_id": done.sim.uuid,
        "node_id": "node-1",
        "sip_refer_to": ALICE,
        "state": "success",
        "sip_refer_response_code": "202",
        "sip_notify_response_code": "200",
    }
    assert told[1]["state"] == "failed"
    assert told[1]["sip_refer_response_code"] == "603"
    assert "sip_notify_response_code" not in told[1]


def test_credentials_are_there_for_as_long_as_it_takes(stage: ScriptStage) -> None:
    """No later call of the same channel is to use them."""
    done = referred(stage, 202, 200, username="ada", password="it's; ${x}, secret")
    channel = done.sim.session.channel
    assert done.end.value.startswith(f"{ALICE} success")
    assert not channel.get("sip_auth_username")
    assert not channel.get("sip_auth_password")


@pytest.mark.parametrize("to", ["+15551234567", "user/1000", "sip:a@b,c", "${nothing}"])
def test_nobody_is_referred_to_what_is_no_sip_address(stage: ScriptStage, to: str) -> None:
    """FreeSWITCH is told nothing."""
    done = referred(stage, 202, 200, to_uri=to)
    assert " failed" in done.end.value
    assert done.said("deflect") == []


def test_a_call_that_is_not_answered_is_redirected(stage: ScriptStage) -> None:
    """And over: there is nothing to go on with."""
    done = stage.do([{"sip_refer": {"to_uri": ALICE, "status_url": STATUS_URL}}, RESULT])
    assert done.end.how is How.GONE
    assert done.said("redirect") == [ALICE]
    assert [one["state"] for one in stage.callbacks("calling.call.refer")] == ["success"]


def test_a_caller_who_hangs_up_has_cancelled_it(stage: ScriptStage) -> None:
    """That is told too."""
    steps = [{"answer": {}}, {"sip_refer": {"to_uri": ALICE, "status_url": STATUS_URL}}, RESULT]
    done = stage.do(steps, {"at": 0.3, "hang_up": "NORMAL_CLEARING"}, referrals=(100,))
    assert done.end.how is How.GONE
    assert [one["state"] for one in stage.callbacks("calling.call.refer")] == ["canceled"]
