"""Applications that record: beside the call, and instead of it."""

from __future__ import annotations

from simulator import recorder
from simulator.core import Application
from simulator.foreground import record
from simulator.recording import finish_all
from simulator.session import Session
from simulator.wire import decode
from simulator.words import split_blanks, variable_block


def record_session(session: Session, data: str) -> None:
    """`record_session <path> [+<seconds>] [{name=value,…}]`, split at blanks before anything else."""
    words = split_blanks(data)
    if not words:
        return
    limit_s, block = 0, ""
    if len(words) > 1 and words[1].startswith("+"):
        limit_s = int(words[1][1:]) if words[1][1:].isdecimal() else 0
        block = words[2] if len(words) > 2 else ""
    elif len(words) > 1:
        block = words[1]
    recorder.start(session, words[0], limit_s, variable_block(decode(block)))


def stop_record_session(session: Session, data: str) -> None:
    """`stop_record_session <path>|all`."""
    if _survives(session, data):
        stop(session, data)


def _survives(session: Session, data: str) -> bool:
    """Without a path these applications read a null pointer: measured, the whole FreeSWITCH dies."""
    if not data:
        session.note("fault", "FreeSWITCH dies of a missing path")
        session.core.die()
    return bool(data)


def stop(session: Session, path: str) -> bool:
    """End the recording of that path, or all; whether there was one."""
    everything = path.lower() == "all"
    chosen = [found for name, found in session.recordings.items() if everything or name == path]
    finish_all(chosen)
    return bool(chosen)


def switch(session: Session, path: str, what: str, *, on: bool) -> bool:
    """Pause or mask a recording, or end that; whether there is one of that path."""
    recording = session.recordings.get(path)
    if recording is None:
        return False
    if what == "pause":
        recording.pause(on=on)
    else:
        recording.mask(on=on)
    return True


def pause(session: Session, data: str) -> None:
    """`record_session_pause <path>`."""
    if _survives(session, data):
        switch(session, data, "pause", on=True)


def resume(session: Session, data: str) -> None:
    """`record_session_resume <path>`."""
    if _survives(session, data):
        switch(session, data, "pause", on=False)


def mask(session: Session, data: str) -> None:
    """`record_session_mask <path>`."""
    if _survives(session, data):
        switch(session, data, "mask", on=True)


def unmask(session: Session, data: str) -> None:
    """`record_session_unmask <path>`."""
    if _survives(session, data):
        switch(session, data, "mask", on=False)


APPLICATIONS = (
    Application(
        "record_session",
        record_session,
        needs_media=True,
        description="Record Session",
        syntax="<path> [+<timeout>]",
    ),
    Application(
        "stop_record_session",
        stop_record_session,
        needs_media=True,
        description="Stop Record Session",
        syntax="<path>",
    ),
    Application(
        "record_session_pause", pause, needs_media=True, description="Pause recording", syntax="<path>"
    ),
    Application(
        "record_session_resume",
        resume,
        needs_media=True,
        description="Resume paused recording",
        syntax="<path>",
    ),
    Application(
        "record_session_mask", mask, needs_media=True, description="Mask audio in recording", syntax="<path>"
    ),
    Application(
        "record_session_unmask",
        unmask,
        needs_media=True,
        description="Stop masking audio in recording",
        syntax="<path>",
    ),
    Application(
        "record",
        record,
        description="Record File",
        syntax="<path> [<time_limit_secs>] [<silence_thresh>] [<silence_hits>]",
    ),
)
