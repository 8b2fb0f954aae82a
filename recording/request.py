"""RecordingRequest: the one model that every language's recording parameters translate into.

Callflow `record_call` and `record_caller`, account, user and device policy, SWML and call control all
end here. A new parameter of any language becomes a field here, or it is not a recording parameter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class AudioFormat(StrEnum):
    """File formats; the value is the extension."""

    MP3 = "mp3"
    MP4 = "mp4"  # made of a WAV afterwards; FreeSWITCH writes no such files for audio alone
    WAV = "wav"


class Direction(StrEnum):
    """Whose sound is recorded, seen from the leg recorded: what it says, what it hears, both."""

    SPEAK = "speak"
    HEAR = "hear"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Silence:
    """When silence ends a recording.

    Attributes: initial_ms: nobody has spoken since it began; final_ms: nobody speaks any more; 0: never;
    threshold: mean magnitude of a 20 ms block, of 32,767, from which it is speech (200 in FreeSWITCH).
    """

    initial_ms: int = 0
    final_ms: int = 0
    threshold: int = 200


@dataclass(frozen=True, slots=True)
class Transcription:
    """How a recording is transcribed when it is over.

    Attributes: language: such as en-US; engine: its name (recording.processing.engines), "" for the one that
    system_config names; profanity_filter: profanity is masked; diarization: speakers are told apart;
    min_speakers, max_speakers: of the conversation, 0 where nobody said. What an engine cannot do it leaves.
    """

    language: str
    engine: str = ""
    profanity_filter: bool = False
    diarization: bool = False
    min_speakers: int = 0
    max_speakers: int = 0


NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Observer:
    """Somebody who is told how a recording goes (recording.status).

    Attributes: kind: which sink tells it, a word in small letters; data: what that sink needs to know, in few
    words, since it travels with the recording.
    """

    kind: str
    data: Mapping[str, str] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class RecordingRequest:
    """What to record, when, how long, and where it shall go. Values are final: defaults and clamps applied.

    Attributes:
        format: of the delivered file; see `capture_format` for the one FreeSWITCH writes.
        sample_rate_hz: None takes the channel's own.
        stereo: the leg's own voice left, the other right; False mixes both into one.
        direction: see Direction; HEAR or SPEAK make it mono.
        time_limit_s: None for no limit. min_s: shorter recordings are discarded.
        on_answer, on_bridge: begin only when the leg is answered, bridged; both: when both have happened.
        silence: ends the recording; None: silence does not.
        media_name: names the delivered copy only. media_id: the id of its document, "" for one made here.
        label, origin: said in the metadata.
        url, method: where the caller of the API wants it ("" lets system_config decide); method is
        "put" or "post". follow_transfer: whether it follows the conversation when the leg is transferred.
        trim_silence: silence at both ends is cut off afterwards.
        transcript: how to transcribe it; None for no transcript.
        beep_every_s: how often a beep tells those who talk that they are recorded; 0: never.
        observers: who is told how it goes.
        terminators: digits that end it when the leg recorded presses one; whoever collects digits gets that
        one all the same. They are heard on the call's own connection: a recording that went on to another
        leg, or that another engine has adopted without its call, is not ended by them.
        link_s: how long a link to it must work after it is over; see storage.outbox.Outbox.enqueue.
        tags: said in the metadata, by names of the language that asked; what it finds its recordings by.
        Source: reference section 3.3 (names and limits), Kazoo media_recording.
    """

    format: AudioFormat
    time_limit_s: int | None
    stereo: bool = True
    direction: Direction = Direction.BOTH
    sample_rate_hz: int | None = None
    min_s: int = 0
    on_answer: bool = False
    on_bridge: bool = False
    silence: Silence | None = None
    media_name: str = ""
    media_id: str = ""
    label: str = ""
    origin: str = ""
    url: str = ""
    method: str = "put"
    follow_transfer: bool = True
    trim_silence: bool = False
    transcript: Transcription | None = None
    beep_every_s: int = 0
    observers: tuple[Observer, ...] = ()
    terminators: str = ""
    link_s: int = 0
    tags: Mapping[str, str] = field(default_factory=lambda: NOTHING)

    @property
    def capture_format(self) -> AudioFormat:
        """Return the format FreeSWITCH writes.

        What is worked on afterwards is taken lossless and encoded once, at the end; and silence can be heard
        only in a file that grows frame by frame, which an encoder's does not.
        """
        if self.format is AudioFormat.MP4 or self.trim_silence or self.silence is not None:
            return AudioFormat.WAV
        return self.format
