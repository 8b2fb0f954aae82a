"""The URL a recording goes to: the table of the Kazoo reference, row by row."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import http_url, recording_url

NAME = "call_recording_abc@host.mp3"
CALL = "call_recording_abc%40host.mp3"
FIELDS = {"from": "a@b", "to": "c d"}
FACTS = "from=a%40b&to=c%20d"

ROWS = [
    # no query: the name ends the path, after one slash
    ("http://h/rec", f"http://h/rec/{CALL}?{FACTS}"),
    ("http://h/rec/", f"http://h/rec/{CALL}?{FACTS}"),
    ("http://h/rec//", f"http://h/rec/{CALL}?{FACTS}"),
    ("http://h", f"http://h/{CALL}?{FACTS}"),
    ("http://h/", f"http://h/{CALL}?{FACTS}"),
    ("http://h/rec?", f"http://h/rec/{CALL}?{FACTS}"),
    ("http://h/rec#frag", f"http://h/rec/{CALL}?{FACTS}"),
    # last parameter without an equals sign
    ("http://h/put?file", f"http://h/put?file={CALL}&{FACTS}"),
    ("http://h/put?a=b&file", f"http://h/put?a=b&file={CALL}&{FACTS}"),
    # last parameter with an empty value
    ("http://h/put?file=", f"http://h/put?file={CALL}&{FACTS}"),
    ("http://h/put?a=b&file=", f"http://h/put?a=b&file={CALL}&{FACTS}"),
    # last parameter with a value
    ("http://h/put?key=1", f"http://h/put?key=1&recording={CALL}&{FACTS}"),
    ("http://h/put/?file=&key=1", f"http://h/put/?file=&key=1&recording={CALL}&{FACTS}"),
    # the rest of the URL stays as it is
    ("https://u:p@h:8443/a%20b/c", f"https://u:p@h:8443/a%20b/c/{CALL}?{FACTS}"),
]


@pytest.mark.parametrize(("url", "built"), ROWS)
def test_the_name_and_the_fields_go_where_kazoo_puts_them(url: str, built: str) -> None:
    """One row of the table each."""
    assert recording_url.build(url, NAME, FIELDS) == built


@pytest.mark.parametrize(
    ("url", "built"),
    [
        ("http://h/rec", f"http://h/rec/{CALL}"),
        ("http://h/put?file=", f"http://h/put?file={CALL}"),
        ("http://h/put?key=1", f"http://h/put?key=1&recording={CALL}"),
    ],
)
def test_without_fields_nothing_follows_the_name(url: str, built: str) -> None:
    """No lone question mark or ampersand is left at the end."""
    assert recording_url.build(url, NAME, {}) == built
    assert recording_url.build(url, NAME, {"from": ""}) == built


@pytest.mark.parametrize("extension", ["mp3", ".mp3"])
def test_the_file_name_has_one_dot(extension: str) -> None:
    """The doubled dot of Kazoo's master does not come back, whichever way the extension is written."""
    assert recording_url.file_name("abc", extension) == "call_recording_abc.mp3"


def test_fields_come_in_kazoos_order_from_the_metadata() -> None:
    """Order and names of section 3.6; absent and empty ones are left out."""
    metadata = {
        "_id": "202611-00",
        "duration_ms": 1500,
        "start": 63900000000,
        "owner_id": None,
        "pvt_account_id": "acc",
        "interaction_id": "",
        "cdr_id": "202611-abc",
        "call_id": "abc",
        "caller_id_number": "+1",
        "caller_id_name": "Ä",
        "to": "to",
        "from": "from",
        "description": "not a field",
    }
    assert list(recording_url.fields(metadata).items()) == [
        ("from", "from"),
        ("to", "to"),
        ("caller_id_name", "Ä"),
        ("caller_id_number", "+1"),
        ("call_id", "abc"),
        ("cdr_id", "202611-abc"),
        ("account_id", "acc"),
        ("start", "63900000000"),
        ("duration_ms", "1500"),
        ("recording_id", "202611-00"),
    ]


@pytest.mark.parametrize("name", ["..", ".", "", "../../etc/passwd", "a/../../b.mp3", "..\\x"])
def test_a_name_cannot_leave_the_directory_of_the_url(name: str) -> None:
    """A name is one path segment, whatever it would like to be."""
    path = urlsplit(recording_url.build("http://h/a/b", name, {})).path
    assert path.startswith("/a/b/")
    assert path.count("/") == 3
    assert unquote(path).rsplit("/", 1)[-1] not in ("", ".", "..")


@given(
    st.sampled_from([url for url, _ in ROWS]),
    st.text(min_size=1, max_size=40),
    st.dictionaries(st.sampled_from([name for name, _ in recording_url.FIELDS]), st.text(max_size=30)),
)
def test_values_survive_and_never_break_out(url: str, name: str, extra: dict[str, str]) -> None:
    """Whatever the values hold, the URL stays usable, keeps its host and gives the fields back."""
    built = recording_url.build(url, name, extra)
    assert http_url.parse(built).origin == http_url.parse(url).origin
    said = dict(
        parse_qsl(urlsplit(built).query, keep_blank_values=True, strict_parsing=bool(urlsplit(built).query))
    )
    for key, value in extra.items():
        if value:
            assert said[key] == value.encode("utf-8", "replace").decode()
