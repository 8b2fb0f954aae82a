"""A call is answered, for as long as it may last."""

from __future__ import annotations

import pytest

from tests.calls.scripted_switch import ScriptedSwitch
from tests.swml.scripts import Scripts, main
from tests.swml.stage import Stage, applications


def test_a_call_is_answered_and_hung_up_in_time(scripts: Scripts) -> None:
    """After four hours, unless it says otherwise."""
    assert scripts.value(main("answer: {}", "return: '${answer_result}'")) == "success"
    assert scripts.switch.commands == [
        ("answer", "", False),
        ("sched_hangup", "+14400 ALLOTTED_TIMEOUT", False),
    ]
    scripts.run(main("answer: {max_duration: '${30 + 30}'}"))
    assert scripts.switch.arguments("sched_hangup") == ["+60 ALLOTTED_TIMEOUT"]
    scripts.run(main("answer: {max_duration: 0}"))
    assert scripts.switch.names == ["answer"]


def test_an_answered_call_is_given_the_limit_that_is_asked_for(scripts: Scripts) -> None:
    """And no other one."""
    for steps, expected in ((["answer: {}"], []), (["answer: {max_duration: 60}"], ["sched_hangup"])):
        switch = ScriptedSwitch(Answer_State="answered")
        scripts.run(main(*steps), switch=switch)
        assert switch.names == expected


@pytest.mark.parametrize(
    ("codecs", "told"),
    [("PCMU, OPUS", "PCMU,OPUS"), ("AMR-WB,${'G722'}", "AMR-WB,G722"), ("PCMU,x y,a=b\nc,,", "PCMU")],
)
def test_codecs_are_chosen_before_the_answer(scripts: Scripts, codecs: str, told: str) -> None:
    """What is no name of one is left out."""
    scripts.run(main(f"answer: {{codecs: {codecs!r}}}".replace("\n", "\\n")))
    assert scripts.switch.commands[0][:2] == ("set", f"absolute_codec_string={told}")


def test_the_limit_ends_the_call(stage: Stage) -> None:
    """On a simulated FreeSWITCH."""
    call = stage.run([("answer", {"max_duration": 1}), ("sleep", {"duration": 10_000})])
    assert "sched_hangup +1 ALLOTTED_TIMEOUT" in applications(call)
    assert call.hangup_cause == "ALLOTTED_TIMEOUT"
