"""Makes a Call of what FreeSWITCH hands over: Session, then Identity, then Call."""

from __future__ import annotations

from calls.call import EVENTS, Call
from calls.identity import identify
from esl.errors import LinkLost
from esl.session import Session

LINGER_S = 10
"""How long FreeSWITCH keeps the connection after the channel's end, for RECORD_STOP and the last events;
they come within milliseconds, and the connection is closed as soon as CHANNEL_HANGUP_COMPLETE is in."""


def receive(session: Session, linger_s: int = LINGER_S) -> Call:
    """Take a call over: subscribe to its events in one write, without waiting for the replies.

    Args: session: whose hand-over is complete, and which nobody has begun; linger_s: see LINGER_S.
    Returns: the call; its first
    commands may be submitted at once. If the connection has closed already, the call has ended.
    """
    call = Call(session, identify(session.channel))
    try:
        session.begin(EVENTS, linger_s)
    except LinkLost:
        call.log.debug("link_lost_at_reception", reason=session.close_reason)
    return call
