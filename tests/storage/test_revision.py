"""What a revision says of a document, saved by us or edited by hand."""

from __future__ import annotations

from storage.revision import checked, content_of, counter_of, next_revision, revision_on_disk


def test_the_counter_goes_on_and_the_digest_says_the_content() -> None:
    """The order of fields is nobody's concern, nor are the id and the revision itself."""
    first = next_revision({"_id": "a", "x": 1, "y": 2}, None)
    second = next_revision({"y": 2, "x": 1, "_rev": first}, first)
    assert (counter_of(first), counter_of(second)) == (1, 2)
    assert first.split("-")[1] == second.split("-")[1]


def test_a_file_as_we_wrote_it_keeps_its_revision() -> None:
    """Reading changes nothing."""
    revision = next_revision({"x": 1}, "4-" + "0" * 32)
    assert revision_on_disk({"x": 1, "_rev": revision}) == revision


def test_a_file_edited_by_hand_has_a_new_one() -> None:
    """Whether the old one still stands in it or none, or nonsense."""
    revision = next_revision({"x": 1}, None)
    edited = revision_on_disk({"x": 2, "_rev": revision})
    assert counter_of(edited) == 2
    assert edited != revision_on_disk({"x": 3, "_rev": revision})
    assert counter_of(revision_on_disk({"x": 1})) == 1
    assert counter_of(revision_on_disk({"x": 1, "_rev": "mine"})) == 1
    assert counter_of(revision_on_disk({"x": 1, "_rev": 7})) == 1


def test_other_media_are_another_revision() -> None:
    """A replaced recording is a change, though no field of the document is."""
    stub = {"content_type": "audio/wav", "digest": "md5-a", "length": 1, "stub": True}
    one = next_revision({"_attachments": {"r": stub}}, None)
    assert next_revision({"_attachments": {"r": {**stub, "digest": "md5-b"}}}, None) != one
    assert next_revision({"_attachments": {"r": {**stub, "revpos": 9}}}, None) == one


def test_a_checked_document_is_a_copy() -> None:
    """Tuples are arrays in it, and nothing of the caller's is."""
    inner: list[int] = []
    copy = checked({"_id": "a", "x": (1, 2), "y": inner})
    inner.append(1)
    assert copy == {"_id": "a", "x": [1, 2], "y": []}
    assert content_of({**copy, "_rev": "1-x"}) == {"x": [1, 2], "y": []}
