"""Whole calls from hand-over to the last line in the log."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gevent
import pytest
from gevent.event import Event
from structlog.testing import capture_logs

from callflows.document import FlowCompiler
from callflows.engine import Engine
from callflows.flow_run import FlowRun
from callflows.library import Library
from callflows.lookup import Lookup
from calls.cause import HangupCause, Termination
from calls.ending import CallEnd
from storage.document import Document, ViewRow
from storage.errors import StoreUnavailable
from tests.callflows.kit import ACCOUNT, House, node
from tests.calls.scripted_switch import ScriptedSwitch, never

VARIABLES = {"callflows_account_id": ACCOUNT}


def switch(number: str = "1000", **headers: str) -> ScriptedSwitch:
    """A channel of the account that dialled a number."""
    return ScriptedSwitch(VARIABLES, Caller_Destination_Number=number, **headers)


def warnings_of(logs: list[Any]) -> list[str]:
    """The events of a log that somebody should look at."""
    return [line["event"] for line in logs if line["log_level"] in ("warning", "error")]


def test_a_call_runs_its_callflow_and_is_hung_up_at_the_end(house: House) -> None:
    """Looked up, walked, ended, and told in one line."""
    house.callflow("main", node("answer", {}, _=node("play", {"id": "a/b.wav"})), numbers=["1000"])
    far = switch()
    with capture_logs() as logs:
        house.runner().handle(far.session)
    assert far.names == ["answer", "playback", "hangup"]
    (line,) = [line for line in logs if line["event"] == "call_ended"]
    assert line["log_level"] == "info"
    assert (line["call_id"], line["account_id"], line["callflow"]) == (far.session.uuid, ACCOUNT, "main")
    assert (line["verdict"], line["cause"], line["how"]) == ("success", "NORMAL_CLEARING", "hangup")
    assert (line["actions"], line["actions_count"], line["recordings"]) == (["answer", "play"], 2, [])
    assert 0 <= line["duration_s"] < 5
    assert far.session.closed
    (report,) = house.reports
    assert (report.flow_id, report.actions, report.verdict) == (
        "main",
        ("answer", "play"),
        Termination.SUCCESS,
    )


def test_the_first_commands_follow_the_subscriptions_at_once(house: House) -> None:
    """Nothing is waited for between the hand-over and the first action."""
    house.callflow("main", node("record_call", {"action": "start"}, _=node("answer")), numbers=["1000"])
    far = switch()
    house.runner().handle(far.session)
    assert [line.split(" ")[0] for line in far.lines[:3]] == ["filter", "event", "linger"]
    assert far.names[0] == "answer"
    assert len(house.recorder.started) == 1
    assert house.reports[0].recordings == (house.recorder.started[0].id,)


@pytest.mark.parametrize(
    ("number", "status", "cause"),
    [("2000", "404 Not Found", HangupCause.UNALLOCATED_NUMBER)],
)
def test_a_number_without_callflow_is_not_found(
    house: House, number: str, status: str, cause: HangupCause
) -> None:
    """The caller hears why, the log says it in a word."""
    far = switch(number)
    with capture_logs() as logs:
        house.runner().handle(far.session)
    assert far.arguments("respond") == [status]
    assert [line["reason"] for line in logs if line["event"] == "call_not_taken"] == ["no_callflow"]
    assert warnings_of(logs) == []
    assert (house.reports[0].cause, house.reports[0].flow_id) == (cause, "")


@pytest.mark.parametrize(
    ("variables", "state", "rings"),
    [
        ({"ecallmgr_Inception": "+1555@example.com"}, "ringing", True),
        ({"ecallmgr_Inception": "+1555@example.com"}, "answered", False),
        ({}, "ringing", False),
    ],
)
def test_callers_from_outside_hear_ringing(
    house: House, variables: dict[str, str], state: str, *, rings: bool
) -> None:
    """Before anything else, unless they are answered already."""
    house.callflow("main", node("answer"), numbers=["1000"])
    far = ScriptedSwitch({**VARIABLES, **variables}, Caller_Destination_Number="1000", Answer_State=state)
    house.runner().handle(far.session)
    assert (far.names[0] == "ring_ready") == rings


class AwayStore:
    """A store that cannot be asked."""

    def get(self, database: str, doc_id: str) -> Document:
        """Never."""
        raise StoreUnavailable("the store is away")

    def view(self, database: str, view: str, **options: Any) -> list[ViewRow]:
        """Never."""
        raise StoreUnavailable("the store is away")


def test_a_store_that_is_away_is_service_unavailable(house: House) -> None:
    """With a hint when to try again; and the fault is ours."""
    house.store = AwayStore()  # type: ignore[assignment]  # two of its methods are all a lookup asks
    far = switch()
    with capture_logs() as logs:
        house.runner().handle(far.session)
    assert far.arguments("respond") == ["503 Service Unavailable"]
    assert far.arguments("set") == ["sip_ph_Retry-After=5"]
    assert warnings_of(logs) == ["call_refused"]
    assert house.reports[0].verdict is Termination.OURS


def test_a_store_that_goes_away_under_a_call_costs_it_one_action(house: House) -> None:
    """The action is passed over, without a traceback."""
    flow = house.flow(node("callflow", {"id": "other"}, _=node("answer")))
    far = ScriptedSwitch()
    call = far.call()
    call.account_id = ACCOUNT
    library = Library(AwayStore())  # type: ignore[arg-type]  # two of its methods are all a lookup asks
    facilities = replace(
        house.facilities, library=library, lookup=Lookup(library, FlowCompiler(house.registry))
    )
    with capture_logs() as logs:
        run = FlowRun(call, facilities, flow)
        Engine(run, 50).walk(flow)
    assert run.walked == ["callflow", "answer"]
    assert warnings_of(logs) == ["action_without_store"]


class BrokenStore(AwayStore):
    """A store with a fault of its own."""

    def get(self, database: str, doc_id: str) -> Document:
        """Fails as no store should."""
        raise RuntimeError("a fault in the store")


def test_an_unexpected_failure_ends_this_call_only(house: House) -> None:
    """With a traceback in the log, and a hangup."""
    house.store = BrokenStore()  # type: ignore[assignment]  # two of its methods are all a lookup asks
    far = switch()
    with capture_logs() as logs:
        house.runner().handle(far.session)
    assert far.arguments("hangup") == ["NORMAL_TEMPORARY_FAILURE"]
    (line,) = [line for line in logs if line["event"] == "call_failed"]
    assert line["exc_info"] is True
    assert house.reports[0].verdict is Termination.OURS


def test_a_caller_who_hangs_up_at_once_is_no_failure(house: House) -> None:
    """However early: before the lookup, or in the first action."""
    house.callflow("main", node("sleep", {"duration": 60}), numbers=["1000"])
    far = switch()
    far.hang_up("ORIGINATOR_CANCEL")
    with capture_logs() as logs:
        house.runner().handle(far.session)
    assert warnings_of(logs) == []
    assert (house.reports[0].cause, house.reports[0].verdict) == (
        HangupCause.ORIGINATOR_CANCEL,
        Termination.CALLER,
    )


def test_a_document_with_a_fault_takes_the_engines_rule(house: House) -> None:
    """The node is passed over, the log names document and path."""
    flow = node("play", {"loop_count": 0, "id": "a/b.wav"}, _=node("answer"))
    house.callflow("faulty", flow, numbers=["1000"])
    far = switch()
    with capture_logs() as logs:
        house.runner().handle(far.session)
    assert far.names == ["answer", "hangup"]
    (line,) = [line for line in logs if line["event"] == "node_data_invalid"]
    assert line["document"] == "faulty"
    assert line["faults"][0].startswith("flow.data.loop_count: ")


def test_the_accounts_preflow_runs_first(house: House) -> None:
    """And hands over to the callflow dialled, unless it hangs up."""
    house.callflow("main", node("answer"), numbers=["1000"])
    house.callflow("pre", node("language", {"language": "fr"}))
    house.callflow("shut", node("hangup"))
    for always, expected in (("pre", ["callflow", "language", "answer"]), ("shut", ["callflow", "hangup"])):
        account = dict(house.store.get("accounts", ACCOUNT)) if house.reports else {"_id": ACCOUNT}
        house.save({**account, "preflow": {"always": always}}, "accounts")
        house.runner().handle(switch().session)
        assert list(house.reports[-1].actions) == expected


def test_a_preflow_that_is_not_there_is_passed_over(house: House) -> None:
    """The call still gets its callflow."""
    house.callflow("main", node("answer"), numbers=["1000"])
    house.save({"_id": ACCOUNT, "preflow": {"always": "nowhere"}}, "accounts")
    house.runner().handle(switch().session)
    assert house.reports[0].actions == ("callflow", "answer")


def test_a_preflow_costs_a_branch(tmp_path: Any) -> None:
    """It counts like any other."""
    house = House(tmp_path, {"callflow": {"max_branch_count": 1}})
    house.callflow("main", node("callflow", {"id": "pre"}, _=node("answer")), numbers=["1000"])
    house.callflow("pre", node("noop"))
    house.save({"_id": ACCOUNT, "preflow": {"always": "pre"}}, "accounts")
    house.runner().handle(switch().session)
    house.close()
    assert house.reports[0].actions == ("callflow", "noop", "callflow")


def test_a_channel_that_leaves_is_not_hung_up(house: House) -> None:
    """Somebody else has it; the connection is let go."""
    house.callflow("main", node("sleep", {"duration": 60}), numbers=["1000"])
    far = switch()
    handling = gevent.spawn(house.runner().handle, far.session)
    far.wait_for(lambda: len(far.lines) == 3)
    far.leave()
    handling.get(timeout=5)
    assert far.names == []
    assert far.session.closed
    assert house.reports[0].verdict is Termination.INDETERMINATE


def test_a_channel_that_leaves_with_a_recording_is_listened_to(house: House) -> None:
    """Until it ends: the recording's last events come on this connection."""
    flow = node("record_call", {"action": "start"}, _=node("sleep", {"duration": 60}))
    house.callflow("main", flow, numbers=["1000"])
    far = switch()
    handling = gevent.spawn(house.runner().handle, far.session)
    far.wait_for(lambda: bool(house.recorder.started))
    has_left = Event()
    house.recorder.started[0].call.on_end(lambda _: has_left.set())
    far.leave()
    assert has_left.wait(5)
    gevent.idle()  # whoever waits for the end of the call has heard of it
    assert not handling.ready()
    far.hang_up()
    handling.get(timeout=5)
    assert house.reports[0].cause is HangupCause.NORMAL_CLEARING


def test_handlers_run_once_the_channel_is_gone(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each once, with how the call ended."""
    told: list[CallEnd | None] = []
    original = FlowRun.__init__

    def with_handlers(run: FlowRun, *args: Any) -> None:
        original(run, *args)
        run.at_end(told.append)
        run.at_end(told.append)

    monkeypatch.setattr(FlowRun, "__init__", with_handlers)
    house.callflow("main", node("noop"), numbers=["1000"])
    house.runner().handle(switch().session)
    assert [end.cause for end in told if end] == [HangupCause.NORMAL_CLEARING]


def test_a_hundred_calls_at_once_do_not_mix(house: House) -> None:
    """Each has its own run, and all end."""
    flow = node(
        "set_variables",
        {"custom_application_vars": {"a": "1"}},
        _=node("sleep", {"duration": 1, "unit": "ms"}),
    )
    house.callflow("main", flow, numbers=["1000"])
    runner = house.runner()
    greenlets = [gevent.spawn(runner.handle, switch().session) for _ in range(100)]
    gevent.joinall(greenlets, timeout=20, raise_error=True)
    assert len(house.reports) == 100
    assert {report.verdict for report in house.reports} == {Termination.SUCCESS}


def test_a_call_whose_channel_is_stuck_still_ends(house: House) -> None:
    """A hangup that is not taken up does not hold the engine for ever."""
    house.callflow("main", node("noop"), numbers=["1000"])
    far = switch()
    far.applications["hangup"] = never
    handling = gevent.spawn(house.runner().handle, far.session)
    far.wait_run("hangup")
    far.close()
    handling.get(timeout=5)
    assert house.reports[0].verdict is Termination.INDETERMINATE
