"""What is told of a recording that record_start began: to whom, with which times and whose numbers."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

import pytest

from callcontrol.channel import packed
from callcontrol.field import MAX_CLIENT_STATE, MAX_URL
from storage.notice import Notice
from tests.callcontrol.place import Place
from tests.callcontrol.test_recording import CONNECTION, answered, body_of, started
from tests.waiting import eventually

LONGEST_STATE = base64.b64encode(b"x" * (MAX_CLIENT_STATE // 4 * 3)).decode()
LONGEST_URL = "https://crm.example/".ljust(MAX_URL, "x")


def recorded(place: Place, variables: dict[str, str], **given: Any) -> Notice:
    """The webhook of a recording's end, of a leg with such variables."""
    place.write(CONNECTION)
    client = place.client()
    call, call_control_id = answered(place, client)
    for name, value in variables.items():
        call.session.channel.set(name, value)
    client.calls.actions.start_recording(call_control_id, format="wav", channels="single", **given)
    started(call)
    client.calls.actions.stop_recording(call_control_id)
    return webhook(place)


def webhook(place: Place) -> Notice:
    """The webhook of the only recording."""
    box = place.house.outbox.notices
    saved = "call.recording.saved"
    rows = eventually(lambda: [one for one in box.list() if one.kind == saved], what="the webhook")
    return box.show(rows[0].id)


def test_the_longest_state_and_address_travel_with_it(place: Place) -> None:
    """Each within its own limit, both together still reach whoever is told."""
    notice = recorded(
        place, {"callcontrol_webhook": packed({"url": LONGEST_URL})}, client_state=LONGEST_STATE
    )
    assert notice.url == LONGEST_URL
    assert body_of(notice)["data"]["payload"]["client_state"] == LONGEST_STATE


@pytest.mark.parametrize(
    ("kind", "place_told"), [("call.recording.saved", "special"), ("call.hangup", "call")]
)
def test_it_goes_where_the_call_wants_its_kind(place: Place, kind: str, place_told: str) -> None:
    """An address for recordings alone counts; one for something else does not."""
    urls = {kind: ["https://crm.example/special"], "call.answered": ["https://crm.example/answers"]}
    said = {"url": "https://crm.example/call", "urls": urls}
    notice = recorded(place, {"callcontrol_webhook": packed(said)})
    assert notice.url == f"https://crm.example/{place_told}"


def test_its_numbers_are_those_of_the_call(place: Place) -> None:
    """FreeSWITCH turns round who calls whom on a leg that it dialled and parked; a client does not."""
    recorded(place, {"callcontrol_from": "+15550100", "callcontrol_to": "+15550199"})
    metadata = place.house.stored(next(iter(place.house.outbox.list())).recording_id).metadata
    assert (metadata["caller_id_number"], metadata["callee_id_number"]) == ("+15550100", "+15550199")


def test_a_pause_is_part_of_its_time(place: Place) -> None:
    """It began when FreeSWITCH began to write, however little of it is in the file."""
    place.write(CONNECTION)
    client = place.client()
    call, call_control_id = answered(place, client)
    client.calls.actions.start_recording(call_control_id, format="wav", channels="single")
    started(call)
    client.calls.actions.pause_recording(call_control_id)
    live = place.api.recorder
    (recording,) = live._roster
    eventually(lambda: recording.is_paused, what="the pause")
    before = call.session.clock.now()
    eventually(lambda: call.session.clock.now() > before + 0.5, what="some time")
    client.calls.actions.stop_recording(call_control_id)
    payload = body_of(webhook(place))["data"]["payload"]
    began, over = (datetime.fromisoformat(payload[f"recording_{one}_at"]) for one in ("started", "ended"))
    assert abs(began.timestamp() * 1e6 - recording.started_at_us) < 2
    stored = place.house.stored(next(iter(place.house.outbox.list())).recording_id)
    assert (over - began).total_seconds() > stored.metadata["duration_ms"] / 1000 + 0.4
