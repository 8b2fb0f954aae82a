"""Who hears digits, and where they are kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.dtmf import DEFAULT, DIGITS, MAX_COLLECTED, DtmfCollections


def test_digits_nobody_listens_to_are_dropped() -> None:
    """As in Kazoo: a key pressed during a sleep is gone."""
    dtmf = DtmfCollections()
    dtmf.hear("1")
    assert dtmf.get() == ""


def test_the_innermost_listener_hears() -> None:
    """A collection in progress takes the digits from the prompt around it, and gives the ear back."""
    dtmf, inner = DtmfCollections(), DtmfCollections()
    with dtmf.listening(dtmf.append):
        dtmf.hear("1")
        with dtmf.listening(inner.append):
            dtmf.hear("2")
        dtmf.hear("3")
    dtmf.hear("4")
    assert (dtmf.get(), inner.get(), dtmf.is_heard) == ("13", "2", False)


def test_a_listener_that_fails_gives_the_ear_back() -> None:
    """No error leaves a call deaf."""
    dtmf = DtmfCollections()
    with pytest.raises(RuntimeError), dtmf.listening(dtmf.append):
        raise RuntimeError
    assert not dtmf.is_heard


@pytest.mark.parametrize("digit", ["", None, "x", "12", "\n", "é"])
def test_what_is_no_digit_is_not_heard(digit: str | None) -> None:
    """An event may say anything."""
    dtmf = DtmfCollections()
    with dtmf.listening(dtmf.append):
        dtmf.hear(digit)
    assert dtmf.get() == ""


def test_collections_are_kept_apart() -> None:
    """Each name has its own digits; taking empties one."""
    dtmf = DtmfCollections()
    dtmf.append("12")
    dtmf.append("34", "pin")
    dtmf.append("5", "pin")
    assert dtmf.names() == [DEFAULT, "pin"]
    assert (dtmf.take("pin"), dtmf.take("pin"), dtmf.get()) == ("345", "", "12")
    dtmf.flush()
    dtmf.flush("never there")
    assert dtmf.names() == []


@given(st.text(alphabet=sorted(DIGITS), max_size=600))
def test_a_collection_never_grows_beyond_its_limit(digits: str) -> None:
    """The newest digits are the ones kept."""
    dtmf = DtmfCollections()
    for digit in digits:
        dtmf.append(digit)
    assert dtmf.get() == digits[-MAX_COLLECTED:]
