"""Sends a leg elsewhere: to another extension, or to another leg. It leaves what it is doing.

Source: FreeSWITCH switch_ivr.c (switch_ivr_session_transfer), switch_ivr_bridge.c (switch_ivr_uuid_bridge).
"""

from __future__ import annotations

from dataclasses import replace

from simulator.channel import State
from simulator.inline import inline
from simulator.joining import Bridge
from simulator.session import Session


def mark_moved(session: Session, how: str) -> None:
    """Note on a leg how it is moved: `bl_xfer:…` or `uuid_br:…`."""
    channel, epoch_us = session.channel, session.clock.epoch_us()
    mark = f"{epoch_us // 1_000_000}:{session.core.new_uuid()}:{how}"
    channel.profile = replace(channel.profile, transfer_source=mark, index=channel.profile.index + 1)
    channel.times.profile_created = epoch_us
    channel.push("transfer_history", mark)
    channel.set("transfer_source", mark)


def transfer(session: Session, extension: str, dialplan: str = "", context: str = "") -> bool:
    """Transfer a leg; False when it is down. The extension's applications come from its script."""
    channel = session.channel
    if channel.is_down:
        return False
    before = channel.profile
    where = context or before.context
    plan = dialplan or before.dialplan or "XML"
    channel.set("max_forwards", str(int(channel.get("max_forwards") or 71) - 1))
    mark_moved(session, f"bl_xfer:{extension}/{where}/{plan}")
    channel.profile = replace(
        channel.profile, destination=extension, context=where, dialplan=plan, rdnis=before.destination
    )
    channel.state = State.CS_ROUTING
    session.note("transfer", f"to {extension} in {where}")
    is_inline = plan.lower() == "inline"
    session.move(inline(extension) if is_inline else session.core.route(session.script, extension))
    return True


def follow(session: Session) -> None:
    """Let a leg leave what it does and follow the bridge that somebody else carries."""
    session.move(session.consume_media)


def join(first: Session, second: Session) -> bool:
    """Join two legs that are up; whomever they were joined with goes the usual way."""
    if first.channel.is_down or second.channel.is_down or first is second:
        return False
    mark_moved(first, f"uuid_br:{second.channel.uuid}")
    mark_moved(second, f"uuid_br:{first.channel.uuid}")
    follow(second)
    first.move(lambda: _carry(first, second))
    return True


def _carry(first: Session, second: Session) -> None:
    if second.wait_following():
        Bridge(first, second).run()
