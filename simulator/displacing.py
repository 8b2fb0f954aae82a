"""Mixes a sound into a leg: `uuid_displace`, `displace_session`.

The far end hears it at once. In a recording that was running before, it is heard only where it is put on what
the leg says (flag `r`): FreeSWITCH serves its media bugs in the order in which they came.
Source: FreeSWITCH switch_ivr_async.c (switch_ivr_displace_session, switch_ivr_stop_displace_session).
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator import signalling
from simulator.clock import Timer
from simulator.session import Session
from simulator.sound import open_sound
from simulator.timeline import Sound, Timeline


@dataclass(slots=True)
class Displacement:
    """One that runs. `where`: the timeline it is on."""

    spec: str
    where: Timeline
    sound: Sound
    timer: Timer | None = None


def start(session: Session, spec: str, limit_s: int, flags: str) -> bool:
    """Begin; False when it runs already, or there is no such sound. limit_s: 0 for its own length."""
    signalling.pre_answer(session)
    source = open_sound(session, spec)
    if source is None or spec in session.displaced or session.channel.is_down:
        return False
    now = session.clock.now()
    where = session.said if "r" in flags else session.whispered
    displacement = Displacement(spec, where, where.begin(source, session.slots.nearest(now)))
    session.displaced[spec] = displacement
    _fire(session, "MEDIA_BUG_START", spec)
    length_s = None if source.duration_ms is None else source.duration_ms / 1000
    ends_s = min((value for value in (length_s, float(limit_s)) if value), default=None)
    if ends_s is not None:
        displacement.timer = session.clock.later(ends_s, stop, session, spec)
    return True


def stop(session: Session, spec: str) -> bool:
    """End it; False when it does not run."""
    displacement = session.displaced.pop(spec, None)
    if displacement is None:
        return False
    if displacement.timer is not None:
        displacement.timer.cancel()
    displacement.where.end(displacement.sound, session.clock.now())
    _fire(session, "MEDIA_BUG_STOP", spec)
    return True


def _fire(session: Session, name: str, spec: str) -> None:
    session.fire(name, before=[("Media-Bug-Function", "displace"), ("Media-Bug-Target", spec)])
