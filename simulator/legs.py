"""Makes channels: the caller that is handed over, and the parties that are dialled.

The headers and variables follow what FreeSWITCH 1.10.12 sends for a SIP call (`sofia`) and for a loopback
call, as `originate loopback/1000/context` makes one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from simulator import signalling
from simulator.channel import Channel, Profile, State, Times
from simulator.core import Core
from simulator.dialstring import DialString
from simulator.faults import Faults
from simulator.lifecycle import run
from simulator.loop import spawn
from simulator.script import Media, Script
from simulator.session import Session
from simulator.slots import SLOT_S

_DOMAIN = "sip.example.com"


def new_caller_leg(
    core: Core, script: Script, *, uuid: str, context: str, variables: Mapping[str, str]
) -> Session:
    """An inbound leg as it stands in the dialplan when it is handed over."""
    loopback = script.media is Media.LOOPBACK
    name = f"loopback/{script.to}-b" if loopback else f"sofia/external/{script.from_number}@{_DOMAIN}"
    channel = Channel(
        uuid=uuid,
        name=name,
        direction="inbound",
        profile=Profile(
            script.from_number,
            script.from_name,
            script.to,
            context=context,
            dialplan="xml" if loopback else "XML",
            callee_number=context if loopback else "",
            source="mod_loopback" if loopback else "mod_sofia",
        ),
        rate_hz=script.rate_hz,
        codec="L16" if loopback else ("PCMU" if script.rate_hz == 8000 else "G722"),
    )
    epoch_us = core.clock.epoch_us()
    channel.times = Times(profile_created=epoch_us, created=epoch_us)
    for key, value in _caller_variables(core, channel, script).items():
        channel.set(key, value)
    for key, value in {**core.settings.variables, **script.variables, **variables}.items():
        channel.set(key, value)
    for key, value in script.sip_headers.items():
        channel.set(f"sip_h_{key}", value)
    session = Session(core, channel, script)
    session.fire("CHANNEL_CREATE")
    return session


def _caller_variables(core: Core, channel: Channel, script: Script) -> dict[str, str]:
    rate, codec = str(channel.rate_hz), channel.codec
    common = {
        "direction": "inbound",
        "uuid": channel.uuid,
        "session_id": str(core.sessions_made + 1),
        "channel_name": channel.name,
        "read_codec": codec,
        "read_rate": rate,
        "write_codec": codec,
        "write_rate": rate,
        "call_uuid": channel.uuid,
    }
    if script.media is Media.LOOPBACK:
        return {
            **common,
            "origination_caller_id_number": script.from_number,
            "origination_caller_id_name": script.from_name,
            "other_loopback_leg_uuid": core.new_uuid(),
            "loopback_leg": "B",
            "DP_MATCH": f"ARRAY::{script.to}|:{script.to}",
        }
    return {**common, **_sip_variables(channel, script)}


def _sip_variables(channel: Channel, script: Script) -> dict[str, str]:
    """What mod_sofia knows of a call. The values are documentation addresses."""
    caller, host = script.from_number, "198.51.100.7"
    return {
        "sip_local_network_addr": "192.0.2.2",
        "sip_network_ip": host,
        "sip_network_port": "5060",
        "sip_invite_stamp": str(channel.times.created),
        "sip_received_ip": host,
        "sip_received_port": "5060",
        "sip_via_protocol": "udp",
        "sip_from_user": caller,
        "sip_from_uri": f"{caller}@{_DOMAIN}",
        "sip_from_host": _DOMAIN,
        "sip_from_user_stripped": caller.lstrip("+"),
        "sip_from_tag": channel.uuid[:8],
        "sofia_profile_name": "external",
        "sofia_profile_url": "sip:mod_sofia@192.0.2.2:5080",
        "sip_full_via": f"SIP/2.0/UDP {host}:5060;branch=z9hG4bK{channel.uuid[:12]}",
        "sip_from_display": script.from_name,
        "sip_full_from": f'"{script.from_name}" <sip:{caller}@{_DOMAIN}>;tag={channel.uuid[:8]}',
        "sip_full_to": f"<sip:{script.to}@{_DOMAIN}>",
        "sip_req_user": script.to,
        "sip_req_uri": f"{script.to}@{_DOMAIN}",
        "sip_req_host": _DOMAIN,
        "sip_to_user": script.to,
        "sip_to_uri": f"{script.to}@{_DOMAIN}",
        "sip_to_host": _DOMAIN,
        "sip_contact_user": caller,
        "sip_contact_port": "5060",
        "sip_contact_uri": f"{caller}@{host}:5060",
        "sip_contact_host": host,
        "sip_call_id": f"{channel.uuid}@{host}",
        "sip_user_agent": "simulated phone",
        "sip_via_host": host,
        "sip_via_port": "5060",
        "max_forwards": "69",
        "ep_codec_string": "mod_opus.opus@48000h@20i@2c,CORE_PCM_MODULE.PCMU@8000h@20i@64000b",
        "switch_r_sdp": f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
        "m=audio 40000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n",
        "rtp_use_codec_string": "OPUS,G722,PCMU,PCMA",
        "rtp_use_codec_name": channel.codec,
        "rtp_use_codec_rate": "8000",
        "rtp_use_codec_ptime": "20",
        "remote_media_ip": host,
        "remote_media_port": "40000",
        "rtp_use_timer_name": "soft",
        "dtmf_type": "rfc2833",
        "endpoint_disposition": "RECEIVED",
    }


def new_party_leg(core: Core, script: Script, target: DialString, caller: Session | None) -> Session:
    """An outbound leg towards a party; its thread does what is queued for it until it is hung up.

    Args: caller: for whom it is dialled, None for nobody: the api of that name.
    """
    kind, _, where = target.endpoint.partition("/")
    destination = where.split("/")[0].split("@")[0]
    uuid = target.variables.get("origination_uuid") or core.new_uuid()
    name = f"loopback/{destination}-a" if kind == "loopback" else f"{kind}/{where}"
    callee = where.split("/")[-1] if kind == "loopback" else destination
    who = caller.channel.profile if caller is not None else Profile("0000000000", "", "")
    channel = Channel(
        uuid=uuid,
        name=name,
        direction="outbound",
        profile=Profile(
            target.variables.get("origination_caller_id_number", who.caller_number),
            target.variables.get("origination_caller_id_name", who.caller_name),
            callee,
            context=who.context,
            callee_number=callee,
            source=f"mod_{kind}",
        ),
        rate_hz=caller.channel.rate_hz if caller is not None else script.rate_hz,
        codec=caller.channel.codec if caller is not None else "PCMU",
        state=State.CS_CONSUME_MEDIA,
        running_state=State.CS_CONSUME_MEDIA,
    )
    epoch_us = core.clock.epoch_us()
    channel.times = Times(profile_created=epoch_us, created=epoch_us)
    own = {"direction": "outbound", "is_outbound": "true", "uuid": uuid, "channel_name": name}
    if caller is not None:
        own["originator"] = own["originating_leg_uuid"] = caller.channel.uuid
        own |= _exported(caller)
    for key, value in (own | target.variables).items():
        channel.set(key, value)
    leg = Session(core, channel, script)
    if caller is not None:
        leg.journal = caller.journal
    leg.note("party", name)
    leg.fire("CHANNEL_CREATE")
    leg.fire("CHANNEL_OUTGOING")
    spawn(_live, leg)
    return leg


def new_loopback_caller(session: Session, uuid: str | None, extension: str) -> Session:
    """The first half of a loopback call, whose second half is `session`: it runs `&app(argument)`.

    What one half hears the other says; they answer and go together.
    """
    core = session.core
    there = session.channel
    first = Channel(
        uuid=uuid or core.new_uuid(),
        name=there.name.removesuffix("-b") + "-a",
        direction="outbound",
        profile=replace(there.profile),
        rate_hz=there.rate_hz,
        codec=there.codec,
        variables={"direction": "outbound", "is_outbound": "true", "loopback_leg": "A"},
        times=replace(there.times),
    )
    leg = Session(core, first, replace(session.script, faults=Faults()))
    leg.said, leg.heard = session.heard, session.said
    leg.slots.origin_s = session.slots.origin_s
    leg.mirror, session.mirror = session, leg
    there.set("other_loopback_leg_uuid", first.uuid)
    leg.fire("CHANNEL_CREATE")
    session.on_down.append(lambda: leg.hangup(there.hangup_cause))
    leg.on_down.append(lambda: session.hangup(first.hangup_cause))
    session.watchers.append(lambda event: _follow(leg, event.name))
    # FreeSWITCH ends the argument at the first closing bracket.
    name, _, argument = extension.removeprefix("&").split(")", maxsplit=1)[0].partition("(")
    spawn(_run_first_half, leg, [(name or "park", argument)])
    return leg


def _follow(leg: Session, event: str) -> None:
    """The first half of a loopback call answers with the second."""
    if event == "CHANNEL_ANSWER":
        signalling.answer(leg)
    elif event == "CHANNEL_PROGRESS_MEDIA":
        signalling.pre_answer(leg)


def _run_first_half(leg: Session, actions: list[tuple[str, str]]) -> None:
    while not leg.channel.has_media and not leg.channel.is_down:
        leg.down.wait(timeout=leg.clock.real(SLOT_S))
    run(leg, actions)


def _exported(caller: Session) -> dict[str, str]:
    names = [name for name in (caller.channel.get("export_vars") or "").split(",") if name]
    values = {name: caller.channel.get(f"nolocal:{name}") or caller.channel.get(name) or "" for name in names}
    return {name: value for name, value in values.items() if value}


def _live(leg: Session) -> None:
    """The thread of a dialled leg: it follows until it is down, or goes where it is sent."""
    leg.consume_media()
    run(leg, [])
