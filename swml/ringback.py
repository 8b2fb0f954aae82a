"""What a caller hears while somebody is called, of what documents say it is to hear.

FreeSWITCH sounds one thing over and over, so several become one in a row. A text cannot be spoken there, and
is passed over.
Source: FreeSWITCH switch_ivr_originate.c (setup_ringback), mod_dptools.c (file_string).
"""

from __future__ import annotations

from collections.abc import Sequence

from calls.errors import MediaMissing
from calls.ring_tone import CADENCES
from swml.playable import Quiet, Ringing, Sound, Words, read
from swml.run import ScriptRun
from swml.sound_file import file_of

SEPARATOR = "!"
"""Of file_string."""


def ringback_of(run: ScriptRun, written: Sequence[str]) -> str:
    """Return what FreeSWITCH is to sound, "" where nothing is said, or nothing of it can be sounded."""
    media: list[str] = []
    for each in written:
        try:
            media += _media(run, each)
        except (ValueError, MediaMissing) as exc:
            run.log.warning("ringback_missing", reason=str(exc), outcome="passed over")
    if len(media) < 2:
        return media[0] if media else ""
    return "file_string://" + SEPARATOR.join(part.replace(SEPARATOR, "%21") for part in media)


def _media(run: ScriptRun, written: str) -> tuple[str, ...]:
    """Return what FreeSWITCH calls one thing. Raises: ValueError, MediaMissing."""
    match read(written) if written else Words(""):
        case Sound(url):
            return (file_of(run, url),)
        case Ringing(country, duration_ms):
            return CADENCES[country].media(duration_ms)
        case Quiet(duration_ms):
            return (f"silence_stream://{duration_ms}",) if duration_ms else ()
        case _:
            raise ValueError("a text cannot be a ringback")
