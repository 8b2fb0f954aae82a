"""The hand-off XML is XML whatever it is made from, and says what was asked."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st

from service.commands.dialplan import NOT_IN_XML, hand_off

Run = Callable[..., Result]

HOSTILE = ['a"<b', "]]>", "-->", "a--b", "'\"", "&amp;", "<!--", "a\nb", "../../etc/x", "${system rm}", "-"]
texts = st.text(st.characters(exclude_categories=["Cs"])).filter(lambda text: not NOT_IN_XML.search(text))


def actions_of(xml: str) -> list[tuple[str, str]]:
    """Return application and data of each action."""
    return [
        (one.get("application", ""), one.get("data", ""))
        for one in ElementTree.fromstring(xml).iter("action")
    ]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_stays_inside_its_attribute(hostile: str) -> None:
    """Quotes, comment ends and line breaks come out of a parser as they went in, and add nothing."""
    xml = hand_off(hostile, hostile, "127.0.0.1:8084", hostile)
    root = ElementTree.fromstring(xml)
    context, condition = root.find("context"), root.find(".//condition")
    assert context is not None
    assert condition is not None
    assert (context.get("name"), condition.get("expression")) == (hostile, hostile)
    assert actions_of(xml) == [
        ("set", f"callflows_account_id={hostile}"),
        ("socket", "127.0.0.1:8084 async full"),
        ("respond", "503 Service Unavailable"),
    ]


@given(context=texts, numbers=texts, account=texts)
def test_any_text_makes_well_formed_xml(context: str, numbers: str, account: str) -> None:
    """What comes out of a parser is what went in."""
    root = ElementTree.fromstring(hand_off(context, numbers, "h:1", account))
    condition = root.find(".//condition")
    assert condition is not None
    assert condition.get("expression") == numbers


def test_the_command_prints_what_freeswitch_needs(run: Run) -> None:
    """The address is the one the engine listens on, the context and account those asked for."""
    result = run("dialplan", "--context", "office", "--account", "acme", freeswitch_listen="127.0.0.1:9999")
    assert result.exit_code == 0
    assert "conf/dialplan/office.xml" in result.stdout
    assert actions_of(result.stdout)[:2] == [
        ("set", "callflows_account_id=acme"),
        ("socket", "127.0.0.1:9999 async full"),
    ]


def test_without_an_account_none_is_set(run: Run) -> None:
    """The number decides then."""
    result = run("dialplan")
    assert [application for application, _ in actions_of(result.stdout)] == ["socket", "respond"]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--context", "a\x00b"),
        ("--context", ""),
        ("--numbers", "\x1b"),
        ("--numbers", "\ufffe"),
        ("--account", "a b"),
        ("--account", "${hack}"),
    ],
)
def test_what_xml_or_we_cannot_hold_is_refused(run: Run, option: str, value: str) -> None:
    """Control characters cannot be written in XML at all; an account id is letters, digits, _ and -."""
    result = run("dialplan", option, value)
    assert result.exit_code == 2
    assert option in result.stderr


def test_a_file_name_is_only_suggested_when_it_is_one(run: Run) -> None:
    """A context with slashes or dashes neither ends the comment nor names another directory."""
    assert "conf/dialplan/callflows.xml" in run("dialplan", "--context", "../x").stdout
    assert "conf/dialplan/callflows.xml" in run("dialplan", "--context", "a--b").stdout
