"""Webhooks as values: one function for each event type, and the envelope around it.

An event's id is made of what it is about, not at random: processes that hear of the same thing tell it under
one id, and the outbox takes it once. Source: the webhook models of Telnyx' Python package, against which the
tests hold every one of these.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from callcontrol.leg import Leg, told_time
from callcontrol.webhook_key import meta

_NAMESPACE = uuid.UUID("6f0c4d1e-52a5-5c8f-9a57-5d2d2f6a7b11")
"""Of our own: an event id names nothing outside."""

NO_HEADERS: Mapping[str, Any] = {}
"""Of a leg that had none, or of which they are not known."""


class PlaybackStatus(StrEnum):
    """How a playback ended."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"
    CALL_HANGUP = "call_hangup"
    FILE_NOT_FOUND = "file_not_found"
    FAILED = "failed"
    UNKNOWN = "unknown"


class SpeakStatus(StrEnum):
    """How speech ended; there is no word for one that was stopped, which counts as completed."""

    COMPLETED = "completed"
    CALL_HANGUP = "call_hangup"


class GatherStatus(StrEnum):
    """How a gather ended."""

    VALID = "valid"
    INVALID = "invalid"
    CALL_HANGUP = "call_hangup"
    CANCELLED = "cancelled"
    TIMEOUT = "timeout"


class RecordingFailure(StrEnum):
    """Why there is no recording, in the few words the model has."""

    UNAUTHORIZED = "Failed to authorize with storage using custom credentials"
    BAD_CREDENTIALS = "Invalid credentials json"
    UNSUPPORTED = "Unsupported backend"
    INTERNAL = "Internal server error"


class HangupSource(StrEnum):
    """Who hung up."""

    CALLER = "caller"
    CALLEE = "callee"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """One event.

    Attributes: id: a UUID; type: such as call.answered; payload: without fields that are not known.
    """

    id: str
    type: str
    occurred_at: datetime
    payload: Mapping[str, Any]

    def body(self, url: str) -> dict[str, Any]:
        """Return what is sent. Args: url: where it is meant to go."""
        return {
            "data": {
                "event_type": self.type,
                "id": self.id,
                "occurred_at": told_time(self.occurred_at),
                "payload": dict(self.payload),
                "record_type": "event",
            },
            "meta": meta(url),
        }


def event_of(leg: Leg, kind: str, at: datetime, about: str, **payload: Any) -> WebhookEvent:
    """Return any event of a leg.

    Args: about: what tells it from others of its type on the leg ("" for one that a leg has once): the id of
    a recording, of a command, a time; payload: besides what every payload has; None: not known, left out.
    """
    known = {name: value for name, value in (leg.fields() | payload).items() if value is not None}
    told = f"{leg.account_id}\n{leg.leg_id}\n{kind}\n{about}"
    return WebhookEvent(str(uuid.uuid5(_NAMESPACE, told)), kind, at, known)


def initiated(
    leg: Leg, at: datetime, *, is_parked: bool, headers: Mapping[str, Any] = NO_HEADERS
) -> WebhookEvent:
    """A leg has begun.

    Args: is_parked: it waits for commands; else FreeSWITCH is connecting it; headers: see
    callcontrol.headers_told.
    """
    return event_of(
        leg,
        "call.initiated",
        at,
        "",
        **leg.parties(),
        caller_id_name=leg.caller_id_name or None,
        direction="incoming" if leg.is_incoming else "outgoing",
        start_time=told_time(leg.created_at),
        state="parked" if is_parked else "bridging",
        **headers,
    )


def answered(leg: Leg, at: datetime, headers: Mapping[str, Any] = NO_HEADERS) -> WebhookEvent:
    """A leg was answered. Args: headers: see callcontrol.headers_told."""
    return event_of(
        leg,
        "call.answered",
        at,
        "",
        **leg.parties(),
        start_time=told_time(leg.created_at),
        state="answered",
        **headers,
    )


def bridged(leg: Leg, at: datetime) -> WebhookEvent:
    """A leg was connected to another; that may happen again."""
    return event_of(leg, "call.bridged", at, told_time(at), **leg.parties())


def hangup(
    leg: Leg,
    at: datetime,
    *,
    cause: str,
    source: HangupSource,
    sip_cause: str = "",
    quality: Mapping[str, Any] | None = None,
    headers: Mapping[str, Any] = NO_HEADERS,
) -> WebhookEvent:
    """A leg is over.

    Args: cause: one of hangup_cause's words; sip_cause: the SIP response, "" for none; quality: see
    callcontrol.call_quality; headers: see callcontrol.headers_told.
    """
    return event_of(
        leg,
        "call.hangup",
        at,
        "",
        **leg.parties(),
        hangup_cause=cause,
        hangup_source=source.value,
        sip_hangup_cause=sip_cause or "unspecified",
        start_time=told_time(leg.created_at),
        end_time=told_time(at),
        state="hangup",
        call_quality_stats=quality,
        **headers,
    )


def dtmf_received(leg: Leg, at: datetime, digit: str, number: str = "") -> WebhookEvent:
    """A digit was pressed.

    Args: number: of FreeSWITCH's event, which tells it from another of the same moment: its clock is a
    millisecond wide.
    """
    about = f"{told_time(at)} {number}"
    return event_of(leg, "call.dtmf.received", at, about, **leg.parties(), digit=digit)


def playback_started(
    leg: Leg, at: datetime, playback_id: str, *, media_url: str = "", media_name: str = "", overlay: bool
) -> WebhookEvent:
    """A sound has begun. Args: playback_id: of this playback, unique on the leg."""
    return event_of(
        leg,
        "call.playback.started",
        at,
        playback_id,
        media_url=media_url or None,
        media_name=media_name or None,
        overlay=overlay,
    )


def playback_ended(
    leg: Leg,
    at: datetime,
    playback_id: str,
    *,
    status: PlaybackStatus,
    detail: str = "",
    media_url: str = "",
    media_name: str = "",
    overlay: bool,
) -> WebhookEvent:
    """A sound is over. Args: as of playback_started; detail: why, for people."""
    return event_of(
        leg,
        "call.playback.ended",
        at,
        playback_id,
        media_url=media_url or None,
        media_name=media_name or None,
        overlay=overlay,
        status=status.value,
        status_detail=detail or None,
    )


def speak_started(leg: Leg, at: datetime, speak_id: str) -> WebhookEvent:
    """Speech has begun. Args: speak_id: unique on the leg."""
    return event_of(leg, "call.speak.started", at, speak_id)


def speak_ended(leg: Leg, at: datetime, speak_id: str, status: SpeakStatus) -> WebhookEvent:
    """Speech is over."""
    return event_of(leg, "call.speak.ended", at, speak_id, status=status.value)


def gather_ended(
    leg: Leg, at: datetime, about: str, *, gather_id: str, digits: str, status: GatherStatus
) -> WebhookEvent:
    """Digits were gathered, or not.

    Args: about: unique on the leg; gather_id: as the client calls it, no field of the model but promised by
    the command's own page.
    """
    return event_of(
        leg,
        "call.gather.ended",
        at,
        about,
        **leg.parties(),
        gather_id=gather_id,
        digits=digits,
        status=status.value,
    )


def recording_saved(
    leg: Leg,
    at: datetime,
    recording_id: str,
    *,
    channels: str,
    began_at: datetime,
    ended_at: datetime,
    urls: Mapping[str, str],
) -> WebhookEvent:
    """A recording can be fetched. Args: channels: single or dual; urls: by format, signed and expiring."""
    return event_of(
        leg,
        "call.recording.saved",
        at,
        recording_id,
        channels=channels,
        recording_id=recording_id,
        recording_started_at=told_time(began_at),
        recording_ended_at=told_time(ended_at),
        recording_urls=dict(urls),
        public_recording_urls={},
    )


def recording_error(leg: Leg, at: datetime, recording_id: str, reason: RecordingFailure) -> WebhookEvent:
    """There is no recording although one was asked for."""
    return event_of(leg, "call.recording.error", at, recording_id, reason=reason.value)


def transcription_saved(
    leg: Leg, at: datetime, recording_id: str, *, transcription_id: str, text: str, is_sip: bool
) -> WebhookEvent:
    """A recording was transcribed. Args: is_sip: the caller is a SIP address, not a number."""
    return event_of(
        leg,
        "call.recording.transcription.saved",
        at,
        transcription_id,
        calling_party_type="sip" if is_sip else "pstn",
        recording_id=recording_id,
        recording_transcription_id=transcription_id,
        status="completed",
        transcription_text=text,
    )
