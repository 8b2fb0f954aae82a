"""Calls under control, whom they can call, and what clients are told of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from telnyx import types as models

from calls.call import Call
from calls.dial_rules import CATEGORY, DialRules
from service.health import State
from simulator.script import read_script
from simulator.simcall import SimCall
from tests.callcontrol.place import ApiProcess, Place
from tests.waiting import eventually

CONNECTION_ID = "connection-1"
URL = "https://client.example.com/hook"
BOB = "sip:bob@example.com"
CAROL = "sip:carol@example.com"
NOBODY = "sip:nobody@example.com"
BUSY = "sip:busy@example.com"
DEAF = "sip:deaf@example.com"
FROM = "+15550100"

PARTIES: Mapping[str, Any] = {
    f"sofia/external/{BOB}": {"answer_after": 0.05, "ring_after": 0.0},
    f"sofia/external/{CAROL}": {"answer_after": 0.4, "ring_after": 0.0},
    f"sofia/external/{BUSY}": {"refuse": "USER_BUSY", "ring_after": 0.0},
    f"sofia/external/{DEAF}": {"never_answers": True, "ring_after": 0.0},
    "sofia/gateway/carrier/*": {"answer_after": 0.05, "ring_after": 0.0},
}
CALLER: Mapping[str, Any] = {"from": {"number": "+15550199", "name": "Ada"}, "to": "+15550111"}

MODELS: Mapping[str, Any] = {
    "call.initiated": models.CallInitiatedWebhookEvent,
    "call.answered": models.CallAnsweredWebhookEvent,
    "call.bridged": models.CallBridgedWebhookEvent,
    "call.hangup": models.CallHangupWebhookEvent,
    "call.dtmf.received": models.CallDtmfReceivedWebhookEvent,
    "call.recording.saved": models.CallRecordingSavedWebhookEvent,
}


def prepare(place: Place, **connection: Any) -> None:
    """A connection, the rules of dialling, and parties that can be called."""
    place.write(
        {
            "_id": CONNECTION_ID,
            "pvt_type": "connection",
            "webhook_event_url": URL,
            "numbers": ["+15550111"],
            "caller_id_number": "+15550122",
            **connection,
        }
    )
    rules = DialRules(gateway="carrier", phone="sofia/gateway/{gateway}/{number}", profile="external")
    rules = rules_with(rules, sip="sofia/{profile}/{uri}")
    for field in fields(DialRules):
        place.house.config.table[CATEGORY, field.name] = getattr(rules, field.name)
    place.house.switch.core.script = read_script({"parties": PARTIES})


def wait_hearing(process: ApiProcess) -> ApiProcess:
    """Wait until a process hears of calls; return it."""
    watch = process.control.watch
    assert watch is not None
    eventually(lambda: watch.condition().state is State.OK, what="the link")
    return process


def rules_with(rules: DialRules, **changes: Any) -> DialRules:
    """The same rules with some others."""
    return DialRules(**{field.name: getattr(rules, field.name) for field in fields(DialRules)} | changes)


def controlled(
    place: Place,
    steps: list[dict[str, Any]] | None = None,
    *,
    then: Callable[[Call], None] = lambda _: None,
    **data: Any,
) -> SimCall:
    """A call that a callflow has brought under control. Args: then: what the callflow does afterwards."""
    control = wait_hearing(place.api).control

    def flow(call: Call) -> None:
        control.program.run(call, {"connection_id": CONNECTION_ID, **data})
        then(call)

    script = {**CALLER, "steps": steps or [], "parties": PARTIES}
    live = place.house.dial(flow, read_script(script))
    eventually(lambda: told(place, live.uuid), what="call.initiated")
    return live


def told(place: Place, leg_id: str = "", *kinds: str) -> list[Any]:
    """What was told so far of a leg, in order, each read by the model that Telnyx' client has of it."""
    box = place.house.outbox.notices
    found = []
    for row in reversed(list(box.list(limit=1000))):
        body = box.show(row.id).body
        data = body["data"]
        if leg_id in ("", data["payload"]["call_leg_id"]) and (not kinds or data["event_type"] in kinds):
            found.append(MODELS[data["event_type"]].model_validate(body).data)
    return found


def kinds_of(events: list[Any]) -> list[str]:
    """The types of events."""
    return [event.event_type for event in events]


def wait_told(place: Place, leg_id: str, kind: str) -> Any:
    """Wait for a webhook of a leg; return it."""
    return eventually(lambda: next(iter(told(place, leg_id, kind)), None), what=f"{kind} of {leg_id}")
