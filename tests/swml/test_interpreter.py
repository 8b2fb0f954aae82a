"""Scripts run: where they go, what comes back, and that everything that goes round comes to an end."""

from __future__ import annotations

import gevent
import pytest

from swml.interpreter import MAX_DEPTH, MAX_STEPS, MAX_TRANSFERS
from swml.runner import How, ScriptRunner
from tests.calls.scripted_switch import ScriptedSwitch
from tests.swml.scripts import Scripts, main
from tests.waiting import eventually

COUNT = "set: {n: '${(vars.n || 0) + 1}'}"


def test_steps_are_run_in_order(scripts: Scripts) -> None:
    """Each sees what those before it set."""
    assert scripts.value(main("set: {a: 1, b: '${a + 1}'}", "set: {c: '${b * 10}'}", "return: '${c}'")) == 20


def test_a_section_is_executed_and_comes_back(scripts: Scripts) -> None:
    """With params of its own, which are gone afterwards; its value is return_value."""
    document = """
    sections:
      main:
        - execute: {dest: double, params: {x: 21}}
        - return: ['${return_value}', '${params.x}', '${params.given}']
      double:
        - set: {seen: '${params.given}'}
        - return: '${params.x * 2}'
    """
    assert scripts.value(document, params={"given": "before"}) == [42, "", "before"]


def test_what_is_to_be_run_on_return_is_run(scripts: Scripts) -> None:
    """After that, what `result` has for the value; both in the section that executed."""
    document = """
    sections:
      main:
        - execute:
            dest: five
            on_return:
              - set: {first: '${return_value}'}
            result:
              case:
                '5': [{set: {second: match}}]
              default: [{set: {second: none}}]
        - return: '${first} ${second}'
      five:
        - return: 5
    """
    assert scripts.value(document) == "5 match"


def test_a_result_may_be_conditions(scripts: Scripts) -> None:
    """As cond has them: the first that holds, or else."""
    document = """
    sections:
      main:
        - execute:
            dest: list
            result:
              - {when: 'return_value[0].a == 2', then: [{set: {found: two}}]}
              - {when: 'return_value[0].a == 1', then: [{set: {found: one}}]}
              - else: [{set: {found: none}}]
        - return: '${found}'
      list:
        - return: [{a: 1}]
    """
    assert scripts.value(document) == "one"


def test_a_section_without_a_return_returns_nothing(scripts: Scripts) -> None:
    """Nor is a value left of one executed before."""
    document = """
    sections:
      main:
        - execute: {dest: one}
        - execute: {dest: nothing}
        - return: '[${return_value}]'
      one: [{return: 1}]
      nothing: [{set: {a: 1}}]
    """
    assert scripts.value(document) == "[]"


def test_a_return_in_the_middle_of_conditions_leaves_its_section(scripts: Scripts) -> None:
    """And that section only."""
    document = """
    sections:
      main:
        - execute: {dest: sub}
        - return: '${return_value} ${after}'
      sub:
        - cond:
            - when: 'true'
              then: [{if: {when: 'true', then: [{return: inner}]}}]
        - set: {after: reached}
    """
    assert scripts.value(document) == "inner "


def test_a_transfer_does_not_come_back(scripts: Scripts) -> None:
    """Not even to who executed the section it is in."""
    document = """
    sections:
      main:
        - execute: {dest: sub}
        - return: came back
      sub:
        - transfer: {dest: away, params: {x: 1}}
      away:
        - return: '${params.x}'
    """
    assert scripts.value(document) == 1


def test_a_goto_jumps_as_often_as_it_says(scripts: Scripts) -> None:
    """Then it goes on."""
    assert scripts.value(main("label: again", COUNT, "goto: {label: again, max: 3}", "return: '${n}'")) == 4


def test_a_goto_jumps_a_hundred_times_unless_it_says_otherwise(scripts: Scripts) -> None:
    """The language's bound for every loop."""
    assert scripts.value(main("label: again", COUNT, "goto: {label: again}", "return: '${n}'")) == 101


def test_a_goto_jumps_while_its_condition_holds(scripts: Scripts) -> None:
    """A jump that is not made is not counted."""
    document = main("label: again", COUNT, "goto: {label: again, when: n < 5, max: 50}", "return: '${n}'")
    assert scripts.value(document) == 5


def test_a_goto_leaves_the_lists_it_stands_in(scripts: Scripts) -> None:
    """For a label of the section; and forward as well as back."""
    document = """
    sections:
      main:
        - cond:
            - when: 'true'
              then:
                - if: {when: 'true', then: [{goto: {label: end}}]}
                - set: {missed: 1}
        - set: {missed: 2}
        - label: end
        - return: '${missed}'
    """
    assert scripts.value(document) == ""


def test_a_goto_finds_a_label_of_its_own_list_first(scripts: Scripts) -> None:
    """One of the same name in the section is not meant."""
    document = """
    sections:
      main:
        - label: again
        - set: {outer: '${(vars.outer || 0) + 1}'}
        - cond:
            - when: 'true'
              then:
                - label: again
                - set: {inner: '${(vars.inner || 0) + 1}'}
                - goto: {label: again, max: 2}
        - return: '${outer} ${inner}'
    """
    assert scripts.value(document) == "1 3"


def test_a_section_counts_its_jumps_anew_each_time(scripts: Scripts) -> None:
    """Otherwise a loop would not loop the second time."""
    document = """
    sections:
      main: [{execute: {dest: loop}}, {execute: {dest: loop}}, {return: '${n}'}]
      loop:
        - label: again
        - set: {n: '${(vars.n || 0) + 1}'}
        - goto: {label: again, max: 2}
    """
    assert scripts.value(document) == 6


def test_another_document_is_executed(scripts: Scripts) -> None:
    """Fetched with the call's data, the params and the variables; its sections are its own."""
    scripts.library.documents["https://example.test/sub"] = """
    sections:
      main: [{execute: {dest: local}}, {return: '${return_value}'}]
      local: [{set: {theirs: 1}}, {return: '${params.x}${vars.mine}'}]
    """
    document = main(
        "set: {mine: 7}",
        "execute: {dest: 'https://example.test/${vars.none}sub', params: {x: 5}}",
        "return: '${return_value} ${theirs}'",
    )
    assert scripts.value(document) == "7 1"
    ((url, payload),) = scripts.library.asked
    assert url == "https://example.test/sub"
    assert payload["params"] == {"x": 5}
    assert payload["vars"] == {"mine": 7}
    assert payload["call"]["from"] == "+15551230000"


def test_a_document_within_a_document_keeps_its_variables(scripts: Scripts) -> None:
    """They are expanded when it is run, not when it is gone to."""
    inner = '{"sections": {"main": [{"return": "${params.x}"}]}}'
    assert scripts.value(main(f"transfer: {{dest: '{inner}', params: {{x: 3}}}}")) == 3


@pytest.mark.parametrize(
    ("steps", "where", "code"),
    [
        (["execute: {dest: main}"], "main[0].execute", "relay_script_nested_too_deep"),
        (["transfer: {dest: main}"], "main[0].transfer", "relay_script_too_many_transfers"),
        (["execute: {dest: '${nowhere}'}"], "main[0].execute", "relay_script_section_parameter_undefined"),
        (["goto: {label: '${nowhere}'}"], "main[0].goto", "relay_script_element_undefined"),
        (
            ["if: {when: 'true', then: [{sleep: '${1 + 0.5}'}]}"],
            "main[0].if.then[0].sleep",
            "relay_script_method_parameter_invalid_value",
        ),
        (["set: {a: '${b.c.d()}'}"], "main[0].set", "relay_script_js_eval_error"),
        (["cond: [{when: 'b.c', then: []}]"], "main[0].cond", "relay_script_js_eval_error"),
        (
            ["switch: {variable: call.type, case: {}}"],
            "main[0].switch",
            "relay_script_method_no_matching_condition",
        ),
        (["set: {params.x: 1}"], "main[0].set", "relay_script_method_execute_failed"),
        (
            ["execute: {dest: 'https://example.test/x'}"],
            "main[0].execute",
            "relay_script_method_execute_failed",
        ),
        (
            ["execute: {dest: a, result: [{when: b.c, then: []}]}", "return: 1"],
            "main[0].execute",
            "relay_script_js_eval_error",
        ),
        (["denoise: {}"], "main[0].denoise", "relay_script_method_execute_failed"),
    ],
)
def test_a_step_that_fails_says_where(scripts: Scripts, steps: list[str], where: str, code: str) -> None:
    """The script is over, and so is the call."""
    end = scripts.run(main(*steps) + "  a: [{return: 1}]\n")
    assert end.error is not None
    assert (end.how, end.error.where, end.error.code) == (How.FAILED, where, code)
    assert scripts.switch.names[-1] == "hangup"


def test_depth_transfers_and_steps_are_bounded(scripts: Scripts) -> None:
    """The language's own bounds where it has some."""
    assert (MAX_DEPTH, MAX_TRANSFERS) == (100, 32)
    loops = """
    sections:
      main:
        - label: outer
        - label: inner
        - goto: {label: inner}
        - execute: {dest: more}
        - goto: {label: outer}
      more:
        - label: a
        - label: b
        - goto: {label: b}
        - goto: {label: a}
    """
    end = scripts.run(loops)
    assert end.error is not None
    assert end.error.message == f"the script has taken {MAX_STEPS} steps"


def test_a_script_that_does_not_wait_lets_others_run(scripts: Scripts) -> None:
    """An endless loop holds the hub no longer than some steps take."""
    ticks = 0

    def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            gevent.sleep(0)

    call = ScriptedSwitch().call()
    other = gevent.spawn(tick)
    ScriptRunner(scripts.facilities).run(
        call, main("label: again", "label: x", "label: y", "goto: {label: again}")
    )
    counted = ticks
    other.kill()
    assert counted > 4


def test_a_hangup_ends_the_script_where_it_is(scripts: Scripts) -> None:
    """No step is run for a call that is over, not even one that needs none."""
    switch = ScriptedSwitch()
    running = gevent.spawn(scripts.run, main("sleep: -1", "set: {a: 1}"), switch=switch)
    eventually(lambda: switch.session.on_event is not None)
    gevent.sleep(0)
    switch.event("CHANNEL_HANGUP", Hangup_Cause="NORMAL_CLEARING")
    end = running.get(timeout=5)
    assert (end.how, end.error) == (How.GONE, None)
    assert "hangup" not in switch.names
