"""Actions without a life of their own: data and far end in, commands and outcome out."""

from __future__ import annotations

from typing import Any

import gevent
import pytest
from structlog.testing import capture_logs

from callflows.action import CONTINUE, HARD_STOP, STOP, Next, Step, continue_to
from callflows.flow_run import FlowRun
from callflows.playing import play_prompt
from calls.call import Call
from calls.cause import HangupCause
from calls.errors import CallGone
from tests.callflows.kit import House, node
from tests.calls.scripted_switch import ScriptedSwitch, missing, never

ALL = "123456789*0#"


def run(
    house: House, call: Call, module: str, data: dict[str, Any], **children: Any
) -> tuple[Next | None, FlowRun]:
    """Run one action and return its outcome."""
    flow_run = house.run_on(call, node(module, data, **children))
    assert flow_run.node.action is not None
    assert flow_run.node.faults == ()
    return flow_run.node.action.run(flow_run, flow_run.node.data), flow_run


def commands(switch: ScriptedSwitch, call: Call) -> list[str]:
    """Every command so far, as `application argument`, locks aside."""
    if not call.is_ended:
        call.execute("eval")
    return [f"{app} {arg}".strip() for app, arg, _ in switch.commands if app != "eval"]


@pytest.mark.parametrize(
    ("module", "data", "expected", "outcome"),
    [
        ("answer", {}, ["answer"], CONTINUE),
        ("noop", {}, [], CONTINUE),
        ("hangup", {}, [], HARD_STOP),
        ("sleep", {}, [], CONTINUE),
        ("sleep", {"duration": 20, "unit": "ms"}, [], CONTINUE),
        ("response", {"code": 486}, ["respond 486", "hangup USER_BUSY"], STOP),
        (
            "response",
            {"code": "404", "message": "Gone away"},
            ["respond 404 Gone away", "hangup UNALLOCATED_NUMBER"],
            STOP,
        ),
        (
            "response",
            {"code": 503, "media": "a/b.wav"},
            [
                "pre_answer",
                f"set playback_terminators={ALL}",
                "playback a/b.wav",
                "respond 503",
                "hangup NORMAL_TEMPORARY_FAILURE",
            ],
            STOP,
        ),
        ("language", {"language": "fr-FR"}, ["set default_language=fr-FR"], CONTINUE),
        (
            "set_variable",
            {"variable": "call_priority", "value": "7"},
            ["set ecallmgr_Call-Priority=7"],
            CONTINUE,
        ),
        (
            "set_variable",
            {"variable": "group_id", "value": "g", "channel": "both"},
            ["export ecallmgr_Group-ID=g"],
            CONTINUE,
        ),
        ("set_variable", {"variable": "colour", "value": "red"}, [], CONTINUE),
        ("set_variable", {"variable": "group_id"}, [], CONTINUE),
        (
            "set_variables",
            {"custom_application_vars": {"a": "x", "b": {"c": 1}, "bad name": "y"}},
            ["set cav_a=x", 'set json_cav_b={"c":1}'],
            CONTINUE,
        ),
        (
            "set_variables",
            {"custom_application_vars": {"a": "x"}, "export": True},
            ["export cav_a=x"],
            CONTINUE,
        ),
        ("set_variables", {"custom_application_vars": {}}, [], CONTINUE),
        ("send_dtmf", {"digits": "12#"}, ["send_dtmf 12#@2000"], CONTINUE),
        ("send_dtmf", {"digits": "1", "duration_ms": "500"}, ["send_dtmf 1@500"], CONTINUE),
        ("flush_dtmf", {}, [], CONTINUE),
        ("callflow", {"id": "nowhere"}, [], CONTINUE),
        ("callflow", {}, [], CONTINUE),
        ("play", {}, [], CONTINUE),
        ("play", {"id": "nowhere"}, ["answer"], CONTINUE),
        (
            "play",
            {"id": "a/b.wav"},
            ["answer", f"set playback_terminators={ALL}", "playback a/b.wav"],
            CONTINUE,
        ),
        (
            "play",
            {"id": "a/b.wav", "answer": False, "terminators": []},
            ["set playback_terminators=none", "playback a/b.wav"],
            CONTINUE,
        ),
        (
            "play",
            {"id": "a/b.wav", "answer": False, "loop_count": 2, "terminators": ["#"]},
            ["set playback_terminators=#", "playback a/b.wav", "playback a/b.wav"],
            CONTINUE,
        ),
        (
            "tts",
            {"text": "Hello"},
            ["answer", f"set playback_terminators={ALL}", "speak flite|rms|Hello"],
            CONTINUE,
        ),
        (
            "tts",
            {"text": "Hello", "voice": "female", "terminators": ["1"]},
            ["answer", "set playback_terminators=1", "speak flite|slt|Hello"],
            CONTINUE,
        ),
        (
            "tts",
            {"text": "Hallo", "engine": "google", "voice": "anna"},
            ["answer", f"set playback_terminators={ALL}", "speak google|anna|Hallo"],
            CONTINUE,
        ),
    ],
)
def test_an_action_says_what_it_should(
    house: House, module: str, data: dict[str, Any], expected: list[str], outcome: Next
) -> None:
    """Its commands in order, and where it goes."""
    switch = ScriptedSwitch()
    call = switch.call()
    found, _ = run(house, call, module, data)
    assert found == outcome
    assert commands(switch, call) == expected


def test_an_answered_call_is_neither_answered_nor_waited_with(house: House) -> None:
    """Two prompts in a row have no pause of an answer between them."""
    switch = ScriptedSwitch(Answer_State="answered")
    call = switch.call()
    run(house, call, "play", {"id": "a/b.wav", "terminators": []})
    run(house, call, "tts", {"text": "x"})
    assert [name for name in switch.names if name != "eval"] == ["playback", "speak"]


def test_the_pause_after_answering_is_configured(tmp_path: Any) -> None:
    """callflow.post_answer_delay, in milliseconds."""
    house = House(tmp_path, {"callflow": {"post_answer_delay": 0}})
    switch = ScriptedSwitch()
    call = switch.call()
    outcome, _ = run(house, call, "play", {"id": "a/b.wav"})
    house.close()
    assert outcome == CONTINUE


def test_an_endless_prompt_ends_by_a_key_that_is_kept(house: House) -> None:
    """The digit is there for a collect_dtmf after it."""
    switch = ScriptedSwitch(Answer_State="answered")
    switch.keys = ["", "9"]
    call = switch.call()
    run(house, call, "play", {"id": "a/b.wav", "endless_playback": True})
    assert (len(switch.arguments("playback")), call.dtmf.get()) == (2, "9")


@pytest.mark.parametrize(
    ("media", "told"),
    [
        ("a/b.wav", "a/b.wav"),
        ("http://user:secret@example.com/a.wav?key=k", "http_cache://http://***@example.com/a.wav?key=***"),
    ],
)
def test_missing_media_is_silence(house: House, media: str, told: str) -> None:
    """A call is not lost over a file; what is logged of an URL has no secrets."""
    switch = ScriptedSwitch(Answer_State="answered")
    switch.applications["playback"] = missing
    with capture_logs() as logs:
        assert run(house, switch.call(), "play", {"id": media})[0] == CONTINUE
    assert [line["media"] for line in logs if line["event"] == "media_missing"] == [told]


def test_a_hangup_during_play_stops_for_good_and_during_others_stops(house: House) -> None:
    """Kazoo's play ends hard; the rest let the engine see that the call is gone."""
    for module, data in (("play", {"id": "a/b.wav"}), ("tts", {"text": "x"}), ("sleep", {"duration": 60})):
        switch = ScriptedSwitch(Answer_State="answered")
        switch.applications |= {"playback": never, "speak": never}
        call = switch.call()
        gevent.spawn_later(0.01, switch.hang_up)
        if module == "play":
            assert run(house, call, module, data)[0] == HARD_STOP
        else:
            with pytest.raises(CallGone):
                run(house, call, module, data)


def test_speech_that_is_refused_stops(house: House) -> None:
    """As any error of tts does in Kazoo."""
    switch = ScriptedSwitch(Answer_State="answered")
    switch.refused.add("speak")
    assert run(house, switch.call(), "tts", {"text": "x"})[0] == STOP


def test_a_response_after_the_answer_hangs_up_with_its_cause(house: House) -> None:
    """There is nothing left to refuse."""
    switch = ScriptedSwitch(Answer_State="answered")
    call = switch.call()
    run(house, call, "response", {"code": 486})
    assert call.end is not None
    assert (switch.names, call.end.cause) == (["hangup"], HangupCause.USER_BUSY)


def test_a_callflow_is_branched_to(house: House) -> None:
    """Its tree, compiled."""
    house.callflow("other", node("noop"))
    outcome, _ = run(house, ScriptedSwitch().call(), "callflow", {"id": "other"})
    assert outcome is not None
    assert (outcome.step, outcome.flow.doc_id if outcome.flow else "") == (Step.BRANCH, "other")


def test_the_language_of_a_call_is_the_nearest_that_is_said(house: House) -> None:
    """The call's own, else its device's, its owner's, the account's, the configuration's."""
    switch = ScriptedSwitch({"ecallmgr_Authorizing-ID": "d", "ecallmgr_Owner-ID": "u"})
    flow_run = house.run_on(switch.call(), node("noop"))
    assert flow_run.language == "en-us"
    house.save({"_id": flow_run.account_id, "language": "it"}, "accounts")
    assert flow_run.language == "it"
    house.save({"_id": "u", "pvt_type": "user", "language": "es"})
    assert flow_run.language == "es"
    house.save({"_id": "d", "pvt_type": "device", "language": "pt"})
    assert flow_run.language == "pt"
    flow_run.call.language = "fr"
    assert flow_run.language == "fr"


@pytest.mark.parametrize(
    ("early", "pressed", "data", "expected"),
    [
        ("", "1", {}, {"default": "1"}),
        ("", "123", {"max_digits": 3, "collection_name": "pin"}, {"pin": "123"}),
        ("", "12#", {"max_digits": 9}, {"default": "12"}),
        ("", "12*", {"max_digits": 9, "terminator": "*"}, {"default": "12"}),
        ("", "12#0", {"max_digits": 9, "terminators": ["0", "*"]}, {"default": "12#"}),
        ("12", "3", {"max_digits": 3}, {"default": "123"}),
        ("1234", "", {"max_digits": 2, "collection_name": "a"}, {"a": "12"}),
        ("1#2", "3", {"max_digits": 2}, {"default": "13"}),
        ("", "", {"max_digits": 2, "timeout": 10}, {}),
        ("7", "", {"max_digits": 2, "timeout": 10}, {"default": "7"}),
    ],
)
def test_digits_are_collected_under_a_name(
    house: House, early: str, pressed: str, data: dict[str, Any], expected: dict[str, str]
) -> None:
    """What was pressed during earlier prompts comes first, cut at its first terminator."""
    switch = ScriptedSwitch()
    call = switch.call()
    call.dtmf.store(early)
    if pressed:
        switch.wait_for(lambda: len(switch.lines) == 3)
        running = gevent.spawn(run, house, call, "collect_dtmf", data)
        switch.wait_for(lambda: call.dtmf.is_heard)
        switch.press(pressed)
        outcome, _ = running.get(timeout=5)
    else:
        outcome, _ = run(house, call, "collect_dtmf", data)
    assert outcome == CONTINUE
    assert {name: call.dtmf.get(name) for name in call.dtmf.names() if call.dtmf.get(name)} == expected
    assert "answer" in switch.names or not pressed


def test_flushing_empties_one_collection(house: House) -> None:
    """The others stay."""
    call = ScriptedSwitch().call()
    call.dtmf.store("1")
    call.dtmf.store("2", "pin")
    run(house, call, "flush_dtmf", {"collection_name": "pin"})
    assert (call.dtmf.get(), call.dtmf.get("pin")) == ("1", "")
    run(house, call, "flush_dtmf", {})
    assert call.dtmf.get() == ""


ACCOUNT_DOCUMENT = {"language": "it", "limits": {"calls": 5}, "flag": True}
DEVICE = {"_id": "d", "pvt_type": "device", "owner_id": "u", "colour": "red"}
USER = {"_id": "u", "pvt_type": "user", "colour": "blue", "level": "admin"}


@pytest.mark.parametrize(
    ("data", "kind", "expected"),
    [
        ({"variable": "call_priority"}, "device", "7"),
        ({"variable": "Call-Priority"}, "device", "7"),
        ({"variable": "nothing"}, "device", "_"),
        ({"variable": ""}, "device", "_"),
        ({"variable": []}, "device", "_"),
        ({"variable": "language", "scope": "account"}, "", "it"),
        ({"variable": ["calls", "limits"], "scope": "account"}, "", "5"),
        ({"variable": ["limits", "calls"], "scope": "account"}, "", "_"),
        ({"variable": "flag", "scope": "account"}, "", "true"),
        ({"variable": "limits", "scope": "account"}, "", "_"),
        ({"variable": "colour", "scope": "device"}, "device", "red"),
        ({"variable": "colour", "scope": "device"}, "mobile", "red"),
        ({"variable": "colour", "scope": "device"}, "user", "_"),
        ({"variable": "colour", "scope": "user"}, "device", "blue"),
        ({"variable": "colour", "scope": "user"}, "mobile", "_"),
        ({"variable": "colour", "scope": "merged"}, "device", "red"),
        ({"variable": "level", "scope": "merged"}, "device", "admin"),
        ({"variable": "call_priority", "scope": "merged"}, "device", "7"),
    ],
)
def test_a_variables_value_names_the_child(
    house: House, data: dict[str, Any], kind: str, expected: str
) -> None:
    """In each scope; a value without a child goes to `_`."""
    house.save({"_id": "a" * 32, **ACCOUNT_DOCUMENT}, "accounts")
    house.save(DEVICE)
    house.save(USER)
    variables = {
        "ecallmgr_Call-Priority": "7",
        "ecallmgr_Authorizing-ID": "d",
        "ecallmgr_Authorizing-Type": kind,
    }
    children = {key: node("noop") for key in ("7", "it", "5", "true", "red", "blue", "admin", "_")}
    outcome, _ = run(house, ScriptedSwitch(variables).call(), "branch_variable", data, **children)
    assert outcome == continue_to(expected)


def test_the_hotdesked_user_counts_before_the_owner(house: House) -> None:
    """Whoever is logged in at a phone is its user."""
    house.save({**DEVICE, "hotdesk": {"users": {"h": {}}}})
    house.save({"_id": "h", "pvt_type": "user", "colour": "green"})
    variables = {"ecallmgr_Authorizing-ID": "d", "ecallmgr_Authorizing-Type": "device"}
    data = {"variable": "colour", "scope": "user"}
    outcome, _ = run(house, ScriptedSwitch(variables).call(), "branch_variable", data, green=node("noop"))
    assert outcome == continue_to("green")


def test_a_key_pressed_while_stand_ins_are_tried_ends_the_prompt(house: House) -> None:
    """A caller who knows the question does not have to hear its text spoken because a sound is missing."""

    def missing_meanwhile(far: ScriptedSwitch, arg: str) -> dict[str, str]:
        far.press("1")
        return missing(far, arg)

    switch = ScriptedSwitch()
    switch.applications["playback"] = missing_meanwhile
    call = switch.call()
    played = play_prompt(house.run_on(call, node("noop")), "vm-review_recording")
    assert played.ended_by == "1"
    assert switch.arguments("speak") == []
