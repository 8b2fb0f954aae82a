"""esl/quoting.py: text from outside arrives as it was given, or is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esl import quoting
from esl.command import execute
from esl.errors import BadCommand
from esl.event import Event
from tests.esl import freeswitch_text as freeswitch
from tests.esl import trace

HOSTILE = [
    "${system rm -rf /}",
    "$${domain}",
    "\\${x}",
    "$\\{x}",
    "\\\\",
    "\\'",
    "a\\nb\\s",
    "$5",
    "$$",
    "\\",
    "it's",
    "'q' and 'r'",
    " lead",
    "trail ",
    "  ",
    "a,b=c",
    "a\\,b",
    "{x}",
    "100% %41 %4a %%25 %25",
    'say "hi"',
    "^^;a",
    "Jürgen €",
    "a|b~c;d#e!f&g*h",
    "\\ ,",
    "' , '",
]
_text = st.text(st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs"])) | st.text(
    st.sampled_from("ab '\"\\$ {}[]()%,=|;:~!&nst4A1Ü^<>")
)
_line = _text.filter(lambda text: not set(text) & set("\r\n"))
_names = st.from_regex(r"[A-Za-z0-9_.-]{1,8}", fullmatch=True)


@given(_text | st.sampled_from(HOSTILE))
def test_literal_survives_expansion(text: str) -> None:
    """Alone, it comes out as it went in."""
    assert freeswitch.expand(quoting.literal(text)) == text


@given(_text | st.sampled_from(HOSTILE))
def test_a_word_is_one_argument(text: str) -> None:
    """Whatever it holds, an API command finds it whole, and nothing behind it."""
    if not text:
        with pytest.raises(BadCommand):
            quoting.word(text)
        return
    assert freeswitch.separate(f"uuid name {quoting.word(text)}", " ") == ["uuid", "name", text]
    assert "\n" not in quoting.word(text)


@given(_text | st.sampled_from(HOSTILE), _text | st.sampled_from(HOSTILE))
def test_literal_survives_beside_others(first: str, second: str) -> None:
    """As a part of an argument that others are parts of, too."""
    argument = f"a {quoting.literal(first)}{{b}} {quoting.literal(second)}"

    assert freeswitch.expand(argument) == f"a {first}{{b}} {second}"


@given(_names, _line | st.sampled_from(HOSTILE))
def test_assignment_arrives_through_both_expansions(name: str, value: str) -> None:
    """`set` expands its value once more; what it keeps reads back as the value, and is inert."""
    wire = execute("set", quoting.assignment(name, value), event_uuid="u").wire
    argument = freeswitch.expand(freeswitch.command_headers(wire)["execute-app-arg"])
    assigned_name, _, assigned = argument.partition("=")
    kept = freeswitch.expand(assigned)

    assert assigned_name == name
    assert "${" not in kept
    assert kept.replace("%24{", "${") == value.replace("%24{", "${")


@pytest.mark.parametrize("name", ["", "a=b", "a b", "${x}", "a\nb", "a,b", "ä"])
def test_variable_names_are_checked(name: str) -> None:
    """A name has no escape."""
    for refused in (
        lambda: quoting.assignment(name, "x"),
        lambda: quoting.braces({name: "x"}),
        lambda: quoting.dial_string_variables({name: "x"}),
    ):
        with pytest.raises(BadCommand):
            refused()


@given(st.dictionaries(_names, _text | st.sampled_from(HOSTILE)))
def test_braces_come_back_on_the_events(variables: dict[str, str]) -> None:
    """Given to record_session, kept by FreeSWITCH, written into RECORD_STOP, read by us: the same."""
    given_values = {name: value for name, value in variables.items() if value and value != "_undef_"}
    block = quoting.braces(given_values)
    if not given_values:
        assert block == ""
        return
    wire = execute("record_session", f"/var/rec/a.wav +30 {block}", event_uuid="u").wire
    argument = freeswitch.expand(freeswitch.command_headers(wire)["execute-app-arg"])

    kept = freeswitch.record_session(argument)

    event = Event(
        b"".join(
            b"Recording-Variable-%s: %s\n" % (n.encode(), freeswitch.url_encode(v)) for n, v in kept.items()
        )
    )
    assert {name: event.get(f"Recording-Variable-{name}") for name in given_values} == given_values


def test_braces_of_a_trace_lose_what_follows_a_comma() -> None:
    """Why escaping comes before URL-encoding: FreeSWITCH cut this value at its comma (record_stop)."""
    sent = trace.stream("record_stop", "out").decode()
    (argument,) = (line for line in sent.splitlines() if "origin=" in line)
    kept = freeswitch.record_session(argument.removeprefix("execute-app-arg: "))

    assert kept["origin"] == "callflow : main"
    assert b"Recording-Variable-origin: callflow%20%3A%20main\n" in trace.stream("record_stop")
    ours = quoting.braces({"origin": 'callflow : main, "x"'})
    assert freeswitch.record_session(f"/a +1 {ours}")["origin"] == 'callflow : main, "x"'


def test_plain_braces_read_as_people_write_them() -> None:
    """Nothing is encoded without need; empty values are left out."""
    block = quoting.braces({"RECORD_STEREO": "true", "recording_id": "r-1_a.b", "path": "/x", "none": ""})

    assert block == "{RECORD_STEREO=true,recording_id=r-1_a.b,path=/x}"
    assert quoting.braces({}) == quoting.braces({"none": ""}) == ""


def test_braces_have_limits() -> None:
    """What FreeSWITCH would drop or cut off without a word is refused."""
    for variables in ({"a": "x\0y"}, {"a": "\ud800"}, {f"v{n}": "x" for n in range(1001)}):
        with pytest.raises(BadCommand):
            quoting.braces(variables)


@given(st.dictionaries(_names, _text | st.sampled_from(HOSTILE)))
def test_dial_string_variables_arrive(variables: dict[str, str]) -> None:
    """For all legs, or for one: each value arrives as given, or all are refused."""
    given_values = {name: value for name, value in variables.items() if value}
    try:
        block = quoting.dial_string_variables(variables)
    except BadCommand:
        assert any(_is_hard(value, "{}") for value in given_values.values())
    else:
        if block:
            assert freeswitch.brackets(block + "address", "{", "}", ",") == (given_values, "address")
    try:
        block = quoting.dial_string_variables(variables, is_leg=True)
    except BadCommand:
        together = "".join(given_values.values())
        assert any(_is_hard(value, "[]") for value in given_values.values()) or set(";~#!&*") <= set(together)
    else:
        if block:
            assert freeswitch.leg_variables(block + "address") == given_values


def _is_hard(value: str, brackets: str) -> bool:
    """Whether no escape exists for something in it."""
    return ":_:" in value or any(char < " " for char in value) or any(char in value for char in brackets)


@pytest.mark.parametrize("value", ["}{", "{", "}", "a}b", "a:_:b", "a\nb", "a\0b", "a\x02b"])
def test_dial_strings_refuse_what_cannot_be_written(value: str) -> None:
    """Brackets that are not balanced, FreeSWITCH's own marks, line breaks."""
    with pytest.raises(BadCommand):
        quoting.dial_string_variables({"a": value})


def test_dial_strings_keep_balanced_brackets() -> None:
    """Those are counted, so they stay."""
    assert quoting.dial_string_variables({"a": "{x}"}) == "{a={x}}"
    assert quoting.dial_string_variables({}) == quoting.dial_string_variables({"a": ""}, is_leg=True) == ""


def test_dial_strings_have_limits() -> None:
    """More variables than FreeSWITCH reads, or none of the separators free."""
    with pytest.raises(BadCommand):
        quoting.dial_string_variables({f"v{n}": "x" for n in range(1001)})
    with pytest.raises(BadCommand):
        quoting.dial_string_variables({"a": ";~#!&*"}, is_leg=True)


@pytest.mark.parametrize("value", ["", "a b", "it's", 'a"b', "a\\b", "a\tb", "a\nb", "\0", "a\x7f"])
def test_argument_refuses(value: str) -> None:
    """Whatever would make two arguments of one, or none."""
    with pytest.raises(BadCommand):
        quoting.argument(value)


@pytest.mark.parametrize("value", ["/var/rec/ä.wav", "tone_stream://%(1500,0,440);loops=1", "+30"])
def test_argument_passes(value: str) -> None:
    """Anything else is one argument."""
    assert quoting.argument(value) == value


@pytest.mark.parametrize("text", ["${x}", "a${echo x}b", "$${x}"])
def test_the_judge_does_expand(text: str) -> None:
    """Without literal() these would have been looked up."""
    with pytest.raises(freeswitch.Expanded):
        freeswitch.expand(text)
