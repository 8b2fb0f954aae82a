"""What a caller hears while it waits: in a queue, or for a conference to begin.

A URL is a sound file or a document whose `play` steps say what is heard, one after the other and over again.
What cannot be had is replaced by system_config/dialling's hold_music.
Source: SignalWire's SWML reference, enter_queue and join_conference, wait_url.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from calls.errors import MediaMissing
from swml.document import Script
from swml.errors import BadDocument, DocumentNotFetched
from swml.payload import payload_of
from swml.ringback import ringback_of
from swml.run import ScriptRun
from swml.sound_file import file_of

SOUNDS = frozenset({".aif", ".aiff", ".au", ".gsm", ".mp3", ".ogg", ".opus", ".ul", ".ulaw", ".wav"})
"""Extensions of URLs that are no documents."""


def music_of(run: ScriptRun, url: str, *, may_be_document: bool = False) -> str:
    """Return what FreeSWITCH is to play. Args: url: "" for the music of the house. Raises: CallGone."""
    usual = str(run.config("dialling", "hold_music"))
    if not url:
        return usual
    is_sound = PurePosixPath(urlsplit(url).path).suffix.lower() in SOUNDS
    try:
        if is_sound or not may_be_document:
            return file_of(run, url)
        script = run.facilities.fetcher.fetch(url, payload_of(run), run.call)
        return ringback_of(run, list(_played(run, script))) or usual
    except DocumentNotFetched as exc:
        if exc.media_type.startswith("audio/"):
            return file_of(run, url)
        run.log.warning("hold_music_missing", reason=str(exc))
    except (BadDocument, MediaMissing) as exc:
        run.log.warning("hold_music_missing", reason=str(exc))
    return usual


def _played(run: ScriptRun, script: Script) -> Iterator[str]:
    """Yield what the play steps of section main name."""
    for step in script.sections["main"]:
        if step.name == "play":
            urls = step.properties["urls"]
            for written in [step.properties["url"]] if urls is None else urls:
                yield str(run.expand(written))
