"""How a number finds its callflow (reference section 1.3)."""

from __future__ import annotations

from typing import Any

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from callflows.lookup import BY_PATTERN, compile_regex, longest_capture, matches, named_groups
from storage.errors import BadName
from storage.names import account_db
from tests.callflows.kit import ACCOUNT, House, node

FLOW = node("noop")


def add(
    house: House, doc_id: str, numbers: list[Any] | None = None, patterns: list[Any] | None = None
) -> None:
    """Save a callflow of these numbers and patterns."""
    house.callflow(doc_id, FLOW, numbers=numbers or [], patterns=patterns or [])


def find(house: House, number: str, as_dialled: str = "") -> tuple[str, bool, str, dict[str, str]] | None:
    """Look a number up: (document, is no_match, capture group, named groups)."""
    found = house.facilities.lookup.find(number, ACCOUNT, as_dialled)
    if found is None:
        return None
    return found.flow.doc_id, found.is_no_match, found.capture_group, dict(found.capture_groups)


@pytest.fixture
def full(house: House) -> House:
    """An account of some callflows."""
    add(house, "exact", ["1000", "+13035551212", "*97", "ada"])
    add(house, "short", patterns=[r"^\*5(\d)"])
    add(house, "long", patterns=[r"^\*5(\d+)$"])
    add(house, "plain", patterns=["^7"])
    add(house, "named", patterns=[r"^\*8(?P<kind>\d)(?<rest>\d*)$"])
    add(house, "any", ["no_match"])
    return house


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        # exact numbers, as they stand
        ("1000", ("exact", False, "", {})),
        ("+13035551212", ("exact", False, "", {})),
        ("*97", ("exact", False, "", {})),
        ("ada", ("exact", False, "", {})),
        ("no_match", ("any", True, "", {})),
        # patterns: the longest capture wins
        ("*51", ("long", False, "1", {})),  # a tie: see below
        ("*512", ("long", False, "12", {})),
        ("7001", ("plain", False, "7", {})),
        ("*8123", ("named", False, "23", {"kind": "1", "rest": "23"})),
        ("*81", ("named", False, "1", {"kind": "1"})),
        # no_match: digits only
        ("3035551212", ("any", True, "", {})),
        ("+49301234", ("any", True, "", {})),
        ("*98", None),
        ("bob", None),
        ("12a", None),
        ("+", None),
        ("", None),
        ("1" * 300, None),
    ],
)
def test_a_number_leads_somewhere(full: House, number: str, expected: Any) -> None:
    """Exact numbers, then patterns, then no_match for what is dialled in digits."""
    assert find(full, number) == expected


def test_without_no_match_an_unknown_number_leads_nowhere(house: House) -> None:
    """Nothing is invented."""
    add(house, "exact", ["1000"])
    assert find(house, "2000") is None


def test_a_callflow_with_no_match_among_its_numbers_is_one_however_reached(house: House) -> None:
    """The flag belongs to the document."""
    add(house, "both", ["1000", "no_match"])
    assert find(house, "1000") == ("both", True, "", {})


def test_a_tie_goes_to_the_last_in_the_views_order(house: House) -> None:
    """By pattern, then by document id."""
    add(house, "b", patterns=["^20(00)$", "^2(00)0$"])
    add(house, "c", patterns=["^2(00)0$"])
    add(house, "a", patterns=["^20(00)$"])
    rows = house.store.view(account_db(ACCOUNT), BY_PATTERN)
    assert find(house, "2000") == (rows[-1].doc_id, False, "00", {})


def test_patterns_are_not_anchored(house: House) -> None:
    """Whoever wants an anchor writes one."""
    add(house, "inner", patterns=["55"])
    assert find(house, "1551") == ("inner", False, "55", {})


def test_an_empty_capture_still_matches_and_is_not_kept(house: House) -> None:
    """So it is with "0", which Kazoo takes for empty."""
    add(house, "empty", patterns=[r"^6(\d*)$"])
    assert find(house, "6") == ("empty", False, "", {})
    assert find(house, "60") == ("empty", False, "", {})
    assert find(house, "61") == ("empty", False, "1", {})


def test_a_group_that_took_no_part_counts_as_empty(house: House) -> None:
    """Only groups count once there are any."""
    add(house, "optional", patterns=["^9(x)?99"])
    assert find(house, "9999") == ("optional", False, "", {})


@pytest.mark.parametrize("pattern", ["(?=9)9", "(", r"(a)\1", "a{2000}"])
def test_a_pattern_that_cannot_run_is_skipped_and_told_once(house: House, pattern: str) -> None:
    """The others still match."""
    add(house, "bad", patterns=[pattern])
    add(house, "good", patterns=["^9"])
    with capture_logs() as logs:
        assert find(house, "99") == ("good", False, "9", {})
        assert find(house, "99") == ("good", False, "9", {})
    skipped = [line for line in logs if line["event"] == "pattern_skipped"]
    assert [line["document"] for line in skipped] == ["bad"]


def test_a_number_claimed_twice_takes_the_first_and_says_so_once(house: House) -> None:
    """By the view's order, which is that of document ids."""
    add(house, "b", ["1000"])
    add(house, "a", ["1000"])
    with capture_logs() as logs:
        assert find(house, "1000") == find(house, "1000") == ("a", False, "", {})
    assert [line["documents"] for line in logs if line["event"] == "number_claimed_twice"] == [["a", "b"]]


def test_the_number_as_dialled_is_tried_after_the_normalised_one(house: House) -> None:
    """At each step: exact numbers of both, then patterns of both, then no_match."""
    add(house, "dialled", ["3035551212"])
    add(house, "pattern", patterns=[r"^\+1303"])
    add(house, "any", ["no_match"])
    assert find(house, "+13035551212", "3035551212") == ("dialled", False, "", {})
    add(house, "e164", ["+13035551212"])
    assert find(house, "+13035551212", "3035551212") == ("e164", False, "", {})


def test_an_edit_is_seen_at_the_next_lookup(house: House) -> None:
    """Nothing here outlives the store's own cache."""
    add(house, "one", ["1000"])
    assert find(house, "1000") is not None
    document = dict(house.store.get(f"account/aa/aa/{'a' * 28}", "one"))
    house.save({**document, "numbers": ["1001"], "patterns": ["^1000$"]})
    assert find(house, "1000") == ("one", False, "1000", {})


def test_a_deleted_callflow_is_not_found(house: House) -> None:
    """Soft deletion hides it from numbers and from references."""
    house.callflow("gone", FLOW, numbers=["1000"], pvt_deleted=True)
    assert find(house, "1000") is None
    assert house.facilities.lookup.flow("gone", ACCOUNT) is None


@pytest.mark.parametrize("doc_id", ["", "nowhere", "../secret", "_design/x", "a\0b"])
def test_a_reference_to_nothing_is_nothing(house: House, doc_id: str) -> None:
    """Whatever a document names, the store is asked for nothing outside."""
    assert house.facilities.lookup.flow(doc_id, ACCOUNT) is None


def test_what_is_no_account_is_an_error(house: House) -> None:
    """Callers check before."""
    with pytest.raises(BadName):
        house.facilities.lookup.find("1000", "../etc")


@given(pattern=st.text(max_size=20), number=st.text(max_size=20))
def test_any_pattern_and_any_number_give_an_answer(pattern: str, number: str) -> None:
    """Either it cannot run, or it matches or not."""
    try:
        regex = compile_regex(pattern)
    except ValueError:
        return
    captured = longest_capture(regex, number)
    assert matches(regex, number) == (captured is not None)
    if captured is not None:
        assert captured in number
        assert all(text in number for text in named_groups(regex, number).values())


@given(st.from_regex(r"\A[0-9*#+]{0,12}\Z"))
def test_the_capture_is_what_re2_captured(number: str) -> None:
    """Against RE2 itself."""
    match = re2.search(r"(\d+)\*?(\d*)", number)
    captured = longest_capture(compile_regex(r"(\d+)\*?(\d*)"), number)
    assert captured == (max(match.groups(), key=len) if match else None)
