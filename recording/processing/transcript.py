"""The text of a recording: what each side said, utterance by utterance, in the order they began."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from recording import decoding
from recording.decoding import Decoding
from recording.errors import Unprocessable
from recording.processing.engine import (
    RATE_HZ,
    ExpectingEngine,
    ObligingEngine,
    TranscriptEngine,
    Utterance,
    language_of,
)
from recording.request import Transcription

SPEAKERS = ("left", "right")
"""Names of the sides in the text of a stereo recording, as its verdict names them."""

MAX_TEXT = 200_000
"""Characters: three hours of talk have about 150,000; a document must stay one that CouchDB takes well."""


def transcribe(path: Path, engine: TranscriptEngine, wanted: Transcription, hints: Sequence[str] = ()) -> str:
    """Return what is said in a file: one line for each utterance, "" when nothing was made out.

    Lines of a recording with two sides begin with `left: ` or `right: `. Each side is listened to by itself,
    which is easier than both at once, and tells who speaks. Where an engine told speakers apart, they are
    numbered: `speaker 2: `, and `left 2: ` of a side.
    Args: wanted: what the engine cannot do it leaves; hints: what is likely to be said.
    Raises: NoLanguage: the language is not known; Unprocessable: the file has no audio, the engine failed.
    """
    known = replace(wanted, language=language_of(engine, wanted.language))
    channels = _channels(path)
    if channels > 1:  # a side may well be one voice
        known = replace(known, min_speakers=min(known.min_speakers, 1))
    said: list[tuple[Utterance, int]] = []
    for channel in range(channels):
        said.extend((one, channel) for one in _heard(_side(path, channel), engine, known, hints))
    said.sort(key=lambda each: each[0].from_ms)
    lines = (_line(one, channel, channels) for one, channel in said)
    return "\n".join(lines)[:MAX_TEXT]


def _heard(
    audio: Iterator[bytes], engine: TranscriptEngine, wanted: Transcription, hints: Sequence[str]
) -> list[Utterance]:
    if isinstance(engine, ObligingEngine):
        return engine.transcribe_as(audio, wanted, hints)
    if hints and isinstance(engine, ExpectingEngine):
        return engine.transcribe_expecting(audio, wanted.language, hints)
    return engine.transcribe(audio, wanted.language)


def _line(utterance: Utterance, channel: int, channels: int) -> str:
    text = " ".join(utterance.text.split())
    side = SPEAKERS[channel] if channels == len(SPEAKERS) else ""
    speaker = str(utterance.speaker) if utterance.speaker else ""
    who = f"{side} {speaker}".strip() if side else f"speaker {speaker}" if speaker else ""
    return f"{who}: {text}" if who else text


def _channels(path: Path) -> int:
    reading = Decoding(path)
    for _ in reading.blocks():
        return min(reading.channels, len(SPEAKERS))
    raise Unprocessable("there is no audio to transcribe")


def _side(path: Path, channel: int) -> Iterator[bytes]:
    for block in Decoding(path).blocks(RATE_HZ):
        yield block[channel].astype(decoding.LITTLE_ENDIAN).tobytes()
