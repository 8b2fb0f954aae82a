"""Webhooks of recordings: saved, or not; whichever process finishes the recording tells.

What the webhook must say of the call travels with the recording, since the call may be over by then, and the
process that was asked for it dead.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from callcontrol import events
from callcontrol.events import RecordingFailure
from callcontrol.facilities import RecordingLinks
from callcontrol.leg import Leg
from callcontrol.recordings_object import FORMATS
from callcontrol.webhooks import Webhooks
from recording.request import Observer
from recording.status import RecordingStatus, StatusState
from recording.ticket import Ticket
from storage import names
from storage.errors import BadName

KIND = "call_control"
"""Of our observers, as recording.recorder.Recorder knows their sink."""

_CHUNK = 2_000
"""Characters of one text that an observer carries (recording.ticket)."""


def observer_of(leg: Leg) -> Observer:
    """Return what has webhooks sent of a recording of this leg."""
    told = {
        "call_control_id": leg.call_control_id,
        "leg_id": leg.leg_id,
        "session_id": leg.session_id,
        "connection_id": leg.connection_id,
        "client_state": leg.client_state[:_CHUNK],
        "client_state_2": leg.client_state[_CHUNK:],
        "url": str(leg.webhook.get("url") or ""),
    }
    return Observer(KIND, {name: value for name, value in told.items() if value})


class RecordingWebhooks:
    """Satisfies recording.status.StatusSink."""

    def __init__(self, webhooks: Webhooks, links: RecordingLinks) -> None:
        self._webhooks = webhooks
        self._links = links

    def tell(self, status: RecordingStatus) -> None:
        """See StatusSink: the ends are told, and nothing else, since there are no other webhooks."""
        outcome = status.outcome
        if outcome is None:
            return
        leg = _leg_of(status)
        recording_id = status.ticket.name.recording_id
        ended_at = datetime.fromtimestamp(status.at_us / 1e6, UTC)
        if status.state is StatusState.ERROR:
            event = events.recording_error(leg, ended_at, recording_id, RecordingFailure.INTERNAL)
            self._webhooks.send_for_certain(leg, event)
            return
        event = events.recording_saved(
            leg,
            ended_at,
            recording_id,
            channels="dual" if outcome.channels == 2 else "single",
            began_at=ended_at - timedelta(milliseconds=outcome.duration_ms),
            ended_at=ended_at,
            urls=self._urls(status.ticket),
        )
        self._webhooks.send_for_certain(leg, event)
        transcript = outcome.transcript
        if transcript is not None and not transcript.failed:
            event = events.transcription_saved(
                leg,
                ended_at,
                recording_id,
                transcription_id=recording_id,
                text=transcript.text,
                is_sip=not leg.from_.lstrip("+").isdigit(),
            )
            self._webhooks.send_for_certain(leg, event)

    def _urls(self, ticket: Ticket) -> dict[str, str]:
        """Return where a recording can be had, in each format that Telnyx' clients know."""
        recording_id = ticket.name.recording_id
        found = {one: self._links.url(recording_id, one, place=_place_of(ticket)) for one in FORMATS}
        return {one: url for one, url in found.items() if url}


def _place_of(ticket: Ticket) -> str:
    """Return where its document is, if the store gets one; "" for an account without a database."""
    try:
        return f"{names.database_of_document(ticket.account_id, ticket.document_id)}/{ticket.document_id}"
    except BadName:
        return ""


def _leg_of(status: RecordingStatus) -> Leg:
    """Return the leg that a recording was of."""
    told: Mapping[str, str] = status.observer.data
    party = status.ticket.party
    return Leg(
        account_id=status.ticket.account_id,
        call_control_id=told.get("call_control_id", ""),
        leg_id=told.get("leg_id", status.ticket.uuid),
        session_id=told.get("session_id", status.ticket.uuid),
        connection_id=told.get("connection_id", ""),
        client_state=told.get("client_state", "") + told.get("client_state_2", ""),
        from_=party.caller_id_number,
        to=party.callee_id_number,
        caller_id_name=party.caller_id_name,
        is_incoming=party.direction == "inbound",
        created_at=datetime.fromtimestamp(status.ticket.requested_at_us / 1e6, UTC),
        webhook={"url": told["url"]} if "url" in told else {},
    )
