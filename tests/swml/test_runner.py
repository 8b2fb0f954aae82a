"""Documents run on calls, from text or URL to the last line in the log."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gevent
import pytest
from structlog.testing import capture_logs

from calls.errors import CallGone
from swml.compiling import compile_document, compile_text
from swml.document import Script
from swml.errors import BadDocument, DocumentNotFetched, MethodUnavailable
from swml.method import Data, Method, Outcome, Way
from swml.properties import MethodData, flag
from swml.registry import Registry
from swml.run import ScriptRun
from swml.runner import ERROR_VARIABLE, How, ScriptRunner
from swml.variables import Variables
from tests.calls.scripted_switch import ScriptedSwitch
from tests.swml.scripts import Scripts, main


@pytest.mark.parametrize("source", [main("nope: {}"), "{", "", main("goto: {label: x}")])
def test_nothing_of_the_call_is_touched_for_a_bad_document(scripts: Scripts, source: str) -> None:
    """Whoever has it run is told, and decides what becomes of the call."""
    with pytest.raises(BadDocument):
        scripts.run(source)
    assert scripts.switch.commands == []


def test_nothing_of_the_call_is_touched_for_a_document_that_is_not_there(scripts: Scripts) -> None:
    """Likewise."""
    with pytest.raises(DocumentNotFetched, match="nobody answers"):
        scripts.run("https://example.test/none")
    assert scripts.switch.commands == []


def test_a_url_is_asked_for_the_document_with_the_calls_data(scripts: Scripts) -> None:
    """No variables yet; the params it is given."""
    scripts.library.documents["https://example.test/doc"] = main("return: '${params.x}'")
    assert scripts.value(" https://example.test/doc\n", params={"x": 1}) == 1
    ((_, payload),) = scripts.library.asked
    assert (payload["vars"], payload["params"], payload["envs"]) == ({}, {"x": 1}, {})
    assert payload["call"]["call_state"] == "created"


def test_a_script_that_comes_to_its_end_leaves_the_call(scripts: Scripts) -> None:
    """Its last step, or a return in its main section."""
    with capture_logs() as logs:
        assert scripts.run(main("answer: {}")).how is How.FINISHED
        assert scripts.run(main("return: 5", "hangup: {}")).value == 5
    assert scripts.switch.names == []
    ended = [line for line in logs if line["event"] == "script_ended"]
    assert [(line["how"], line["methods"], line["steps"]) for line in ended] == [
        ("finished", ["answer"], 1),
        ("finished", ["return"], 1),
    ]


@pytest.mark.parametrize(
    ("reason", "cause"),
    [("{}", "NORMAL_CLEARING"), ("{reason: busy}", "USER_BUSY"), ("{reason: decline}", "CALL_REJECTED")],
)
def test_a_script_that_hangs_up_hangs_up(scripts: Scripts, reason: str, cause: str) -> None:
    """With FreeSWITCH's word for its reason."""
    assert scripts.run(main(f"hangup: {reason}", "answer: {}")).how is How.HUNG_UP
    assert scripts.switch.commands == [("hangup", cause, False)]


def test_a_failure_ends_the_call_and_is_told_once(scripts: Scripts) -> None:
    """In the log, on the channel, and to whoever had it run."""
    with capture_logs() as logs:
        end = scripts.run(main("set: {a: 1}", "pay: {payment_connector_url: x}", "answer: {}"))
    assert isinstance(end.error, MethodUnavailable)
    assert str(end.error) == "main[1].pay: pay needs its maker's cloud, and there is none here"
    assert ("set", f"{ERROR_VARIABLE}=relay_script_method_execute_failed", False) in scripts.switch.commands
    assert ("hangup", "NORMAL_TEMPORARY_FAILURE", False) in scripts.switch.commands
    (line,) = [line for line in logs if line["log_level"] == "warning"]
    assert (line["event"], line["how"], line["where"]) == ("script_ended", "failed", "main[1].pay")
    assert (line["error"], line["outcome"]) == ("relay_script_method_execute_failed", "hung up")


class _NothingData(MethodData):
    fails = flag("Whether.")


def with_method(run: Any, keeps: frozenset[str] = frozenset()) -> Script:
    """A document of one step, `probe`, that does what a test says."""
    registry = Registry({"probe": Method(schema=_NothingData, run=run, summary="", keeps=keeps)})
    return compile_document({"sections": {"main": [{"probe": {}}]}}, registry=registry)


def test_what_methods_leave_for_the_end_is_called(scripts: Scripts) -> None:
    """In order, all of it, whatever becomes of the others; after a failure too."""
    called: list[str] = []

    def run(run: ScriptRun, _data: Data) -> Outcome | None:
        def first() -> None:
            called.append("first")
            run.call.execute("nothing")  # the call is over

        run.at_end.extend([first, lambda: called.append("second")])
        raise MethodUnavailable("no")

    ScriptRunner(scripts.facilities).run(ScriptedSwitch().call(), with_method(run))
    assert called == ["first", "second"]


def test_a_channel_that_goes_elsewhere_is_left_alone(scripts: Scripts) -> None:
    """By a method that says so."""
    switch = ScriptedSwitch()
    script = with_method(lambda _run, _data: Outcome(Way.LEFT))
    assert ScriptRunner(scripts.facilities).run(switch.call(), script).how is How.LEFT
    assert switch.commands == []


def test_steps_can_be_run_on_the_spot(scripts: Scripts) -> None:
    """Their outcome is the method's affair; a return of theirs is passed on."""
    steps = compile_text(main("set: {a: 1}", "return: '${a}'")).sections["main"]
    outcomes: list[Outcome] = []

    def run(run: ScriptRun, _data: Data) -> Outcome | None:
        outcomes.append(run.nested(run, steps[:1]))
        outcomes.append(run.nested(run, steps))
        return outcomes[-1]

    end = ScriptRunner(scripts.facilities).run(ScriptedSwitch().call(), with_method(run))
    assert [outcome.way for outcome in outcomes] == [Way.NEXT, Way.RETURN]
    assert (end.how, end.value) == (How.FINISHED, 1)


def test_steps_can_be_run_on_several_calls_at_once(scripts: Scripts) -> None:
    """Each with its own variables, and in the section the method stands in."""
    inner = compile_text(
        main("label: again", "sleep: 10", "execute: {dest: more}", "goto: {label: again, max: 3}")
        + "  more: [{set: {seen: '${vars.seen || vars.me}'}}]\n"
    )
    legs: list[ScriptRun] = []

    def run(run: ScriptRun, _data: Data) -> Outcome | None:
        for name in ("a", "b"):
            own = Variables(given={"me": name})
            legs.append(ScriptRun(ScriptedSwitch().call(), run.facilities, own, run.session_id, run.nested))
        waited = [gevent.spawn(run.nested, leg, inner.sections["main"]) for leg in legs]
        assert [each.get(timeout=5).way for each in waited] == [Way.NEXT, Way.NEXT]
        return run.nested(run, compile_text(main("return: mine")).sections["main"])

    script = with_method(run)
    script = replace(script, sections={**script.sections, "more": inner.sections["more"]})
    end = ScriptRunner(scripts.facilities).run(ScriptedSwitch().call(), script)
    assert end.value == "mine"
    assert [leg.variables.get("seen") for leg in legs] == ["a", "b"]


def test_a_callback_comes_in_the_languages_envelope(scripts: Scripts) -> None:
    """Once, for a URL; none for none."""

    def run(run: ScriptRun, _data: Data) -> Outcome | None:
        run.callback("https://example.test/status", "calling.call.play", {"state": "finished"})
        run.callback("", "calling.call.play", {})
        return None

    end = ScriptRunner(scripts.facilities).run(ScriptedSwitch().call(), with_method(run))
    (body,) = scripts.told.bodies
    assert isinstance(body.pop("timestamp"), float)
    assert body == {
        "event_type": "calling.call.play",
        "event_channel": f"swml:{end.session_id}",
        "project_id": "project-1",
        "space_id": "space-1",
        "params": {"state": "finished"},
    }
    assert len(end.session_id) == 36


def test_a_call_that_ends_while_its_document_is_fetched_is_gone(scripts: Scripts) -> None:
    """Nothing is run for it."""
    switch = ScriptedSwitch()
    call = switch.call()
    switch.event("CHANNEL_HANGUP", Hangup_Cause="NORMAL_CLEARING")
    call.wait_ended(5)
    with pytest.raises(CallGone):
        ScriptRunner(scripts.facilities).run(call, "https://example.test/doc")
    gevent.sleep(0)
