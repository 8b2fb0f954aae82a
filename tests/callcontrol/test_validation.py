"""Bodies: what is no body of ours is refused before any command sees it, in the API's own format."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from flask import Flask, request
from hypothesis import given
from hypothesis import strategies as st

from callcontrol.errors import ApiError, BadRequest, TooLarge, WrongMediaType
from callcontrol.validation import MAX_BODY_BYTES, MAX_FAULTS, faults, pointer_of, read_object

APP = Flask(__name__)
JSON = "application/json"


def read(body: bytes, content_type: str | None = JSON) -> dict[str, Any]:
    """What a request with this body holds."""
    with APP.test_request_context("/", method="POST", data=body, content_type=content_type):
        return read_object(request)


@pytest.mark.parametrize("body", [b"", b"  \n", b"{}"])
def test_nothing_is_an_empty_object(body: bytes) -> None:
    """Clients send no body where a command needs no parameter; with any type, or none."""
    assert read(body, None if not body else JSON) == {}


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{", JSON, 400, "10023"),
        (b"\xff\xfe", JSON, 400, "10023"),
        (b'{"a": NaN}', JSON, 400, "10023"),
        (b"[" * 100_00, JSON, 400, "10023"),
        (b"[]", JSON, 400, "10015"),
        (b"5", JSON, 400, "10015"),
        (b"{}", "text/plain", 415, "10014"),
        (b"a=b", "application/x-www-form-urlencoded", 415, "10014"),
        (b" " * (MAX_BODY_BYTES + 1), JSON, 413, "10015"),
    ],
)
def test_what_is_no_object_is_refused(body: bytes, content_type: str, status: int, code: str) -> None:
    """With the status and the code that tell which of it."""
    with pytest.raises(ApiError) as refused:
        read(body, content_type)
    assert (refused.value.status, refused.value.faults[0].kind.code) == (status, code)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_refused(body: bytes) -> None:
    """Nothing but an object comes out, and nothing but an error of the API."""
    with contextlib.suppress(BadRequest, TooLarge, WrongMediaType):
        assert isinstance(read(body), dict)


@given(st.lists(st.text(min_size=1), min_size=1, max_size=4))
def test_pointers_lead_back(path: list[str]) -> None:
    """Read as RFC 6901 has it, a pointer is the path it was made of."""
    path = [part for part in path if part != "_schema"]
    parts = pointer_of(tuple(path)).split("/")[1:]
    assert [part.replace("~1", "/").replace("~0", "~") for part in parts] == path


def test_each_sentence_is_a_fault() -> None:
    """Of nested messages, in order; a missing parameter has its own code."""
    messages = {
        "a": ["Missing data for required field."],
        "list": {0: {"b/c": ["Too long.", "Too odd."]}},
        "_schema": ["Two that exclude each other."],
    }
    told = [(one.kind.code, one.pointer, one.detail) for one in faults(messages)]
    assert told == [
        ("10004", "/a", "Missing data for required field."),
        ("10015", "/list/0/b~1c", "Too long."),
        ("10015", "/list/0/b~1c", "Too odd."),
        ("10015", "", "Two that exclude each other."),
    ]
    assert faults({"page": ["No."]}, is_query=True)[0].data()["source"] == {"parameter": "page"}


def test_faults_do_not_pile_up() -> None:
    """A body of a thousand mistakes is answered with some of them."""
    assert len(faults({str(number): ["No."] for number in range(1000)})) == MAX_FAULTS
    assert json.dumps([one.data() for one in faults([])])
