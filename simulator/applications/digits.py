"""Applications about digits: read them, send them, forget them."""

from __future__ import annotations

from simulator import collect
from simulator.core import Application
from simulator.dtmf import parse_digits
from simulator.session import Session
from simulator.transfer import transfer
from simulator.words import split_blanks

_LEAST_TIMEOUT_MS = 1000


def read(session: Session, data: str) -> None:
    """`read <min> <max> <file> <variable> <timeout> <terminators> [<digit timeout>]`."""
    words = split_blanks(data)
    if not words:
        session.note("read", "needs arguments")
        return
    minimum = max(1, _number(words, 0))
    wish = collect.Wish(
        minimum=minimum,
        maximum=max(minimum, _number(words, 1)),
        prompt=_word(words, 2),
        variable=_word(words, 3),
        timeout_ms=max(_LEAST_TIMEOUT_MS, _number(words, 4)),
        terminators=_word(words, 5) or "#",
        digit_timeout_ms=_number(words, 6),
    )
    collect.read(session, wish)


def play_and_get_digits(session: Session, data: str) -> None:
    """Ask for digits until they fit.

    `play_and_get_digits <min> <max> <tries> <timeout> <terminators> <file> <bad file> <variable> <regex>
    [<digit timeout> [<transfer on failure>]]`.
    """
    words = split_blanks(data)
    if not words:
        session.note("play_and_get_digits", "needs arguments")
        return
    minimum = max(0, _number(words, 0))
    wish = collect.Wish(
        minimum=minimum,
        maximum=max(minimum, _number(words, 1)),
        prompt=_word(words, 5),
        variable=_word(words, 7),
        timeout_ms=max(_LEAST_TIMEOUT_MS, _number(words, 3)),
        terminators=_word(words, 4) or "#",
        digit_timeout_ms=_number(words, 9),
    )
    digits = collect.play_and_get_digits(session, wish, _number(words, 2), _word(words, 6), _word(words, 8))
    if not digits and session.ready and _word(words, 10):
        target = [*_word(words, 10).split(" "), "", ""]
        transfer(session, target[0], target[1], target[2])


def _word(words: list[str], at: int) -> str:
    return words[at] if at < len(words) else ""


def _number(words: list[str], at: int) -> int:
    word = _word(words, at)
    return int(word) if word.isdecimal() else 0


def send_dtmf(session: Session, data: str) -> None:
    """The far end gets digits."""
    send_digits(session, data)


def send_digits(session: Session, data: str) -> bool:
    """Send digits to the leg's far end; a bridged-in party or a loopback reads them."""
    digits = parse_digits(data)
    session.sent_digits += "".join(digit.key for digit in digits)
    session.note("dtmf", f"{len(digits)} digits go out")
    if session.mirror is not None:
        session.mirror.press(digits)
    return bool(digits)


def queue_dtmf(session: Session, data: str) -> None:
    """Digits as if the far end had pressed them."""
    session.press(parse_digits(data))


def flush_dtmf(session: Session, data: str) -> None:
    """Forget the digits nobody has read."""
    del data
    session.digits.flush()


def inband(session: Session, data: str) -> None:
    """Detection or generation of tones in the audio: nothing to do where digits are no audio."""
    del session, data


APPLICATIONS = (
    Application(
        "read", read, description="Read Digits", syntax="<min> <max> <file> <var> <timeout> <terminators>"
    ),
    Application(
        "play_and_get_digits",
        play_and_get_digits,
        description="Play and get Digits",
        syntax="<min> <max> <tries> <timeout> <terminators> <file> <invalid_file> <var_name> <regexp>",
    ),
    Application("send_dtmf", send_dtmf, description="Send dtmf to be sent", syntax="<dtmf_data>"),
    Application("queue_dtmf", queue_dtmf, description="Queue dtmf to be sent", syntax="<dtmf_data>"),
    Application("flush_dtmf", flush_dtmf, description="flush any queued dtmf"),
    Application("start_dtmf", inband, needs_media=True, description="Detect dtmf"),
    Application("stop_dtmf", inband, needs_media=True, description="stop inband dtmf"),
    Application("start_dtmf_generate", inband, needs_media=True, description="Generate dtmf"),
    Application("stop_dtmf_generate", inband, needs_media=True, description="stop inband dtmf generation"),
)
