"""Says of each parameter of a recording what it is and who says so: node, setting or configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from config.layer import BUILT_IN
from config.redaction import without_credentials
from config.system import AccountConfig
from recording.request import RecordingRequest


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: Kazoo's name of it where it has one, its value as data, who says so."""

    name: str
    value: Any
    source: str


@dataclass(frozen=True, slots=True)
class _Row:
    """Attributes: value: of the request; key: what a configuration says when nobody else does."""

    name: str
    value: Callable[[RecordingRequest], Any]
    key: tuple[str, ...] = ()


def _silence(name: str) -> Callable[[RecordingRequest], Any]:
    return lambda request: getattr(request.silence, name) if request.silence is not None else None


ROWS = (
    _Row("format", lambda r: r.format.value, ("media", "call_recording", "extension")),
    _Row("time_limit", lambda r: r.time_limit_s, ("media", "max_recording_time_limit")),
    _Row("record_min_sec", lambda r: r.min_s, ("media", "record_min_sec")),
    _Row("record_sample_rate", lambda r: r.sample_rate_hz, ("ecallmgr", "record_stereo_sample_rate")),
    _Row("record_on_answer", lambda r: r.on_answer),
    _Row("record_on_bridge", lambda r: r.on_bridge),
    _Row("silence_detection", lambda r: r.silence is not None),
    _Row("silence_initial_timeout", _silence("initial_ms")),
    _Row("silence_final_timeout", _silence("final_ms")),
    _Row("silence_threshold", _silence("threshold")),
    _Row("should_follow_transfer", lambda r: r.follow_transfer),
    _Row("media_id", lambda r: r.media_id),
    _Row("media_name", lambda r: r.media_name),
    _Row("label", lambda r: r.label),
    _Row("url", lambda r: without_credentials(r.url)),
    _Row("method", lambda r: r.method),
    _Row("beep_every_s", lambda r: r.beep_every_s, ("recording", "care", "beep_every_s")),
    _Row("trim_silence", lambda r: r.trim_silence, ("recording", "processing", "trim_silence")),
    _Row(
        "transcript",
        lambda r: r.transcript and r.transcript.language,
        ("recording", "processing", "transcript_language"),
    ),
)
"""In the order they are told."""

MONO_RATE = ("ecallmgr", "record_sample_rate")


def parameters_of(
    request: RecordingRequest, given: Mapping[str, Any], sources: Mapping[str, str], config: AccountConfig
) -> list[Parameter]:
    """Return every parameter that has a value, with its source.

    Args: given: what documents say, by Kazoo's names; sources: where, by the same; keys without one were
    filled in by the action; config: of the account.
    """
    found = [Parameter("origin", request.origin, "the engine")]
    for row in ROWS:
        value = row.value(request)
        if value not in (None, ""):
            found.append(Parameter(row.name, value, _source(row, value, request, given, sources, config)))
    found.append(Parameter("channels", _channels(request), "the action"))
    return found


def _source(
    row: _Row,
    value: Any,
    request: RecordingRequest,
    given: Mapping[str, Any],
    sources: Mapping[str, str],
    config: AccountConfig,
) -> str:
    key = MONO_RATE if row.name == "record_sample_rate" and not request.stereo else row.key
    otherwise = f"{'.'.join(key)} ({config.resolve(*key).origin})" if key else BUILT_IN
    asked, where = given.get(row.name), sources.get(row.name)
    if row.name == "format" and not asked and request.media_name.lower().endswith(f".{value}"):
        return f"the extension of media_name ({sources.get('media_name', 'the action')})"
    if where is None:
        return otherwise if asked in (None, "") else BUILT_IN
    said = without_credentials(asked) if isinstance(asked, str) else asked
    if str(said).lower() == str(value).lower():
        return where
    if row.name.startswith("silence_") and str(said) + "000" == str(value):
        return f"{where}, {said} taken for seconds"
    return f"{otherwise}; {where} says {said!r}, which is not taken as it is"


def _channels(request: RecordingRequest) -> str:
    if request.stereo:
        return "stereo: the caller left, what the caller hears right"
    return "mono: both" if request.direction == "both" else f"mono: what the caller {request.direction}s"
