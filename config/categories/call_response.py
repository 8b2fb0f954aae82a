"""system_config/call_response: what a caller gets when a call fails. Source: Kazoo kz_call_response.

One key per hangup cause, each an object that is taken as a whole. Kazoo's documents spell its names with
capitals (`Code`); older ones without.
"""

from __future__ import annotations

from typing import Any

from marshmallow import EXCLUDE, Schema, post_dump, pre_load, validate

from config.category import Category
from config.fields import TextField, WholeField, record

_BUSY = "tone_stream://%(500,500,480,620);loops=25"
_REORDER = "tone_stream://%(250,250,480,620);loops=25"
_AS_DIALLED = "fault-can_not_be_completed_as_dialed"
_THIS_TIME = "fault-can_not_be_completed_at_this_time"
_TROUBLE = "fault-facility_trouble"

RESPONSES: dict[str, tuple[int | None, str, str]] = {
    "UNALLOCATED_NUMBER": (404, "No route to destination", _AS_DIALLED),
    "NO_ROUTE_TRANSIT_NET": (404, "Invalid number", ""),
    "NO_ROUTE_DESTINATION": (404, "No route to destination", _AS_DIALLED),
    "NORMAL_CLEARING": (None, "", _BUSY),
    "USER_BUSY": (486, "Number busy", _BUSY),
    "NO_USER_RESPONSE": (408, "No response", _REORDER),
    "NO_ANSWER": (480, "No answer", ""),
    "SUBSCRIBER_ABSENT": (480, "Subscriber absent", ""),
    "CALL_REJECTED": (603, "Call Rejected", _REORDER),
    "NUMBER_CHANGED": (410, "Number changed", ""),
    "REDIRECTION_TO_NEW_DESTINATION": (410, "Redirection to new destination", ""),
    "EXCHANGE_ROUTING_ERROR": (483, "Exchange routing error", _TROUBLE),
    "DESTINATION_OUT_OF_ORDER": (502, "Destination out of order", _AS_DIALLED),
    "INVALID_NUMBER_FORMAT": (484, "Invalid number format", _AS_DIALLED),
    "FACILITY_REJECTED": (510, "Facility rejected", ""),
    "NORMAL_UNSPECIFIED": (480, "Normal unspecified", ""),
    "NORMAL_CIRCUIT_CONGESTION": (503, "Normal circuit congestion", ""),
    "NETWORK_OUT_OF_ORDER": (503, "Network out of order", ""),
    "NORMAL_TEMPORARY_FAILURE": (503, "Normal temporary failure", _THIS_TIME),
    "SWITCH_CONGESTION": (503, "Switch congestion", ""),
    "REQUESTED_CHAN_UNAVAIL": (503, "Requested channel unavailable", ""),
    "OUTGOING_CALL_BARRED": (403, "Outgoing call barred", ""),
    "INCOMING_CALL_BARRED": (403, "Incoming call barred", ""),
    "BEARERCAPABILITY_NOTAUTH": (403, "Bearer capability not authorized", ""),
    "BEARERCAPABILITY_NOTAVAIL": (403, "Bearer capability not presently available", ""),
    "BEARERCAPABILITY_NOTIMPL": (488, "Bearer capability not implemented", ""),
    "UNKNOWN": (500, "Unknown error happened", ""),
    "FACILITY_NOT_IMPLEMENTED": (501, "Facility not implemented", ""),
    "SERVICE_NOT_IMPLEMENTED": (501, "Service not implemented", _TROUBLE),
    "INCOMPATIBLE_DESTINATION": (488, "Incompatible destination", _TROUBLE),
    "MANDATORY_IE_MISSING": (400, "Mandatory information missing", _TROUBLE),
    "RECOVERY_ON_TIMER_EXPIRE": (504, "Recovery on timer expire", _REORDER),
    "MANDATORY_IE_LENGTH_ERROR": (400, "Mandatory information missing", _TROUBLE),
    "ORIGINATOR_CANCEL": (487, "Originator cancel", ""),
    "MEDIA_TIMEOUT": (504, "Media timeout", _REORDER),
    "PROGRESS_TIMEOUT": (486, "Progress timeout", _THIS_TIME),
}
"""Cause: SIP code, message, media. Causes that are not here get no response of their own."""


class Response(Schema):
    """What the caller gets: `code` (None: none), `message` and `media` ("": none)."""

    class Meta:
        """Older documents hold more."""

        unknown = EXCLUDE

    code = WholeField(
        data_key="Code",
        load_default=None,
        validate=validate.Range(300, 699, error="is no SIP status from 300 to 699"),
    )
    message = TextField(data_key="Message", load_default="")
    media = TextField(data_key="Media", load_default="")

    @pre_load
    def spell(self, data: Any, **_: Any) -> Any:
        """Spell the names as Kazoo does today; the empty text stands for nothing."""
        if not isinstance(data, dict):
            return data
        return {str(name).capitalize(): value for name, value in data.items() if value not in (None, "")}

    @post_dump
    def leave_out_nothing(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Store only what there is, as Kazoo does."""
        return {name: value for name, value in data.items() if value not in (None, "")}


def _key(cause: str) -> Any:
    if cause not in RESPONSES:
        return record(None, "Any other hangup cause, which gets no response unless one is set.", Response)
    code, message, media = RESPONSES[cause]
    default = {"code": code, "message": message, "media": media}
    return record(default, f"When a call fails with {cause}.", Response)


CallResponse = Schema.from_dict({cause: _key(cause) for cause in (*RESPONSES, "*")}, name="CallResponse")

CATEGORY = Category("call_response", CallResponse, "What a caller gets when a call fails, by hangup cause.")
