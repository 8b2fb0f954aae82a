"""What is said of a call: to expressions as `call`, and to servers that are asked for a document.

Headers are the caller's own words. They are data here, and decide nothing.
Source: SignalWire's SWML reference, Calling overview, webhook and variable payload.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from calls.call import Call

if TYPE_CHECKING:
    from swml.run import Facilities, ScriptRun

HEADER_PREFIX: Final = "sip_h_"
MAX_HEADERS: Final = 64

SIP_DATA: Final = tuple(
    f"sip_{header}_{part}"
    for header in ("contact", "from", "req", "to")
    for part in ("host", "port", "uri", "user")
    if part != "port" or header == "contact"
)
"""FreeSWITCH's channel variables of these names, which are the language's names too."""

_NUMBER = re.compile(r"\+?[0-9*#]{2,}\Z")


def call_data(call: Call, facilities: Facilities) -> dict[str, Any]:
    """Return what the language says of a call."""
    identity = call.identity
    kind = _kind(call)
    data: dict[str, Any] = {
        "call_id": call.uuid,
        "node_id": facilities.node,
        "segment_id": call.uuid,
        "call_state": _state(call),
        "direction": identity.direction.value,
        "type": kind,
        "from": _party(kind, identity.from_, identity.caller_id_number),
        "to": _party(kind, identity.to, identity.destination_number),
        "from_number": identity.caller_id_number,
        "to_number": identity.destination_number,
        "headers": [],
        "project_id": facilities.project_id or call.account_id,
        "space_id": facilities.space_id,
    }
    if kind == "sip":
        variables = {name: call.variable(name) for name in SIP_DATA}
        data["headers"] = _headers(call)
        data["sip_data"] = {name: value for name, value in variables.items() if value}
        data["sip_data"]["sip_contact_params"] = _parameters(call.variable("sip_contact_params") or "")
    return data


def call_source(call: Call, facilities: Facilities) -> Callable[[], Mapping[str, Any]]:
    """Return a function that says of a call what holds now; what never changes is looked at once."""
    known: dict[str, Any] = {}

    def current() -> Mapping[str, Any]:
        if not known:
            known.update(call_data(call, facilities))
        known["call_state"] = _state(call)
        return known

    return current


def payload_of(run: ScriptRun, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what is POSTed when a document is fetched. Args: params: given to it; None: the run's own."""
    scopes = run.variables.snapshot()
    if params is not None:
        scopes["params"] = dict(params)
    return scopes


def _state(call: Call) -> str:
    if call.end is not None:
        return "ended"
    return "answered" if call.is_answered else "created"


def _kind(call: Call) -> str:
    """Return `webrtc`, `sip` or `phone`: what comes over a gateway is what the language calls phone."""
    if (call.variable("rtc_secure_media_confirmed") or call.variable("webrtc_media")) or (
        call.variable("sip_via_protocol") or ""
    ).lower() in ("ws", "wss"):
        return "webrtc"
    if not call.identity.sip_call_id:
        return "phone"
    return (
        "phone" if _NUMBER.match(call.identity.caller_id_number) and call.variable("sip_gateway") else "sip"
    )


def _party(kind: str, address: str, number: str) -> str:
    """Return who it is: a SIP address, or a number."""
    return f"sip:{address}" if kind == "sip" and "@" in address else number


def _headers(call: Call) -> list[dict[str, str]]:
    found = call.variables_of(HEADER_PREFIX)
    return [{"name": name, "value": value} for name, value in sorted(found.items())[:MAX_HEADERS]]


def _parameters(text: str) -> dict[str, str]:
    """Return `a=b;c` as a mapping."""
    pairs = (part.partition("=") for part in text.split(";") if part.strip())
    return {name.strip(): value.strip() for name, _, value in pairs}
