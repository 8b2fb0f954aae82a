"""What the data of record_call and record_caller have in common: fields, repairs, and what is doubtful.

No parameter is worth losing a recording over: what cannot be used is told when the document is validated, and
the recording runs with what Kazoo's code would take instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Any

from marshmallow import fields

from callflows.action import Data, Doubt
from callflows.actions import _fields
from recording.naming import delivered_name
from recording.parameters import DEFAULT_THRESHOLD, FULL_SCALE, RATES_HZ, SHORTEST_SILENCE_MS, silence_ms
from recording.request import AudioFormat
from storage import media_url
from storage.names import document_id_fault

MIN_TIME_LIMIT_S, MAX_TIME_LIMIT_S = 5, 10_800
"""Of the published schema; media.max_recording_time_limit may be lower."""

SILENCES = ("silence_initial_timeout", "silence_final_timeout")

PUBLISHED_SILENCE = {"silence_initial_timeout": 0, "silence_final_timeout": 5, "silence_threshold": 200}
"""The published defaults. A document that has just these says nothing."""


def format_() -> fields.String:
    """The file's format."""
    return _fields.text(
        "The file's format; media.call_recording.extension.",
        one_of=tuple(one.value for one in AudioFormat),
        load_default=None,
    )


def time_limit() -> fields.Integer:
    """The longest the recording may get."""
    return _fields.whole(
        "The longest the recording may get, in s; media.max_recording_time_limit.",
        load_default=None,
        shown=3600,
        told_limits=(MIN_TIME_LIMIT_S, MAX_TIME_LIMIT_S),
    )


def silence(description: str, default: int | None, shown: int | None = None) -> fields.Integer:
    """A silence timeout or the threshold."""
    return _fields.whole(description, load_default=default, shown=shown)


def repaired(data: dict[str, Any], refused: Set[str]) -> dict[str, Any]:
    """Kazoo's code takes what it cannot use for absent."""
    return {key: value for key, value in data.items() if key not in refused}


def doubts(data: Data, own_silence_ms: int | None = None) -> Iterator[Doubt]:
    """Yield what is to be said of the parameters that both actions have.

    Args: own_silence_ms: the action's default for silence timeouts, which nobody has written.
    """
    limit_s, rate_hz, min_s = data["time_limit"], data["record_sample_rate"], data["record_min_sec"]
    if limit_s is not None and not MIN_TIME_LIMIT_S <= limit_s <= MAX_TIME_LIMIT_S:
        text = f"must be from {MIN_TIME_LIMIT_S} to {MAX_TIME_LIMIT_S} s; a longer one is cut to the longest"
        yield Doubt("time_limit", text, is_fault=True)
    if rate_hz is not None and rate_hz not in RATES_HZ:
        text = f"must be one of {', '.join(map(str, sorted(RATES_HZ)))}; the default is taken"
        yield Doubt("record_sample_rate", text, is_fault=True)
    if min_s is not None and min_s < 0:
        yield Doubt("record_min_sec", "must not be negative; the default is taken", is_fault=True)
    if data["url"]:
        url_fault = media_url.fault_of(data["url"])
        if url_fault:
            yield Doubt("url", f"the recording could not be delivered: {url_fault}", is_fault=True)
    yield from _name_doubts(data)
    yield from _silence_doubts(data, own_silence_ms)


def _name_doubts(data: Data) -> Iterator[Doubt]:
    media_id, media_name = data["media_id"], data["media_name"]
    if media_id and (id_fault := document_id_fault(media_id)):
        yield Doubt("media_id", f"{id_fault}; an id is made for it", is_fault=True)
    if any(part in media_name for part in ("/", "\\", "..")):
        name = delivered_name(media_name, "<id>", _format_of(data))
        yield Doubt("media_name", f"is a name, no place: the copy is called {name}")


def _format_of(data: Data) -> AudioFormat:
    extension = data["format"] or data["media_name"].rpartition(".")[2].lower()
    return AudioFormat(extension) if extension in tuple(AudioFormat) else AudioFormat.MP3


def _silence_doubts(data: Data, own_silence_ms: int | None) -> Iterator[Doubt]:
    for key in SILENCES:
        if data[key] is not None and data[key] < 0:
            yield Doubt(key, "must not be negative; the default is taken", is_fault=True)
    threshold = data["silence_threshold"]
    if threshold is not None and not 0 <= threshold <= FULL_SCALE:
        text = f"must be from 0 to {FULL_SCALE}; {DEFAULT_THRESHOLD} is taken"
        yield Doubt("silence_threshold", text, is_fault=True)
    if data["silence_detection"]:
        for key in SILENCES:
            odd = _odd_silence(data[key], data["time_limit"])
            if odd and data[key] != own_silence_ms:
                yield Doubt(key, odd)
        return
    for key, default in PUBLISHED_SILENCE.items():
        if data[key] not in (None, default, own_silence_ms):
            yield Doubt(key, "does nothing without silence_detection")


def _odd_silence(value: int | None, limit_s: int | None) -> str:
    """Return what nobody can have meant of a silence timeout, "" for nothing."""
    if value is None or value <= 0:
        return ""
    if value < SHORTEST_SILENCE_MS:
        return f"nobody can have meant {value} ms: taken for {value} s; write {value * 1000} for those"
    if limit_s and silence_ms(value) >= limit_s * 1000:
        return f"never ends it: the time limit of {limit_s} s comes first"
    return ""
