"""Opens what `playback` names: a file, a tone script, silence, several in a row.

Source: FreeSWITCH switch_ivr_play_say.c (switch_ivr_play_file), mod_tone_stream.c, mod_dptools.c
(file_string).
"""

from __future__ import annotations

import re
from pathlib import Path

from simulator import tones
from simulator.decode import clip
from simulator.errors import CannotDecode
from simulator.session import Session
from simulator.source import Chain, Quiet, Source, Speech, Tone
from simulator.voice import seed_of

_MUSIC = "%(2000,1000,440,480);loops=-1"
# flite speaks about thirteen characters a second.
_MS_PER_CHARACTER = 75
_PARAMETERS = re.compile(r"^\{[^}]*\} *")
SPEECH_ENGINES = frozenset(["flite"])


def open_sound(session: Session, spec: str) -> Source | None:
    """The sound behind a playback argument; None when there is none (FILE NOT FOUND)."""
    spec = _PARAMETERS.sub("", spec.strip())
    scheme, separator, rest = spec.partition("://")
    if not separator:
        return _file(session, spec)
    match scheme.lower():
        case "tone_stream":
            script = tones.parse(rest)
            return None if script is None else Tone(script)
        case "silence_stream":
            first = rest.split(",")[0].strip()
            return Quiet(int(first)) if first.isdecimal() and int(first) else Quiet()
        case "local_stream":
            music = tones.parse(_MUSIC)
            return None if music is None else Tone(music)
        case "file_string":
            parts = [open_sound(session, part) for part in rest.split("!") if part]
            found = tuple(part for part in parts if part is not None)
            return Chain(found) if found else None
        case _:
            session.note("playback", f"{scheme}:// is not fetched by this switch")
            return None


def speech_of(text: str, voice: str) -> Speech:
    """Text as a speech engine would read it: always the same sound for the same words."""
    return Speech(seed_of(f"{voice}:{text}"), 0, max(400, len(text) * _MS_PER_CHARACTER))


def has_engine(session: Session, engine: str) -> bool:
    """Whether a speech engine of that name is loaded."""
    return engine in SPEECH_ENGINES and engine not in session.faults.missing_applications


def _file(session: Session, name: str) -> Source | None:
    if not name or "\0" in name:
        return None
    prefix = session.channel.get("sound_prefix")
    path = (Path(prefix) if prefix else session.core.settings.sounds_dir) / name
    if not path.suffix:
        path = path.with_name(path.name + ".wav")
    if path.suffix.lstrip(".").lower() in session.faults.missing_formats:
        return None
    try:
        return clip(path, session.channel.rate_hz)
    except CannotDecode as exc:
        session.note("playback", f"no sound in {path} ({type(exc.__cause__).__name__})")
        return None
