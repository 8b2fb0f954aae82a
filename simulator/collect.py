"""Collects digits: with a prompt, with timeouts, with tries.

Source: FreeSWITCH switch_ivr.c (switch_ivr_collect_digits_count), switch_ivr_play_say.c (switch_ivr_read,
switch_play_and_get_digits).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from simulator import signalling
from simulator.player import Status, play_file
from simulator.session import Session

_MAX_DIGITS = 128


class Outcome(Enum):
    """How collecting ended."""

    SUCCESS = auto()
    TIMEOUT = auto()
    TOO_SMALL = auto()
    FAILURE = auto()


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for. Times in ms; terminators: keys that end the input, `#` unless given."""

    minimum: int
    maximum: int
    prompt: str
    variable: str
    timeout_ms: int
    terminators: str = "#"
    digit_timeout_ms: int = 0


def read(session: Session, wish: Wish) -> tuple[Outcome, str]:
    """Play the prompt, collect digits, set the variables; returns the outcome and the digits."""
    channel = session.channel
    channel.set("read_result", None)
    if wish.variable:
        channel.set(wish.variable, None)
    signalling.pre_answer(session)
    if channel.is_down or max(wish.minimum, wish.maximum) > _MAX_DIGITS:
        return Outcome.FAILURE, ""
    digits, status = _prompt(session, wish.prompt)
    if status not in (Status.SUCCESS, Status.BREAK):
        return Outcome.FAILURE, digits
    outcome, terminator = Outcome.SUCCESS, ""
    if len(digits) < max(wish.maximum, wish.minimum):
        outcome, digits, terminator = _collect(session, wish, digits)
    if terminator:
        channel.set("read_terminator_used", terminator)
    elif wish.terminators.startswith("="):
        outcome = Outcome.TOO_SMALL
    if len(digits) < wish.minimum:
        outcome = Outcome.TOO_SMALL
    named = {Outcome.SUCCESS: "success", Outcome.TIMEOUT: "timeout"}
    channel.set("read_result", named.get(outcome, "failure"))
    if wish.maximum == 1 and len(digits) == 1 and digits in wish.terminators:
        digits = ""
    if wish.variable and digits:
        channel.set(wish.variable, digits)
    return outcome, digits


def play_and_get_digits(session: Session, wish: Wish, tries: int, bad_input: str, pattern: str) -> str:
    """Ask up to `tries` times for digits that match `pattern`; returns them, or "" after the last try."""
    channel = session.channel
    if pattern and wish.variable:
        channel.set(f"{wish.variable}_invalid", None)
    while session.ready and tries > 0:
        outcome, digits = read(session, wish)
        if outcome is Outcome.TIMEOUT and len(digits) >= wish.minimum:
            outcome = Outcome.SUCCESS
        if not wish.minimum and not digits and channel.get("read_terminator_used"):
            return ""
        if outcome is Outcome.SUCCESS and digits:
            if not pattern or _fits(pattern, digits):
                return digits
            channel.set(wish.variable, None)
            channel.set(f"{wish.variable}_invalid", digits)
        if session.channel.is_down or session.redirect is not None:
            break
        play_file(session, bad_input)
        tries -= 1
    return ""


def _fits(pattern: str, digits: str) -> bool:
    try:
        return re.search(pattern, digits) is not None
    except re.error:
        return False


def _prompt(session: Session, prompt: str) -> tuple[str, Status]:
    """Play the prompt; the first digit breaks it and counts."""
    if not prompt or prompt.lower() == "silence":
        return "", Status.SUCCESS
    first: list[str] = []

    def keep(digit: str) -> bool:
        first.append(digit)
        return True

    status = play_file(session, prompt, keep)
    return "".join(first), status


def _collect(session: Session, wish: Wish, digits: str) -> tuple[Outcome, str, str]:
    """Wait for further digits; returns the outcome, all digits and the terminator."""
    limit = max(wish.minimum, wish.maximum)
    later_ms = wish.digit_timeout_ms or wish.timeout_ms
    until_s = session.clock.now() + (later_ms if digits else wish.timeout_ms) / 1000
    while session.ready:
        session.run_commands()
        if session.clock.now() >= until_s - 0.001:
            return Outcome.TIMEOUT, digits, ""
        if session.digits:
            until_s = session.clock.now() + later_ms / 1000
        while session.digits:
            digit = session.take_digit()
            if digit in wish.terminators:
                return Outcome.SUCCESS, digits, digit
            digits += digit
            if len(digits) >= limit:
                return Outcome.SUCCESS, digits, ""
        session.wait(session.slots.following(until_s - 0.001))
        if session.take_interrupt():
            break
    return Outcome.FAILURE, digits, ""
