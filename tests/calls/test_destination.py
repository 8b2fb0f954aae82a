"""Whom a document wants to call."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.destination import Kind, parse_destination
from calls.errors import NotDialable


@pytest.mark.parametrize(
    ("text", "kind", "written"),
    [
        ("+15551234567", Kind.PHONE, "+15551234567"),
        (" +1 (555) 123-4567 ", Kind.PHONE, "+15551234567"),
        ("tel:+1-555-123-4567", Kind.PHONE, "+15551234567"),
        ("0301234567", Kind.PHONE, "0301234567"),
        ("(030) 123456", Kind.PHONE, "030123456"),
        ("*72#", Kind.PHONE, "*72#"),
        ("sip:alice@example.com", Kind.SIP, "sip:alice@example.com"),
        ("SIPS:Alice@Example.com:5061", Kind.SIP, "sips:Alice@Example.com:5061"),
        ("sip:a%20b@example.com;transport=TCP", Kind.SIP, "sip:a%20b@example.com;transport=tcp"),
        (
            "sip:+15551234567@192.0.2.1:5060;user=phone",
            Kind.SIP,
            "sip:+15551234567@192.0.2.1:5060;user=phone",
        ),
        ("sip:a@[2001:db8::1]:5060", Kind.SIP, "sip:a@[2001:db8::1]:5060"),
        ("/public/test_room", Kind.RESOURCE, "/public/test_room"),
        ("/private/ada?channel=audio", Kind.RESOURCE, "/private/ada"),
    ],
)
def test_destinations_are_told_apart(text: str, kind: Kind, written: str) -> None:
    """Each kind has one way of being written."""
    found = parse_destination(text)
    assert (found.kind, found.text) == (kind, written)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "alice",
        "queue:support",
        "stream:wss://example.com",
        "sofia/gateway/x/1",
        "loopback/1000",
        "error/USER_BUSY",
        "user/1000",
        "+0155512345",
        "+1555,loopback/1",
        "5551234|error/x",
        "1" * 33,
        "sip:example.com",
        "sip:@example.com",
        "sip:a b@example.com",
        "sip:a@b@example.com",
        "sip:a@exa_mple.com",
        "sip:a@example.com:0",
        "sip:a@example.com:70000",
        "sip:a@example.com;fs_path=sip:evil.example.com",
        "sip:a@example.com;maddr=192.0.2.9",
        "sip:a@example.com;transport=ws",
        "sip:a@example.com?Route=x",
        "sip:a:secret@example.com",
        "sip:a^b@example.com",
        "sip:a'b@example.com",
        "sip:a$b@example.com",
        "sip:a[b]@example.com",
        "sip:a@127.1",
        "sip:a@2130706433",
        "sip:a@0x7f.1",
        "sip:a@2001:db8::1",
        "sip:a@[192.0.2.1]",
        "sip:a@[fe80::1%eth0]",
        "sip:a@example.com\n",
        "/public",
        "/public/a/b",
        "/../etc",
        "sip:" + "a" * 300 + "@example.com",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    """Dial strings of FreeSWITCH above all, and addresses that would go elsewhere than they say."""
    with pytest.raises(NotDialable):
        parse_destination(text)


@given(st.text(max_size=80) | st.from_regex(r"(sips?:|tel:|/)?[ -~]{0,60}", fullmatch=True))
def test_whatever_the_text_nothing_but_plain_characters_comes_of_it(text: str) -> None:
    """What is accepted holds none of the characters that dial strings are made of."""
    try:
        found = parse_destination(text)
    except NotDialable:
        return
    assert not set(found.text) & set(" ,|'\"\\{}<>^$\t\r\n")
    assert parse_destination(found.text) == found
