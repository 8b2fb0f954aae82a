"""Scripts that go round for ever, grow, spin or wait for servers that never answer: bounded, told, harmless.

Beside each such call another one goes on, and the event loop is looked at all the time.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import gevent
import pytest
from structlog.testing import capture_logs

from callflows.own_program import SWML_VARIABLE
from calls.cause import HangupCause
from simulator.script import read_script
from storage.notice import NoticeState
from swml.reading import MAX_BYTES
from tests.scenarios.swml_ground import ScriptGround, Talk, impatient, script, told
from tests.scenarios.swml_lines import SimulatedPhones
from tests.service.house import HANGUP, Step
from tests.storage.receiver import Answer, Receiver, serving
from tests.waiting import eventually

pytestmark = pytest.mark.timeout(60)

LATE_S = 0.5
"""What a machine that is busy with other things is allowed; what blocks the loop takes seconds."""

QUIET: Step = ("sleep", {"duration": 300, "unit": "ms"})
"""Stands behind the script; that it was run shows in the report."""


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScriptGround]:
    """An engine that gives servers one second."""
    line = SimulatedPhones()
    ground = ScriptGround(tmp_path_factory.mktemp("bounds"), line, impatient)
    yield ground
    ground.close()
    line.close()


@dataclass
class Watch:
    """How late the event loop was at the worst."""

    worst_s: float = 0.0

    def run(self) -> None:
        """Look, for ever."""
        while True:
            before = time.monotonic()
            gevent.sleep(0.01)
            self.worst_s = max(self.worst_s, time.monotonic() - before - 0.01)


@pytest.fixture
def neighbour(ground: ScriptGround) -> Iterator[Talk]:
    """A call that goes on all the while, and is asked afterwards whether it was left alone."""
    main: list[Any] = [{"record_call": {"direction": "speak"}}, {"play": {"url": "silence:60"}}]
    talk = ground.run({"sections": {"main": main}})
    talk.wait_recording()
    watch = Watch()
    watching = gevent.spawn(watch.run)
    yield talk
    watching.kill()
    assert talk.uuid not in ground.reports, "the other call is over"
    talk.phone.hang_up()
    (outcome,) = talk.outcomes()
    assert outcome.verdict.value == "ok"
    assert watch.worst_s < LATE_S


JS = "%{js:"
ENDLESS: dict[str, tuple[dict[str, Any], str]] = {
    "a section that executes itself": (
        script({"execute": {"dest": "main"}}),
        "relay_script_nested_too_deep",
    ),
    "sections that execute each other": (
        script(
            {"execute": {"dest": "one"}},
            one=[{"execute": {"dest": "two"}}],
            two=[{"execute": {"dest": "one"}}],
        ),
        "relay_script_nested_too_deep",
    ),
    "a section that transfers to itself": (
        script({"transfer": {"dest": "main"}}),
        "relay_script_too_many_transfers",
    ),
    "sections within loops within loops": (
        script(
            {"label": "a"},
            {"execute": {"dest": "inner"}},
            {"goto": {"label": "a", "max": 100}},
            inner=[{"label": "b"}, {"execute": {"dest": "most"}}, {"goto": {"label": "b", "max": 100}}],
            most=[{"label": "c"}, {"set": {"x": "%{x}1"}}, {"goto": {"label": "c", "max": 100}}],
        ),
        "relay_script_nested_too_deep",
    ),
    "an expression that spins": (
        script({"set": {"x": JS + "(function(){while(true){}})()}"}}),
        "relay_script_js_eval_error",
    ),
    "an expression that allocates": (
        script({"set": {"x": JS + "(function(){var a=[];while(true){a.push('x'.repeat(9999))}})()}"}}),
        "relay_script_js_eval_error",
    ),
    "an expression without end": (
        script({"set": {"x": JS + "(function f(){return f()})()}"}}),
        "relay_script_js_eval_error",
    ),
    "a condition that spins": (
        script({"cond": [{"when": "(function(){for(;;);})()", "then": []}, {"else": []}]}),
        "relay_script_js_eval_error",
    ),
    "a variable that doubles": (
        script(
            {"set": {"x": "0123456789"}},
            {"label": "a"},
            {"set": {"x": "%{x}%{x}"}},
            {"goto": {"label": "a", "max": 100}},
        ),
        "relay_script_nested_too_deep",
    ),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_what_has_no_end_is_ended(ground: ScriptGround, neighbour: Talk, name: str) -> None:
    """The call is hung up with the language's error, said once in the log; nothing behind it is run."""
    document, code = ENDLESS[name]
    began_s = time.monotonic()
    with capture_logs() as logs:
        talk = ground.run(document, QUIET)
        report = talk.report()
    assert time.monotonic() - began_s < 15
    assert report.cause is HangupCause.NORMAL_TEMPORARY_FAILURE
    assert report.actions == ("swml",)
    (line,) = told(logs, talk)
    assert (line["event"], line["how"], line["error"]) == ("script_ended", "failed", code), line
    assert line["where"]
    assert line["reason"]


def test_a_goto_goes_round_as_often_as_the_language_allows(ground: ScriptGround, neighbour: Talk) -> None:
    """A hundred times; then the script goes on."""
    document = script({"label": "a"}, {"set": {"n": "%{js:(vars.n || 0) + 1}"}}, {"goto": {"label": "a"}})
    with capture_logs() as logs:
        talk = ground.run(document)
        assert talk.report().cause is HangupCause.NORMAL_CLEARING
    assert told(logs, talk) == []
    (ended,) = [line for line in logs if line["event"] == "script_ended" and line["call_id"] == talk.uuid]
    assert ended["steps"] == 203


UNREADABLE = {
    "too long": "sections: {main: [answer: {}]} #" + "x" * MAX_BYTES,
    "many aliases": "a: &a [1,2,3,4,5,6,7,8,9]\n"
    + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join('*' + chr(97 + n) for _ in range(9))}]\n" for n in range(8)
    )
    + "sections: {main: [answer: {}]}",
    "deep": "sections: {main: " + "[" * 5000 + "]" * 5000 + "}",
    "an alias of itself": "sections: &s {main: [set: {x: *s}]}",
    "many steps": json.dumps(script(*[{"set": {f"x{n}": n}} for n in range(30_000)])),
    "no document": "<html><body>hello</body></html>",
    "a fault": "sections: {main: [play: {url: 5}]}",
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_passed_over(ground: ScriptGround, neighbour: Talk, name: str) -> None:
    """Nothing of the call is touched; the callflow goes on behind it; the log says once why."""
    with capture_logs() as logs:
        talk = ground.run(UNREADABLE[name], QUIET)
        report = talk.report()
    assert report.actions == ("swml", "sleep")
    assert report.cause is HangupCause.NORMAL_CLEARING
    lines = told(logs, talk)
    assert [line["event"] for line in lines] == ["script_not_run"]


def _forth_and_back(receiver: Receiver) -> Answer:
    return Answer(302, {"Location": receiver.url("/again")})


SERVERS: dict[str, Callable[[Receiver], Answer]] = {
    "that hangs": lambda _: Answer(hangs=True),
    "that drips": lambda _: Answer(200, {"Content-Length": "100000"}, trickles=True),
    "that redirects for ever": _forth_and_back,
    "that redirects into a private network": lambda _: Answer(307, {"Location": "http://10.0.0.1/x"}),
    "that has a page for people": lambda _: Answer(
        200, {"Content-Type": "text/html"}, b"<!doctype html><title>Not found</title>"
    ),
    "that fails": lambda _: Answer(500, {}, b"sections: {main: [answer: {}]}"),
    "that has nothing": lambda _: Answer(200, {}, b""),
    "that has too much": lambda _: Answer(200, {}, b"#" * 2_000_000),
    "that closes": lambda _: Answer(cut_after=0),
    "that has rubbish": lambda _: Answer(200, {"Content-Type": "application/json"}, b"\x00\xff{"),
}


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_that_gives_no_document(ground: ScriptGround, neighbour: Talk, name: str) -> None:
    """Within its deadline the call goes on without; an execute that wants it ends the script instead."""
    with serving() as receiver:
        receiver.answers = [SERVERS[name](receiver)]
        url = receiver.url("/document").replace("http://", "http://user:password@")
        with capture_logs() as logs:
            first = ground.call(flow=_chained(url))
            second = ground.run(script({"execute": {"dest": url}}))
            assert first.report().actions == ("swml", "hangup")
            assert first.report().duration_s < 4
            assert second.report().cause is HangupCause.NORMAL_TEMPORARY_FAILURE
    (line,) = told(logs, first)
    assert line["event"] == "script_not_run"
    (line,) = told(logs, second)
    assert (line["event"], line["where"]) == ("script_ended", "main[0].execute")
    assert "password" not in json.dumps(logs, default=str)


def _chained(url: str) -> dict[str, Any]:
    return {"module": "swml", "data": {"url": url}, "children": {"_": {"module": "hangup", "data": {}}}}


@pytest.mark.parametrize(
    "url",
    [
        "http://10.1.2.3/x",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00::1]/x",
        "http://0x0a000001/x",
        "http://nothing.invalid/x",
    ],
)
def test_private_addresses_are_not_reached(ground: ScriptGround, neighbour: Talk, url: str) -> None:
    """By a document's URL, nor by a request of a script, which is told as failed."""
    with capture_logs() as logs:
        talk = ground.call(flow=_chained(url))
        assert talk.report().actions == ("swml", "hangup")
    assert [line["event"] for line in told(logs, talk)] == ["script_not_run"]


def test_a_status_url_that_is_dead(ground: ScriptGround, neighbour: Talk) -> None:
    """The call and its recording go on as ever; what is to be told waits, in its order."""
    record = {"max_length": 0.5, "status_url": "http://127.0.0.1:9/"}
    talk = ground.run(script({"record": record}, {"play": {"url": "%{record_url}"}}), HANGUP)
    assert talk.report().cause is HangupCause.NORMAL_CLEARING
    (outcome,) = talk.outcomes()
    eventually(lambda: ground.engine.outbox.list(recording_id=outcome.recording_id), what="its delivery")
    waiting = eventually(
        lambda: [one for one in ground.engine.outbox.notices.list() if one.attempts], what="an attempt"
    )
    assert waiting[0].state is NoticeState.PENDING


def test_a_freeswitch_without_a_speech_engine(ground: ScriptGround, neighbour: Talk) -> None:
    """Nothing is said, once for each text in the log; all else is done, and the call ends as it should."""
    line = ground.line
    assert isinstance(line, SimulatedPhones)
    lacking = read_script({"steps": [{"at": 0, "say": 20}], "faults": {"missing_applications": ["flite"]}})
    main = [
        {"play": {"url": "say:Hello"}},
        {"record": {"max_length": 0.5}},
        {"play": {"url": "%{record_url}"}},
    ]
    variables = {"callflows_account_id": "demo", SWML_VARIABLE: json.dumps(script(*main))}
    with capture_logs() as logs:
        call = line.switch.place_call(
            "1", script=lacking, variables=variables, engine=ground.engine.listener.address[:2]
        )
        assert call.wait_ended(20)
        report = eventually(lambda: ground.reports.get(call.uuid), what="its report")
    assert report.cause is HangupCause.NORMAL_CLEARING
    mine = [line for line in logs if line.get("call_id") == call.uuid]
    assert [line["event"] for line in mine if line["log_level"] == "warning"] == ["speech_not_heard"]
    (ended,) = [line for line in mine if line["event"] == "script_ended"]
    assert ended["methods"] == ["play", "record", "play"]
