"""Speech: which voice of the configured engine says a text, and the text of SSML.

Clients name voices of clouds. What FreeSWITCH has is system_config's to say (speech.tts_provider,
speech.tts_voice): a voice of that engine is taken by its name, any other by whether it is a man's, as
calls.speech knows.
Source: Telnyx' call control, speak; W3C SSML 1.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

import structlog
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from callcontrol.errors import invalid
from callcontrol.field import Word
from callcontrol.playing import Playable
from callcontrol.unused import Unused
from calls.speech import FLITE, FLITE_VOICES, Wish, nearest_speaker
from recording.parameters import Configuration

MAX_PAYLOAD = 3_000
MAX_VOICE = 255

# fmt: off
LANGUAGES = (
    "arb", "cmn-CN", "cy-GB", "da-DK", "de-DE", "en-AU", "en-GB", "en-GB-WLS", "en-IN", "en-US", "es-ES",
    "es-MX", "es-US", "fr-CA", "fr-FR", "hi-IN", "is-IS", "it-IT", "ja-JP", "ko-KR", "nb-NO", "nl-NL",
    "pl-PL", "pt-BR", "pt-PT", "ro-RO", "ru-RU", "sv-SE", "tr-TR",
)
# fmt: on

BASIC_LANGUAGE = "en-US"

_BLANKS = re.compile(r"[\s\x00-\x1f\x7f]+")
_AZURE = re.compile(
    r"[a-z]{2,3}-[A-Za-z]{2,4}(?:-[a-z]+)?-(?P<name>[A-Za-z]+?)(?:Multilingual)?(?:Neural)?\Z"
)
_PAUSES = {"break": ",", "p": ".", "s": "."}

log = structlog.get_logger(__name__)


class SpeechData(Schema):
    """Parameters of commands that speak."""

    payload = fields.String(
        required=True,
        validate=validate.Length(1, MAX_PAYLOAD),
        metadata={"description": "The text, or SSML, that is spoken."},
    )
    voice = fields.String(
        required=True,
        validate=validate.Length(1, MAX_VOICE),
        metadata={
            "description": "male, female, or a voice as `<provider>.<model>.<voice>`. One that the "
            "configured engine has is taken; of another, whether it is a man's or a woman's."
        },
    )
    payload_type = Word(
        ("text", "ssml"),
        "Of SSML the words are spoken, with the alias of a sub, and short pauses for breaks.",
        load_default="text",
    )
    service_level = Word(
        ("basic", "premium"),
        "basic: en-US and text only. Which engine speaks does not depend on it.",
        load_default="premium",
    )
    language = Word(LANGUAGES, "The language spoken, as far as the engine and its voice know it.")
    voice_settings = Unused()

    @validates_schema
    def _basic_is_english_text(self, data: Mapping[str, Any], **_: Any) -> None:
        if data.get("service_level") != "basic":
            return
        if data.get("payload_type") == "ssml":
            raise ValidationError("Must be text with service_level basic.", "payload_type")
        if data.get("language") not in (None, BASIC_LANGUAGE):
            raise ValidationError("Must be en-US with service_level basic.", "language")


def speech(payload: str, data: Mapping[str, Any], config: Configuration, pointer: str) -> Playable:
    """Return what speaks a payload. Args: data: as SpeechData loaded it. Raises: Unprocessable: no words."""
    text = words_of(payload) if data["payload_type"] == "ssml" else payload
    text = _BLANKS.sub(" ", text.encode("utf-8", "ignore").decode()).strip()  # no halves of surrogates
    if not text:
        raise invalid(pointer, "Must have words to be spoken.")
    engine, voice = str(config.get("speech", "tts_provider")), str(config.get("speech", "tts_voice"))
    wish = wish_of(data["voice"], data.get("language") or "", engine)
    try:
        speaker = nearest_speaker(wish, engine, voice)
    except ValueError:
        log.warning("speech_misconfigured", engine=engine, voice=voice, taken=FLITE)
        speaker = nearest_speaker(wish, FLITE, "")
    return Playable("speak", f"{speaker.engine}|{speaker.voice}|{text}")


def wish_of(voice: str, language: str, engine: str) -> Wish:
    """Return what a client's voice asks for. Args: engine: the one there is."""
    if voice.lower() in FLITE_VOICES:
        return Wish("", language, voice.lower())
    *vendors, named = voice.split(".")
    azure = _AZURE.match(named.partition(":")[0])
    if azure is not None:
        named = azure["name"]
    vendor = next((one for one in vendors if one.lower() == engine.lower()), vendors[0] if vendors else "")
    return Wish(f"{vendor}.{named}" if vendor else named, language)


def words_of(ssml: str) -> str:
    """Return what is to be said of SSML; of what is none, as much of it as is text."""
    reader = _Words()
    reader.feed(ssml)
    reader.close()
    return "".join(reader.words)


class _Words(HTMLParser):
    """Collects words. Markup that is not well-formed is no reason to say nothing."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._replaced = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """See HTMLParser."""
        if tag == "break":
            self.words.append(f"{_PAUSES[tag]} ")
        elif tag == "sub":
            alias = dict(attrs).get("alias")
            if alias:
                self.words.append(alias)
                self._replaced += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """See HTMLParser."""
        if tag != "sub":
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """See HTMLParser."""
        if tag == "sub":
            self._replaced = 0
        elif tag in _PAUSES and tag != "break":
            said = "".join(self.words).rstrip()
            self.words.append(" " if said.endswith((".", "!", "?", ":", ",")) else f"{_PAUSES[tag]} ")

    def handle_data(self, data: str) -> None:
        """See HTMLParser."""
        if not self._replaced:
            self.words.append(data)
