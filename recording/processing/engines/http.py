"""Any server that transcribes as OpenAI's API does: faster-whisper's, LocalAI, vLLM, OpenAI's own.

`recording.processing.http` says where it is and which model to ask for. Audio is sent as WAV, in pieces of
up to ten minutes (those servers take some 25 MB); speakers are not told apart, profanity is not masked.

Source: OpenAI API, audio transcriptions (multipart: file, model, language, prompt, response_format
verbose_json; answer: text, segments with start and text).
"""

from __future__ import annotations

import io
import wave
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import requests

from recording.errors import NoEngine
from recording.processing.engine import NO_SETTINGS, RATE_HZ, SAMPLE_BYTES, Utterance
from recording.processing.engine_exchange import ask, ready
from recording.processing.pieces import Piece, cut
from recording.request import Transcription

PIECE_S = 600.0
"""Ten minutes of WAV have 19 MB."""

MAX_PROMPT_CHARS = 800
"""Whisper looks at the last 224 tokens of a prompt."""

AUTO = "auto_detect"
"""Whatever is spoken: nothing is said of the language."""

WHO = "the transcript server"

_WHISPER = """
af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he hi hr ht hu hy
id is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt ro ru sa
sd si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo yue zh
"""
OTHERWISE = {"fil": "tl", "iw": "he", "jv": "jw"}
"""Languages by names that clients have for them, and Whisper's."""

WHISPER = (AUTO, *_WHISPER.split(), *OTHERWISE)
"""What Whisper knows."""


class HttpEngine:
    """See the module. Args: settings: `recording.processing.http`."""

    name = "http"

    def __init__(self, settings: Mapping[str, Any] = NO_SETTINGS) -> None:
        self._settings = settings

    @property
    def languages(self) -> tuple[str, ...]:
        """Return those that the operator names, else Whisper's."""
        return tuple(self._settings.get("languages") or WHISPER)

    def configured(self, settings: Mapping[str, Any]) -> HttpEngine:
        """As ConfigurableEngine has it. Raises: NoEngine: there is no URL."""
        if not settings.get("url"):
            raise NoEngine("the transcript engine http has no server: recording.processing.http.url")
        return HttpEngine(settings)

    def transcribe(self, audio: Iterable[bytes], language: str) -> list[Utterance]:
        """As TranscriptEngine has it."""
        return self.transcribe_as(audio, Transcription(language), ())

    def transcribe_as(
        self, audio: Iterable[bytes], wanted: Transcription, hints: Sequence[str]
    ) -> list[Utterance]:
        """As ObligingEngine has it."""
        fields = {"model": str(self._settings.get("model") or ""), "response_format": "verbose_json"}
        if wanted.language != AUTO:
            language = wanted.language.partition("-")[0]
            is_whispers = not self._settings.get("languages")
            fields["language"] = OTHERWISE.get(language, language) if is_whispers else language
        prompt = ", ".join(hints)[:MAX_PROMPT_CHARS]
        if prompt:
            fields["prompt"] = prompt
        found: list[Utterance] = []
        with ready(requests.Session()) as session:
            key = self._settings.get("api_key")
            if key:
                session.headers["Authorization"] = f"Bearer {key}"
            session.trust_env = False  # no .netrc speaks for us
            for piece in cut(audio, PIECE_S):
                file = {"file": ("audio.wav", _wav(piece), "audio/wav")}
                answer = ask(session, WHO, "POST", str(self._settings["url"]), data=fields, files=file)
                found += utterances(answer, piece.from_ms)
        return found


def utterances(answer: Any, from_ms: int) -> list[Utterance]:
    """Return what an answer says was said; whatever in it is not as it should be is left.

    Args: from_ms: where in the whole the audio that was sent begins.
    """
    if not isinstance(answer, dict):
        return []
    segments = answer.get("segments")
    if isinstance(segments, list) and segments:
        return [
            Utterance(from_ms + _ms(one.get("start")), str(one["text"]).strip())
            for one in segments
            if isinstance(one, dict) and isinstance(one.get("text"), str) and one["text"].strip()
        ]
    text = answer.get("text")
    return [Utterance(from_ms, text.strip())] if isinstance(text, str) and text.strip() else []


def _ms(seconds: Any) -> int:
    is_time = isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 <= seconds < 1e6
    return int(seconds * 1000) if is_time else 0


def _wav(piece: Piece) -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as audio:
        audio.setnchannels(1)
        audio.setsampwidth(SAMPLE_BYTES)
        audio.setframerate(RATE_HZ)
        audio.writeframes(piece.samples)
    return target.getvalue()


ENGINE = HttpEngine()
