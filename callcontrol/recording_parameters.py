"""Makes a RecordingRequest of what record_start says.

| parameter | becomes |
|---|---|
| `format` | the file's |
| `channels` | dual: what the leg says left, what it hears right; single: both mixed |
| `recording_track` | inbound: what the leg says, outbound: what it hears, each alone, in one channel; both |
| `max_length` | a limit in seconds; 0: media.max_recording_time_limit, the longest an operator allows |
| `timeout_secs` | silence after speech that ends it; 0: none does |
| `trim` | silence at both ends is cut off afterwards |
| `custom_file_name` | names what is delivered, the Unix time behind it; without it call_leg_id |
| `transcription`, `transcription_...` | how it is transcribed, see callcontrol.recording_transcript |
| `play_beep` | not here: it is the command that beeps |

What the page leaves open (where the recording goes, its sample rate) is system_config's to say.
Source: Telnyx' call control, record_start.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from marshmallow import fields, validate

from callcontrol.command import CommandData
from callcontrol.field import Flag, Text, Whole, Word
from callcontrol.recording_languages import LANGUAGES
from callcontrol.recording_transcript import ENGINES
from recording.parameters import Configuration, resolve
from recording.request import NOTHING, Direction, Observer, RecordingRequest, Silence, Transcription

ORIGIN = "call control : record_start"
"""Said in the recording's document, and what an order without an id means."""

MAX_LENGTH_S = 14_400
MAX_TIMEOUT_S = 14_400
"""Telnyx names no limit; a longer silence than the longest recording ends nothing."""

MAX_SPEAKERS = 100

TRACKS: Mapping[str, Direction] = {
    "both": Direction.BOTH,
    "inbound": Direction.SPEAK,
    "outbound": Direction.HEAR,
}


class RecordStartData(CommandData):
    """Parameters of record_start."""

    format = Word(("wav", "mp3"), "The format of the file.", required=True)
    channels = Word(
        ("single", "dual"), "dual: the first leg in the left channel, the rest in the right.", required=True
    )
    play_beep = Flag("A beep tells that recording begins.")
    max_length = Whole(0, MAX_LENGTH_S, "Seconds; 0 for no limit but the operator's.", load_default=0)
    timeout_secs = Whole(
        0,
        MAX_TIMEOUT_S,
        "Seconds of silence, after speech, that end it; 0: silence does not.",
        load_default=0,
    )
    recording_track = Word(
        tuple(TRACKS), "Whose sound: one alone is recorded in one channel.", load_default="both"
    )
    trim = Word(("trim-silence",), "Silence at both ends is cut off.")
    custom_file_name = Text(1, 40, "Names the file instead of call_leg_id; the Unix time is put behind it.")
    transcription = Flag("Have it transcribed when it is over.")
    transcription_engine = fields.String(
        validate=validate.OneOf(tuple(ENGINES)),
        metadata={
            "description": "The engine that transcribes: A, Google: Google's; B, Telnyx: the one that this "
            "system's operator chose, as when none is named."
        },
    )
    transcription_language = Word(LANGUAGES, "The language spoken.", load_default="en-US")
    transcription_profanity_filter = Flag("Have the engine mask profanity.")
    transcription_speaker_diarization = Flag("Have the engine tell speakers apart.")
    transcription_min_speaker_count = Whole(1, MAX_SPEAKERS, "The fewest speakers there are.", load_default=2)
    transcription_max_speaker_count = Whole(1, MAX_SPEAKERS, "The most speakers there are.", load_default=6)


def request_of(
    data: Mapping[str, Any],
    config: Configuration,
    *,
    leg_id: str,
    unix_time: int,
    link_s: float,
    observers: tuple[Observer, ...] = (),
    transcript: Transcription | None = None,
    tags: Mapping[str, str] = NOTHING,
) -> RecordingRequest:
    """Return what is to be recorded.

    Args: data: as RecordStartData loaded it; config: as the account sees it; leg_id: call_leg_id; link_s: how
    long links to it work; observers, transcript, tags: see RecordingRequest.
    """
    direction = TRACKS[data["recording_track"]]
    name = f"{data.get('custom_file_name') or leg_id}_{unix_time}"
    parameters = {"format": data["format"], "record_min_sec": 0, "media_name": f"{name}.{data['format']}"}
    request = resolve(
        parameters, config, origin=ORIGIN, stereo=data["channels"] == "dual", direction=direction
    )
    silence_s = data["timeout_secs"]
    return replace(
        request,
        time_limit_s=data["max_length"] or request.time_limit_s,
        silence=Silence(final_ms=silence_s * 1000) if silence_s else None,
        trim_silence=data.get("trim") == "trim-silence",
        transcript=transcript,
        observers=observers,
        tags=tags,
        link_s=math.ceil(link_s),
    )
