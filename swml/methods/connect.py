"""Calls somebody, or takes a call out of a queue, and connects the two until one hangs up.

| variable | |
|---|---|
| `connect_result`, `return_value` | `connected` or `failed` |
| `connect_failed_reason` | `busy`, `no_answer`, `declined`, `cancel`, `error`, or a sentence; else removed |

A phone number, a SIP address or a resource is called as system_config/dialling says; whom that does not let
be called is a connection that failed, with a sentence as the reason. `queue:<name>` takes whoever has waited
longest in that queue (enter_queue), within `timeout`.
Source: SignalWire's SWML reference, connect; its JSON schema, ConnectDeviceSingle and its kin.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from calls.bridge import BridgeOutcome, bridge
from calls.cause import HangupCause
from calls.destination import parse_destination
from calls.dial_rules import DialRules
from calls.errors import NotDialable
from calls.leg import Encryption
from calls.queue import take
from calls.room import BadRoomName, room_of
from calls.signaling import answer
from swml.call_state import STATES, reason_of
from swml.connecting import dialled
from swml.method import NEXT, Data, Fault, Method, Names, Outcome, Support, Way, inline
from swml.methods import _after_bridge
from swml.playable import read
from swml.properties import MethodData, flag, many, part, result, steps, text, web_url, whole
from swml.ringback import ringback_of
from swml.run import ScriptRun
from swml.value import has_expression

QUEUE = "queue:"
WAYS = ("to", "serial", "parallel", "serial_parallel")
DEFAULT_TIMEOUT_S = 60
DEFAULT_DURATION_S = 4 * 3600

CONFIRM_METHODS = (
    "cond",
    "denoise",
    "hangup",
    "play",
    "prompt",
    "record",
    "record_call",
    "send_digits",
    "send_sms",
    "set",
    "stop_denoise",
    "stop_record_call",
    "stop_tap",
    "tap",
    "unset",
)


class HeaderData(MethodData):
    """A SIP header."""

    name = text("Its name.", required=True)
    value = text("Its value.", required=True)


class DeviceData(MethodData):
    """Whom to call; what is not said here is as it is said for all of them."""

    to = text("A phone number, a SIP address, /context/name or queue:<name>.", required=True)
    from_ = text("The number shown; the caller's own.", name="from")
    headers = many(part(HeaderData), "SIP headers of the call; not for phone numbers.")
    codecs = text("Codecs offered, by commas; not for phone numbers.")
    webrtc_media = flag("Offer WebRTC's media; not for phone numbers.", default=None)
    session_timeout = whole("Of the SIP session, in s; not for phone numbers.", minimum=1)
    ringback = many(text(), "What the caller hears while it rings; what the other side sounds.")
    result = result("Steps chosen by the result.")
    timeout = whole(f"How long it may ring, in s; {DEFAULT_TIMEOUT_S}.")
    max_duration = whole(f"How long it may last once answered, in s; {DEFAULT_DURATION_S}.")
    answer_on_bridge = flag("Answer the caller only when somebody answers.", default=None)
    confirm = steps(
        "A URL or steps, run for whoever answers before it is connected.",
        only=CONFIRM_METHODS,
        or_text=True,
        default=None,
    )
    confirm_timeout = whole("How long that may take, in s; as timeout.")
    username = text("For SIP authentication; not for phone numbers.")
    password = text("For SIP authentication; not for phone numbers.")
    encryption = text("Of the media; not for phone numbers.", one_of=tuple(Encryption))
    call_state_url = web_url("Where to tell what becomes of each leg.")
    transfer_after_bridge = text("A URL or a document as JSON, gone to when the two have parted.")
    call_state_events = many(text(one_of=tuple(STATES.values())), "Which of its states to tell; ended.")


class ConnectData(DeviceData):
    """Whom to call, in one of four ways."""

    to = text("One destination: a phone number, a SIP address, /context/name or queue:<name>.")
    serial = many(part(DeviceData), "Destinations called one after the other.")
    parallel = many(part(DeviceData), "Destinations called at once.")
    serial_parallel = many(many(part(DeviceData)), "Groups of destinations, one group after the other.")


_DEFAULTS: Mapping[str, Any] = {"timeout": DEFAULT_TIMEOUT_S, "max_duration": DEFAULT_DURATION_S}


def run(run: ScriptRun, data: Data) -> Outcome | None:
    """Connect, say what came of it, go on as is said for that."""
    run.variables.unset("connect_failed_reason")
    if not data["answer_on_bridge"]:
        answer(run.call)
    reason = _from_queue(run, data) if _is_queue(data["to"]) else _with_legs(run, data)
    value = "failed" if reason else "connected"
    if reason:
        run.variables.set("connect_failed_reason", reason)
    run.variables.set("connect_result", value)
    run.variables.set("return_value", value)
    chosen = data["result"](run, value)
    if reason or not data[_after_bridge.NAME]:
        return inline(chosen)
    outcome = run.nested(run, chosen)
    if outcome.way is not NEXT.way:
        return outcome
    dest = _after_bridge.destination_of(run, data[_after_bridge.NAME])
    return Outcome(Way.TRANSFER, dest=dest) if dest else None


def _with_legs(run: ScriptRun, data: Data) -> str:
    """Call legs; return why nobody was connected, "" when somebody was. Raises: CallGone."""
    common = {**data, **{name: value for name, value in _DEFAULTS.items() if data[name] is None}}
    rules = DialRules.of(run.facilities.config.for_account(run.account_id))
    try:
        legs = dialled(run, common, _groups(data))
        with legs.asking(run):
            outcome = bridge(
                run.call,
                legs.groups,
                rules,
                ringback=ringback_of(run, data["ringback"] or ()),
                on_change=lambda story: legs.tell(run, story),
            )
    except NotDialable as exc:
        run.log.warning("not_dialled", reason=str(exc))
        return str(exc)
    run.log.info("connected" if outcome.is_connected else "not_connected", cause=outcome.cause.value)
    return "" if outcome.is_connected else _reason(outcome)


def _reason(outcome: BridgeOutcome) -> str:
    """Return why nobody was connected. Of several legs the last one tells that came to be."""
    ended = [story.cause for story in outcome.stories if story.cause is not HangupCause.NONE]
    cause = ended[-1] if len(outcome.stories) > 1 and ended else outcome.cause
    return reason_of(cause, was_answered=False)


def _from_queue(run: ScriptRun, data: Data) -> str:
    """Take a call out of a queue; return why none was had, "" when one was. Raises: CallGone."""
    answer(run.call)
    try:
        room = room_of(run.account_id, data["to"].removeprefix(QUEUE))
    except BadRoomName as exc:
        return str(exc)
    limit_s = DEFAULT_TIMEOUT_S if data["timeout"] is None else data["timeout"]
    return "" if take(run.call, room, max(0, limit_s)).uuid else "no_answer"


def _groups(data: Data) -> list[list[Mapping[str, Any]]]:
    """Return the destinations: groups that follow each other, of such that are called at once."""
    if data["to"]:
        return [[{"to": data["to"]}]]
    if data["serial"] is not None:
        return [[device] for device in data["serial"]]
    if data["parallel"] is not None:
        return [data["parallel"]]
    return list(data["serial_parallel"] or [])


def _check(data: Data, names: Names) -> Iterator[Fault]:
    """Yield what is wrong with how, and what is doubtful about whom."""
    given = [way for way in WAYS if data[way] is not None]
    if len(given) != 1:
        there = ", ".join(given) or "none"
        yield Fault(
            "",
            f"takes one of {', '.join(WAYS)}; there is {there}",
            code="relay_script_method_parameter_missing",
        )
        return
    yield from _after_bridge.check(data, names)
    for index, each in enumerate(data["ringback"] or ()):
        if not has_expression(each):
            yield from _sounds(f"ringback[{index}]", each)
    for path, to in _destinations(data):
        if _is_queue(to) and given != ["to"]:
            yield Fault(path, "a queue can be called by itself only", is_fault=False)
        elif _is_queue(to):
            if data["transfer_after_bridge"] is None:
                yield Fault(path, "a queue goes with transfer_after_bridge", is_fault=False)
        elif not has_expression(to):
            try:
                parse_destination(to)
            except NotDialable as exc:
                yield Fault(path, exc.reason, is_fault=False)


def _sounds(path: str, written: str) -> Iterator[Fault]:
    try:
        read(written)
    except ValueError as exc:
        yield Fault(path, str(exc), is_fault=False)


def _destinations(data: Data) -> Iterator[tuple[str, str]]:
    if data["to"] is not None:
        yield "to", data["to"]
    for way in ("serial", "parallel"):
        for index, device in enumerate(data[way] or ()):
            yield f"{way}[{index}].to", device["to"]
    for outer, group in enumerate(data["serial_parallel"] or ()):
        for inner, device in enumerate(group):
            yield f"serial_parallel[{outer}][{inner}].to", device["to"]


def _is_queue(to: str | None) -> bool:
    return bool(to) and str(to).startswith(QUEUE)


METHOD = Method(
    schema=ConnectData,
    run=run,
    summary="Calls somebody and connects the two.",
    support=Support.PARTLY,
    limits="stream: is not connected; ringback cannot speak a text; of destinations in serial, "
    "parallel and serial_parallel, ringback, result, answer_on_bridge, transfer_after_bridge have no effect",
    keeps=frozenset({_after_bridge.NAME}),
    check=_check,
)
