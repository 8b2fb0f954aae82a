"""Verbs about digits: collect what the caller presses, send digits to the other side."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from calls.call import Call
from calls.dtmf import ALL_TERMINATORS
from calls.errors import MediaMissing
from calls.media import play

MAX_SENT_DIGITS = 90
"""FreeSWITCH ignores longer strings (99 with the duration). Source: switch_core_session_send_dtmf_string."""

MIN_DURATION_MS, MAX_DURATION_MS = 50, 24_000
"""What FreeSWITCH makes of shorter and longer digits (400 and 192,000 samples at 8 kHz)."""

SENDABLE = frozenset("0123456789*#ABCDabcdwWF")
"""Digits and the pauses w (0.5 s), W (1 s). Source: FreeSWITCH switch_utils.h, is_dtmf."""


@dataclass(frozen=True, slots=True)
class Collected:
    """Digits pressed. `terminator` is the key that ended the collection, None when none did."""

    digits: str
    terminator: str | None


def collect(
    call: Call,
    max_digits: int,
    first_timeout_s: float,
    interdigit_timeout_s: float,
    terminators: str = "#",
    *,
    media: Sequence[str] = (),
    prompt: Callable[[], object] | None = None,
) -> Collected:
    """Collect digits, playing something first which the first digit breaks off.

    While the prompt lasts there is no time limit. Then the first digit has `first_timeout_s`, and each
    further one `interdigit_timeout_s` from the one before. What was pressed by then is the result.
    Digits pressed beyond the end of the collection go into the default collection.

    Args: max_digits: this many end it at once; terminators: keys that end it and are not part of it;
    media: played in order, a missing one is passed over; prompt: called instead of media, when the prompt
    is not just files; it must end on any key.
    Raises: CallGone, and what the prompt raises. Source: Kazoo kapps_call_command:collect_digits.
    """
    heard: list[str] = []
    last_s = 0.0

    def hear(digit: str) -> None:
        nonlocal last_s
        heard.append(digit)
        last_s = time.monotonic()

    with call.dtmf.listening(hear):
        if prompt is not None:
            prompt()
        else:
            _play_all(call, media, heard)
        waiting_since_s = time.monotonic()
        while (end := end_of(heard, max_digits, terminators)) is None:
            count = len(heard)
            limit_s = last_s + interdigit_timeout_s if heard else waiting_since_s + first_timeout_s
            if not call.wait_for(lambda: len(heard) > count, limit_s - time.monotonic()):  # noqa: B023 - used up here
                return Collected("".join(heard), None)
    collected, used = end
    if heard[used:]:
        call.dtmf.append("".join(heard[used:]))
    return collected


def send_dtmf(call: Call, digits: str, duration_ms: int = 2000) -> None:
    """Send digits to the caller's side, without waiting for them to be sounded.

    Args: digits: others than 0-9 * # A-D w W are left out; duration_ms: of each.
    Raises: CallGone.
    """
    sendable = "".join(digit for digit in digits if digit in SENDABLE)
    duration_ms = min(max(duration_ms, MIN_DURATION_MS), MAX_DURATION_MS)
    steps = [
        ("send_dtmf", f"{sendable[start : start + MAX_SENT_DIGITS]}@{duration_ms}", False)
        for start in range(0, len(sendable), MAX_SENT_DIGITS)
    ]
    if steps:
        call.submit_many(steps)


def _play_all(call: Call, media: Sequence[str], heard: Sequence[str]) -> None:
    for each in media:
        if heard:
            return
        with suppress(MediaMissing):
            play(call, each, ALL_TERMINATORS)


def end_of(heard: Sequence[str], max_digits: int, terminators: str) -> tuple[Collected, int] | None:
    """Return the end of a collection and how many of the digits heard it took, None while it goes on.

    Args: as `collect` has them.
    """
    for index, digit in enumerate(heard):
        if digit in terminators:
            return Collected("".join(heard[:index]), digit), index + 1
        if index + 1 >= max_digits:
            return Collected("".join(heard[: index + 1]), None), index + 1
    return None
