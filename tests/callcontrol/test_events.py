"""Every webhook against the model that Telnyx' package has of it: no field missing, none of another type."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import telnyx.types as models
from pydantic import BaseModel

from callcontrol import events
from callcontrol.events import GatherStatus, HangupSource, PlaybackStatus, SpeakStatus, WebhookEvent
from callcontrol.leg import Leg

AT = datetime(2026, 11, 28, 14, 30, 5, 123456, UTC)
LEG = Leg(
    account_id="demo",
    call_control_id="v3:abc",
    leg_id="leg-1",
    session_id="leg-0",
    connection_id="connection-1",
    client_state="aGF2ZSBhIG5pY2UgZGF5ID1d",
    from_="+15550100",
    to="+15550101",
    caller_id_name="Ada",
    is_incoming=True,
    created_at=AT,
    webhook={},
)

HEADERS = {
    "custom_headers": [{"name": "X-Ticket", "value": "7"}],
    "sip_headers": [{"name": "Diversion", "value": "<sip:ada@example.com>"}],
}
QUALITY = {"inbound": {"mos": "4.50", "packet_count": "12"}, "outbound": {"packet_count": "11"}}

TABLE: list[tuple[WebhookEvent, type[BaseModel]]] = [
    (events.initiated(LEG, AT, is_parked=True), models.CallInitiatedWebhookEvent),
    (events.initiated(LEG, AT, is_parked=False), models.CallInitiatedWebhookEvent),
    (events.initiated(LEG, AT, is_parked=True, headers=HEADERS), models.CallInitiatedWebhookEvent),
    (events.answered(LEG, AT), models.CallAnsweredWebhookEvent),
    (events.answered(LEG, AT, HEADERS), models.CallAnsweredWebhookEvent),
    (events.bridged(LEG, AT), models.CallBridgedWebhookEvent),
    (
        events.hangup(LEG, AT, cause="normal_clearing", source=HangupSource.CALLER, sip_cause="200"),
        models.CallHangupWebhookEvent,
    ),
    (
        events.hangup(LEG, AT, cause="timeout", source=HangupSource.CALLER, quality=QUALITY, headers=HEADERS),
        models.CallHangupWebhookEvent,
    ),
    (events.dtmf_received(LEG, AT, "5"), models.CallDtmfReceivedWebhookEvent),
    (
        events.playback_started(LEG, AT, "p1", media_url="http://x/y.mp3", overlay=False),
        models.CallPlaybackStartedWebhookEvent,
    ),
    *(
        (
            events.playback_ended(LEG, AT, "p1", status=status, detail="why", media_name="n", overlay=True),
            models.CallPlaybackEndedWebhookEvent,
        )
        for status in PlaybackStatus
    ),
    (events.speak_started(LEG, AT, "s1"), models.CallSpeakStartedWebhookEvent),
    *(
        (events.speak_ended(LEG, AT, "s1", status), models.CallSpeakEndedWebhookEvent)
        for status in SpeakStatus
    ),
    *(
        (
            events.gather_ended(LEG, AT, "g1", gather_id="mine", digits="12", status=status),
            models.CallGatherEndedWebhookEvent,
        )
        for status in GatherStatus
    ),
    (
        events.recording_saved(
            LEG, AT, "r1", channels="dual", began_at=AT, ended_at=AT, urls={"mp3": "http://x/r.mp3"}
        ),
        models.CallRecordingSavedWebhookEvent,
    ),
    *(
        (events.recording_error(LEG, AT, "r1", reason), models.CallRecordingErrorWebhookEvent)
        for reason in events.RecordingFailure
    ),
    (
        events.transcription_saved(LEG, AT, "r1", transcription_id="t1", text="hello", is_sip=True),
        models.CallRecordingTranscriptionSavedWebhookEvent,
    ),
]

EXTRA = {
    "call.gather.ended": {"gather_id"},
    "call.hangup": {"end_time"},
    "call.recording.saved": {"recording_id", "call_control_id"},
}
"""Fields that Telnyx sends and its package's model has not."""


@pytest.mark.parametrize(("event", "model"), TABLE, ids=lambda one: getattr(one, "type", ""))
def test_the_model_takes_it(event: WebhookEvent, model: type[BaseModel]) -> None:
    """The strict reading of the model finds every field, of its type, and no value outside its words."""
    body = json.loads(json.dumps(event.body("https://client.example/hooks")))
    read = model.model_validate(body, strict=False)
    data = read.data  # type: ignore[attr-defined]
    assert (data.event_type, data.record_type, data.id) == (event.type, "event", event.id)
    assert data.occurred_at == AT
    told = set(body["data"]["payload"])
    known = {field.alias or name for name, field in type(data.payload).model_fields.items()}
    assert told - known == EXTRA.get(event.type, set())
    assert body["meta"] == {"attempt": 1, "delivered_to": "https://client.example/hooks"}


def test_every_event_of_the_issue_is_here() -> None:
    """Those that can be known of a call and its recordings."""
    assert {event.type for event, _ in TABLE} == {
        *("call.initiated", "call.answered", "call.hangup", "call.bridged", "call.dtmf.received"),
        *("call.playback.started", "call.playback.ended", "call.speak.started", "call.speak.ended"),
        *("call.gather.ended", "call.recording.saved", "call.recording.error"),
        "call.recording.transcription.saved",
    }


def test_an_event_has_one_id_whoever_tells_it() -> None:
    """Two processes that hear of the same thing name it alike; other things have other ids."""
    assert events.answered(LEG, AT).id == events.answered(LEG, datetime.now(UTC)).id
    assert len({event.id for event, _ in TABLE}) == len({event.type for event, _ in TABLE})


def test_what_is_not_known_is_left_out() -> None:
    """A leg without state has no client_state in its webhooks."""
    leg = Leg(*(getattr(LEG, name) if name != "client_state" else "" for name in Leg.__slots__))
    assert "client_state" not in events.answered(leg, AT).payload
