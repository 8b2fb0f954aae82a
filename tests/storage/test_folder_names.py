"""Names and files are two ways of saying the same thing; none leaves its directory."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from storage.errors import BadName
from storage.folder_names import (
    attachment_file,
    attachment_in,
    database_in,
    directory_of,
    document_file,
    document_in,
)
from storage.names import check_attachment, check_database, check_doc_id

HEX = "0123456789abcdef0123456789abcdef"


def named(check: object) -> st.SearchStrategy[str]:
    """Return texts that pass a check of names."""

    def passes(text: str) -> bool:
        try:
            check(text)  # type: ignore[operator]
        except BadName:
            return False
        return True

    likely = st.text(st.sampled_from("abAB01_.-+=@~,;%/ ü\\\"'"), min_size=1, max_size=40)
    return st.one_of(likely, st.text(min_size=1, max_size=40)).filter(passes)


@pytest.mark.parametrize(
    ("database", "directory"),
    [
        ("system_config", "system_config"),
        ("account/demo", "account/demo"),
        ("account/demo-202411", "account/demo-202411"),
        (f"account/01/23/{HEX[4:]}", f"account/{HEX}"),
        (f"account/01/23/{HEX[4:]}-202411", f"account/{HEX}-202411"),
        (f"account/01/23/{HEX[4:]}-selectors", f"account/{HEX}-selectors"),
        ("numbers/+1555", "numbers/+1555"),
        ("account/a/b/c", "account%2Fa%2Fb%2Fc"),
        ("foo/bar", "foo%2Fbar"),
    ],
)
def test_databases_are_directories(database: str, directory: str) -> None:
    """An account is one directory under `account`, whatever its id looks like."""
    assert directory_of(database) == PurePosixPath(directory)
    assert database_in(PurePosixPath(directory)) == database


@pytest.mark.parametrize(
    "directory", ["account", "numbers", "Upper", "a b", "account/x/y", ".git", f"account/{HEX[:31]}."]
)
def test_what_is_no_database(directory: str) -> None:
    """Other directories are nobody's."""
    with pytest.raises(BadName):
        database_in(PurePosixPath(directory))


@pytest.mark.parametrize(
    ("doc_id", "file_name"),
    [
        ("media", "media.json"),
        ("en-us/menu-invalid", "en-us%2Fmenu-invalid.json"),
        ("+15551234567", "+15551234567.json"),
        ("parking-slot-1", "parking-slot-1.json"),
        ("a,b ~c", "a%2Cb%20%7Ec.json"),
        ("ü", "%C3%BC.json"),
    ],
)
def test_documents_are_files(doc_id: str, file_name: str) -> None:
    """Plain ids stay plain."""
    assert document_file(doc_id) == file_name
    assert document_in(file_name) == doc_id


@pytest.mark.parametrize(
    "file_name",
    [
        "media",
        "media.JSON",
        "a b.json",
        "a%2fb.json",
        ".json",
        "..json",
        "%2E%2E.json",
        "%FF.json",
        "a,b.json",
        "_x.json",
    ],
)
def test_what_is_no_document(file_name: str) -> None:
    """A file whose name is not the one its id would be given is not guessed at."""
    with pytest.raises(BadName):
        document_in(file_name)


def test_a_misnamed_file_is_told_its_name() -> None:
    """The message is the remedy."""
    with pytest.raises(BadName, match="a%20b"):
        document_in("a b.json")


def test_names_too_long_for_a_file() -> None:
    """Better refused than cut."""
    with pytest.raises(BadName):
        document_file("ü" * 100)
    with pytest.raises(BadName):
        attachment_file("a" * 200, "b" * 100)


@given(named(check_doc_id))
def test_document_ids_come_back(doc_id: str) -> None:
    """One id, one file, in one directory, never hidden."""
    try:
        file_name = document_file(doc_id)
    except BadName:
        reject()
    assert document_in(file_name) == doc_id
    assert PurePosixPath(file_name).name == file_name
    assert not file_name.startswith(".")


@given(named(check_doc_id), named(check_attachment))
def test_attachments_come_back(doc_id: str, name: str) -> None:
    """Document and attachment are told apart, and neither is taken for the other."""
    try:
        file_name = attachment_file(doc_id, name)
    except BadName:
        reject()
    assert attachment_in(file_name) == (doc_id, name)
    assert PurePosixPath(file_name).name == file_name
    with pytest.raises(BadName):
        document_in(file_name)


@given(st.from_regex(r"(account|numbers|[a-z_]{1,8})(/[a-f0-9_$()+-]{1,32}){0,3}", fullmatch=True))
def test_databases_come_back(database: str) -> None:
    """One database, one directory, never above the folder."""
    try:
        directory = directory_of(check_database(database))
    except BadName:
        reject()
    assert database_in(directory) == database
    assert ".." not in directory.parts
    assert not directory.is_absolute()


@given(st.text(min_size=1, max_size=60))
def test_any_file_is_a_document_an_attachment_or_neither(file_name: str) -> None:
    """Nothing but BadName escapes, whatever lies about in a directory."""
    for tell in (document_in, attachment_in, lambda name: database_in(PurePosixPath(name))):
        try:
            tell(file_name)
        except BadName:
            continue
