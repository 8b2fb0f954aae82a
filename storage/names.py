"""Kazoo's names: databases, documents by month, attachments; checked before they become paths or URLs.

Databases are named in slash form throughout this project. Kazoo itself keeps the encoded form
(`account%2Fab%2Fcd%2F...`) in `pvt_account_db`: the slash form after one URL escaping, which must not be
escaped again (`%252F` addresses nothing).

An account id is Kazoo's (32 lower-case hex digits, database `account/ab/cd/<28 more>`) or, for those
who write their documents by hand, a short name such as `demo` (database `account/demo`). A short name
must not end like a month (`-202411`), since `account/demo-202411` is the month of `demo`. CouchDB takes no
capitals in a database name, so only a folder can hold an account called `Demo`.

Source: Kazoo kz_util:format_account_id, kazoo_modb, knm_converters (databases of numbers).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum
from urllib.parse import quote, unquote

from storage.errors import BadName

MAX_DATABASE_LENGTH = 200
"""CouchDB keeps a database in a file of its name plus 20 characters; file systems stop at 255."""

MAX_DOC_ID_BYTES = 240
"""So that the id and `.json` fit in a file name; Kazoo's longest ids (month and call id) have about 80."""

MAX_ATTACHMENT_NAME_BYTES = 200
"""Leaves room for the document's own name beside it (a folder keeps both in one file name)."""

NUMBER_PREFIX_LENGTH = 5
"""Phone numbers are kept in databases of their first five characters, plus sign included."""

_HEX_ID = re.compile(r"[0-9a-f]{32}\Z")
_SHORT_ID = re.compile(r"(?![0-9a-f]{32})(?!.*-[0-9]{6}\Z)[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z")
_MONTH = re.compile(r"[0-9]{4}(?:0[1-9]|1[0-2])\Z")
_NUMBER = re.compile(r"\+[0-9]{4,20}\Z")
_DATABASE = re.compile(r"[a-z][A-Za-z0-9_$()+-]*(?:/[A-Za-z0-9_$()+-]+){0,7}\Z")
_ACCOUNT_DATABASE = re.compile(
    r"account/(?:(?P<ab>[0-9a-f]{2})/(?P<cd>[0-9a-f]{2})/(?P<rest>[0-9a-f]{28})"
    r"|(?![0-9a-f]{32})(?P<short>[A-Za-z0-9][A-Za-z0-9_-]{0,63}?))(?:-(?P<month>[0-9]{6}))?\Z"
)
_UNSPLIT_ACCOUNT = re.compile(r"account/[0-9a-f]{32}")
_MONTH_ID = re.compile(r"(?P<month>[0-9]{4}(?:0[1-9]|1[0-2]))-(?P<rest>.+)\Z", re.DOTALL)


class DatabaseKind(StrEnum):
    """What a database holds, told by its name; it decides which views belong in it."""

    ACCOUNT = "account"  # callflows, users, devices, media... of one account
    MONTH = "month"  # one account's recordings, messages and call details of one month
    ACCOUNTS = "accounts"  # a copy of each account document
    NUMBERS = "numbers"  # phone numbers of one prefix
    SIP_AUTH = "sip_auth"
    SYSTEM_CONFIG = "system_config"
    SYSTEM_MEDIA = "system_media"
    OTHER = "other"


_KIND_OF_SINGLE = {
    kind.value: kind
    for kind in (
        DatabaseKind.ACCOUNTS,
        DatabaseKind.SIP_AUTH,
        DatabaseKind.SYSTEM_CONFIG,
        DatabaseKind.SYSTEM_MEDIA,
    )
}


def is_account_id(text: str) -> bool:
    """Whether this can be an account: Kazoo's 32 hex digits, or a short name."""
    return bool(_HEX_ID.match(text) or _SHORT_ID.match(text))


def account_db(account_id: str) -> str:
    """Return the database of an account. Raises: BadName."""
    if _HEX_ID.match(account_id):
        return f"account/{account_id[:2]}/{account_id[2:4]}/{account_id[4:]}"
    if _SHORT_ID.match(account_id):
        return f"account/{account_id}"
    raise BadName(f"account id {_shown(account_id)} is neither 32 hex digits nor a short name")


def modb(account_id: str, when: datetime | str) -> str:
    """Return an account's database of one month.

    Args: when: a moment with its zone (the month is that of UTC, as in Kazoo), or the month as YYYYMM.
    Raises: BadName.
    """
    return f"{account_db(account_id)}-{month(when)}"


def month(when: datetime | str) -> str:
    """Return the month as YYYYMM of a moment with its zone, or of itself. Raises: BadName."""
    if isinstance(when, datetime):
        if when.tzinfo is None:
            raise BadName(f"the month of {when.isoformat()} depends on its zone, and it has none")
        return when.astimezone(UTC).strftime("%Y%m")
    if not _MONTH.match(when):
        raise BadName(f"{_shown(when)} is not a month (YYYYMM)")
    return when


def number_db(number: str) -> str:
    """Return the database of a phone number in E.164. Raises: BadName."""
    if not _NUMBER.match(number):
        raise BadName(f"{_shown(number)} is not a number in E.164")
    return f"numbers/{number[:NUMBER_PREFIX_LENGTH]}"


def kind_of(database: str) -> DatabaseKind:
    """Tell what a database holds by its name (slash form)."""
    found = _ACCOUNT_DATABASE.match(database)
    if found:
        return DatabaseKind.MONTH if found["month"] else DatabaseKind.ACCOUNT
    if database.startswith("numbers/"):
        return DatabaseKind.NUMBERS
    return _KIND_OF_SINGLE.get(database, DatabaseKind.OTHER)


def account_of(database: str) -> str | None:
    """Return the account a database (of an account or one of its months) belongs to, None for others."""
    found = _ACCOUNT_DATABASE.match(database)
    if not found:
        return None
    return found["short"] or found["ab"] + found["cd"] + found["rest"]


def month_of(database: str) -> str | None:
    """Return the YYYYMM of an account's month, None for other databases."""
    found = _ACCOUNT_DATABASE.match(database)
    return found["month"] if found else None


def month_document_id(when: datetime | str, unique: str) -> str:
    """Return the id of a document that lives in a month, `YYYYMM-<unique>`. Raises: BadName."""
    return check_doc_id(f"{month(when)}-{unique}")


def split_document_id(doc_id: str) -> tuple[str, str]:
    """Return (YYYYMM, the rest) of the id of a document that lives in a month. Raises: BadName."""
    found = _MONTH_ID.match(doc_id)
    if not found:
        raise BadName(f"document id {_shown(doc_id)} does not begin with its month (YYYYMM-)")
    return found["month"], found["rest"]


def month_for(doc_id: str, own_month: str) -> str:
    """Return the month whose database a recording's document of any id belongs in.

    A month at the head of the id counts when it is the recording's own or the one before (a call may have
    been given the id before midnight); any other is a text that happens to look like one.
    """
    found = _MONTH_ID.match(doc_id)
    return found["month"] if found and found["month"] in (own_month, _month_before(own_month)) else own_month


def _month_before(of_month: str) -> str:
    year, number = int(of_month[:4]), int(of_month[4:])
    return f"{year - 1:04}12" if number == 1 else f"{year:04}{number - 1:02}"


def database_of_document(account_id: str, doc_id: str) -> str:
    """Return the month's database an id like `202411-...` lives in. Raises: BadName."""
    return modb(account_id, split_document_id(doc_id)[0])


def encode(database: str) -> str:
    """Return Kazoo's encoded form, which is also the raw URL path of the database. Raises: BadName."""
    return quote(check_database(database), safe="")


def decode(name: str) -> str:
    """Return the slash form of a database named in either form. Raises: BadName."""
    return check_database(unquote(name) if "%" in name else name)


def check_database(name: str) -> str:
    """Return a database name (slash form) as it is. Raises: BadName: it could leave its place."""
    if len(name) > MAX_DATABASE_LENGTH or not _DATABASE.match(name):
        raise BadName(f"{_shown(name)} is not a database name")
    if _UNSPLIT_ACCOUNT.match(name):
        raise BadName(f"{_shown(name)}: the database of this account is {account_db(name[8:40])}")
    return name


def check_doc_id(doc_id: str) -> str:
    """Return a document id as it is: `/` may stand within (`en-us/menu-invalid`), nothing that climbs.

    Raises: BadName: empty, too long, `..`, an empty or dotted part, a leading `_` (the store's own), control
    characters, or text that has no UTF-8.
    """
    _check(doc_id, "document id", MAX_DOC_ID_BYTES)
    if doc_id.startswith("_") or any(not part or part.startswith(".") for part in doc_id.split("/")):
        raise BadName(f"document id {_shown(doc_id)} could leave its place")
    return doc_id


def document_id_fault(doc_id: str) -> str:
    """Return why a text cannot be the id of a recording's document, "" when it can.

    Stricter than check_doc_id: no `/` either, since tools of a cluster put such an id into paths as it is.
    """
    try:
        check_doc_id(doc_id)
    except BadName as exc:
        return str(exc)
    return "" if "/" not in doc_id and "\\" not in doc_id else f"document id {_shown(doc_id)} has a slash"


def check_attachment(name: str) -> str:
    """Return the name of an attachment as it is. Raises: BadName, as for documents; nor has it a `/`."""
    _check(name, "attachment name", MAX_ATTACHMENT_NAME_BYTES)
    if "/" in name or "\\" in name or name.startswith((".", "_")):
        raise BadName(f"attachment name {_shown(name)} could leave its place")
    return name


def _check(text: str, what: str, max_bytes: int) -> None:
    try:
        size_bytes = len(text.encode())
    except UnicodeEncodeError as exc:
        raise BadName(f"{what} {_shown(text)} is not UTF-8") from exc
    if not 0 < size_bytes <= max_bytes:
        raise BadName(f"{what} {_shown(text)} has {size_bytes} bytes, 1 to {max_bytes} are allowed")
    if ".." in text or any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 for char in text):
        raise BadName(f"{what} {_shown(text)} could leave its place")


def _shown(text: str) -> str:
    """Quote a hostile name for a message: escaped, and cut."""
    return ascii(text if len(text) <= 60 else f"{text[:60]}...")
