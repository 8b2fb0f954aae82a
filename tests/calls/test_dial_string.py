"""Dial strings, read back as FreeSWITCH reads them."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from calls.destination import parse_destination
from calls.dial_rules import DialRules
from calls.dial_string import dial_string
from calls.errors import NotDialable
from calls.leg import Confirmation, Encryption, Leg
from simulator.dialstring import DialString, dial_strings
from tests.esl import freeswitch_text

RULES = DialRules(
    gateway="carrier",
    phone="sofia/gateway/{gateway}/{number}",
    profile="external",
    sip="sofia/{profile}/{uri}",
    resources={"private": "user/{name}@pbx.example.com"},
)
TEXT = st.text(
    st.characters(min_codepoint=32, exclude_categories=["Cs"], exclude_characters="\x7f"), max_size=20
)
NAME = st.from_regex(r"[A-Za-z][A-Za-z0-9_.-]{1,12}", fullmatch=True)


def leg(to: str, **options: object) -> Leg:
    """Return a leg to somebody."""
    return Leg(parse_destination(to), **options)  # type: ignore[arg-type]


def read(text: str) -> list[list[tuple[str, dict[str, str]]]]:
    """Read a dial string by FreeSWITCH's rules, and see that the simulator reads the same."""
    common, rest = freeswitch_text.brackets(text, "{", "}", ",")
    groups = []
    for group in freeswitch_text.separate(rest, "|"):
        peers = []
        for peer in freeswitch_text.peers(group):
            own, endpoint = freeswitch_text.peer_variables(peer)
            peers.append((endpoint, {**own, **common}))
        groups.append(peers)
    assert dial_strings(text) == [[DialString(*peer) for peer in group] for group in groups]
    return groups


def test_one_number() -> None:
    """It goes through the gateway, with its limits."""
    one = leg("+15551234567", timeout_s=20)
    (((endpoint, variables),),) = read(dial_string([[one]], RULES))
    assert endpoint == "sofia/gateway/carrier/+15551234567"
    assert variables == {
        "origination_uuid": one.uuid,
        "leg_timeout": "20",
        "originate_timeout": "25",
        "originate_continue_on_timeout": "true",
        "execute_on_answer_limit": "sched_hangup +14400 ALLOTTED_TIMEOUT",
    }


def test_groups_follow_each_other_and_their_legs_ring_at_once() -> None:
    """Serial, parallel, and both."""
    groups = [[leg("1"), leg("sip:a@example.com")], [leg("/private/ada")]]
    endpoints = [[endpoint for endpoint, _ in group] for group in read(dial_string(groups, RULES))]
    assert endpoints == [
        ["sofia/gateway/carrier/1", "sofia/external/sip:a@example.com"],
        ["user/ada@pbx.example.com"],
    ]


def test_everything_a_sip_address_may_be_told() -> None:
    """Headers, codecs, encryption, credentials, session timer, confirmation."""
    one = leg(
        "sip:a@example.com",
        caller="sip:chris@example.com",
        caller_name='C. "X" <b>',
        headers={"X-One": "a, b=c; d", "x-FROM_NUMBER": "+2B'1"},
        codecs=("PCMU", "opus@48000h@20i"),
        encryption=Encryption.MANDATORY,
        username="u",
        password="p,'w",
        session_timeout_s=1800,
        is_webrtc=True,
        max_duration_s=60,
        confirmation=Confirmation("exec", "socket 127.0.0.1:9000 async full", 30),
        variables={"callflows_account_id": "a"},
    )
    (((_, variables),),) = read(dial_string([[one]], RULES))
    assert variables == {
        "callflows_account_id": "a",
        "origination_uuid": one.uuid,
        "leg_timeout": "60",
        "originate_timeout": "95",
        "originate_continue_on_timeout": "true",
        "origination_caller_id_number": "chris",
        "origination_caller_id_name": "C. X b",
        "execute_on_answer_limit": "sched_hangup +60 ALLOTTED_TIMEOUT",
        "group_confirm_key": "exec",
        "group_confirm_file": "socket 127.0.0.1:9000 async full",
        "group_confirm_timeout": "30",
        "sip_h_X-One": "a, b=c; d",
        "sip_h_x-FROM_NUMBER": "+2B'1",
        "absolute_codec_string": "PCMU,opus@48000h@20i",
        "rtp_secure_media": "mandatory",
        "sip_auth_username": "u",
        "sip_auth_password": "p,'w",
        "sofia_session_timeout": "1800",
        "media_webrtc": "true",
    }


def test_phone_numbers_are_told_nothing_of_sip() -> None:
    """It has no effect on them."""
    one = leg("1", headers={"X-A": "b"}, codecs=("PCMU",), username="u", is_webrtc=True)
    (((_, variables),),) = read(dial_string([[one]], RULES))
    assert not [name for name in variables if name.startswith(("sip_", "absolute_", "media_"))]


@given(
    st.lists(
        st.lists(
            st.builds(
                lambda to, headers, name, password: (to, headers, name, password),
                st.sampled_from(
                    ["+15551234567", "sip:a%27(b)@example.com;transport=tls", "sip:a@[2001:4860::1]"]
                ),
                st.dictionaries(NAME, TEXT, max_size=3),
                TEXT,
                TEXT,
            ),
            min_size=1,
            max_size=3,
        ),
        min_size=1,
        max_size=3,
    )
)
def test_whatever_is_said_freeswitch_reads_exactly_these_legs(
    groups: list[list[tuple[str, dict[str, str], str, str]]],
) -> None:
    """With exactly these variables, or the legs are refused."""
    made = [
        [
            leg(to, headers=headers, caller_name=name, password=password)
            for to, headers, name, password in group
        ]
        for group in groups
    ]
    try:
        text = dial_string(made, RULES)
    except NotDialable:
        assume(False)  # noqa: FBT003 - as it is called
    got = read(text)
    assert [[endpoint for endpoint, _ in group] for group in got] == [
        [RULES.endpoint(one.destination) for one in group] for group in made
    ]
    for (_, variables), one in zip(sum(got, []), sum(made, []), strict=True):  # noqa: RUF017 - short
        admitted = RULES.admit(one).channel_variables()
        assert {k: v for k, v in variables.items() if not k.startswith("originate_")} == admitted


@pytest.mark.parametrize(
    "options",
    [
        {"headers": {"Via": "x"}},
        {"headers": {"route": "sip:evil.example.com"}},
        {"headers": {"P-Asserted-Identity": "x"}},
        {"headers": {"f": "x"}},
        {"headers": {"X A": "x"}},
        {"headers": {"X-A: b\r\nVia": "x"}},
        {"headers": {"X-A": "x\r\nVia: y"}},
        {"headers": {"X-A": "${hangup}"}},
        {"headers": {"X-A": "$\\{hangup}"}},
        {"headers": {"X-A": "x" * 2000}},
        {"headers": {"X-A": "a]"}},
        {"headers": {"X-A": "a:_:b"}},
        {"codecs": ("PCMU,loopback",)},
        {"codecs": ("PCMU@",)},
        {"caller": "a b;c"},
        {"caller": "sip:a'b@example.com"},
        {"password": "a\nb"},
        {"variables": {"a b": "c"}},
    ],
)
def test_what_cannot_be_passed_on_is_refused(options: dict[str, object]) -> None:
    """Never changed silently, never left out."""
    with pytest.raises(NotDialable):
        dial_string([[leg("sip:a@example.com", **options)]], RULES)


def test_nobody_is_not_called() -> None:
    """An empty group would be skipped by FreeSWITCH without a word."""
    for groups in ([], [[]], [[leg("1")], []]):
        with pytest.raises(NotDialable):
            dial_string(groups, RULES)


def test_too_many_are_not_called() -> None:
    """The limit is for all groups together."""
    with pytest.raises(NotDialable, match="legs_limit"):
        dial_string([[leg("1")]] * 21, RULES)


def test_a_leg_s_limit_covers_its_confirmation() -> None:
    """Else FreeSWITCH would give a leg up while it is being asked."""
    asked = leg("1", timeout_s=30, confirmation=Confirmation("1", "", 20))
    (((_, variables),),) = read(dial_string([[asked]], RULES))
    assert variables["originate_timeout"] == "55"
