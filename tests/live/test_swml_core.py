"""Scripts on a running FreeSWITCH: answered, limited, told of, hung up; and what is known of their calls."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from calls.call import Call
from config.address import Address
from esl.event import Event
from esl.link import Link
from swml.methods.user_event import SUBCLASS
from swml.payload import call_data
from swml.runner import ERROR_VARIABLE, ScriptEnd, ScriptRunner
from tests.live.verbs import Ground
from tests.swml.scripts import Scripts, main
from tests.waiting import eventually

pytestmark = [pytest.mark.live, pytest.mark.timeout(60)]


@pytest.fixture
def ground(freeswitch: tuple[Address, str]) -> Iterator[Ground]:
    """A place to try verbs."""
    made = Ground(*freeswitch)
    yield made
    made.close()


def running(source: str) -> Callable[[Call], ScriptEnd]:
    """The verb that runs a document."""
    return lambda call: ScriptRunner(Scripts().facilities).run(call, source)


def test_an_unanswered_call_is_answered_for_as_long_as_it_may_last(ground: Ground) -> None:
    """The limit is FreeSWITCH's own, and ends it in the middle of a step."""
    script = running(main("answer: {max_duration: 2}", "sleep: -1"))
    began_s = time.monotonic()
    run, _ = ground.dial_in(lambda call: (script(call), call.end))
    end, of_call = run.result()
    assert 1.5 < time.monotonic() - began_s < 8
    assert (end.how, of_call.raw_cause) == ("gone", "ALLOTTED_TIMEOUT")


@pytest.mark.parametrize(("reason", "cause"), [("busy", "USER_BUSY"), ("decline", "CALL_REJECTED")])
def test_an_unanswered_call_is_refused_for_a_reason(ground: Ground, reason: str, cause: str) -> None:
    """Which who called is told."""
    run, job = ground.dial_in(running(main(f"hangup: {{reason: {reason}}}")))
    assert run.result().how == "hung_up"
    assert cause in job.get(timeout=10)


def test_a_loop_of_expressions_runs(ground: Ground) -> None:
    """Conditions and JavaScript, while FreeSWITCH plays its part."""
    document = main(
        "answer: {}",
        "label: again",
        "set: {n: '${(vars.n || 0) + 1}', seen: '${call.call_state}'}",
        "sleep: 20",
        "goto: {label: again, when: vars.n < 5}",
        "return: '${n} ${seen}'",
    )
    assert ground.run(running(document)).result().value == "5 answered"


def test_an_event_reaches_whoever_listens(ground: Ground) -> None:
    """With commas, line breaks and all."""
    told = {"order": {"id": 5, "note": "a,b=c\n$1 {x} 100%25 ü"}}
    heard: list[Event] = []
    link = Link(
        ground.address.host,
        ground.address.port,
        ground.password,
        events=(f"CUSTOM {SUBCLASS}",),
        on_event=heard.append,
        on_gap=lambda _since, _until: None,
        on_up=lambda: None,
    )
    link.start()
    assert link.wait_up(10)
    run = ground.run(running(main(f"user_event: {{event: {json.dumps(told)}}}", "sleep: 100")))
    assert run.result().how == "finished"
    (event,) = eventually(lambda: heard)
    link.stop()
    assert event.get("Unique-ID") == run.leg
    assert json.loads(urlsafe_b64decode(event.get("Swml-Event") or "")) == told


def test_a_failure_is_left_on_the_channel(ground: Ground) -> None:
    """For call records; and the call is over."""
    run = ground.run(running(main("answer: {}", "set: {a: '${b.c()}'}")))
    assert run.result().error.code == "relay_script_js_eval_error"
    (ended,) = eventually(lambda: ground.events("CHANNEL_HANGUP_COMPLETE", run.leg))
    assert ended.variable(ERROR_VARIABLE) == "relay_script_js_eval_error"
    assert ended.get("Hangup-Cause") == "NORMAL_TEMPORARY_FAILURE"


def test_a_sip_call_is_told_with_its_headers(ground: Ground) -> None:
    """Of a telephone that is called: what FreeSWITCH knows of its addresses."""

    def tell(call: Call) -> dict[str, Any]:
        return call_data(call, Scripts().facilities)

    data = ground.run(tell, variables={"sip_h_X-Customer": "42"}).result()
    assert (data["type"], data["direction"], data["call_state"]) == ("sip", "outbound", "answered")
    assert {"name": "X-Customer", "value": "42"} in data["headers"]
    assert data["sip_data"]["sip_to_user"] == "alice"
