"""Kazoo's names, there and back; and names that must not become a path or a URL."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import names
from storage.errors import BadName
from storage.names import DatabaseKind
from tests.storage.contract import HOSTILE_DATABASES, HOSTILE_IDS, ODD_IDS

HEX = "0123456789abcdef0123456789abcdef"

hex_ids = st.text("0123456789abcdef", min_size=32, max_size=32)
short_ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", fullmatch=True).filter(names.is_account_id)
months = st.builds(lambda year, month: f"{year:04}{month:02}", st.integers(1970, 9999), st.integers(1, 12))


def test_an_account_of_kazoo() -> None:
    """The id is cut in three; the encoded form is what Kazoo keeps in pvt_account_db."""
    database = names.account_db(HEX)
    assert database == "account/01/23/456789abcdef0123456789abcdef"
    assert names.encode(database) == "account%2F01%2F23%2F456789abcdef0123456789abcdef"
    assert names.modb(HEX, "202411") == f"{database}-202411"


def test_an_account_of_ones_own_naming() -> None:
    """Short names are for documents written by hand."""
    assert names.account_db("demo") == "account/demo"
    assert names.modb("demo", "202411") == "account/demo-202411"


@given(st.one_of(hex_ids, short_ids), months)
def test_accounts_and_months_come_back(account_id: str, month: str) -> None:
    """Whose a database is, and of which month, can be told from its name, in both forms."""
    account, of_month = names.account_db(account_id), names.modb(account_id, month)
    assert (names.account_of(account), names.month_of(account)) == (account_id, None)
    assert (names.account_of(of_month), names.month_of(of_month)) == (account_id, month)
    assert names.kind_of(account) is DatabaseKind.ACCOUNT
    assert names.kind_of(of_month) is DatabaseKind.MONTH
    for database in (account, of_month):
        assert names.decode(names.encode(database)) == database
        assert names.decode(database) == database
        assert "/" not in names.encode(database)


@pytest.mark.parametrize(
    ("database", "kind"),
    [
        ("accounts", DatabaseKind.ACCOUNTS),
        ("system_config", DatabaseKind.SYSTEM_CONFIG),
        ("system_media", DatabaseKind.SYSTEM_MEDIA),
        ("sip_auth", DatabaseKind.SIP_AUTH),
        ("numbers/+1555", DatabaseKind.NUMBERS),
        ("offnet", DatabaseKind.OTHER),
        ("account/ab/cd/x", DatabaseKind.OTHER),
        (f"account/{HEX[:2]}/{HEX[2:4]}/{HEX[4:]}-selectors", DatabaseKind.OTHER),
    ],
)
def test_kinds(database: str, kind: DatabaseKind) -> None:
    """The name of a database says what is in it."""
    assert names.kind_of(database) is kind
    assert names.check_database(database) == database


@pytest.mark.parametrize(
    "account_id",
    [
        "",
        "demo-202411",
        "-demo",
        "de mo",
        "a/b",
        "..",
        "x" * 65,
        HEX.upper() + "x" * 40,
        HEX + "0",
        "ümlaut",
        "a\n",
    ],
)
def test_what_is_no_account(account_id: str) -> None:
    """Neither 32 hex digits nor a short name; nor what looks like a month or like the beginning of an id."""
    assert not names.is_account_id(account_id)
    with pytest.raises(BadName):
        names.account_db(account_id)


def test_an_account_has_one_database() -> None:
    """The uncut form of a Kazoo account is refused, with the right one in the message."""
    with pytest.raises(BadName, match=names.account_db(HEX)):
        names.check_database(f"account/{HEX}")


def test_numbers_live_by_their_first_five_characters() -> None:
    """The plus sign is one of them, and is escaped in a URL."""
    assert names.number_db("+15551234567") == "numbers/+1555"
    assert names.encode("numbers/+1555") == "numbers%2F%2B1555"
    assert names.decode("numbers%2F%2B1555") == "numbers/+1555"


@pytest.mark.parametrize(
    "number", ["", "15551234567", "+", "+123", "+1555/../x", "+1" + "5" * 30, "+1555\n", "*97"]
)
def test_what_is_no_number(number: str) -> None:
    """Only E.164 has a database."""
    with pytest.raises(BadName):
        names.number_db(number)


def test_the_month_is_that_of_utc() -> None:
    """A call at the turn of the year in Vienna belongs where Kazoo would put it."""
    vienna = timezone(timedelta(hours=1))
    assert names.month(datetime(2025, 1, 1, 0, 30, tzinfo=vienna)) == "202412"
    assert names.month(datetime(2025, 1, 1, 0, 30, tzinfo=UTC)) == "202501"
    with pytest.raises(BadName):
        names.month(datetime(2025, 1, 1))  # noqa: DTZ001 - what is refused


@pytest.mark.parametrize("month", ["", "2024", "202400", "202413", "2024-11", "20241", "٢٠٢٤١١"])
def test_what_is_no_month(month: str) -> None:
    """Four digits of a year, two of a month that there is."""
    with pytest.raises(BadName):
        names.modb("demo", month)


@given(months, st.text("0123456789abcdef-", min_size=1, max_size=64))
def test_documents_of_a_month_come_back(month: str, unique: str) -> None:
    """A recording's id says in which database it is."""
    doc_id = names.month_document_id(month, unique)
    assert names.split_document_id(doc_id) == (month, unique)
    assert names.database_of_document("demo", doc_id) == f"account/demo-{month}"


@pytest.mark.parametrize("doc_id", ["", "202411", "202413-x", "x202411-x", "202411-"])
def test_what_is_no_document_of_a_month(doc_id: str) -> None:
    """Without its month nobody knows where it is."""
    with pytest.raises(BadName):
        names.database_of_document("demo", doc_id)


@pytest.mark.parametrize("hostile", [*HOSTILE_IDS, "a/.b", "a\x7f", "a\x85", "\ud800"])
def test_hostile_document_ids(hostile: str) -> None:
    """Refused, and the message cannot carry the damage on."""
    with pytest.raises(BadName) as refused:
        names.check_doc_id(hostile)
    assert str(refused.value).isascii()
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize("hostile", [*HOSTILE_IDS, "a/b", "a\\b", "_x"])
def test_hostile_attachment_names(hostile: str) -> None:
    """Refused; an attachment's name has no slash of any kind."""
    with pytest.raises(BadName):
        names.check_attachment(hostile)


@pytest.mark.parametrize("hostile", [*HOSTILE_DATABASES, "a%2F..", "a//b", "a/", "a%", "%E4"])
def test_hostile_databases(hostile: str) -> None:
    """Refused in both forms."""
    with pytest.raises(BadName):
        names.decode(hostile)


@pytest.mark.parametrize("doc_id", ODD_IDS)
def test_odd_ids_are_fine(doc_id: str) -> None:
    """Odd is not hostile."""
    assert names.check_doc_id(doc_id) == doc_id


@given(st.text(max_size=300))
def test_any_text_is_a_name_or_a_bad_name(text: str) -> None:
    """Nothing but BadName escapes, and what passes neither climbs nor hides."""
    for check in (names.check_database, names.decode, names.check_doc_id, names.check_attachment):
        try:
            passed = check(text)
        except BadName:
            continue
        assert not any(part in ("", ".", "..") or part.startswith(".") for part in passed.split("/"))
        assert not re.search(r"[\x00-\x1f\x7f]", passed)


@pytest.mark.parametrize(
    ("doc_id", "own", "month"),
    [
        ("202611-x", "202611", "202611"),
        ("202610-x", "202611", "202610"),
        ("202512-x", "202601", "202512"),
        ("202612-x", "202611", "202611"),  # a month to come is a text that looks like one
        ("202609-x", "202611", "202611"),
        ("202613-x", "202611", "202611"),
        ("202611", "202611", "202611"),
        ("202610", "202611", "202611"),
        ("mine", "202611", "202611"),
    ],
)
def test_the_month_of_a_document_of_any_id(doc_id: str, own: str, month: str) -> None:
    """The recording's own, or the one before when the id says so."""
    assert names.month_for(doc_id, own) == month


@given(st.text(max_size=50), months)
def test_any_id_has_a_month_near_its_recordings(doc_id: str, own: str) -> None:
    """No text leads into a month that is neither."""
    found = names.month_for(doc_id, own)
    assert found == own or int(own) - int(found) in (1, 89)


@pytest.mark.parametrize(
    "hostile", [*HOSTILE_IDS, "a/b", "a\\b", "_x", "_design/x", "", "x" * 241, "a\x00b", "a\nb", "\ud800"]
)
def test_what_cannot_be_the_id_of_a_recordings_document(hostile: str) -> None:
    """It says why, and raises nothing."""
    assert names.document_id_fault(hostile)


@given(st.text(max_size=300))
def test_any_text_is_an_id_or_has_a_fault(text: str) -> None:
    """What passes names nothing outside, in a path or in a URL."""
    if not names.document_id_fault(text):
        assert names.check_doc_id(text) == text
        assert not set("/\\") & set(text)
        assert not text.startswith(("_", "."))
