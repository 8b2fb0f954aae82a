"""Call control ids: what is made is what is read, and nothing else is."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcontrol.call_control_id import MAX_LENGTH, PREFIX, CallControlId, CallControlIds

IDS = CallControlIds(b"a secret of some length")
LEG = CallControlId("demo", "fs1.example.com", "3e69dcc5-283d-4712-b208-b2b7771bdcab")

legs = st.builds(
    CallControlId,
    st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9._@-]{1,255}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9_.:-]{1,128}", fullmatch=True),
)


@given(legs)
def test_what_is_made_is_read(leg: CallControlId) -> None:
    """Every leg comes back from its id, which fits its limit."""
    text = IDS.text(leg)
    assert IDS.read(text) == leg
    assert len(text) <= MAX_LENGTH


@given(st.text() | st.text().map(lambda rest: PREFIX + rest))
def test_nothing_else_is_read(text: str) -> None:
    """Any text is none of ours, and no exception."""
    assert IDS.read(text) is None


@given(st.data())
def test_a_changed_id_is_none(data: st.DataObject) -> None:
    """An id in which any one character differs is refused."""
    text = IDS.text(LEG)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("ABCz09-_:=")).replace(text[place], "~")
    assert IDS.read(text[:place] + other + text[place + 1 :]) is None


def test_another_secret_reads_nothing() -> None:
    """An id of another house is none of ours."""
    assert CallControlIds(b"another secret").read(IDS.text(LEG)) is None


def test_spare_bits_are_refused() -> None:
    """A leg has one id: bits that base64 leaves unused must be as they were made."""
    legs_of = (CallControlId("demo", "fs", "u" * length) for length in range(1, 4))
    for text in map(IDS.text, legs_of):
        last = text[-1]
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        for other in alphabet.replace(last, ""):
            assert IDS.read(text[:-1] + other) is None


def test_a_code_without_names_is_none() -> None:
    """What is too short to hold a code is refused."""
    assert IDS.read(PREFIX + base64.urlsafe_b64encode(b"short").decode().rstrip("=")) is None


@pytest.mark.parametrize("leg", [CallControlId("", "fs", "u"), CallControlId("a", "fs\n", "u")])
def test_no_id_for_names_that_cannot_be(leg: CallControlId) -> None:
    """A leg without account, or with a name that could be taken for two, gets none."""
    with pytest.raises(ValueError, match="no call control id"):
        IDS.text(leg)
