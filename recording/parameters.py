"""Makes a RecordingRequest of what a document says, with the defaults and limits of system_config.

Documents are checked when they are loaded; what is wrong with one all the same (an older document, a value
put together while the call runs) takes the default and is logged, since a recording with a default is worth
more than none.

| parameter | default | limits |
|---|---|---|
| format | the extension of media_name, else media.call_recording.extension | mp3, mp4, wav |
| time_limit (s) | media.max_recording_time_limit | that; 0 is 3600, none with allow_endless_recording |
| record_min_sec | media.record_min_sec | none |
| record_sample_rate (Hz) | ecallmgr.record_stereo_sample_rate, or record_sample_rate for mono | RATES_HZ |
| record_on_answer, record_on_bridge | false | |
| silence_detection | false | the three below count only with it |
| silence_initial_timeout (ms) | 0: never | see SHORTEST_SILENCE_MS |
| silence_final_timeout (ms) | 5: five seconds | see SHORTEST_SILENCE_MS |
| silence_threshold | 200 | 0 to 32,767; 0 takes the default |
| should_follow_transfer | true | |
| media_id | "" | what can be a document's id (storage.names) |
| url, media_name, label | "" | |
| method | put | put, post |
| beep_every_s (s), not Kazoo's | recording.care.beep_every_s | |
| (trimming, transcript) | recording.processing | |

Source: Kazoo kapps_call_recording (get_format, get_timelimit), reference sections 3.2 and 3.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import structlog

from recording.request import AudioFormat, Direction, RecordingRequest, Silence, Transcription
from storage import names

RATES_HZ = frozenset({8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000})
"""What FreeSWITCH takes for a rate (switch_is_valid_rate); anything else it ignores silently."""

FORBIDDEN_ENDLESS_S = 3_600
"""What a limit of 0 becomes where endless recordings are not allowed (ecallmgr)."""

SHORTEST_SILENCE_MS = 200
"""The shortest silence that somebody can have meant in milliseconds: less is shorter than a syllable. The
published schema says milliseconds and gives 5 for the default, which can only be seconds: so a smaller number
than this is taken for seconds (ADR 11)."""

DEFAULT_FINAL_SILENCE = 5
"""The published schema's, in the words of `silence_ms`: five seconds."""

DEFAULT_THRESHOLD = 200
"""FreeSWITCH's and the published schema's."""

FULL_SCALE = 32_767

_WORDS = {"true": True, "false": False}

log = structlog.get_logger(__name__)


class Configuration(Protocol):
    """Values of system_config as they are in force (config.system)."""

    def get(self, category: str, /, *path: str) -> Any:
        """Return one value."""


class AccountsConfiguration(Configuration, Protocol):
    """The same, and what accounts have of their own over it (config.system.SystemConfig)."""

    def for_account(self, account_id: str) -> Configuration:
        """Return what an account sees."""


def resolve(
    parameters: Mapping[str, Any],
    config: Configuration,
    *,
    origin: str = "",
    stereo: bool = True,
    direction: Direction = Direction.BOTH,
) -> RecordingRequest:
    """Return what is to be recorded.

    Args: parameters: Kazoo's names, as in the data of record_call or a call_recording setting; origin: said
    in the recording's document, such as `callflow : main`; stereo, direction: see RecordingRequest, no
    parameters of Kazoo's.
    """
    given = _Parameters(parameters)
    media_name = given.text("media_name")
    stereo = stereo and direction is Direction.BOTH
    return RecordingRequest(
        format=_format(given, media_name, config),
        time_limit_s=_time_limit_s(given, config),
        stereo=stereo,
        direction=direction,
        sample_rate_hz=_sample_rate_hz(given, config, stereo=stereo),
        min_s=_minimum_s(given, config),
        on_answer=given.flag("record_on_answer", default=False),
        on_bridge=given.flag("record_on_bridge", default=False),
        silence=_silence(given),
        media_name=media_name,
        media_id=_media_id(given),
        label=given.text("label"),
        origin=origin or given.text("origin"),
        url=given.text("url"),
        method=given.word("method", ("put", "post")) or "put",
        follow_transfer=given.flag("should_follow_transfer", default=True),
        trim_silence=bool(config.get("recording", "processing", "trim_silence")),
        transcript=_transcript(config),
        beep_every_s=_beep_every_s(given, config),
    )


def silence_ms(value: int) -> int:
    """Return what a silence timeout of a document means, in milliseconds; 0 for never.

    See SHORTEST_SILENCE_MS.
    """
    return value if value == 0 or value >= SHORTEST_SILENCE_MS else value * 1000


def _format(given: _Parameters, media_name: str, config: Configuration) -> AudioFormat:
    """Where nothing else is said a media_name's own extension counts, as for Kazoo's file on the switch."""
    known = tuple(AudioFormat)
    named = given.word("format", known)
    if named is None:
        extension = media_name.rpartition(".")[2].lower()
        named = extension if extension in known else str(config.get("media", "call_recording", "extension"))
    return AudioFormat(named) if named in known else AudioFormat.MP3


def _time_limit_s(given: _Parameters, config: Configuration) -> int | None:
    longest_s = int(config.get("media", "max_recording_time_limit"))
    limit_s = given.whole("time_limit")
    if limit_s is None or (longest_s and limit_s > longest_s):
        limit_s = longest_s
    if limit_s > 0:
        return limit_s
    return None if config.get("ecallmgr", "allow_endless_recording") else FORBIDDEN_ENDLESS_S


def _silence(given: _Parameters) -> Silence | None:
    if not given.flag("silence_detection", default=False):
        return None
    initial, final = given.whole("silence_initial_timeout"), given.whole("silence_final_timeout")
    threshold = given.whole("silence_threshold") or DEFAULT_THRESHOLD
    if threshold > FULL_SCALE:
        given.passed_over("silence_threshold")
        threshold = DEFAULT_THRESHOLD
    found = Silence(
        initial_ms=silence_ms(initial or 0),
        final_ms=silence_ms(DEFAULT_FINAL_SILENCE if final is None else final),
        threshold=threshold,
    )
    return found if found.initial_ms or found.final_ms else None


def _media_id(given: _Parameters) -> str:
    media_id = given.text("media_id")
    if media_id and names.document_id_fault(media_id):
        given.passed_over("media_id")
        return ""
    return media_id


def _transcript(config: Configuration) -> Transcription | None:
    engine = config.get("recording", "processing", "transcript_engine")
    language = str(config.get("recording", "processing", "transcript_language") or "")
    return Transcription(language) if engine and language else None


def _beep_every_s(given: _Parameters, config: Configuration) -> int:
    every_s = given.whole("beep_every_s")
    return int(config.get("recording", "care", "beep_every_s")) if every_s is None else every_s


def _minimum_s(given: _Parameters, config: Configuration) -> int:
    minimum_s = given.whole("record_min_sec")
    return int(config.get("media", "record_min_sec")) if minimum_s is None else minimum_s


def _sample_rate_hz(given: _Parameters, config: Configuration, *, stereo: bool) -> int | None:
    rate_hz = given.whole("record_sample_rate")
    if rate_hz is not None and rate_hz not in RATES_HZ:
        given.passed_over("record_sample_rate")
        rate_hz = None
    if rate_hz is None:
        rate_hz = int(config.get("ecallmgr", "record_stereo_sample_rate" if stereo else "record_sample_rate"))
    return rate_hz if rate_hz in RATES_HZ else None


class _Parameters:
    """Takes values of the right kind out of a document, as forgiving as Kazoo's readers."""

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        self._parameters = parameters

    def text(self, name: str) -> str:
        value = self._parameters.get(name)
        if value is None or isinstance(value, str):
            return value or ""
        self.passed_over(name)
        return ""

    def word(self, name: str, words: tuple[str, ...]) -> str | None:
        value = self._parameters.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, str) and value.lower() in words:
            return value.lower()
        self.passed_over(name)
        return None

    def whole(self, name: str) -> int | None:
        """A number that is not negative; numbers written as text count, as in Kazoo."""
        value = self._parameters.get(name)
        if value is None:
            return None
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9:
            return value
        self.passed_over(name)
        return None

    def flag(self, name: str, *, default: bool) -> bool:
        value = self._parameters.get(name)
        if isinstance(value, str):
            value = _WORDS.get(value.lower(), value)
        if isinstance(value, bool):
            return value
        if value is not None:
            self.passed_over(name)
        return default

    def passed_over(self, name: str) -> None:
        log.warning("recording_parameter_passed_over", parameter=name, taken="its default")
