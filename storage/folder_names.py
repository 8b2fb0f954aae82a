"""Where things stand in a folder: databases as directories, documents and attachments as files.

`account/<account_id>/`, `account/<account_id>-<YYYYMM>/`, `numbers/+1555/`, and any other database as a
directory of its own name. A document is `<id>.json`, its attachment `<id>,<name>` beside it. In file names
everything but letters, digits and `_.+=@-` is percent-encoded (`en-us%2Fmenu-invalid.json`), so that no
name leaves its directory, none begins with a dot, and the comma only ever separates.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import quote, unquote_to_bytes

from storage.errors import BadName
from storage.names import check_attachment, check_database, check_doc_id

DOCUMENT_SUFFIX = ".json"
SEPARATOR = ","
GROUPS = ("account", "numbers")
"""Directories that hold databases rather than documents."""

_SAFE = "_.+=@-"
_MAX_FILE_NAME_BYTES = 255
_SPLIT_ACCOUNT = re.compile(r"account/([0-9a-f]{2})/([0-9a-f]{2})/([0-9a-f]{28}[^/]*)\Z")
_JOINED_ACCOUNT = re.compile(r"([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{28}.*)\Z")


def directory_of(database: str) -> PurePosixPath:
    """Return a database's directory, relative to the folder. Raises: BadName."""
    check_database(database)
    account = _SPLIT_ACCOUNT.match(database)
    if account:
        return PurePosixPath("account", "".join(account.groups()))
    group, _, rest = database.partition("/")
    if group in GROUPS:
        if not rest:
            raise BadName(f"{database!a} holds databases, it is none itself")
        if "/" not in rest:
            return PurePosixPath(group, rest)
    return PurePosixPath(database.replace("/", "%2F"))


def database_in(directory: PurePosixPath) -> str:
    """Return the database a directory (relative to the folder) is. Raises: BadName: it is none."""
    match directory.parts:
        case ("account", name) if account := _JOINED_ACCOUNT.match(name):
            database = "account/" + "/".join(account.groups())
        case (group, name) if group in GROUPS:
            database = f"{group}/{name}"
        case (name,):
            database = name.replace("%2F", "/")
        case _:
            raise BadName(f"{str(directory)!a} is no database")
    if directory_of(database) != directory:
        raise BadName(f"{str(directory)!a} is no database; its name would be {str(directory_of(database))!a}")
    return database


def document_file(doc_id: str) -> str:
    """Return the file name of a document. Raises: BadName."""
    return _fitting(_encoded(check_doc_id(doc_id)) + DOCUMENT_SUFFIX)


def document_in(file_name: str) -> str:
    """Return the id of the document in a file. Raises: BadName: no document is called that."""
    stem = file_name.removesuffix(DOCUMENT_SUFFIX)
    if stem == file_name:
        raise BadName(f"{file_name!a} does not end in {DOCUMENT_SUFFIX}")
    return check_doc_id(_decoded(stem))


def attachment_file(doc_id: str, name: str) -> str:
    """Return the file name of an attachment, which stands beside its document. Raises: BadName."""
    return _fitting(_encoded(check_doc_id(doc_id)) + SEPARATOR + _encoded(check_attachment(name)))


def attachment_in(file_name: str) -> tuple[str, str]:
    """Return (document id, attachment name) of a media file. Raises: BadName."""
    stem, separator, name = file_name.partition(SEPARATOR)
    if not separator:
        raise BadName(f"{file_name!a} has no {SEPARATOR!r} between document and attachment")
    return check_doc_id(_decoded(stem)), check_attachment(_decoded(name))


def _encoded(text: str) -> str:
    return quote(text, safe=_SAFE).replace("~", "%7E")  # quote leaves it; backup files of editors end in it


def _decoded(text: str) -> str:
    try:
        decoded = unquote_to_bytes(text).decode()
    except UnicodeError as exc:
        raise BadName(f"{text!a} is not UTF-8, percent-encoded") from exc
    if _encoded(decoded) != text:
        raise BadName(f"{text!a} must be written {_encoded(decoded)!a} in a file name")
    return decoded


def _fitting(file_name: str) -> str:
    if len(file_name) > _MAX_FILE_NAME_BYTES:
        raise BadName(f"{file_name[:60]!a}... is too long for a file name")
    return file_name
