"""Things that happen to a leg at an epoch second: hangups, broadcasts.

Source: FreeSWITCH switch_ivr_async.c (switch_ivr_schedule_hangup, switch_ivr_broadcast).
"""

from __future__ import annotations

from simulator.causes import cause_of
from simulator.session import Session
from simulator.wire import Command

# FreeSWITCH's scheduler looks for due tasks every 100 ms; here each is as late as it can be.
_LATE_S = 0.1


def schedule_hangup(session: Session, when: str, cause: str) -> None:
    """Hang up at `+seconds` from now or at an epoch second; at once for +0."""
    second = _epoch_second(session, when)
    if second is None:
        return
    if when in ("+0", "0"):
        session.hangup(cause_of(cause))
        return
    clock = session.clock
    clock.later(clock.until_epoch(second) + _LATE_S, session.hangup, cause_of(cause))


def schedule_broadcast(session: Session, when: str, what: str, legs: str) -> None:
    """Play something at `+seconds` from now or at an epoch second."""
    second = _epoch_second(session, when)
    if second is not None:
        clock = session.clock
        clock.later(clock.until_epoch(second) + _LATE_S, broadcast, session, what, legs)


def broadcast(session: Session, what: str, legs: str) -> None:
    """Queue a file, or `application::argument`, with the lock and five frames' lead."""
    name, colons, argument = what.partition("::")
    name, argument = (name, argument) if colons else ("playback", what)
    name, _, cause = name.partition("!")
    headers = [
        ("call-command", "execute"),
        ("execute-app-name", name),
        ("execute-app-arg", argument),
        ("event-lock", "true"),
        ("lead-frames", "5"),
    ]
    if ("bleg" in legs or "both" in legs) and session.partner is not None:
        session.partner.queue(Command("sendmsg", list(headers)))
    if "bleg" not in legs:
        session.queue(Command("sendmsg", list(headers)))
    if cause:
        session.queue(Command("sendmsg", [("call-command", "hangup"), ("hangup-cause", cause)]))


def _epoch_second(session: Session, when: str) -> int | None:
    if when.startswith("+") and when[1:].isdecimal():
        return session.clock.epoch_s() + int(when[1:])
    return int(when) if when.isdecimal() else None
