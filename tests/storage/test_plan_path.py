"""Names that storage plans make."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.plan_path import DEFAULT_FIELDS, faults_of, segments_of
from storage.remote_url import segment_fault

NAME = "call_recording_1.mp3"
METADATA = {
    "_id": "202611-ab",
    "pvt_account_id": "acc",
    "pvt_account_db": "account%2Fab%2Fcd%2Fef-202611",
    "from": "1@a/b",
    "duration_ms": 1500,
    "custom": {"a": 1},
    "dots": "..",
}


@pytest.mark.parametrize(
    ("kind", "segments"),
    [
        ("http", ("acc", "202611-ab", NAME)),
        ("ftp", ("acc", "202611-ab", NAME)),
        ("s3", ("account%2Fab%2Fcd%2Fef-202611", f"202611-ab_{NAME}")),
        ("azure", (f"202611-ab_{NAME}",)),
        ("gs", (f"202611-ab_{NAME}",)),
    ],
)
def test_defaults_are_kazoos(kind: str, segments: tuple[str, ...]) -> None:
    """Each handler has its own; an absent owner leaves no folder."""
    assert segments_of({"field_list": DEFAULT_FIELDS[kind]}, METADATA, NAME) == segments


@pytest.mark.parametrize(
    ("parameters", "segments"),
    [
        ({}, (NAME,)),
        ({"folder_path": "/a//b/"}, ("a", "b", NAME)),
        ({"field_list": ["x", {"arg": "attachment"}]}, ("x", NAME)),
        ({"field_list": [{"field": "from"}, {"arg": "attachment"}]}, ("1%40a%2Fb", NAME)),
        ({"field_list": [{"field": "duration_ms"}, {"const": ".mp3"}], "field_separator": ""}, ("1500.mp3",)),
        ({"field_list": [{"field": "custom"}, {"const": "a/../b"}]}, ("a", "b")),
        ({"field_list": [{"field": "dots"}, {"arg": "attachment"}]}, ("__", NAME)),
        ({"field_list": [{"field": "absent"}]}, (NAME,)),
        ({"field_list": [{"const": "../.."}], "folder_path": "f"}, ("f", NAME)),
        ({"field_list": [{"group": [{"group": ["a", {"const": "b"}]}, "c"]}]}, ("abc",)),
    ],
)
def test_fields_make_a_path(parameters: dict[str, Any], segments: tuple[str, ...]) -> None:
    """What is absent is left out; where nothing is left, the media's own name is."""
    assert faults_of(parameters) == []
    assert segments_of(parameters, METADATA, NAME) == segments


def test_without_an_account_the_folder_is_called_so() -> None:
    """As Kazoo calls it."""
    assert segments_of({"field_list": [{"arg": "account_id"}]}, {}, NAME) == ("unknown_account",)


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [
        ({"field_list": []}, "1 to 100"),
        ({"field_list": ["x"] * 101}, "1 to 100"),
        ({"field_list": {"arg": "id"}}, "1 to 100"),
        ({"field_list": [{"arg": "secret"}]}, "must be one of"),
        ({"field_list": [{"arg": "id", "const": "x"}]}, "must be one of"),
        ({"field_list": [{"group": "id"}]}, "must be one of"),
        ({"field_list": [{"const": "a\n"}]}, "must be one of"),
        (
            {"field_list": [{"group": [{"group": [{"group": [{"group": [{"group": [{"group": []}]}]}]}]}]}]},
            "one",
        ),
        ({"field_separator": 1}, "field_separator"),
        ({"folder_path": ["a"]}, "folder_path"),
    ],
)
def test_faults_are_named(parameters: dict[str, Any], fault: str) -> None:
    """Each in one sentence."""
    (told,) = faults_of(parameters)
    assert fault in told


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30), st.lists, max_leaves=5
)
FIELDS = st.recursive(
    st.text(max_size=10)
    | st.builds(lambda k, v: {k: v}, st.sampled_from(["arg", "field", "const"]), st.text(max_size=10))
    | st.builds(lambda v: {"arg": v}, st.sampled_from(["account_id", "db", "id", "attachment"])),
    lambda inner: st.builds(lambda v: {"group": v}, st.lists(inner, max_size=3)),
    max_leaves=6,
)


@given(
    st.lists(FIELDS, max_size=5) | VALUES,
    st.text(max_size=5),
    st.text(max_size=20),
    st.dictionaries(st.sampled_from(["_id", "pvt_account_id", "from"]), VALUES),
    st.text(max_size=30),
)
def test_no_plan_and_no_value_leaves_its_folder(
    fields: Any, separator: str, folder: str, metadata: dict[str, Any], name: str
) -> None:
    """Whatever is accepted makes at least a name, of segments that neither climb nor break lines."""
    parameters = {"field_list": fields, "field_separator": separator, "folder_path": folder}
    if faults_of(parameters):
        return
    segments = segments_of(parameters, metadata, name)
    assert segments
    assert not any(segment_fault(segment) for segment in segments)
