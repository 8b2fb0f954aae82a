"""`bridge`: dial somebody and join the two legs until one goes.

Source: FreeSWITCH mod_dptools.c (audio_bridge_function), switch_ivr_bridge.c
(switch_ivr_multi_threaded_bridge), switch_ivr_originate.c.
"""

from __future__ import annotations

from simulator import signalling
from simulator.core import Application
from simulator.dial import dial
from simulator.session import Session
from simulator.timeline import Relay, Sound


def bridge(session: Session, data: str) -> None:
    """`bridge {vars}[vars]<endpoint>[,…][|…]`."""
    if not data:
        return
    party, cause = dial(session, data)
    if party is None:
        session.channel.set("originate_failed_cause", cause)
        signalling.handle_cause(session, cause)
        return
    _join(session, party)


def _join(session: Session, party: Session) -> None:
    """The bridge itself; returns when either leg is gone or the first one is sent elsewhere."""
    if party.channel.answered and not session.channel.answered:
        signalling.answer(session)
    clock = session.clock
    began_s = session.slots.nearest(clock.now())
    for one, other in ((session, party), (party, session)):
        one.partner = other
        one.channel.times.bridged = clock.epoch_us()
        one.channel.set("signal_bond", other.channel.uuid)
        one.channel.other = [
            ("Other-Type", "originatee" if one is session else "originator"),
            *other.channel.leg_headers(),
        ]
    party.channel.set("call_uuid", session.channel.uuid)
    both = [("Bridge-A-Unique-ID", session.channel.uuid), ("Bridge-B-Unique-ID", party.channel.uuid)]
    session.note("bridged", f"{session.channel.name} with {party.channel.name}")
    session.fire("CHANNEL_BRIDGE", before=both)
    sounds = _connect(session, party, began_s)
    for one, other in ((session, party), (party, session)):
        one.channel.set("last_bridge_to", other.channel.uuid)
        one.channel.set("bridge_channel", other.channel.name)
        one.channel.set("bridge_uuid", other.channel.uuid)
        one.channel.set("last_sent_callee_id_name", party.channel.profile.callee_name)
        one.channel.set("last_sent_callee_id_number", party.channel.profile.callee_number)
    signalling.execute_on(session, "execute_on_pre_bridge")
    _exchange(session, party)
    _disconnect(session, party, sounds)
    signalling.execute_on(session, "execute_on_post_bridge")
    _report_causes(session, party)
    session.fire("CHANNEL_UNBRIDGE", before=both)
    session.note("unbridged", f"{party.channel.name} {party.channel.hangup_cause}".rstrip())
    _part(session, party)


def _connect(session: Session, party: Session, began_s: float) -> list[tuple[Session, Sound]]:
    for leg in (session, party):
        leg.bridges.append((began_s, None))
    return [
        (session, session.heard.begin(Relay(party.said, began_s), began_s)),
        (party, party.heard.begin(Relay(session.said, began_s), began_s)),
    ]


def _exchange(session: Session, party: Session) -> None:
    """Carry sound and digits while both are there."""
    party.on_down.append(session.stir)
    while session.ready and not party.channel.is_down:
        if session.take_interrupt():
            break
        session.run_commands()
        while session.digits:
            session.take_digit()
        session.wait(over=lambda: party.channel.is_down)


def _disconnect(session: Session, party: Session, sounds: list[tuple[Session, Sound]]) -> None:
    now = session.slots.nearest(session.clock.now())
    for leg, sound in sounds:
        leg.heard.end(sound, now)
    for leg in (session, party):
        leg.bridges[-1] = (leg.bridges[-1][0], now)


def _report_causes(session: Session, party: Session) -> None:
    for one, other in ((session, party), (party, session)):
        if other.channel.hangup_cause:
            one.channel.set("bridge_hangup_cause", other.channel.hangup_cause)


def _part(session: Session, party: Session) -> None:
    """What becomes of each leg. Source: the end of switch_ivr_multi_threaded_bridge."""
    cause = party.channel.hangup_cause or "NORMAL_CLEARING"
    session.partner = party.partner = None
    if session.ready:
        wish = (session.channel.get("hangup_after_bridge") or "").lower()
        if wish == "explicit" or session.channel.true("hangup_after_bridge"):
            session.hangup(cause)
    if not party.channel.is_down:
        party.hangup(session.channel.hangup_cause or "NORMAL_CLEARING")


APPLICATIONS = (Application("bridge", bridge, description="Bridge Audio", syntax="<channel_url>"),)
