"""Plays sounds to a leg: slot by slot, interruptible, with the events FreeSWITCH fires.

Source: FreeSWITCH switch_ivr_play_say.c (switch_ivr_play_file, switch_ivr_gentones), mod_dptools.c
(on_dtmf).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum, auto

from simulator import signalling
from simulator.session import Session
from simulator.slots import SLOT_MS, SLOT_S
from simulator.sound import open_sound
from simulator.source import Source, Tone
from simulator.timeline import Sound

# FreeSWITCH reads files in blocks of that many samples; a break shows in playback_ms as whole blocks.
_BLOCK_SAMPLES = 16_384
OnDigit = Callable[[str], bool]


class Status(Enum):
    """How playing ended."""

    SUCCESS = auto()
    BREAK = auto()
    NOT_FOUND = auto()
    FAILED = auto()

    @property
    def response(self) -> str:
        """The Application-Response it makes."""
        return _RESPONSES.get(self, "FILE PLAYED")


_RESPONSES = {Status.NOT_FOUND: "FILE NOT FOUND", Status.FAILED: "PLAYBACK ERROR"}


def on_terminator(session: Session) -> OnDigit:
    """Digits that end a prompt: the variable playback_terminators, `*` unless set."""

    def decide(digit: str) -> bool:
        keys = session.channel.get("playback_terminators") or "*"
        if keys.lower() == "any":
            keys = "1234567890*#"
        if keys.lower() == "none" or digit not in keys:
            return False
        session.channel.set("playback_terminator_used", digit)
        return True

    return decide


def play_file(session: Session, spec: str, on_digit: OnDigit | None = None, *, skip_ms: int = 0) -> Status:
    """Play a file or stream with its PLAYBACK events.

    Args: on_digit: gets every digit and says whether it ends the playing; None leaves digits queued.
    """
    signalling.pre_answer(session)
    if not spec or not session.channel.has_media:
        return Status.FAILED
    delimiter = (session.channel.get("playback_delimiter") or "")[:1]
    parts = [part for part in spec.split(delimiter) if part] if delimiter else [spec]
    status = Status.SUCCESS
    for number, part in enumerate(parts):
        if number and not _gap(session):
            return Status.FAILED
        source = open_sound(session, part)
        if source is None:
            status = Status.NOT_FOUND
            continue
        status = _play_with_events(session, part, source, on_digit, skip_ms)
        if status is not Status.SUCCESS:
            break
    return status


def _gap(session: Session) -> bool:
    """The pause between the parts of a delimited playback."""
    wish = session.channel.get("playback_sleep_val") or "250"
    session.wait(session.clock.now() + (int(wish) if wish.isdecimal() else 250) / 1000, digits=False)
    return session.ready


def _play_with_events(
    session: Session, spec: str, source: Source, on_digit: OnDigit | None, skip_ms: int
) -> Status:
    kind = next((name for name in ("tone_stream", "local_stream") if spec.startswith(f"{name}:")), None)
    which = [("Playback-File-Type", kind), ("Playback-File-Path", spec)]
    session.fire("PLAYBACK_START", which)
    status, played_ms = play(session, source, on_digit, skip_ms=skip_ms)
    channel, rate_hz = session.channel, session.channel.rate_hz
    read_ms = _read_ms(source, played_ms, rate_hz)
    channel.set("playback_last_offset_pos", str(played_ms * rate_hz // 1000))
    channel.set("playback_seconds", str(read_ms // 1000))
    channel.set("playback_ms", str(read_ms))
    channel.set("playback_samples", str(read_ms * rate_hz // 1000))
    ended = "break" if status is Status.BREAK else "done"
    session.fire("PLAYBACK_STOP", [*which, ("Playback-Status", ended)])
    return status


def play(
    session: Session, source: Source, on_digit: OnDigit | None, *, skip_ms: int = 0
) -> tuple[Status, int]:
    """Play a sound without events; returns how it ended, and how many ms of it were played.

    A command that is taken up meanwhile interrupts the sound; afterwards it goes on where it was.
    """
    clock, slots, heard = session.clock, session.slots, session.heard
    sound = heard.begin(source, slots.nearest(clock.now()), skip_ms)
    status = Status.SUCCESS
    while True:
        if not session.ready:
            status = Status.FAILED
            break
        if session.take_interrupt():
            status = Status.BREAK
            break
        sound = _run_commands(session, sound)
        if on_digit is not None and session.digits and on_digit(session.take_digit()):
            status = Status.BREAK
            break
        end_s = None if sound.end_s is None else _last_edge(session, sound.start_s, sound.end_s)
        if end_s is not None and clock.now() >= end_s - SLOT_S / 10:
            break
        session.wait(end_s, digits=on_digit is not None)
    now = clock.now()
    heard.end(sound, now)
    played = (sound.offset_at(now) - skip_ms) / SLOT_MS
    # A hangup is noticed in the middle of a frame, everything else at its edge.
    frames = math.ceil(played) if status is Status.FAILED else round(played)
    whole_ms = frames * SLOT_MS
    if source.duration_ms is not None:
        whole_ms = min(whole_ms, source.duration_ms - skip_ms)
    return status, whole_ms


def _run_commands(session: Session, sound: Sound) -> Sound:
    """Take up commands; a sound they interrupt is not heard meanwhile and goes on afterwards."""
    before_s, wished_end_s = session.clock.now(), sound.end_s
    session.heard.end(sound, session.slots.following(before_s))
    session.run_commands()
    if session.clock.now() - before_s <= SLOT_S / 2:
        sound.end_s = wished_end_s
        return sound
    session.heard.end(sound, before_s)
    return session.heard.begin(
        sound.source, session.slots.nearest(session.clock.now()), sound.offset_at(before_s)
    )


def _last_edge(session: Session, start_s: float, end_s: float) -> float:
    """Sound comes in whole frames: the edge at or after its end."""
    frames = -(-round((end_s - start_s) * 1000) // SLOT_MS)
    return session.slots.edge(session.slots.index(start_s) + frames)


def _read_ms(source: Source, played_ms: int, rate_hz: int) -> int:
    """What FreeSWITCH had read of the file when it stopped: it reads ahead in blocks."""
    total_ms = source.duration_ms
    if total_ms is not None and played_ms >= total_ms:
        return total_ms
    block_ms = _BLOCK_SAMPLES * 1000 // rate_hz
    if isinstance(source, Tone) and source.duration_ms is None:
        block_ms = min(block_ms, max(SLOT_MS, source.script.cycle_ms))
    read_ms = (played_ms // block_ms + 1) * block_ms
    return read_ms if total_ms is None else min(read_ms, total_ms)
