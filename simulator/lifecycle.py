"""How a leg lives: its dialplan runs until it is hung up, then everything is closed in FreeSWITCH's order.

Order of the end: applications return, recordings close (RECORD_STOP), CHANNEL_HANGUP_COMPLETE, and once no
socket controls the leg any more, CHANNEL_DESTROY.
Source: FreeSWITCH switch_core_state_machine.c (switch_core_session_hangup_state, _reporting_state).
"""

from __future__ import annotations

from collections.abc import Iterable

from simulator import displacing, signalling
from simulator.causes import q850
from simulator.cdr import set_timestamps
from simulator.channel import State
from simulator.recording import finish_all
from simulator.session import Session


def run(session: Session, actions: Iterable[tuple[str, str]]) -> None:
    """The leg's thread: run the dialplan's applications, follow transfers, and end.

    Args: actions: (application, argument) in order; when they run out the leg is hung up.
    """
    queue = list(actions)
    try:
        while not session.channel.is_down:
            while queue and session.ready:
                name, argument = queue.pop(0)
                session.execute(name, argument or None)
            if session.redirect is None:
                session.hangup("NORMAL_CLEARING")
            else:
                elsewhere, session.redirect = session.redirect, None
                if not _leaves(session):
                    break
                session.channel.state = session.channel.running_state = State.CS_EXECUTE
                if callable(elsewhere):
                    queue = []
                    elsewhere()
                else:
                    queue = elsewhere
    finally:
        session.hangup("NORMAL_TEMPORARY_FAILURE")
        finish(session)


def _leaves(session: Session) -> bool:
    """Wait until a leg has left its bridge; False when it was hung up before it went elsewhere."""
    session.wait_unbridged()
    return not session.channel.is_down


def finish(session: Session) -> None:
    """Close a leg that was hung up."""
    channel = session.channel
    channel.times.hungup = session.clock.epoch_us()
    channel.running_state = State.CS_HANGUP
    for spec in list(session.displaced):
        displacing.stop(session, spec)
    finish_all(list(session.recordings.values()))
    signalling.disposed(session)
    channel.set("hangup_cause", channel.hangup_cause)
    channel.set("hangup_cause_q850", str(q850(channel.hangup_cause)))
    set_timestamps(channel)
    channel.call_state = "HANGUP"
    channel.state = channel.running_state = State.CS_REPORTING
    session.fire("CHANNEL_HANGUP_COMPLETE", before=[("Hangup-Cause", channel.hangup_cause)])
    session.ended.set()
    if session.controller is None:
        destroy(session)


def destroy(session: Session) -> None:
    """The last reference to the leg is gone."""
    if session.channel.state is State.CS_DESTROY or not session.ended.is_set():
        return
    session.channel.state = session.channel.running_state = State.CS_DESTROY
    session.fire("CHANNEL_DESTROY")
    session.core.forget(session)
