"""The SIP headers that webhooks tell: those a leg was invited with, and those its answer was given.

Of an INVITE FreeSWITCH keeps headers that begin with X-, P-, K- or On, User-to-User and Diversion; what a
command adds stands in variables of the same kind. Source: FreeSWITCH sofia.c,
sofia_handle_sip_i_invite; the CallInitiated, CallAnswered and CallHangup models of Telnyx' Python package.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callcontrol.sip_headers import MAX_VALUE, Message
from callcontrol.snapshot import Snapshot

MAX_TOLD = 40
"""Headers of a message: whoever calls writes as many as a message holds, and every webhook repeats them."""

_KNOWN_TO_SIP = {name.lower(): name for name in ("User-to-User", "Diversion")}
_OWN = "x-fs-"
"""Begins headers in which one FreeSWITCH tells another something."""


def of_invite(snapshot: Snapshot) -> dict[str, Any]:
    """Return what the webhook of a leg's beginning says of headers; nothing where there were none."""
    invite = _headers(snapshot, Message.INVITE)
    return _told(invite, invite)


def of_answer(snapshot: Snapshot) -> dict[str, Any]:
    """Return what later webhooks say of them: custom ones are those that the answer was given."""
    return _told(_headers(snapshot, Message.RESPONSE), _headers(snapshot, Message.INVITE))


def _headers(snapshot: Snapshot, message: Message) -> dict[str, str]:
    found = snapshot.event.beginning(f"variable_{message}")
    return {name: value for name, value in found.items() if 0 < len(value) <= MAX_VALUE}


def _told(custom: Mapping[str, str], invite: Mapping[str, str]) -> dict[str, Any]:
    told = {}
    customs = [
        {"name": name, "value": value}
        for name, value in custom.items()
        if name.lower() not in _KNOWN_TO_SIP and not name.lower().startswith(_OWN)
    ]
    if customs:
        told["custom_headers"] = customs[:MAX_TOLD]
    known = {_KNOWN_TO_SIP.get(name.lower(), ""): value for name, value in invite.items()}
    sips = [{"name": name, "value": known[name]} for name in _KNOWN_TO_SIP.values() if name in known]
    if sips:
        told["sip_headers"] = sips
    return told
