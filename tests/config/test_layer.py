"""Layers keep the last good value, and the topmost that says something decides."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from config.catalogue import discover
from config.category import BadValue
from config.layer import BUILT_IN, MAX_SHOWN_LENGTH, Layer, resolve, shown

CATEGORIES = discover()
MEDIA = CATEGORIES.category("media")
CALL_COMMAND = CATEGORIES.category("call_command")
LIMIT = ("max_recording_time_limit",)
EXTENSION = ("call_recording", "extension")


def layer(content: object, place: str = "somewhere") -> Layer:
    """A layer that says this."""
    made = Layer(MEDIA, place)
    made.replace(content)
    return made


def test_the_topmost_layer_that_speaks_decides() -> None:
    """Each key by itself, and the built-in default last."""
    top, bottom = (
        layer({"max_recording_time_limit": 60}, "top"),
        layer({"max_recording_time_limit": 90, "record_min_sec": 3}, "bottom"),
    )
    assert resolve(MEDIA, LIMIT, [top, bottom]).value == 60
    assert resolve(MEDIA, LIMIT, [top, bottom]).origin == "top"
    assert resolve(MEDIA, ("record_min_sec",), [top, bottom]).origin == "bottom"
    assert resolve(MEDIA, ("store_recordings",), [top, bottom]).value is False
    assert resolve(MEDIA, ("store_recordings",), [top, bottom]).origin == BUILT_IN


def test_a_bad_value_keeps_the_last_good_one_of_its_layer() -> None:
    """A value that turns bad does not uncover the layer beneath."""
    top, bottom = layer({"max_recording_time_limit": 60}), layer({"max_recording_time_limit": 90})
    assert top.replace({"max_recording_time_limit": "long"}) == {
        LIMIT: BadValue("long", "is not a whole number")
    }
    assert resolve(MEDIA, LIMIT, [top, bottom]).value == 60
    assert top.replace({"max_recording_time_limit": "longer"}) != {}
    assert resolve(MEDIA, LIMIT, [top, bottom]).value == 60
    assert top.replace({"max_recording_time_limit": 61}) == {}
    assert resolve(MEDIA, LIMIT, [top, bottom]).value == 61
    assert top.bad == {}


def test_a_value_that_never_was_good_says_nothing() -> None:
    """At the start the next layer, and then the default, count."""
    assert resolve(MEDIA, LIMIT, [layer({"max_recording_time_limit": "x"}), layer({})]).value == 10800


def test_a_value_taken_away_is_gone() -> None:
    """Deleting a key, or its document, leads back to what lies beneath, even from a bad value."""
    one = layer({"max_recording_time_limit": 60})
    one.replace({"max_recording_time_limit": "x"})
    one.replace({"max_recording_time_limit": None})
    assert resolve(MEDIA, LIMIT, [one]).value == 10800
    one.replace({"max_recording_time_limit": 60})
    one.replace(None)
    assert resolve(MEDIA, LIMIT, [one]).value == 10800


def test_the_same_fault_is_news_once() -> None:
    """Reading a document again tells nothing twice; another fault is told."""
    one = Layer(MEDIA, "somewhere")
    assert one.replace({"max_recording_time_limit": "x"})
    assert one.replace({"max_recording_time_limit": "x", "record_min_sec": 1}) == {}
    assert one.replace({"max_recording_time_limit": "y"})


def test_a_group_that_is_no_object_keeps_all_it_held() -> None:
    """The last good values of every key within stay."""
    one = layer({"call_recording": {"extension": "wav"}, "record_min_sec": 2})
    assert one.replace({"call_recording": "wav"}) == {
        ("call_recording",): BadValue("wav", "is not a JSON object")
    }
    assert resolve(MEDIA, EXTENSION, [one]).value == "wav"
    assert resolve(MEDIA, ("record_min_sec",), [one]).value == 0


def test_a_section_that_is_no_object_keeps_everything() -> None:
    """As does a document that cannot be read."""
    one = layer({"call_recording": {"extension": "wav"}})
    assert list(one.replace([])) == [()]
    assert resolve(MEDIA, EXTENSION, [one]).value == "wav"
    assert list(one.keep("is no JSON")) == [()]
    assert one.keep("is no JSON") == {}
    assert resolve(MEDIA, EXTENSION, [one]).value == "wav"


def test_groups_are_put_together_key_by_key() -> None:
    """A group is an object of what is in force of each key, names of any kind included."""
    top, bottom = Layer(CALL_COMMAND, "top"), Layer(CALL_COMMAND, "bottom")
    top.replace({"store_file": {"fax": {"retries": 1}}})
    bottom.replace({"store_file": {"fax": {"retries": 2, "save_timeout_ms": 500}, "tts": {}}})
    assert resolve(CALL_COMMAND, ("store_file",), [top, bottom]).value == {
        "fax": {"retries": 1, "save_timeout_ms": 500}
    }
    whole = resolve(CALL_COMMAND, (), [top, bottom]).value
    assert whole["digit_timeout"] == 3000
    assert resolve(CALL_COMMAND, ("store_file", "other"), []).value == {
        "retries": 5,
        "save_timeout_ms": 300_000,
    }


def test_values_belong_to_whoever_gets_them() -> None:
    """Changing one changes neither the document nor the next answer."""
    document = {"proxy_store_acls": ["10.0.0.0/8"]}
    one = layer(document)
    resolve(MEDIA, ("proxy_store_acls",), [one]).value.append("x")
    assert resolve(MEDIA, ("proxy_store_acls",), [one]).value == ["10.0.0.0/8"]
    assert document == {"proxy_store_acls": ["10.0.0.0/8"]}


def test_values_are_shown_short_and_without_secrets() -> None:
    """What a log line or a health page says of a value."""
    secret = MEDIA.find(("proxy_password",))
    assert shown(secret, "hunter2") == "(hidden)"
    assert shown(secret, "") == '""'
    assert shown(None, {"a": "http://u:p@h"}) == '{"a": "http://***@h"}'
    assert len(shown(None, "x" * 1000)) == MAX_SHOWN_LENGTH + 3
    assert shown(None, object).startswith('"<class')
    loop: list[Any] = []
    loop.append(loop)
    assert shown(None, loop) == "<class 'list'>"


CONTENT = st.none() | st.dictionaries(
    st.sampled_from(["max_recording_time_limit", "record_min_sec", "store_recordings"]),
    st.none() | st.booleans() | st.integers(-1, 5) | st.text(max_size=2),
)


@given(st.lists(CONTENT, max_size=6))
def test_what_is_in_force_is_always_good(history: list[Any]) -> None:
    """After any edits each key has its last good value since it was last absent, else its default."""
    one = Layer(MEDIA, "somewhere")
    expected: dict[str, Any] = {}
    for content in copy.deepcopy(history):
        one.replace(content)
        reading = MEDIA.read_section(content)
        present = {name for name, value in (content or {}).items() if value is not None}
        expected = {name: value for name, value in expected.items() if name in present}
        expected |= {path[0]: value for path, value in reading.values.items()}
    for name in ("max_recording_time_limit", "record_min_sec", "store_recordings"):
        default = CATEGORIES.default("media", [name])
        assert resolve(MEDIA, (name,), [one]).value == expected.get(name, default)
