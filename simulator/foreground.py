"""`record`: the application that records the far end and does nothing else until that is over.

It writes what the far end sends and nothing in between: a far end that sends no silence leaves gaps out.
Source: FreeSWITCH switch_ivr_play_say.c (switch_ivr_record_file_event), mod_dptools.c (record_function).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from simulator import recorder, signalling
from simulator.audiofile import FLUSH_BYTES, AudioWriter
from simulator.capture import settled_s, step_s
from simulator.errors import CannotOpen, DiskFull
from simulator.loop import off_hub
from simulator.mixdown import Layout, Mixdown
from simulator.player import on_terminator
from simulator.recording_options import RecordingOptions
from simulator.script import Media
from simulator.session import Session
from simulator.slots import SLOT_MS
from simulator.source import Quiet
from simulator.tap import Frame, spans
from simulator.words import split_blanks

_DEFAULT_SILENCE_S = 3


@dataclass(slots=True)
class _Take:
    """One foreground recording.

    Attributes: threshold: mean sample value; patience: silent frames until it ends; frames: taken so far;
    waiting: slots of those that are not in the file yet; failed: the disk is full.
    """

    session: Session
    path: Path
    options: RecordingOptions
    writer: AudioWriter
    limit_s: int
    threshold: int
    patience: int
    next_slot: int
    frames: int = 0
    waiting: list[int] = field(default_factory=list)
    silent_frames: int = 0
    failed: bool = False


def record(session: Session, data: str) -> None:
    """`record <path> [[+]<limit s> [<silence threshold> [<silence s>]]]`."""
    words = [*split_blanks(data), "", "", "", ""]
    channel = session.channel
    if not words[0]:
        session.note("record", "needs a path")
        return
    channel.set("playback_terminator_used", None)
    signalling.pre_answer(session)
    numbers = [int(word.lstrip("+")) if word.lstrip("+").isdecimal() else 0 for word in words[1:4]]
    options = RecordingOptions(channel, {})
    path = session.core.settings.sounds_dir / words[0]
    try:
        # Here FreeSWITCH knows only its default buffer and none.
        buffer_bytes = FLUSH_BYTES if options.buffer_bytes else 0
        writer = recorder.open_file(session, path, options.rate_hz, 1, options, buffer_bytes)
    except CannotOpen as exc:
        session.note("recording", f"{path} cannot be opened ({exc})")
        session.hangup("DESTINATION_OUT_OF_ORDER")
        return
    patience = (numbers[2] or _DEFAULT_SILENCE_S) * 1000 // SLOT_MS
    next_slot = session.slots.index(session.clock.now()) + 1
    take = _Take(session, path, options, writer, numbers[0], numbers[1], patience, next_slot)
    channel.set("silence_hits_exhausted", "false")
    session.note("recording", f"{path} begins")
    session.fire("RECORD_START", [("Record-File-Path", str(path))])
    signalling.execute_on(session, "execute_on_record_start")
    _run(take)
    _finish(take)
    if not session.ready:
        session.hangup("DESTINATION_OUT_OF_ORDER")


def _run(take: _Take) -> None:
    """Go on until a terminator, the limit, silence or the end of the call."""
    session, clock = take.session, take.session.clock
    ends = on_terminator(session)
    noise = session.heard.begin(Quiet(), clock.now())
    began_epoch_s = clock.epoch_s()
    while session.ready and not session.take_interrupt():
        session.run_commands()
        if take.limit_s and clock.epoch_s() - began_epoch_s > take.limit_s:
            break
        if session.digits and ends(session.take_digit()):
            break
        if _add_frames(take):
            session.channel.set("silence_hits_exhausted", "true")
            break
        _write(take, settled_s(clock))
        if take.failed:
            break
        session.wait(_next_look(take, began_epoch_s))
    session.heard.end(noise, clock.now())


def _next_look(take: _Take, began_epoch_s: int) -> float:
    """When something may be due: every slot while silence is counted, else the file's growth or the limit."""
    clock = take.session.clock
    if take.threshold:
        return take.session.slots.following(clock.now())
    due_s = clock.now() + step_s(clock, take.writer.buffer_bytes)
    if take.limit_s:
        due_s = min(due_s, clock.now() + clock.until_epoch(began_epoch_s + take.limit_s + 1))
    return take.session.slots.following(due_s)


def _add_frames(take: _Take) -> bool:
    """Take the far end's frames up to now; whether it has been silent for too long."""
    session = take.session
    sends_silence = session.script.media is Media.PHONE
    for slot in range(take.next_slot, session.slots.index(session.clock.now()) + 1):
        take.next_slot = slot + 1
        at_s = session.slots.edge(slot)
        if sends_silence or session.said.flows_at(at_s):
            take.frames += 1
            take.waiting.append(slot)
        if not take.threshold:
            continue
        loud = session.said.level_at(at_s) >= take.threshold
        take.silent_frames = 0 if loud else take.silent_frames + 1
        if take.silent_frames >= take.patience:
            return True
    return False


def _finish(take: _Take) -> None:
    session, channel = take.session, take.session.channel
    if take.silent_frames < take.patience:
        _add_frames(take)
    size = off_hub(_close, take)
    samples = take.frames * SLOT_MS * channel.rate_hz // 1000
    channel.set("record_record_file_size", str(size))
    channel.set("record_file_size", str(size))
    channel.set("record_seconds", str(samples // channel.rate_hz))
    channel.set("record_ms", str(take.frames * SLOT_MS))
    channel.set("record_samples", str(samples))
    session.note("recording", f"{take.path} ends after {take.frames * SLOT_MS / 1000:.2f} s")
    session.fire("RECORD_STOP", [("Record-File-Path", str(take.path))])
    signalling.execute_on(session, "execute_on_record_stop")


def _close(take: _Take) -> int:
    _write(take, take.session.clock.now())
    return take.writer.close()


def _write(take: _Take, until_s: float) -> None:
    """Put the frames that were taken before then into the file."""
    session, last = take.session, take.session.slots.index(until_s)
    frames = [(Frame(slot, None), False) for slot in take.waiting if slot <= last]
    take.waiting = take.waiting[len(frames) :]
    mixdown = Mixdown(
        session.said, session.heard, session.slots, spans(frames), take.options.rate_hz, Layout.MONO
    )
    for _, samples in mixdown.blocks():
        try:
            take.writer.write(samples)
        except DiskFull:
            take.failed = True
