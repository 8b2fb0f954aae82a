"""Applications about the call itself: answer, ring, respond, hang up, transfer, wait."""

from __future__ import annotations

from simulator import signalling
from simulator.causes import cause_of, cause_of_sip
from simulator.core import Application
from simulator.park import park as wait_for_orders
from simulator.schedule import schedule_hangup
from simulator.session import Session
from simulator.transfer import transfer as send_elsewhere
from simulator.words import split_blanks

# A phone answers REFER, and tells of the new call, after so long each.
_REFERRED_S = 0.15


def answer(session: Session, data: str) -> None:
    """200 OK."""
    del data
    signalling.answer(session)


def pre_answer(session: Session, data: str) -> None:
    """183 with media."""
    del data
    signalling.pre_answer(session)


def ring_ready(session: Session, data: str) -> None:
    """180 Ringing."""
    del data
    signalling.ring_ready(session)


def respond(session: Session, data: str) -> None:
    """`respond <status> [<reason>]`: a final SIP response ends an unanswered call."""
    status = data.split(" ", maxsplit=1)[0]
    if not status.isdecimal() or session.channel.answered:
        return
    session.note("respond", data)
    if int(status) == 180:
        signalling.ring_ready(session)
    elif int(status) in (182, 183):
        signalling.pre_answer(session)
    elif int(status) >= 300:
        session.channel.set("sip_invite_failure_status", status)
        session.hangup(cause_of_sip(int(status)))


def hangup(session: Session, data: str) -> None:
    """`hangup [<cause>]`."""
    session.hangup(cause_of(data or "NORMAL_CLEARING"))


def transfer(session: Session, data: str) -> None:
    """`transfer [-bleg|-both] <extension> [<dialplan> [<context>]]`."""
    words = split_blanks(data)
    which = words.pop(0).lower() if words and words[0].lower() in ("-bleg", "-both") else ""
    if not words:
        session.note("transfer", "needs an extension")
        return
    target = [*words, "", ""][:3]
    if which and session.partner is not None:
        send_elsewhere(session.partner, *target)
    if which != "-bleg":
        send_elsewhere(session, *target)


def park(session: Session, data: str) -> None:
    """Wait for orders."""
    del data
    wait_for_orders(session)


def sleep(session: Session, data: str) -> None:
    """`sleep <ms>`: with media, commands are taken up and a digit ends it; without, neither."""
    milliseconds = int(data) if data.isdecimal() else 0
    until_s = session.clock.now() + milliseconds / 1000
    has_media = session.channel.has_media
    eats_digits = session.channel.true("sleep_eat_digits")
    while session.ready and session.clock.now() < until_s - 0.001:
        if session.take_interrupt():
            return
        if has_media:
            session.run_commands()
            if eats_digits and session.digits:
                session.take_digit()
            elif session.digits:
                return
        session.wait(session.slots.following(until_s - 0.001), digits=has_media, commands=has_media)


def sched_hangup(session: Session, data: str) -> None:
    """`sched_hangup [+]<seconds> [<cause>]`, in whole epoch seconds."""
    words = split_blanks(data)
    if words:
        schedule_hangup(session, words[0], words[1] if len(words) > 1 else "ALLOTTED_TIMEOUT")


def break_(session: Session, data: str) -> None:
    """Interrupt what runs."""
    if data and data.lower() != "all":
        session.flush_commands()
    session.interrupt()


def deflect(session: Session, data: str) -> None:
    """`deflect <SIP address>`: REFER; the phone answers as its script says, and hangs nothing up.

    FreeSWITCH hangs up as soon as the phone has told of the new call, unless sip_refer_continue_after_reply.
    """
    session.note("deflect", data)
    statuses = [status for status in session.script.referrals if status >= 200]
    names = ("sip_refer_status_code", "sip_refer_target_status_code")
    for number, (name, status) in enumerate(zip(names, statuses, strict=False), 1):
        session.clock.later(number * _REFERRED_S, session.channel.set, name, str(status))
    if not session.channel.true("sip_refer_continue_after_reply"):
        session.wait(session.clock.now() + len(statuses) * _REFERRED_S, digits=False, commands=False)
        session.hangup("BLIND_TRANSFER")


def redirect(session: Session, data: str) -> None:
    """`redirect <SIP address>`: 302 ends an unanswered call."""
    if not session.channel.answered:
        session.note("redirect", data)
        session.hangup("NORMAL_UNSPECIFIED")


APPLICATIONS = (
    Application("deflect", deflect, description="Send call deflect", syntax="<deflect_data>"),
    Application("redirect", redirect, description="Send session redirect", syntax="<redirect_data>"),
    Application("answer", answer, description="Answer the call"),
    Application("pre_answer", pre_answer, description="Pre-Answer the call"),
    Application("ring_ready", ring_ready, description="Indicate Ring_Ready"),
    Application("respond", respond, description="Send session respond", syntax="<respond_data>"),
    Application("hangup", hangup, description="Hangup the call", syntax="[<cause>]"),
    Application(
        "transfer", transfer, description="Transfer a channel", syntax="<exten> [<dialplan> <context>]"
    ),
    Application("park", park, description="Park"),
    Application("sleep", sleep, description="Pause a channel", syntax="<pausemilliseconds>"),
    Application(
        "sched_hangup",
        sched_hangup,
        description="Schedule a hangup in the future",
        syntax="[+]<time> [<cause>]",
    ),
    Application("break", break_, description="Break"),
)
