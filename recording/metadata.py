"""The document of a recording: Kazoo's fields, so that an existing cluster's tools find it, and ours.

What Kazoo has no field for (why it ended, what the file is worth) stands in one object of its own,
`callflows`, which Kazoo's tools pass over.

Source: Kazoo media_recording (store_recording_meta), kz_doc (private fields); reference section 3.4. The dot
that its master puts before media_type is left away, as in its releases.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from config.gregorian import to_gregorian_s
from config.redaction import without_credentials
from recording.naming import CONTENT_TYPES
from recording.outcome import RecordingOutcome
from recording.storage_decision import has_account
from recording.ticket import Ticket
from recording.timeline import Stretch, What, stretches
from storage import names

SOURCE_TYPE = "media_recording"
"""What Kazoo 4's recorder calls itself; its views and tools do not look at it, people do."""

NO_ORIGIN = "no origin"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the document tells besides ticket and outcome.

    Attributes: media_name: of the delivered copy; ended_at_s: epoch seconds; custom: custom channel variables
    (`ecallmgr_` taken off); node: this engine's name; now_s: when the document is made, epoch seconds.
    """

    media_name: str
    ended_at_s: float
    custom: Mapping[str, str]
    node: str
    now_s: float


def document(ticket: Ticket, outcome: RecordingOutcome, around: Circumstances) -> dict[str, Any]:
    """Return the document, without `_rev`; fields that have no value are left out, as Kazoo does."""
    fields = {
        "_id": ticket.document_id,
        **_media(ticket, outcome, around),
        **_call(ticket, around),
        **_private(ticket, around),
        "callflows": _ours(ticket, outcome),
    }
    return {name: value for name, value in fields.items() if value not in ("", None)}


def _media(ticket: Ticket, outcome: RecordingOutcome, around: Circumstances) -> dict[str, Any]:
    audio_format = ticket.request.format
    started_s = outcome.started_at_us / 1e6 or around.ended_at_s - outcome.duration_ms / 1000
    return {
        "name": around.media_name,
        "description": f"recording {around.media_name}",
        "content_type": CONTENT_TYPES[audio_format],
        "media_type": audio_format.value,
        "media_source": "recorded",
        "source_type": SOURCE_TYPE,
        "start": to_gregorian_s(started_s),
        "duration": outcome.duration_ms // 1000,
        "duration_ms": outcome.duration_ms,
        "origin": ticket.request.origin or NO_ORIGIN,
        "url": without_credentials(ticket.request.url),
    }


def _call(ticket: Ticket, around: Circumstances) -> dict[str, Any]:
    party = ticket.party
    custom = around.custom
    return {
        "from": party.from_,
        "to": party.to,
        "request": party.request,
        "direction": party.direction,
        "caller_id_name": party.caller_id_name,
        "caller_id_number": party.caller_id_number,
        "callee_id_name": party.callee_id_name,
        "callee_id_number": party.callee_id_number,
        "call_id": ticket.call_id,
        "cdr_id": f"{names.month(datetime.fromtimestamp(around.ended_at_s, UTC))}-{ticket.call_id}",
        "interaction_id": custom.get("Call-Interaction-ID") or party.interaction_id,
        "endpoint_id": party.endpoint_id,
        "owner_id": custom.get("Owner-ID") or party.owner_id,
        "custom_channel_vars": dict(custom),
    }


def _private(ticket: Ticket, around: Circumstances) -> dict[str, Any]:
    now = to_gregorian_s(around.now_s)
    document_id = ticket.name.document_id
    known = has_account(ticket)
    return {
        "pvt_type": "call_recording",
        "pvt_account_id": ticket.account_id,
        "pvt_account_db": names.encode(names.database_of_document(ticket.account_id, document_id))
        if known
        else "",
        "pvt_created": now,
        "pvt_modified": now,
        "pvt_vsn": "1",
        "pvt_node": around.node,
    }


def _ours(ticket: Ticket, outcome: RecordingOutcome) -> dict[str, Any]:
    return {
        "recording_id": outcome.recording_id,
        "uuid": ticket.uuid,
        "sip_call_id": ticket.party.sip_call_id,
        "tags": dict(ticket.request.tags),
        "ended_by": outcome.ended_by.value,
        "verdict": outcome.verdict.value,
        "reasons": list(outcome.reasons),
        "raw_cause": outcome.raw_cause,
        "sha256": outcome.sha256,
        "size_bytes": outcome.size_bytes,
        "channels": outcome.channels,
        "sample_rate_hz": outcome.sample_rate_hz,
        "started_at_us": outcome.started_at_us,
        "requested_at_us": ticket.requested_at_us,
        "label": ticket.request.label,
        "direction": ticket.request.direction.value,
        "timeline": [mark.data() for mark in outcome.timeline],
        "masked": [
            {
                "from_ms": (one.from_us - outcome.started_at_us) // 1000,
                "to_ms": (one.to_us - outcome.started_at_us) // 1000,
                "why": one.why,
            }
            for one in _masked(outcome)
        ],
        "peaks": [list(side) for side in outcome.peaks],
        "transcript": asdict(outcome.transcript) if outcome.transcript else None,
    }


def _masked(outcome: RecordingOutcome) -> tuple[Stretch, ...]:
    """Return from when to when silence was written, by the clock (a pause before it is counted)."""
    marks = outcome.timeline
    until_us = marks[-1].at_us if marks else 0
    return stretches(marks, What.MASKED, What.UNMASKED, outcome.started_at_us, until_us)
