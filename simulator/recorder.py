"""Begins recordings, and ends those in which nobody speaks.

Source: FreeSWITCH switch_ivr_async.c (switch_ivr_record_session_event, record_callback READ_PING).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from simulator import signalling
from simulator.audiofile import AudioWriter, open_writer
from simulator.errors import CannotOpen
from simulator.loop import spawn
from simulator.recording import Recording
from simulator.recording_options import RecordingOptions
from simulator.session import Session
from simulator.tap import Frame


def start(session: Session, name: str, limit_s: int, own: Mapping[str, str]) -> bool:
    """Begin to record a leg.

    Args: name: absolute, or below the sounds directory; limit_s: 0 for none; own: the recording's variables.
    Returns: whether it runs now, or the same file is being recorded already.
    """
    options = RecordingOptions(session.channel, own)
    signalling.pre_answer(session)
    if session.channel.is_down:
        return False
    path = session.core.settings.sounds_dir / name
    running = session.recordings.get(str(path))
    if running is not None:
        if options.true("RECORD_TOGGLE_ON_REPEAT"):
            running.finish()
        return True
    try:
        writer = open_file(
            session, path, options.rate_hz, options.layout.channels, options, options.buffer_bytes
        )
    except CannotOpen as exc:
        session.note("recording", f"{path} cannot be opened ({exc})")
        if options.true("RECORD_HANGUP_ON_ERROR"):
            session.hangup("DESTINATION_OUT_OF_ORDER")
        session.channel.set("record_completion_cause", "uri-failure")
        return False
    recording = Recording(session, path, options, writer)
    session.recordings[str(path)] = recording
    session.made.append(recording)
    recording.announce()
    if limit_s > 0:
        recording.limit(limit_s)
    if options.silence_threshold:
        spawn(_watch_silence, recording)
    return True


def open_file(
    session: Session, path: Path, rate_hz: int, channels: int, options: RecordingOptions, buffer_bytes: int
) -> AudioWriter:
    """Open a file for recording, directory and all.

    Raises: simulator.audiofile.CannotOpen.
    """
    if session.faults.unwritable:
        raise CannotOpen("the disk is not writable")
    if path.suffix.lstrip(".").lower() in session.faults.missing_formats:
        raise CannotOpen(f"no module writes {path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as exc:
        raise CannotOpen(str(exc)) from exc
    return open_writer(
        path,
        rate_hz,
        channels,
        append=options.true("RECORD_APPEND"),
        buffer_bytes=buffer_bytes,
        holds_bytes=session.faults.disk_holds_bytes,
    )


def _watch_silence(recording: Recording) -> None:
    """Judge every frame as it reaches the file; end the recording after too much silence."""
    session, options = recording.session, recording.options
    threshold = options.silence_threshold
    tap = options.new_tap()
    timeout_ms = options.number("RECORD_INITIAL_TIMEOUT_MS") or 0
    silent_since_s: float | None = recording.started_s
    spoken = False
    while recording.ended_s is None:
        now = _next_slot(session)
        if not recording.is_open(now):
            continue
        for frame in tap.step(session.slots.index(now), writing=session.heard.flows_at(now)):
            if _level(session, frame) >= threshold:
                if silent_since_s is not None:
                    spoken, silent_since_s = True, None
                    timeout_ms = options.number("RECORD_FINAL_TIMEOUT_MS") or 0
            elif silent_since_s is None:
                silent_since_s = now
            elif 0 < timeout_ms <= (now - silent_since_s) * 1000:
                _next_slot(session)
                recording.finish("success-silence" if spoken else "no-input-timeout")
                return


def _next_slot(session: Session) -> float:
    now = session.clock.now()
    session.clock.sleep(session.slots.following(now) - now)
    return session.clock.now()


def _level(session: Session, frame: Frame) -> int:
    """How loud both sides of a frame are together."""
    edge = session.slots.edge
    level = 0 if frame.read_slot is None else session.said.level_at(edge(frame.read_slot))
    if frame.write_slot is not None:
        level += session.heard.level_at(edge(frame.write_slot))
    return level
