"""What clients filter recordings and transcriptions by: parameters of the query, and what they come to.

Times are ISO 8601; one without a zone is UTC. A filter that nobody knows is refused: without it a client
would be shown more than it asked for. Recordings of conferences are recordings of legs here, so filters for a
conference find none.
Source: RecordingListParams, RecordingTranscriptionListParams of Telnyx' Python package.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, pre_load, validate

from callcontrol.call_control_id import CallControlIds
from config.gregorian import UNIX_EPOCH_S
from recording.naming import is_recording_id

PAGE_SIZE, MAX_PAGE_SIZE = 20, 250
MAX_PAGE = 100_000
MAX_VALUE = 700
"""Characters of a filter; call control ids are the longest."""


class Moment(fields.String):
    """A moment as ISO 8601 has it, loaded as epoch seconds."""

    def __init__(self, description: str, name: str) -> None:
        super().__init__(
            data_key=name,
            validate=validate.Length(1, 64),
            metadata={"description": description, "format": "date-time"},
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            found = datetime.fromisoformat(text)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError) as exc:
            raise ValidationError("Must be a date and time of ISO 8601.") from exc

    def _validate(self, value: Any) -> None:
        if isinstance(value, str):
            super()._validate(value)


class Filtered(Schema):
    """Which page, of what."""

    class Meta:
        """Clients are newer than we are; but see `_refuse_unknown_filters`."""

        unknown = EXCLUDE

    page_number = fields.Integer(
        data_key="page[number]", load_default=1, validate=validate.Range(1, MAX_PAGE)
    )
    page_size = fields.Integer(
        data_key="page[size]", load_default=PAGE_SIZE, validate=validate.Range(1, MAX_PAGE_SIZE)
    )
    created_from = Moment("Created then or later.", "filter[created_at][gte]")
    created_until = Moment("Created then or earlier.", "filter[created_at][lte]")

    @pre_load
    def _refuse_unknown_filters(self, data: Any, **options: Any) -> Any:
        del options
        known = {one.data_key for one in self.fields.values()}
        unknown = [name for name in data if str(name).startswith("filter") and name not in known]
        if unknown:
            raise ValidationError({str(name): ["Unknown filter."] for name in unknown})
        return data


def _exact(name: str, description: str) -> fields.String:
    return fields.String(
        data_key=f"filter[{name}]",
        validate=validate.Length(1, MAX_VALUE),
        metadata={"description": description},
    )


class RecordingQuery(Filtered):
    """The query of a list of recordings."""

    call_control_id = _exact("call_control_id", "Of this leg.")
    call_leg_id = _exact("call_leg_id", "Of this leg.")
    call_session_id = _exact("call_session_id", "Of this conversation.")
    connection_id = _exact("connection_id", "Of calls of this connection.")
    conference_id = _exact("conference_id", "Of this conference: none are.")
    conference_region = _exact("conference_region", "Of conferences there: none are.")
    sip_call_id = _exact("sip_call_id", "Of the leg with this SIP Call-ID.")
    from_ = _exact("from", "Of calls from this number, as it stands.")
    to = _exact("to", "Of calls to this number, as it stands.")
    started_from = Moment("Begun then or later.", "filter[start_time][gte]")
    started_until = Moment("Begun then or earlier.", "filter[start_time][lte]")
    ended_from = Moment("Ended then or later.", "filter[end_time][gte]")
    ended_until = Moment("Ended then or earlier.", "filter[end_time][lte]")


class TranscriptionQuery(Filtered):
    """The query of a list of transcriptions."""

    recording_id = _exact("recording_id", "Of this recording.")


@dataclass(frozen=True, slots=True)
class Span:
    """From a time to a time, both included."""

    low: float = -math.inf
    high: float = math.inf

    def __contains__(self, time: float) -> bool:
        return self.low <= time <= self.high

    @property
    def is_open(self) -> bool:
        """Whether every time is within."""
        return self == Span()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be listed, in the words of the view (storage.views_recordings).

    Attributes: exact: values by what they are of; created: Gregorian seconds; started, ended: epoch
    microseconds; transcribed: only recordings with a transcript; nothing: no recording can be so.
    """

    exact: Mapping[str, str] = field(default_factory=dict)
    created: Span = Span()
    started: Span = Span()
    ended: Span = Span()
    transcribed: bool = False
    nothing: bool = False


def wanted_recordings(data: Mapping[str, Any], ids: CallControlIds, account_id: str) -> Wanted:
    """Return what a RecordingQuery asks for."""
    exact = {
        what: data[name]
        for what, name in (
            ("leg", "call_leg_id"),
            ("session", "call_session_id"),
            ("sip", "sip_call_id"),
            ("connection", "connection_id"),
            ("to", "to"),
            ("from", "from_"),
        )
        if name in data
    }
    nothing = "conference_id" in data or "conference_region" in data
    if "call_control_id" in data:
        call = ids.read(data["call_control_id"])
        uuid = call.uuid if call is not None and call.account_id == account_id else ""
        nothing = nothing or not uuid or exact.get("leg", uuid) != uuid
        exact["leg"] = uuid
    return Wanted(
        exact,
        _created(data),
        _microseconds(data, "started_from", "started_until"),
        _microseconds(data, "ended_from", "ended_until"),
        nothing=nothing,
    )


def wanted_transcriptions(data: Mapping[str, Any]) -> Wanted:
    """Return what a TranscriptionQuery asks for."""
    if "recording_id" not in data:
        return Wanted(created=_created(data), transcribed=True)
    recording_id = plain_id(data["recording_id"])
    return Wanted({"id": recording_id}, _created(data), transcribed=True, nothing=not recording_id)


def plain_id(text: str) -> str:
    """Return our form of a recording's id, which clients may write as a UUID; "" for what is none."""
    plain = text.replace("-", "").lower()
    return plain if is_recording_id(plain) else ""


def _created(data: Mapping[str, Any]) -> Span:
    """Documents tell whole seconds."""
    low, high = data.get("created_from"), data.get("created_until")
    return Span(
        -math.inf if low is None else math.ceil(low) + UNIX_EPOCH_S,
        math.inf if high is None else math.floor(high) + UNIX_EPOCH_S,
    )


def _microseconds(data: Mapping[str, Any], low: str, high: str) -> Span:
    return Span(
        math.ceil(data[low] * 1e6) if low in data else -math.inf,
        math.floor(data[high] * 1e6) if high in data else math.inf,
    )
