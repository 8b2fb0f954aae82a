"""Names: the recording id, the id of its document, the path of its media, the name of what is delivered.

Paths are made here and nowhere else, from a day and an id that this module has checked. What documents and
callers supply (`media_name`) names the delivered copy only, and is reduced to one harmless file name.

Source: Kazoo kapps_call_recording (ids `YYYYMM-<32 hex>` in UTC, media names), reference section 3.3.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from recording.errors import BadTicket
from recording.request import AudioFormat

MAX_DELIVERED_NAME_BYTES = 200
"""As storage.names has it for attachments: the document's own name must fit beside it in a file name."""

CONTENT_TYPES = {AudioFormat.MP3: "audio/mpeg", AudioFormat.MP4: "audio/mp4", AudioFormat.WAV: "audio/wav"}
"""Kazoo 4's content types by extension (3.22 said audio/mp3 and audio/x-wav)."""

JOURNAL_DIRECTORY = "journal"
"""Beside the days, so that what must be finished after a crash is one listing away."""

_ID = re.compile(r"[0-9a-f]{32}\Z")
_DAY = re.compile(r"[0-9]{4}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])\Z")
_UNWANTED = re.compile(r"[\x00-\x1f\x7f-\x9f/\\]")


@dataclass(frozen=True, slots=True)
class Name:
    """What a recording is called: 32 hex digits, and the day (YYYYMMDD, UTC) it was asked for.

    Raises: BadTicket when either is anything else, so that no other path can be made of it.
    """

    recording_id: str
    day: str

    def __post_init__(self) -> None:
        if not _ID.match(self.recording_id) or not _DAY.match(self.day):
            raise BadTicket("a recording is named by 32 hex digits and a day")

    @property
    def document_id(self) -> str:
        """`YYYYMM-<recording id>`: the id of its metadata document, which tells its month's database."""
        return f"{self.day[:6]}-{self.recording_id}"

    def media_path(self, recordings_dir: Path, audio_format: AudioFormat) -> Path:
        """Where FreeSWITCH writes it: `<recordings_dir>/<YYYYMMDD>/<recording id>.<format>`."""
        return recordings_dir / self.day / f"{self.recording_id}.{audio_format.value}"

    def manifest_path(self, recordings_dir: Path) -> Path:
        """Where what is needed to finish it after a crash stands."""
        return recordings_dir / JOURNAL_DIRECTORY / f"{self.recording_id}.json"


def new_name(now: datetime) -> Name:
    """Name a new recording. Args: now: a moment with its zone; the day and month are those of UTC."""
    return Name(secrets.token_hex(16), now.astimezone(UTC).strftime("%Y%m%d"))


def is_recording_id(text: str) -> bool:
    """Whether this could be a recording of ours."""
    return bool(_ID.match(text))


def delivered_name(media_name: str, recording_id: str, audio_format: AudioFormat) -> str:
    """Return the file name of the delivered copy: always one plain name that ends in the format.

    Args: media_name: from outside, anything; "" and names with nothing usable in them take the id.
    """
    extension = f".{audio_format.value}"
    stem = _plain(media_name.removesuffix(extension))
    if not stem:
        return recording_id + extension
    room = MAX_DELIVERED_NAME_BYTES - len(extension)
    return stem.encode("utf-8", "replace")[:room].decode("utf-8", "ignore") + extension


def _plain(text: str) -> str:
    """Take away what could make more than a name of it: separators, control characters, dots in front."""
    one_line = _UNWANTED.sub("_", unicodedata.normalize("NFC", text))
    while ".." in one_line:
        one_line = one_line.replace("..", ".")
    return one_line.strip(" .").lstrip("_. ")
