"""Answering, ringing and hanging up a leg, with the events and the hooks that go with it.

Source: FreeSWITCH switch_channel.c (switch_channel_perform_mark_answered, _mark_pre_answered,
_mark_ring_ready, _hangup, switch_channel_execute_on, switch_channel_handle_cause).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.causes import cause_of, sip_code
from simulator.channel import State, is_true

if TYPE_CHECKING:
    from simulator.session import Session


def ring_ready(session: Session) -> None:
    """180 Ringing towards the caller."""
    channel = session.channel
    if channel.is_down or channel.ring_ready or channel.early or channel.answered:
        return
    channel.ring_ready = True
    channel.times.progress = session.clock.epoch_us()
    channel.set("endpoint_disposition", "RINGING")
    session.note("ringing", channel.name)
    session.fire("CHANNEL_PROGRESS")
    _call_state(session, "RINGING")
    execute_on(session, "execute_on_ring")


def pre_answer(session: Session) -> None:
    """183 with media towards the caller; nothing when media flows already."""
    channel = session.channel
    if channel.is_down or channel.early or channel.answered:
        return
    channel.early = True
    channel.times.progress_media = session.clock.epoch_us()
    channel.set("endpoint_disposition", "EARLY MEDIA")
    session.note("early media", channel.name)
    session.fire("CHANNEL_PROGRESS_MEDIA")
    execute_on(session, "execute_on_pre_answer")
    execute_on(session, "execute_on_media")
    _call_state(session, "EARLY")
    session.stir()


def answer(session: Session) -> None:
    """200 OK towards the caller; nothing when it was answered before."""
    channel = session.channel
    if channel.is_down or channel.answered:
        return
    channel.answered = True
    session.answered_s = session.clock.now()
    channel.times.answered = session.clock.epoch_us()
    session.note("answered", channel.name)
    session.fire("CHANNEL_ANSWER")
    channel.set("endpoint_disposition", "ANSWER")
    execute_on(session, "execute_on_answer")
    if not channel.early:
        execute_on(session, "execute_on_media")
    _call_state(session, "ACTIVE")
    session.stir()


def hangup(session: Session, cause: str) -> None:
    """Hang up: the event at once, the rest when the leg's thread comes to it."""
    channel = session.channel
    if channel.is_down:
        return
    channel.state = State.CS_HANGUP
    channel.hangup_cause = cause_of(cause)
    if session.partner is not None:
        session.partner.channel.set("last_bridge_hangup_cause", channel.hangup_cause)
        other_type = dict(channel.other).get("Other-Type")
        channel.set("last_bridge_role", "originator" if other_type == "originatee" else "originatee")
    session.note("hangup", f"{channel.name} {channel.hangup_cause}")
    session.fire("CHANNEL_HANGUP")
    session.down.set()
    for call in session.on_down:
        call()
    session.stir()


def part(session: Session, cause: str) -> None:
    """The leg's own phone ends it: by BYE, by CANCEL where it called, by a response where it was called."""
    channel = session.channel
    if channel.is_down:
        return
    if channel.answered:
        _end_by(session, "recv_bye", "200")
    elif channel.direction == "inbound":
        _end_by(session, "recv_cancel", "", failure="487")
    else:
        _end_by(session, "recv_refuse", str(sip_code(cause_of(cause))))
    hangup(session, cause)


def disposed(session: Session) -> None:
    """Note how a leg ended which its phone did not end. Source: mod_sofia.c, sofia_on_hangup."""
    channel = session.channel
    if channel.get("sip_hangup_disposition"):
        return
    unanswered = "send_refuse" if channel.direction == "inbound" else "send_cancel"
    _end_by(session, "send_bye" if channel.answered else unanswered, "")


def _end_by(session: Session, how: str, code: str, failure: str = "") -> None:
    """Source: FreeSWITCH sofia.c (sip_hangup_disposition, sip_term_status, sip_invite_failure_status)."""
    if session.channel.name.startswith("sofia/"):
        session.channel.set("sip_hangup_disposition", how)
        session.channel.set("sip_term_status", code)
        session.channel.set("sip_invite_failure_status", failure)


def execute_on(session: Session, prefix: str) -> None:
    """Run what the variables whose names begin so ask for: `application argument` or `application::…`."""
    values: list[str] = []
    for name, value in list(session.channel.variables.items()):
        if name.lower().startswith(prefix):
            values += [value] if isinstance(value, str) else value
    for value in values:
        execute_value(session, value)


def execute_value(session: Session, value: str) -> None:
    """Run one such value. Source: switch_channel_execute_on_value."""
    for at, character in enumerate(value):
        if character == ":" and value[at + 1 : at + 2] == ":":
            session.execute(value, None)
            return
        if character in " :":
            session.execute(value[:at], value[at + 1 :])
            return
    session.execute(value, None)


def handle_cause(session: Session, cause: str) -> None:
    """A dial failed: go on or hang up, as continue_on_fail says. Source: switch_channel_handle_cause."""
    if not session.ready:
        return
    wish = session.channel.get("continue_on_fail")
    failure_causes = session.channel.get("failure_causes")
    if wish is not None:
        listed = {cause_of(word) for word in wish.split(",") if word.strip()}
        if is_true(wish) or (cause in listed and wish.strip().lower() != "false"):
            return
    elif failure_causes is not None:
        listed = {cause_of(word) for word in failure_causes.split(",") if word.strip()}
        if cause not in listed:
            return
    session.hangup(cause)


def _call_state(session: Session, state: str) -> None:
    before, session.channel.call_state = session.channel.call_state, state
    if before != state:
        session.fire("CHANNEL_CALLSTATE", [("Original-Channel-Call-State", before)])
