"""Headers of SIP messages, as webhooks tell them."""

from __future__ import annotations

from callcontrol.call_quality import quality_of
from callcontrol.headers_told import MAX_TOLD, of_answer, of_invite
from callcontrol.snapshot import Snapshot
from esl.event import Event


def leg(**variables: str) -> Snapshot:
    """A leg with these channel variables; `__` in their names is a dash."""
    named = {f"variable_{name.replace('__', '-')}": value for name, value in variables.items()}
    return Snapshot(Event.from_headers({"Event-Name": "CHANNEL_CREATE", **named}))


def test_those_of_the_invitation() -> None:
    """The client's own apart from those that SIP knows; what FreeSWITCHes tell each other is left out."""
    told = of_invite(
        leg(
            sip_h_X__Ticket="7; a=b",
            sip_h_diversion="<sip:ada@example.com>",
            sip_h_User__to__User="00ff;encoding=hex",
            sip_h_X__FS__Support="update_display",
            sip_rh_X__Answer="1",
        )
    )
    assert told == {
        "custom_headers": [{"name": "X-Ticket", "value": "7; a=b"}],
        "sip_headers": [
            {"name": "User-to-User", "value": "00ff;encoding=hex"},
            {"name": "Diversion", "value": "<sip:ada@example.com>"},
        ],
    }


def test_those_of_the_answer() -> None:
    """What the command that answered has set, beside what SIP knows of the invitation."""
    told = of_answer(leg(sip_h_X__Ticket="7", sip_h_Diversion="<sip:ada@b>", sip_rh_X__Answer="1"))
    assert told == {
        "custom_headers": [{"name": "X-Answer", "value": "1"}],
        "sip_headers": [{"name": "Diversion", "value": "<sip:ada@b>"}],
    }


def test_a_leg_without_any_tells_none() -> None:
    """Not even empty lists."""
    assert of_invite(leg(sip_from_user="ada")) == of_answer(leg()) == {}


def test_a_caller_cannot_make_webhooks_long() -> None:
    """Many headers are cut off, long ones left out."""
    many = {f"sip_h_X__{number}": "x" for number in range(MAX_TOLD + 1)}
    assert len(of_invite(leg(**many))["custom_headers"]) == MAX_TOLD
    assert of_invite(leg(sip_h_X__Long="x" * 1025)) == {}


def test_how_well_sound_arrived() -> None:
    """As FreeSWITCH counted it; nothing where it did not."""
    counted = leg(
        rtp_audio_in_mos="4.50", rtp_audio_in_packet_count="12", rtp_audio_out_skip_packet_count="0"
    )
    assert quality_of(counted) == {
        "inbound": {"mos": "4.50", "packet_count": "12"},
        "outbound": {"skip_packet_count": "0"},
    }
    assert quality_of(leg()) is None
