"""`bridge`, `intercept`: dial somebody, or take somebody over, and be joined with them until one goes;
`eavesdrop`: hear somebody until they go.

Source: FreeSWITCH mod_dptools.c (audio_bridge_function, intercept_function), switch_ivr_bridge.c
(switch_ivr_intercept_session), switch_ivr_originate.c, switch_ivr_async.c (eavesdrop).
"""

from __future__ import annotations

from simulator import signalling
from simulator.core import Application
from simulator.dial import dial
from simulator.joining import Bridge
from simulator.session import Session
from simulator.slots import SLOT_S
from simulator.transfer import follow, mark_moved
from simulator.words import split_blanks


def bridge(session: Session, data: str) -> None:
    """`bridge {vars}[vars]<endpoint>[,…][|…]`."""
    if not data:
        return
    party, cause = dial(session, data)
    if party is None:
        session.channel.set("originate_failed_cause", cause)
        signalling.handle_cause(session, cause)
        return
    Bridge(session, party).run()


def intercept(session: Session, data: str) -> None:
    """`intercept <uuid>`: take a leg away from whoever has it, who is hung up."""
    words = split_blanks(data)
    target = session.core.sessions.get(words[-1]) if words else None
    if target is None or target is session or target.channel.is_down:
        session.note("intercept", "nobody there")
        return
    signalling.answer(session)
    left = target.partner
    mark_moved(target, f"uuid_br:{session.channel.uuid}")
    follow(target)
    if left is not None:
        left.hangup("PICKED_OFF")
    if target.wait_following():
        Bridge(session, target).run()


def eavesdrop(session: Session, data: str) -> None:
    """`eavesdrop <uuid>`: wait for the end of somebody who is listened to; who is heard is not modelled."""
    target = session.core.located(data)
    if target is None or target is session:
        return
    while session.ready and not target.channel.is_down:
        session.take_interrupt()
        session.wait(session.clock.now() + SLOT_S, digits=False, commands=False)


APPLICATIONS = (
    Application("bridge", bridge, description="Bridge Audio", syntax="<channel_url>"),
    Application("eavesdrop", eavesdrop, description="eavesdrop on a uuid", syntax="[all | <uuid>]"),
    Application("intercept", intercept, description="intercept", syntax="[-bleg] <uuid>"),
)
