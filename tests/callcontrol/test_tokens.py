"""The book of tokens: it follows the store, and stays in force without it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from callcontrol.token import MAX_LENGTH, Scope, new_token
from callcontrol.tokens import TokenBook, all_tokens, keep, revoke
from storage.document import DocumentStore
from storage.errors import NotFound
from storage.open_store import open_store
from tests.waiting import eventually


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DocumentStore]:
    """A folder of documents."""
    opened = open_store(tmp_path.as_uri(), cache=False)
    yield opened
    opened.close()


@pytest.fixture
def book(store: DocumentStore) -> Iterator[TokenBook]:
    """A book that follows the store."""
    opened = TokenBook(store)
    opened.start()
    yield opened
    opened.stop()


def test_a_new_token_is_seen_and_a_revoked_one_no_longer(store: DocumentStore, book: TokenBook) -> None:
    """A process that runs learns of both by itself."""
    text, kept = new_token("demo", [Scope.RECORD])
    assert book.find(text) is None
    keep(store, kept)
    assert eventually(lambda: book.find(text)) == kept
    revoke(store, kept.id)
    assert eventually(lambda: book.find(text) is None)


def test_another_secret_of_a_known_id_is_refused(store: DocumentStore) -> None:
    """The id alone lets nobody in."""
    text, kept = new_token("demo", [Scope.RECORD])
    other, _ = new_token("demo", [Scope.RECORD])
    keep(store, kept)
    book = TokenBook(store)
    book.load()
    assert book.find(text) == kept
    assert book.find(text[:16] + other[16:]) is None
    assert book.find("") is None
    assert book.find("K" * (MAX_LENGTH + 1)) is None


def test_an_expired_token_is_refused(store: DocumentStore) -> None:
    """Its time is looked at with every request."""
    text, kept = new_token("demo", [Scope.RECORD], expires_at=100)
    keep(store, kept)
    now_s = 99.0
    book = TokenBook(store, now=lambda: now_s)
    book.load()
    assert book.find(text)
    now_s = 101.0
    assert book.find(text) is None


def test_revoking_what_is_not_there_is_told(store: DocumentStore) -> None:
    """There is no silence over a token that was mistyped."""
    assert all_tokens(store) == []
    with pytest.raises(NotFound):
        revoke(store, "0" * 12)
