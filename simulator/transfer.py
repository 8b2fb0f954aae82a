"""Sends a leg to another extension: it leaves what it is doing and runs a new dialplan.

Source: FreeSWITCH switch_ivr.c (switch_ivr_session_transfer).
"""

from __future__ import annotations

from dataclasses import replace

from simulator.channel import State
from simulator.session import Session


def transfer(session: Session, extension: str, dialplan: str = "", context: str = "") -> bool:
    """Transfer a leg; False when it is down. The extension's applications come from its script."""
    channel = session.channel
    if channel.is_down:
        return False
    before = channel.profile
    where = context or before.context
    plan = dialplan or before.dialplan or "XML"
    epoch_us = session.clock.epoch_us()
    mark = f"{epoch_us // 1_000_000}:{session.core.new_uuid()}:bl_xfer:{extension}/{where}/{plan}"
    channel.profile = replace(
        before,
        destination=extension,
        context=where,
        dialplan=plan,
        rdnis=before.destination,
        transfer_source=mark,
        index=before.index + 1,
    )
    channel.times.profile_created = epoch_us
    channel.set("max_forwards", str(int(channel.get("max_forwards") or 71) - 1))
    channel.push("transfer_history", mark)
    channel.set("transfer_source", mark)
    channel.state = State.CS_ROUTING
    session.note("transfer", f"to {extension} in {where}")
    session.redirect = session.core.route(session.script, extension)
    session.stir()
    return True
