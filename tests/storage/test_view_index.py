"""An index follows its documents, one by one."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from storage.names import DatabaseKind
from storage.view import View
from storage.view_index import ViewIndex
from storage.views import VIEWS

BY_NUMBER = VIEWS["callflows/listing_by_number"]


def flow(doc_id: str, *numbers: Any) -> dict[str, Any]:
    """Return a callflow."""
    return {"_id": doc_id, "pvt_type": "callflow", "numbers": list(numbers)}


def test_a_document_may_say_the_same_twice() -> None:
    """Each emitted row is one, as in CouchDB."""
    index = ViewIndex(BY_NUMBER)
    index.update("f", flow("f", "1", "1"))
    assert [row.doc_id for row in index.rows(key="1")] == ["f", "f"]
    index.update("f", flow("f", "1"))
    assert [row.doc_id for row in index.rows(key="1")] == ["f"]


def test_rows_of_one_key_come_by_document() -> None:
    """Whatever the order of arrival."""
    index = ViewIndex(BY_NUMBER)
    for doc_id in ("c", "a", "b"):
        index.update(doc_id, flow(doc_id, "1"))
    assert [row.doc_id for row in index.rows()] == ["a", "b", "c"]


def test_a_key_nested_beyond_reason_is_no_row() -> None:
    """One absurd document must not end the watch over the others."""
    absurd: Any = "x"
    for _ in range(900):
        absurd = [absurd]
    index = ViewIndex(BY_NUMBER)
    index.update("f", flow("f", "1"))
    index.update("f", flow("f", absurd))
    assert index.rows() == []


changes = st.lists(
    st.tuples(st.sampled_from("abc"), st.one_of(st.none(), st.lists(st.sampled_from("123"), max_size=3))),
    max_size=20,
)


@given(changes)
def test_an_index_is_what_a_new_one_would_be(history: list[tuple[str, list[str] | None]]) -> None:
    """However it came to be, only the documents there are count."""
    index = ViewIndex(BY_NUMBER)
    documents: dict[str, dict[str, Any]] = {}
    for doc_id, numbers in history:
        index.rows()
        if numbers is None:
            documents.pop(doc_id, None)
            index.update(doc_id, None)
        else:
            documents[doc_id] = flow(doc_id, *numbers)
            index.update(doc_id, documents[doc_id])
    anew = ViewIndex(BY_NUMBER)
    for doc_id, document in documents.items():
        anew.update(doc_id, document)
    assert index.rows() == anew.rows()
    assert index.rows(start="2", end="2") == anew.rows(key="2")


def test_ranges_are_closed() -> None:
    """Both ends belong to a range, and each may be open."""
    index = ViewIndex(
        View("x/y", frozenset({DatabaseKind.OTHER}), lambda document: [(document["k"], None)], "")
    )
    for number in range(5):
        index.update(str(number), {"k": number})
    assert [row.key for row in index.rows(start=1, end=3)] == [1, 2, 3]
    assert [row.key for row in index.rows(start=3)] == [3, 4]
    assert [row.key for row in index.rows(end=1)] == [0, 1]
    assert index.rows(start=3, end=1) == []
