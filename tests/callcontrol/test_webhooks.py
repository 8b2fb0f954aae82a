"""Webhooks on their way to the outbox: where to, in which stream, under which id."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

from callcontrol import events
from callcontrol.channel import channel_of, packed
from callcontrol.leg import Leg, leg_of
from callcontrol.snapshot import Snapshot
from callcontrol.webhook_key import SIGNER
from esl.event import Event
from tests.callcontrol.place import NODE, Place
from tests.recording.samples import ACCOUNT_ID

CONNECTION = {
    "_id": "crm",
    "pvt_type": "connection",
    "webhook_event_url": "https://crm.example/hooks",
    "webhook_event_failover_url": "https://crm.example/failover",
}
NOW = datetime.now(UTC)


def leg_in(place: Place, **variables: str) -> Leg:
    """A live leg as it would be with these channel variables; without them nobody else tells of it."""
    call = place.call()
    facilities = place.api.control.facilities
    text = channel_of(facilities.switches, NODE, call.uuid).api("uuid_dump")
    text += "".join(f"\nvariable_{name}: {quote(value)}" for name, value in variables.items())
    leg = leg_of(Snapshot(Event(text.encode())), facilities.ids, NODE)
    assert leg is not None
    return leg


def test_a_webhook_goes_where_its_connection_says(place: Place) -> None:
    """With the failover address, signed, in the stream of its conversation."""
    place.write(CONNECTION)
    leg = leg_in(place, callcontrol_connection_id="crm", callcontrol_client_state="eA==")
    webhooks = place.api.control.facilities.webhooks
    assert webhooks.send(leg, events.answered(leg, NOW))
    (notice,) = place.notices(1)
    assert (notice.url, notice.failover_url) == ("https://crm.example/hooks", "https://crm.example/failover")
    assert (notice.stream, notice.account_id) == (f"call:{leg.session_id}", ACCOUNT_ID)
    assert (notice.kind, notice.signer) == ("call.answered", SIGNER)
    assert dict(notice.body or {})["data"]["payload"]["client_state"] == "eA=="


def test_an_event_is_sent_once(place: Place) -> None:
    """However many processes tell it."""
    place.write(CONNECTION)
    leg = leg_in(place, callcontrol_connection_id="crm")
    first, second = place.api, place.process(own=True)
    for process in (first, second):
        process.control.facilities.webhooks.send_for_certain(leg, events.answered(leg, NOW))
    first.control.facilities.webhooks.send_for_certain(leg, events.bridged(leg, NOW))
    assert [one.kind for one in place.notices(2)] == ["call.answered", "call.bridged"]


def test_a_call_may_have_an_address_of_its_own(place: Place) -> None:
    """Set by a command, it counts more than the connection's."""
    place.write(CONNECTION)
    urls = {"call.bridged": ["https://one.example/", "https://two.example/"]}
    own = packed({"url": "https://own.example/hooks?a=1;b", "urls": urls})
    leg = leg_in(place, callcontrol_connection_id="crm", callcontrol_webhook=own)
    webhooks = place.api.control.facilities.webhooks
    webhooks.send_for_certain(leg, events.answered(leg, NOW))
    webhooks.send_for_certain(leg, events.bridged(leg, NOW))
    told = [(one.kind, one.url.partition("?")[0]) for one in place.notices(3)]
    assert told == [
        ("call.answered", "https://own.example/hooks"),
        ("call.bridged", "https://one.example/"),
        ("call.bridged", "https://two.example/"),
    ]


def test_nobody_is_told_of_a_call_without_connection(place: Place) -> None:
    """Nor of one whose connection is gone, or not active."""
    place.write(CONNECTION | {"_id": "off", "active": False})
    webhooks = place.api.control.facilities.webhooks
    leg = leg_in(place)
    for name in ("", "gone", "off"):
        told = replace(leg, connection_id=name)
        assert not webhooks.send(told, events.answered(told, NOW))
    assert place.house.outbox.notices.list() == []
