"""Tokens: what is kept of one, and who it lets in."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcontrol import token as tokens
from callcontrol.token import Scope, Token, new_token, read_document

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3),
)


def test_a_token_comes_back_from_its_document() -> None:
    """What is kept says everything of a token but its secret."""
    text, kept = new_token("demo", [Scope.RECORD], name="ours", created_at=5, expires_at=7)
    document = kept.document()
    assert read_document(document) == kept
    assert text not in str(document)
    assert text.partition("_")[2] not in str(document)


def test_a_token_is_known_by_its_text_only() -> None:
    """Another token, and the same with one letter changed, are not it."""
    text, kept = new_token("demo", [Scope.RECORD])
    other, _ = new_token("demo", [Scope.RECORD])
    assert tokens.is_of(kept, text)
    assert not tokens.is_of(kept, other)
    assert not tokens.is_of(kept, text[:-1] + ("A" if text[-1] != "A" else "B"))


def test_admin_may_do_everything() -> None:
    """The scope admin holds the others; the others hold themselves only."""
    admin, listener = (Token("0" * 12, "demo", frozenset([one]), "") for one in (Scope.ADMIN, Scope.LISTEN))
    assert all(admin.allows(scope) for scope in Scope)
    assert [scope for scope in Scope if listener.allows(scope)] == [Scope.LISTEN]


def test_a_token_expires() -> None:
    """From its last second on a token is not valid; without one it always is."""
    _, kept = new_token("demo", [Scope.RECORD], expires_at=100)
    assert kept.is_valid(99.9)
    assert not kept.is_valid(100)
    assert new_token("demo", [])[1].is_valid(1e12)


@given(st.text())
def test_any_text_has_an_id_or_none(text: str) -> None:
    """A text that is no token claims no id."""
    assert tokens.id_of(text) == ""


@pytest.mark.parametrize(
    "change",
    [
        {"pvt_type": "device"},
        {"pvt_deleted": True},
        {"_id": "../x"},
        {"sha256": "short"},
        {"pvt_account_id": "a/b"},
        {"scopes": "admin"},
        {"expires_at": "never"},
    ],
)
def test_a_broken_document_is_no_token(change: dict[str, Any]) -> None:
    """A document that does not hold together lets nobody in."""
    _, kept = new_token("demo", [Scope.RECORD])
    assert read_document(kept.document() | change) is None


@given(st.dictionaries(st.sampled_from(["_id", "sha256", "scopes", "expires_at", "name"]), json_values))
def test_documents_of_any_kind_are_read(change: dict[str, Any]) -> None:
    """Whatever stands in a document, reading it does not fail."""
    _, kept = new_token("demo", [Scope.RECORD])
    read_document(kept.document() | change)
