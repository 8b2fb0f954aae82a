"""Documents become scripts, or all their faults are told."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import gevent
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swml.compiling import AT_ONCE_BYTES, MAX_FINDINGS, compile_document, compile_text, load
from swml.document import Step
from swml.errors import BadDocument
from tests.swml.schema_documents import JUNK
from tests.swml.scripts import main


def faults_of(source: str) -> list[str]:
    """What is wrong with a document, as it is told."""
    with pytest.raises(BadDocument) as refused:
        compile_text(source)
    return [str(finding) for finding in refused.value.findings if finding.is_fault]


def test_a_step_knows_where_it_stands() -> None:
    """And has its properties typed, with what was not written filled in."""
    script = compile_text(main("answer: {}", "goto: {label: a}", "label: a"))
    answer, goto, _ = script.sections["main"]
    assert (answer.where, answer.properties["max_duration"]) == ("main[0].answer", 14_400)
    assert (goto.where, goto.properties["max"], goto.is_plain) == ("main[1].goto", 100, True)


def test_nested_steps_are_compiled_in_their_places() -> None:
    """However deep; each says the whole way to it."""
    document = main("cond: [{when: a, then: [{switch: {variable: b, case: {x: [{sleep: '${c}'}]}}}]}]")
    (cond,) = compile_text(document).sections["main"]
    assert cond.nested is not None
    (switch,) = cond.nested["[0].then"]
    assert switch.nested is not None
    (sleep,) = switch.nested["case.x"]
    assert isinstance(sleep, Step)
    assert sleep.where == "main[0].cond[0].then[0].switch.case.x[0].sleep"
    assert (cond.is_plain, switch.is_plain, sleep.is_plain) == (True, True, False)
    assert cond.properties["conditions"].conditions[0].then == (switch,)


def test_all_faults_are_told_with_their_places() -> None:
    """Not the first alone."""
    document = """
    version: 2.0.0
    extra: 1
    sections:
      main:
        - hangup: {reason: tired, because: x}
        - plai: {}
        - answer
        - {answer: {}, hangup: {}}
        - cond:
            - {when: 5, then: [{sleep: {}}]}
            - {when: a}
            - {else: 1}
        - sleep: long
        - execute: {dest: 5, on_return: [{goto: {label: x, max: 101}}]}
        - []
      other: {}
    """
    assert sorted(faults_of(document)) == [
        "'extra' is no part of a document",
        "main[0].hangup.because: is no property there",
        "main[0].hangup.reason: must be one of hangup, busy, decline",
        "main[1]: there is no method 'plai'; is play meant?",
        "main[2]: a step is a mapping: write `answer: {}`",
        "main[3]: a step is one method, not 2: 'answer', 'hangup'",
        "main[4].cond[0].then[0].sleep.duration: is missing",
        "main[4].cond[0].when: must be a string",
        "main[4].cond[1].then: is missing",
        "main[4].cond[2].else: must be a list of steps",
        "main[5].sleep: must be a whole number",
        "main[6].execute.dest: must be a string",
        "main[6].execute.on_return[0].goto.max: must be at most 100",
        "main[7]: a step is a mapping of one method to its properties",
        "other: a section is a list of steps",
        "version must be the text 1.0.0",
    ]


@pytest.mark.parametrize(
    ("source", "fault", "code"),
    [
        ("5", "a document is a mapping with sections in it", "relay_script_element_wrong_type"),
        ("", "a document is a mapping with sections in it", "relay_script_element_wrong_type"),
        ("version: 1.0.0", "a document has a mapping of sections", "relay_script_sections_missing"),
        ("sections: []", "a document has a mapping of sections", "relay_script_element_wrong_type"),
        ("sections: {a: [{return: 1}]}", "there is no section main", "relay_script_main_section_missing"),
        (main("label: 5"), "main[0].label: must be a string", "relay_script_method_parameter_invalid_value"),
        (
            main("{}"),
            "main[0]: a step is a mapping of one method to its properties",
            "relay_script_method_missing_name",
        ),
        (main("nope: {}"), "main[0]: there is no method 'nope'", "relay_script_method_undefined"),
        (main("goto: {}"), "main[0].goto.label: is missing", "relay_script_method_parameter_missing"),
        (
            main("goto: {label: b}", "label: a"),
            "main[0].goto.label: there is no label 'b' to go to",
            "relay_script_element_undefined",
        ),
        (
            main("execute: {dest: b}"),
            "main[0].execute.dest: there is no section 'b'",
            "relay_script_section_parameter_undefined",
        ),
        (
            main("transfer: {dest: 'https://a b/'}"),
            "main[0].transfer.dest: is no URL that can be fetched",
            "relay_script_parse_error",
        ),
        (
            main("""transfer: {dest: '{"sections": {}}'}"""),
            "main[0].transfer.dest: the document in it: there is no section main",
            "relay_script_parse_error",
        ),
    ],
)
def test_a_fault_bears_the_languages_own_code(source: str, fault: str, code: str) -> None:
    """Where the language has one."""
    with pytest.raises(BadDocument) as refused:
        compile_text(source)
    (finding,) = refused.value.findings
    assert (str(finding).rstrip("?"), finding.code) == (fault, code)


def test_a_label_of_a_list_around_can_be_gone_to() -> None:
    """One of a list beside cannot."""
    inside = "cond: [{when: a, then: [{label: inner}, {goto: {label: outer}}, {goto: {label: inner}}]}]"
    assert compile_text(main("label: outer", inside)).findings == ()
    assert faults_of(main("cond: [{when: a, then: [{label: x}]}]", "goto: {label: x}")) == [
        "main[1].goto.label: there is no label 'x' to go to"
    ]


def test_doubts_are_told_and_the_document_runs() -> None:
    """Methods of the cloud, labels that are there twice, sections with nothing in them."""
    document = main("ai: {prompt: {text: hi}}", "label: a", "label: a") + "  empty: []\n"
    script = compile_text(document)
    assert [str(finding) for finding in script.findings] == [
        "main: the label 'a' is there twice; goto goes to the first",
        "main[0].ai: ai needs its maker's cloud: the script ends here with an error",
        "empty: the section has no steps",
    ]


def test_nothing_behind_a_method_is_nothing_to_say() -> None:
    """`hangup:` as YAML has it; where something must be said, it is missing."""
    assert compile_text(main("hangup:", "stop_record_call:")).findings == ()
    assert faults_of(main("goto:")) == ["main[0].goto: goto takes a mapping"]


def test_a_document_may_be_long() -> None:
    """It is then compiled while others run; its faults are as many as anybody reads."""
    ticks = 0

    def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            gevent.sleep(0.001)

    other = gevent.spawn(tick)
    source = main(*["hangup: {reason: x}"] * 2000)
    assert len(source) > AT_ONCE_BYTES
    with pytest.raises(BadDocument) as refused:
        load(source)
    other.kill()
    assert len(refused.value.findings) == MAX_FINDINGS
    assert ticks > 3


@settings(suppress_health_check=list(HealthCheck))
@given(
    st.fixed_dictionaries({"sections": st.dictionaries(st.sampled_from(["main", "a"]), st.lists(JUNK))})
    | JUNK
)
def test_any_data_is_compiled_or_refused(document: Any) -> None:
    """Whatever it is."""
    with suppress(BadDocument):
        compile_document(document)
