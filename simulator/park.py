"""Waiting for orders: what a controlled channel does between applications.

Source: FreeSWITCH switch_ivr.c (switch_ivr_park).
"""

from __future__ import annotations

from simulator.channel import State
from simulator.session import Session


def park(session: Session) -> None:
    """Run what is queued, slot by slot, until the channel ends, is transferred or is let go."""
    if session.controlled:
        return
    session.controlled = True
    session.fire("CHANNEL_PARK")
    _wait(session)
    while session.ready and session.controlled:
        session.take_interrupt()
        session.run_commands()
        if session.digits:
            session.take_digit()
        _wait(session)
    session.controlled = False
    session.fire("CHANNEL_UNPARK")


def park_state(session: Session) -> None:
    """The state of that name, in which a leg that was taken away from everything waits for orders."""
    session.channel.state = session.channel.running_state = State.CS_PARK
    park(session)


def _wait(session: Session) -> None:
    session.wait(over=lambda: not session.controlled)
