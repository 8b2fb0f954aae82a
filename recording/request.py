"""RecordingRequest: the one model that every language's recording parameters translate into.

Callflow `record_call` and `record_caller`, account, user and device policy, SWML and call control all
end here. A new parameter of any language becomes a field here, or it is not a recording parameter.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class AudioFormat(StrEnum):
    """File formats; the value is the extension."""

    MP3 = "mp3"
    WAV = "wav"


class Direction(StrEnum):
    """Whose sound is recorded, seen from the leg recorded: what it says, what it hears, both."""

    SPEAK = "speak"
    HEAR = "hear"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class RecordingRequest:
    """What to record, how long, and where it shall go. Values are final: defaults and clamps applied.

    Attributes:
        format: of the file FreeSWITCH writes. sample_rate_hz: None takes the channel's own.
        stereo: the leg's own voice left, the other right; False mixes both into one.
        direction: see Direction; HEAR or SPEAK make it mono.
        time_limit_s: None for no limit. min_s: shorter recordings are discarded.
        media_name: names the delivered copy only. label, origin: said in the metadata.
        url, method: where the caller of the API wants it ("" lets system_config decide); method is
        "put" or "post". follow_transfer: whether it goes on when the leg is transferred.
        Source: reference/kazoo section 3.3 (names and limits), Kazoo media_recording.
    """

    format: AudioFormat
    time_limit_s: int | None
    stereo: bool = True
    direction: Direction = Direction.BOTH
    sample_rate_hz: int | None = None
    min_s: int = 0
    media_name: str = ""
    label: str = ""
    origin: str = ""
    url: str = ""
    method: str = "put"
    follow_transfer: bool = True
