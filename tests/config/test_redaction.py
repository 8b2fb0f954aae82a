"""Secrets and credentials do not get through."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.redaction import MASK, is_secret, redacted, without_credentials


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("http://user:pw@couch:5984/db", "http://***@couch:5984/db"),
        ("get http://u:p@a/ and https://v:q@b/", "get http://***@a/ and https://***@b/"),
        ("http://token@host", "http://***@host"),
        ("http://u:p@ss@host/x@y", "http://***@host/x@y"),
        ("https://s3/x?X-Amz-Signature=abc&part=1", "https://s3/x?X-Amz-Signature=***&part=1"),
        ("https://h/?a=1&access_token=abc", "https://h/?a=1&access_token=***"),
        ("HTTPConnectionPool: 'http://u:p@h/'", "HTTPConnectionPool: 'http://***@h/'"),
        ("sip:alice@example.com", "sip:alice@example.com"),
        ("https://host/path?name=a@b", "https://host/path?name=a@b"),
        ("tone_stream://%(500,500,480,620)", "tone_stream://%(500,500,480,620)"),
    ],
)
def test_credentials_in_urls_are_masked(text: str, masked: str) -> None:
    """User, password and signatures go; host, path and SIP addresses stay."""
    assert without_credentials(text) == masked


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "Authorization",
        "digits",
        "pin",
        "token",
        "Proxy-Authorization",
        "sip_password",
        "box_pin",
        "api-key",
    ],
)
def test_secret_keys_are_known_in_any_spelling(key: str) -> None:
    """Case and dashes do not matter, nor does a prefix."""
    assert is_secret(key)
    assert redacted({key: "1234", "a": 1}) == {"a": 1}


@pytest.mark.parametrize("key", ["max_digits", "require_pin", "pinned", "event", "tokens", "call_id"])
def test_harmless_keys_stay(key: str) -> None:
    """Keys that merely look alike are kept."""
    assert redacted({key: 3}) == {key: 3}


def test_secrets_within_values_are_dropped() -> None:
    """Objects and lists are looked into, and what is no JSON becomes masked text."""
    fields = {"a": {"password": "x", "b": [{"pin": 1, "c": "http://u:p@h"}]}, "e": OSError("http://u:p@h")}
    assert redacted(fields) == {"a": {"b": [{"c": "http://***@h"}]}, "e": "http://***@h"}


def test_values_that_hold_themselves_end() -> None:
    """A loop is cut at a depth."""
    loop: dict[str, Any] = {}
    loop["loop"] = loop
    assert MASK in json.dumps(redacted(loop))


@given(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20), st.text(max_size=30))
def test_no_password_survives_in_a_url(password: str, around: str) -> None:
    """Whatever stands around a URL, the password in it is gone."""
    masked = without_credentials(f"{around} http://user:€{password}€@host/ {around}")
    assert f"€{password}€" not in masked.replace(around, "")


@given(
    st.dictionaries(
        st.text(max_size=10),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text() | st.binary(),
            lambda inner: (
                st.lists(inner) | st.dictionaries(st.integers() | st.text(), inner) | st.tuples(inner)
            ),
            max_leaves=10,
        ),
    )
)
def test_whatever_is_logged_becomes_json(fields: dict[str, Any]) -> None:
    """Redaction leaves nothing that a JSON line cannot hold."""
    json.dumps(redacted(fields), allow_nan=False)
