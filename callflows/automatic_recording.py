"""Starts the recordings that account, user and device ask for, as a callflow begins.

Of the legs that a call makes later (recording_policy: forwarded, callee) only the settings are known here;
who makes a leg asks for its ruling and records it with that leg's answer.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from callflows.flow_run import FlowRun
from callflows.library import Library
from callflows.recording_policy import NOBODY, Endpoint, Leg, Network, Ruling, Shape, Source, rulings
from config.configuration import Configured
from recording.parameters import resolve
from recording.request import RecordingRequest
from storage.document import Document
from storage.errors import StoreUnavailable
from storage.names import account_db

DEVICES = frozenset({"device", "click2call", "conference"})
"""Types of documents that Kazoo takes for devices."""

AT_ONCE = frozenset({Leg.ACCOUNT, Leg.CALLER})
"""Legs that are there when the callflow begins."""


class Caller(Protocol):
    """What is looked at of who calls (calls.identity.Identity)."""

    @property
    def is_onnet(self) -> bool:
        """Whether the call began inside."""


def shape_of(caller: Caller, call_forward: str, call_forward_from: str, *, is_no_match: bool) -> Shape:
    """Return what of a call decides about its recording.

    Args: call_forward, call_forward_from: Kazoo's variables Call-Forward and Call-Forward-From.
    """
    forwarded_from = Network.OFFNET if call_forward_from == Network.OFFNET else Network.ONNET
    return Shape(
        from_network=Network.ONNET if caller.is_onnet else Network.OFFNET,
        to_network=Network.OFFNET if is_no_match else Network.ONNET,
        forwarded_from=forwarded_from if call_forward == "true" else None,
    )


def endpoint_of(library: Library, account: Source, account_id: str, endpoint_id: str) -> Endpoint:
    """Return the endpoint of that id with what is above it. Raises: StoreUnavailable.

    Source: Kazoo kz_endpoint_v4 (check_endpoint_type, check_endpoint_enabled, get_user).
    """
    if not endpoint_id:
        return Endpoint(account, why_none="no endpoint of ours is known to call (no Authorizing-ID)")
    if endpoint_id == account_id:
        return Endpoint(account)
    document = library.find(account_db(account_id), endpoint_id)
    if document is None:
        return Endpoint(account, why_none=f"there is no document {endpoint_id} of the caller")
    kind = document.get("pvt_type")
    if document.get("enabled") in (False, "false"):
        return Endpoint(account, why_none=f"the caller's {kind} {endpoint_id} is disabled")
    source = Source(f"{kind} {endpoint_id}", document)
    if kind == "user":
        return Endpoint(account, user=source)
    if kind in DEVICES:
        return Endpoint(account, user=_owner(library, account_id, document), device=source)
    return Endpoint(account, why_none=f"{endpoint_id} is a {kind}, no device and no user")


def _owner(library: Library, account_id: str, device: Document) -> Source:
    """Return the user who is logged in at a device, else its owner."""
    hotdesk = device.get("hotdesk")
    users = hotdesk.get("users") if isinstance(hotdesk, dict) else None
    user_id = next(iter(users)) if isinstance(users, dict) and users else device.get("owner_id")
    if not isinstance(user_id, str) or not user_id:
        return NOBODY
    user = library.find(account_db(account_id), user_id)
    return NOBODY if user is None else Source(f"user {user_id}", user)


def request_for(ruling: Ruling, config: Configured) -> RecordingRequest:
    """Return what a ruling asks for; it follows no transfer unless its setting says so."""
    parameters = {"should_follow_transfer": False, **ruling.parameters}
    request = resolve(parameters, config, origin=ruling.origin)
    return replace(request, on_answer=True, on_bridge=False) if ruling.leg.begins_answered else request


def start_automatic(run: FlowRun, account: Document) -> None:
    """Start what is to be recorded from the beginning; a store that is away costs the callflow nothing.

    Args: account: its document.
    """
    call = run.call
    forwarded = call.custom_variable("Call-Forward") or "", call.custom_variable("Call-Forward-From") or ""
    shape = shape_of(call.identity, *forwarded, is_no_match=run.kvs.no_match)
    source = Source(f"account {run.account_id}", account)
    try:
        library = run.facilities.library
        caller = endpoint_of(library, source, run.account_id, call.identity.authorizing_id)
    except StoreUnavailable as exc:
        caller = Endpoint(source, why_none="the caller's documents cannot be read now")
        call.log.warning("recording_policy_unknown", reason=str(exc), outcome="the account's alone counts")
    for ruling in rulings(shape, source, caller):
        if not ruling.is_on:
            continue
        if ruling.leg not in AT_ONCE:
            call.log.info("recording_left_to_legs", rule=ruling.name)
            continue
        run.kvs.recording_follow_transfer = False
        recording = run.recorder.start(call, request_for(ruling, run.configured))
        run.kvs.recordings.append(recording.id)
        call.log.info("recording_by_policy", rule=ruling.name, recording_id=recording.id)
