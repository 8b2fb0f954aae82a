"""esl/event.py: headers are found and decoded one by one, and nothing in a value becomes a header."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esl.decoder import Decoder
from esl.errors import BadFrame
from esl.event import Event, encode_headers
from tests.esl import trace

DATA = Path(__file__).parents[1] / "data" / "esl"
PLAIN = Event(
    b"Event-Name: CUSTOM\nEvent-Subclass: sofia%3A%3Aregister\nUnique-ID: a-b\n"
    b"variable_name: J%C3%BCrgen%20O%27H\n"
    b"Empty: _undef_\nTwice: first\nTwice: second\nglued line without a colon\nvariable_bad: %FF%FEx\n"
    b"Content-Length: 20\n\nUnique-ID: body\n\nabc"
)
_names = st.text(
    st.characters(codec="utf-8", exclude_characters="\n", exclude_categories=["Cs"]), min_size=1
).filter(lambda name: ": " not in name)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Event-Name", "CUSTOM"),
        ("Event-Subclass", "sofia::register"),
        ("variable_name", "Jürgen O'H"),
        ("Empty", ""),
        ("Twice", "first"),
        ("variable_bad", "��x"),
        ("Name", None),
        ("event-name", None),
        ("glued line without a colon", None),
        ("Event-Name: CUSTOM\nEvent-Subclass", None),
        ("", None),
    ],
)
def test_get(header: str, value: str | None) -> None:
    """A header is found by its whole name, decoded; the first of two counts."""
    assert PLAIN.get(header) == value


def test_shorthands() -> None:
    """What everybody asks for has a name of its own; absent ones are empty."""
    assert (PLAIN.name, PLAIN.subclass, PLAIN.uuid) == ("CUSTOM", "sofia::register", "a-b")
    assert PLAIN.variable("name") == "Jürgen O'H"
    assert PLAIN.get("Nothing", "default") == "default"
    empty = Event(b"")
    assert (empty.name, empty.subclass, empty.uuid, empty.body, empty.headers()) == ("", "", "", b"", {})


def test_body_is_no_header() -> None:
    """The body is kept as bytes, and what looks like a header in it is none."""
    assert PLAIN.body == b"Unique-ID: body\n\nabc"
    assert PLAIN.get("Unique-ID") == "a-b"
    assert Event(b"Event-Name: X\n", b"hello").body == b"hello"


def test_forged_headers_of_a_caller_stay_text() -> None:
    """Line breaks that a caller hid in a SIP header are part of that value (trace hostile_caller_id)."""
    frames = Decoder().feed(trace.stream("hostile_caller_id"))
    events = [event for frame in frames if (event := frame.event()) is not None]

    assert all(event.variable("owned") is None for event in events)
    assert any("\n" in (event.variable("multi") or "") for event in events)
    assert not any("injected" in event.headers() for event in events)


def test_repr_shows_no_values() -> None:
    """What a log may show of an event is its name and its channel."""
    assert repr(PLAIN) == "<Event CUSTOM a-b>"


def test_json_event_reads_like_a_plain_one() -> None:
    """The same job as text/event-json and as text/event-plain (both captured)."""
    (plain,) = Decoder().feed((DATA / "background_job_plain.bin").read_bytes())
    (coded,) = Decoder().feed((DATA / "background_job_json.bin").read_bytes())

    first, second = plain.event(), coded.event()

    assert first is not None
    assert second is not None
    assert first.name == second.name == "BACKGROUND_JOB"
    assert first.body == second.body == b"first line"
    assert second.get("Job-Command-Arg") == "first line"
    assert first.headers().keys() == second.headers().keys()


def test_json_values_of_other_types() -> None:
    """Repeated values come as arrays in JSON, and read as in a plain event."""
    event = Event.from_json(
        b'{"a": ["x", "y%41", 3], "n": null, "t": true, "d": {"k": 1}, "bad\\nname": "x"}'
    )

    assert event.headers() == {"a": "ARRAY::x|:y%41|:3", "n": "", "t": "true", "d": '{"k": 1}'}


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"nonsense", b'"x"', b"[" * 100_000, b"\xff"])
def test_broken_json_is_a_bad_frame(text: bytes) -> None:
    """Whatever is no JSON object ends in BadFrame."""
    with pytest.raises(BadFrame):
        Event.from_json(text)


@given(st.dictionaries(_names, st.text()), st.binary())
def test_encoded_headers_come_back(headers: dict[str, str], body: bytes) -> None:
    """What is written is what is read, one by one and together."""
    event = Event.from_headers(headers, body)

    assert event.headers() == headers
    assert {name: event.get(name) for name in headers} == headers
    assert event.body == body


@given(
    st.dictionaries(st.text(), st.recursive(st.text() | st.none() | st.integers(), st.lists, max_leaves=5))
)
def test_any_json_object_is_an_event(document: dict[str, object]) -> None:
    """No value of JSON does any harm."""
    event = Event.from_json(json.dumps(document).encode())

    assert all(event.get(name) == value for name, value in event.headers().items())


@given(st.binary(max_size=200), st.sampled_from(["", "variable_sip_h_", "A"]))
def test_beginning_agrees_with_headers(block: bytes, prefix: str) -> None:
    """Those whose names begin so, of any bytes."""
    event = Event(block + b"\nvariable_sip_h_X-A: 1%3B\nAb: 2\nvariable_sip_h_X-A: 3\nA: 4\n")
    expected = {
        name.removeprefix(prefix): value for name, value in event.headers().items() if name.startswith(prefix)
    }
    assert event.beginning(prefix) == expected


@given(
    st.binary() | st.lists(st.sampled_from([b"\n", b": ", b":", b"a", b"%41", b"%", b"\xff"])).map(b"".join)
)
def test_get_agrees_with_headers_on_any_bytes(block: bytes) -> None:
    """Both ways of reading give the same, whatever the block."""
    event = Event(block)

    assert all(event.get(name) == value for name, value in event.headers().items() if "�" not in name)


@pytest.mark.parametrize("name", ["a\nb", "a: b"])
def test_names_that_cannot_stand_in_a_line_are_left_out(name: str) -> None:
    """A header name never breaks out of its line."""
    assert encode_headers({name: "x", "ok": "_undef_"}) == b"ok: %5Fundef_\n"
