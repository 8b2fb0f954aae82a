"""What clients say of legs that they have called, and what FreeSWITCH is told of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from callcontrol.dial import DialData
from callcontrol.errors import Unprocessable
from callcontrol.outgoing import OutgoingData, leg_variables, outgoing
from callcontrol.unused import given as given_unused
from callcontrol.unused import unused_of
from calls.dial_rules import DialRules
from calls.dial_string import dial_string
from calls.leg import Encryption, Leg
from simulator.dialstring import dial_strings

RULES = DialRules(
    gateway="carrier",
    phone="sofia/gateway/{gateway}/{number}",
    profile="external",
    sip="sofia/{profile}/{uri}",
)
KNOWN = leg_variables(
    account_id="demo",
    connection_id="c",
    session_id="s",
    client_state="eA==",
    webhook={"callcontrol_webhook": "x"},
)


def made(to: str, **data: Any) -> Leg:
    """The leg for these parameters."""
    caller = data.pop("caller", "+15550100")
    return outgoing(to, caller, OutgoingData().load(data), RULES, KNOWN, uuid="u-1")


@pytest.mark.parametrize(
    ("to", "data", "encryption", "is_webrtc"),
    [
        ("sip:a@example.com", {}, None, False),
        ("sip:a@example.com;secure=true", {}, Encryption.MANDATORY, False),
        ("sip:a@example.com;secure=SRTP", {}, Encryption.MANDATORY, False),
        ("sip:a@example.com;secure=dtls;transport=tls", {}, None, True),
        ("sip:a@example.com;secure=dtls", {"media_encryption": "SRTP"}, Encryption.MANDATORY, False),
        ("sip:a@example.com", {"media_encryption": "DTLS"}, None, True),
        ("sip:a@example.com;secure=srtp", {"media_encryption": "disabled"}, Encryption.MANDATORY, False),
    ],
)
def test_how_media_is_encrypted(
    to: str, data: dict[str, str], encryption: Encryption | None, is_webrtc: bool
) -> None:
    """media_encryption wins over what the address says, unless it says nothing."""
    leg = made(to, **data)
    assert (leg.encryption, leg.is_webrtc) == (encryption, is_webrtc)
    assert "secure" not in leg.destination.text


def test_digits_behind_the_number() -> None:
    """They are sent after the answer; the parameter of its own wins."""
    assert made("+15550100,12W").variables["execute_on_answer_digits"] == "send_dtmf 12W"
    leg = made("+15550100,12", send_digits_on_answer="99")
    assert (leg.variables["execute_on_answer_digits"], leg.destination.text) == ("send_dtmf 99", "+15550100")


@pytest.mark.parametrize(("to", "told"), [("sip:bob@example.com", "none"), ("+15550177", "pid")])
def test_who_calls_is_hidden(to: str, told: str) -> None:
    """Nothing in From; a carrier is told, who is called directly is not."""
    variables = made(to, privacy="id").channel_variables()
    assert variables["origination_privacy"] == "hide_name:hide_number:screen"
    assert variables["sip_invite_from_uri"] == "sip:anonymous@anonymous.invalid"
    assert variables["sip_from_display"] == "Anonymous"
    assert variables["sip_cid_type"] == told
    assert "sip_invite_from_uri" not in made(to, privacy="none").channel_variables()


def test_a_caller_without_a_name_is_shown_by_number() -> None:
    """Never by the name of whom the call is made for."""
    assert made("+15550177").caller_name == "+15550100"
    assert made("+15550177", caller="sip:ada@example.com").caller_name == "ada"
    assert made("+15550177", from_display_name="Ada").caller_name == "Ada"
    assert made("+15550177", caller="").caller_name == ""


def test_everything_arrives_at_freeswitch() -> None:
    """Read back by FreeSWITCH's own rules: one endpoint, with all that it is told."""
    leg = made(
        "sip:bob@example.com",
        preferred_codecs="OPUS,PCMU",
        privacy="id",
        sip_auth_username="u,ser",
        sip_auth_password="p'a,s|s",
        sip_transport_protocol="TLS",
        timeout_secs=20,
        time_limit_secs=60,
        from_display_name="Ada, of 'London'",
        custom_headers=[{"name": "X-A", "value": "a, b; c"}],
        sip_headers=[{"name": "User-to-User", "value": "00ff;encoding=hex"}],
    )
    ((dialled,),) = dial_strings(dial_string([[leg]], RULES))
    assert dialled.endpoint == "sofia/external/sip:bob@example.com;transport=tls"
    expected = {
        **KNOWN,
        "origination_uuid": "u-1",
        "callcontrol_to": "sip:bob@example.com",
        "callcontrol_from": "+15550100",
        "absolute_codec_string": "OPUS,PCMU",
        "origination_privacy": "hide_name:hide_number:screen",
        "sip_auth_username": "u,ser",
        "sip_auth_password": "p'a,s|s",
        "leg_timeout": "20",
        "execute_on_answer_limit": "sched_hangup +60 ALLOTTED_TIMEOUT",
        "origination_caller_id_number": "+15550100",
        "origination_caller_id_name": "Ada, of 'London'",
        "sip_h_X-A": "a, b; c",
        "sip_h_User-to-User": "00ff;encoding=hex",
    }
    assert {name: dialled.variables.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    "data",
    [
        {"preferred_codecs": "PCMU,SPEEX"},
        {"preferred_codecs": "PCMU,"},
        {"send_digits_on_answer": "1 2"},
        {"media_encryption": "ZRTP"},
        {"time_limit_secs": 14_401},
        {"timeout_secs": 601},
        {"sip_transport_protocol": "SCTP"},
        {"from_display_name": "a\nb"},
    ],
)
def test_what_is_no_value_is_refused(data: dict[str, Any]) -> None:
    """By the schema, before anything is looked at."""
    with pytest.raises(ValidationError):
        OutgoingData().load(data)


@given(st.text(max_size=80), st.text(max_size=40))
def test_whoever_is_named_is_one_endpoint_or_refused(to: str, caller: str) -> None:
    """No text makes two legs of one, sets a variable of its own or reaches another endpoint."""
    try:
        leg = made(to, caller=caller)
    except Unprocessable:
        return
    ((dialled,),) = dial_strings(dial_string([[leg]], RULES))
    assert dialled.endpoint.startswith(("sofia/gateway/carrier/", "sofia/external/sip"))
    assert dialled.variables["origination_uuid"] == "u-1"
    assert {name: dialled.variables.get(name) for name in KNOWN} == KNOWN


def test_parameters_that_do_nothing_are_known_by_name() -> None:
    """Accepted whatever they hold, and told in the log."""
    assert "stream_url" in unused_of(DialData)
    assert "to" not in unused_of(DialData)
    data = DialData().load({"to": "1", "connection_id": "c", "stream_url": 7, "transcription": None})
    assert list(given_unused(DialData, data)) == ["stream_url"]
