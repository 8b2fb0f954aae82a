"""Recordings and transcriptions as Telnyx' clients read them.

Source: RecordingResponseData, RecordingTranscription of Telnyx' Python package.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Protocol

from callcontrol.call_control_id import CallControlId, CallControlIds, is_nameable
from callcontrol.leg import told_time
from callcontrol.recordings_listing import Recorded
from config.gregorian import UNIX_EPOCH_S
from recording.request import AudioFormat
from storage.document import Document
from storage.view import members, text
from storage.views_recordings import (
    callee_of,
    caller_of,
    connection_of,
    duration_ms_of,
    ended_us_of,
    leg_of,
    number,
    session_of,
    started_us_of,
)

FORMATS = (AudioFormat.MP3.value, AudioFormat.WAV.value)

INITIATED_BY = (
    ("call control", "StartCallRecordingAPI"),
    ("swml", "RecordVerb"),
    ("callflow", "RecordVerb"),
)
"""By how the recording's origin begins; whatever else began one is a rule of the account: Trunking."""


class DownloadLinks(Protocol):
    """See recording.link.Links."""

    def url(
        self,
        recording_id: str,
        extension: str,
        lifetime_s: float | None = None,
        *,
        place: str = "",
        asked_by: str = "",
    ) -> str:
        """Return a URL that works until it expires, "" when no page of ours can be reached."""


class RecordingTeller:
    """Tells of recordings. Args: ids: names their legs; links: where they can be had."""

    def __init__(self, ids: CallControlIds, links: DownloadLinks) -> None:
        self._ids = ids
        self._links = links

    def recording(self, one: Recorded, account_id: str, *, asked_by: str, has_media: bool) -> dict[str, Any]:
        """Return a recording as it is told.

        Args: asked_by: id of the key that its links are given to; has_media: whether it can be had.
        """
        document = one.document
        return {
            "record_type": "recording",
            "id": one.recording_id,
            "call_control_id": self._call_control_id(document, account_id),
            "call_leg_id": leg_of(document) or None,
            "call_session_id": session_of(document) or None,
            "channels": "dual" if members(document.get("callflows")).get("channels") == 2 else "single",
            "conference_id": None,
            "connection_id": connection_of(document) or None,
            "created_at": _gregorian(document.get("pvt_created")),
            "updated_at": _gregorian(document.get("pvt_modified") or document.get("pvt_created")),
            "download_urls": self._urls(one, asked_by) if has_media else {},
            "duration_millis": int(duration_ms_of(document)),
            "from": caller_of(document) or None,
            "to": callee_of(document) or None,
            "initiated_by": initiated_by(text(document.get("origin"))),
            "recording_started_at": _epoch_us(started_us_of(document)),
            "recording_ended_at": _epoch_us(ended_us_of(document)),
            "source": "call",
            "status": "completed",
        }

    def _urls(self, one: Recorded, asked_by: str) -> dict[str, str]:
        found = {
            each: self._links.url(one.recording_id, each, place=one.place, asked_by=asked_by)
            for each in FORMATS
        }
        return {each: url for each, url in found.items() if url}

    def _call_control_id(self, document: Document, account_id: str) -> str | None:
        uuid = text(members(document.get("callflows")).get("uuid"))
        named = CallControlId(account_id, text(document.get("pvt_node")), uuid)
        return self._ids.text(named) if is_nameable(named) else None


def transcription(one: Recorded) -> dict[str, Any]:
    """Return a recording's transcription as it is told; its id is the recording's, which has one."""
    document = one.document
    transcript = members(members(document.get("callflows")).get("transcript"))
    return {
        "record_type": "recording_transcription",
        "id": one.recording_id,
        "recording_id": one.recording_id,
        "created_at": _gregorian(document.get("pvt_created")),
        "updated_at": _gregorian(document.get("pvt_modified") or document.get("pvt_created")),
        "duration_millis": int(duration_ms_of(document)),
        "status": "completed",
        "transcription_text": text(transcript.get("text")),
    }


def initiated_by(origin: str) -> str:
    """Return what began a recording, in Telnyx' words."""
    return next((word for start, word in INITIATED_BY if origin.startswith(start)), "Trunking")


def _gregorian(seconds: Any) -> str | None:
    return _epoch_us((number(seconds) - UNIX_EPOCH_S) * 1e6)


def _epoch_us(time_us: float) -> str | None:
    """Return a moment as it is told, None for one that is not known, or beyond any calendar."""
    if time_us <= 0:
        return None
    try:
        return told_time(datetime.fromtimestamp(time_us / 1e6, UTC))
    except (ValueError, OverflowError, OSError):
        return None
