"""Digits, by the rules alone: what keys, silences and prompts lead to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcontrol.events import GatherStatus
from callcontrol.gathering import Act, End, Gathering, Prompt, Silence, Stage, Terms
from callcontrol.gathering_order import Order, Spoken, order_of
from callcontrol.playing import Kind, Playable

PLAIN = Terms(1, 4, "0123456789", "#", first_ms=5_000, digit_ms=2_000, total_ms=20_000)
ASKED = replace(PLAIN, total_ms=0, first_ms=6_000, tries=3, has_prompt=True)
VALID, INVALID, TIMEOUT = GatherStatus.VALID, GatherStatus.INVALID, GatherStatus.TIMEOUT


def keys(gathering: Gathering, digits: str, at_ms: int = 0) -> list[Act]:
    """Press keys one after the other; what is to be done about all of them."""
    return [act for digit in digits for act in gathering.press(digit, at_ms)]


@pytest.mark.parametrize(
    ("terms", "pressed", "ended"),
    [
        (PLAIN, "12#", End(VALID, "12")),
        (PLAIN, "1234", End(VALID, "1234")),
        (PLAIN, "123456", End(VALID, "1234")),
        (PLAIN, "#", End(INVALID, "")),
        (PLAIN, "1*#", End(INVALID, "1*")),
        (PLAIN, "1A2B", End(INVALID, "1A2B")),
        (replace(PLAIN, minimum=3), "12#", End(INVALID, "12")),
        (replace(PLAIN, terminator=""), "12#", None),
        (replace(PLAIN, terminator="", valid="12#"), "12#1", End(VALID, "12#1")),
        (replace(PLAIN, maximum=1), "7", End(VALID, "7")),
        (PLAIN, "123", None),
    ],
)
def test_keys(terms: Terms, pressed: str, ended: End | None) -> None:
    """A terminator, or enough of them, end it; what is wrong with them is told at the end."""
    gathering = Gathering(terms, 0)
    assert keys(gathering, pressed) == ([ended] if ended else [])
    assert (gathering.stage is Stage.OVER) == (ended is not None)


def test_silences() -> None:
    """Nothing at all, nothing more, and no end to it."""
    gathering = Gathering(PLAIN, 0)
    assert gathering.due_ms == 5_000
    assert gathering.tick(4_999) == []
    assert gathering.tick(5_000) == [End(TIMEOUT, "")]
    gathering = Gathering(PLAIN, 0)
    keys(gathering, "12", 4_000)
    assert gathering.due_ms == 6_000
    assert gathering.tick(6_000) == [End(VALID, "12")]
    gathering = Gathering(replace(PLAIN, minimum=3), 0)
    keys(gathering, "1", 4_000)
    assert gathering.tick(6_000) == [End(INVALID, "1")]
    gathering = Gathering(replace(PLAIN, minimum=3, digit_ms=60_000), 0)
    keys(gathering, "1", 4_000)
    assert gathering.tick(20_000) == [End(TIMEOUT, "1")]


def test_a_key_breaks_the_prompt_off() -> None:
    """Keys pressed before it begins are nobody's; the first one in it silences it."""
    gathering = Gathering(ASKED, 0)
    assert keys(gathering, "9") == []
    assert gathering.due_ms is None
    gathering.prompt_begins()
    assert keys(gathering, "1") == [Silence(1)]
    assert keys(gathering, "2#") == [End(VALID, "12")]


def test_a_prompt_that_begins_too_late_is_not_wanted() -> None:
    """Behind what is said after wrong input, for example."""
    gathering = Gathering(ASKED, 0)
    gathering.prompt_begins()
    keys(gathering, "1")
    assert gathering.prompt_begins() == [Silence(1)]


def test_tries() -> None:
    """Silence has the prompt played again, wrong digits what is said about them, too; the last one counts."""
    gathering = Gathering(replace(ASKED, minimum=2), 0)
    gathering.prompt_begins()
    gathering.prompt_ends(1_000)
    assert gathering.due_ms == 7_000
    assert gathering.tick(7_000) == [Prompt(2, after_wrong=False)]
    gathering.prompt_begins()
    assert keys(gathering, "1#") == [Silence(2), Prompt(3, after_wrong=True)]
    assert gathering.digits == ""
    gathering.prompt_begins()
    gathering.prompt_ends(20_000)
    assert gathering.tick(26_000) == [End(TIMEOUT, "")]
    assert gathering.due_ms is None


@pytest.mark.parametrize("begun", [False, True])
def test_a_gather_that_is_cancelled_is_silent(begun: bool) -> None:
    """Whether its prompt was heard already or not."""
    gathering = Gathering(ASKED, 0)
    if begun:
        gathering.prompt_begins()
    assert gathering.cancel() == [Silence(1), End(GatherStatus.CANCELLED, "")]
    assert gathering.cancel() == gathering.hang_up() == gathering.tick(10**9) == keys(gathering, "1") == []


def test_a_hangup_ends_it_with_what_there_is() -> None:
    """The digits by then are told."""
    gathering = Gathering(PLAIN, 0)
    keys(gathering, "12")
    assert gathering.hang_up() == [End(GatherStatus.CALL_HANGUP, "12")]


def test_it_goes_on_where_another_process_left_it() -> None:
    """With the digits by then, and the time since."""
    gathering = Gathering(ASKED, 1_000, number=3, digits="12")
    assert gathering.due_ms == 3_000
    assert gathering.tick(3_000) == [End(VALID, "12")]


HAPPENINGS = st.one_of(
    st.tuples(st.just("press"), st.sampled_from("0123456789*#ABCD")),
    st.tuples(st.sampled_from(["begins", "ends", "tick", "late"]), st.just("")),
)
TERMS = st.builds(
    Terms,
    minimum=st.integers(1, 3),
    maximum=st.integers(3, 5),
    valid=st.text("0123456789*#", min_size=1, max_size=12),
    terminator=st.sampled_from(["", "#", "*"]),
    first_ms=st.integers(1, 10_000),
    digit_ms=st.integers(1, 10_000),
    total_ms=st.sampled_from([0, 15_000]),
    tries=st.integers(1, 4),
    has_prompt=st.booleans(),
)


@given(TERMS, st.lists(HAPPENINGS, max_size=60))
def test_whatever_happens_it_ends_once(terms: Terms, happenings: list[tuple[str, str]]) -> None:
    """With digits that keep to the terms if it is valid, within its tries, and never again."""
    gathering, now_ms = Gathering(terms, 0), 0
    ends: list[End] = []
    for what, digit in happenings:
        now_ms += 50
        if what == "press":
            acts = gathering.press(digit, now_ms)
        elif what == "begins":
            acts = gathering.prompt_begins()
        elif what == "ends":
            acts = gathering.prompt_ends(now_ms)
        else:
            now_ms = max(now_ms, gathering.due_ms or 0) if what == "late" else now_ms
            acts = gathering.tick(now_ms)
        ends += [act for act in acts if isinstance(act, End)]
        assert all(act.number <= terms.tries for act in acts if isinstance(act, Prompt))
        assert (gathering.stage is Stage.OVER) == bool(ends)
    assert len(ends) <= 1
    for end in ends:
        assert terms.terminator == "" or terms.terminator not in end.digits
        if end.status is VALID:
            assert terms.minimum <= len(end.digits) <= terms.maximum
            assert set(end.digits) <= set(terms.valid)


@given(TERMS, st.text(max_size=40), st.text(min_size=1, max_size=40))
def test_an_order_comes_back(terms: Terms, text: str, gather_id: str) -> None:
    """As it was, whatever is in it."""
    prompt = Spoken(Kind.SPEECH, Playable("speak", f"flite|slt|{text}"), text, text)
    for order in (Order("id", gather_id, terms), Order("id", gather_id, terms, text, prompt, prompt)):
        assert order_of(order.text()) == order


@given(st.one_of(st.text(), st.binary().map(lambda raw: raw.decode("latin-1"))))
def test_nothing_else_is_an_order(text: str) -> None:
    """No text of others makes one, or breaks it."""
    assert order_of(text) is None
