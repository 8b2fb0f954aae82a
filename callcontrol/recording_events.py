"""Webhooks of recordings: saved, or not; whichever process finishes the recording tells.

What the webhook must say of the call travels with the recording, since the call may be over by then, and the
process that was asked for it dead.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from callcontrol import events
from callcontrol.events import RecordingFailure
from callcontrol.facilities import RecordingLinks
from callcontrol.leg import Leg
from callcontrol.recordings_object import FORMATS
from callcontrol.webhooks import Webhooks
from recording.outcome import RecordingOutcome
from recording.request import Observer
from recording.status import RecordingStatus, StatusState
from recording.ticket import Ticket
from storage import names
from storage.errors import BadName

KIND = "call_control"
"""Of our observers, as recording.recorder.Recorder knows their sink."""

_CHUNK = 2_000
"""Characters of one text that an observer carries (recording.ticket)."""

_TOLD = "call.recording."
"""How the types of webhooks about recordings begin."""


def observer_of(leg: Leg) -> Observer:
    """Return what has webhooks sent of a recording of this leg."""
    told = {
        "call_control_id": leg.call_control_id,
        "leg_id": leg.leg_id,
        "session_id": leg.session_id,
        "connection_id": leg.connection_id,
        **_in_pieces("client_state", leg.client_state),
        **_in_pieces("webhook", _webhook_text(leg.webhook)),
    }
    return Observer(KIND, {name: value for name, value in told.items() if value})


def _webhook_text(webhook: Mapping[str, Any]) -> str:
    """Return as JSON where webhooks of recordings go, "" where the connection says it."""
    urls = webhook.get("urls")
    ours = (
        {kind: found for kind, found in urls.items() if kind.startswith(_TOLD)}
        if isinstance(urls, dict)
        else {}
    )
    said = {name: value for name, value in (("url", webhook.get("url")), ("urls", ours)) if value}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")) if said else ""


def _webhook_of(told: Mapping[str, str]) -> Mapping[str, Any]:
    """Return what `_webhook_text` said, and what a recording begun by an earlier release says."""
    text = _whole("webhook", told)
    try:
        said = json.loads(text) if text else {"url": told["url"]} if "url" in told else {}
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _in_pieces(name: str, text: str) -> dict[str, str]:
    """Return a text as an observer carries it: `name`, `name_2`, `name_3`."""
    return {
        f"{name}_{at // _CHUNK + 1}" if at else name: text[at : at + _CHUNK]
        for at in range(0, len(text), _CHUNK)
    }


def _whole(name: str, told: Mapping[str, str]) -> str:
    """Return what `_in_pieces` took apart."""
    found, number = told.get(name, ""), 2
    while piece := told.get(f"{name}_{number}"):
        found, number = found + piece, number + 1
    return found


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
            began_at=_began_at(outcome, ended_at),
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


def _began_at(outcome: RecordingOutcome, ended_at: datetime) -> datetime:
    """Return when it began: what was left out of it (pauses, silence) is part of its time."""
    if outcome.started_at_us:
        return datetime.fromtimestamp(outcome.started_at_us / 1e6, UTC)
    return ended_at - timedelta(milliseconds=outcome.duration_ms)


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
        client_state=_whole("client_state", told),
        from_=party.caller_id_number,
        to=party.callee_id_number,
        caller_id_name=party.caller_id_name,
        is_incoming=party.direction == "inbound",
        created_at=datetime.fromtimestamp(status.ticket.requested_at_us / 1e6, UTC),
        webhook=_webhook_of(told),
    )
