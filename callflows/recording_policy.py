"""Decides which recordings start by themselves: what the documents of account, user and device ask for.

Documents in, rulings out; nothing is read and nothing started here. A setting stands at
`call_recording.<direction>.<network>` of a user or device, and at `call_recording.account.…` and
`call_recording.endpoint.…` of the account (the latter for all its endpoints). `any` stands for both
directions or both networks; what is more specific goes before it, key by key, in the order any.any,
<direction>.any, any.<network>, <direction>.<network>. A layer that says anything at all says it for all four:
what it leaves out is off, and so goes before what lies beneath (account.endpoint < user < device).

| leg | setting | starts |
|---|---|---|
| account | account.inbound.<where from>, else account.outbound.<where to> | with the callflow |
| caller | endpoint.outbound.<where to>, of calls that begin inside | with the callflow |
| forwarded | endpoint.inbound.<where the forwarded call came from> | as the leg outside answers |
| callee | endpoint.inbound.<where from> | as the endpoint answers |

"Where to" is offnet for calls that only `no_match` takes. Nothing of this follows a transfer, unless the
setting itself says so. The legacy `record_call` (true, or an object of parameters) of a user or device that
has no call_recording is everything on.
Source: Kazoo cf_route_win:maybe_start_recording, kz_account_recording, kz_endpoint_recording,
kz_endpoint_v4:merge_call_recording (reference section 3.1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from storage.document import Document

NOTHING: Mapping[str, Any] = MappingProxyType({})

ANY = "any"
ENABLED = "enabled"
NOT_PARAMETERS = frozenset({ENABLED, "action", "record_call", "origin"})


class Network(StrEnum):
    """Inside or outside."""

    ONNET = "onnet"
    OFFNET = "offnet"


class Leg(StrEnum):
    """Whose recording it is."""

    ACCOUNT = "account"  # the account's, of the caller's leg
    CALLER = "caller"
    FORWARDED = "forwarded"  # of the legs to the outside that a forwarded call makes
    CALLEE = "callee"

    @property
    def begins_answered(self) -> bool:
        """Whether it begins with the answer of its leg, whatever its parameters say."""
        return self in (Leg.FORWARDED, Leg.CALLEE)


@dataclass(frozen=True, slots=True)
class Source:
    """One document. Attributes: name: for people, such as `device 4f...`; document: {} when there is none."""

    name: str
    document: Document = field(default_factory=dict)


NOBODY = Source("")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A device or user, merged with what is above it. `user` is NOBODY where `device` is not owned.

    `why_none`: why there is no endpoint that could ask for anything, "" when there is one.
    """

    account: Source
    user: Source = NOBODY
    device: Source = NOBODY
    why_none: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """What of a call decides. `forwarded_from`: None unless it is a forwarded call."""

    from_network: Network
    to_network: Network
    forwarded_from: Network | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """What holds for one direction and network. `sources`: where each key is from, as `document: path`."""

    values: Mapping[str, Any]
    sources: Mapping[str, str]

    @property
    def is_enabled(self) -> bool:
        """Whether it asks for a recording."""
        return _is_true(self.values.get(ENABLED))


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one rule says of a call.

    Attributes: leg: whose; name: of the setting, such as `account.inbound.onnet`; is_on: a recording is to
    be started; reason: why, or why not; origin: as its document says it; parameters: of the recording, by
    Kazoo's names; sources: of those.
    """

    leg: Leg
    name: str
    is_on: bool
    reason: str
    origin: str = ""
    parameters: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    sources: Mapping[str, str] = field(default_factory=lambda: NOTHING)


def rulings(shape: Shape, account: Source, caller: Endpoint) -> Iterator[Ruling]:
    """Yield what holds for a call as its callflow starts; those that are on are to be started in this order.

    Args: account: the account's document; caller: who calls.
    """
    yield from _of_account(shape, account)
    if shape.forwarded_from is not None:
        yield _of_endpoint(Leg.FORWARDED, caller, "inbound", shape.forwarded_from)
    elif shape.from_network is Network.ONNET:
        yield _of_endpoint(Leg.CALLER, caller, "outbound", shape.to_network)
    else:
        reason = "the call begins outside: endpoints of ours record it where they are called"
        yield Ruling(Leg.CALLER, f"endpoint.outbound.{shape.to_network}", is_on=False, reason=reason)


def ruling_for_callee(from_network: Network, callee: Endpoint) -> Ruling:
    """Return what holds for the leg to an endpoint that is called; it begins with that leg's answer."""
    return _of_endpoint(Leg.CALLEE, callee, "inbound", from_network)


def _of_account(shape: Shape, account: Source) -> Iterator[Ruling]:
    """Only one recording of the account's starts."""
    settings = _spread(account, "account") or {}
    first = _ruling(Leg.ACCOUNT, "inbound", shape.from_network, settings, "account")
    yield first
    second = _ruling(Leg.ACCOUNT, "outbound", shape.to_network, settings, "account")
    if first.is_on and second.is_on:
        reason = f"{first.name} is on already, and of the account's only one starts"
        second = Ruling(Leg.ACCOUNT, second.name, is_on=False, reason=reason)
    yield second


def _of_endpoint(leg: Leg, endpoint: Endpoint, direction: str, network: Network) -> Ruling:
    name = f"endpoint.{direction}.{network}"
    if endpoint.why_none:
        return Ruling(leg, name, is_on=False, reason=endpoint.why_none)
    return _ruling(leg, direction, network, endpoint_settings(endpoint), "endpoint")


Key = tuple[str, Network]


def endpoint_settings(endpoint: Endpoint) -> dict[Key, Setting]:
    """Return what holds for an endpoint, by direction and network; {} when nobody says anything."""
    merged: dict[Key, Setting] = {}
    layers = (_spread(endpoint.account, "endpoint"), _own(endpoint.user), _own(endpoint.device))
    for layer in layers:
        for key, setting in (layer or {}).items():
            merged[key] = _over(merged.get(key), setting)
    return merged


def _ruling(
    leg: Leg, direction: str, network: Network, settings: Mapping[Key, Setting], whose: str
) -> Ruling:
    name = f"{whose}.{direction}.{network}"
    setting = settings.get((direction, network))
    if setting is None:
        return Ruling(leg, name, is_on=False, reason="no document says anything of it")
    where = setting.sources.get(ENABLED, "")
    if not setting.is_enabled:
        reason = f"not enabled by {where}" if where else "documents name others, and so leave it out"
        return Ruling(leg, name, is_on=False, reason=reason)
    preposition = "from" if direction == "inbound" else "to"
    other = "to" if direction == "inbound" else "from"
    return Ruling(
        leg,
        name,
        is_on=True,
        reason=f"enabled by {where}",
        origin=f"{direction} {preposition} {network} {other} {whose}",
        parameters={key: value for key, value in setting.values.items() if key not in NOT_PARAMETERS},
        sources={key: source for key, source in setting.sources.items() if key not in NOT_PARAMETERS},
    )


def _own(source: Source) -> dict[Key, Setting] | None:
    """Return what a user's or device's document says for all four, None when it says nothing."""
    if isinstance(source.document.get("call_recording"), Mapping):
        return _spread(source, "")
    legacy = source.document.get("record_call")
    values = legacy if isinstance(legacy, Mapping) else {}
    is_off = values.get("record_call", values.get(ENABLED, True)) in (False, "false")
    if not (values or _is_true(legacy)) or is_off:
        return None
    place = f"{source.name}: record_call"
    given = {**values, ENABLED: True}
    sources = {key: f"{place}.{key}" if key in values else place for key in given}
    return {key: Setting(given, sources) for key in _all_keys()}


def _spread(source: Source, part: str) -> dict[Key, Setting] | None:
    """Return what a document's call_recording says for all four, None when it says nothing."""
    path = "call_recording" + (f".{part}" if part else "")
    said: Any = source.document.get("call_recording")
    if part:
        said = said.get(part) if isinstance(said, Mapping) else None
    if not isinstance(said, Mapping) or not said:
        return None
    return {key: _most_specific(said, f"{source.name}: {path}", *key) for key in _all_keys()}


def _most_specific(said: Mapping[str, Any], path: str, direction: str, network: Network) -> Setting:
    """Where not even an `any` says something of a network, it is off; an `any` may leave `enabled` open."""
    is_open = any(isinstance(_object(said.get(above)).get(ANY), Mapping) for above in (ANY, direction))
    found = Setting({}, {}) if is_open else Setting({ENABLED: False}, {})
    for above, below in ((ANY, ANY), (direction, ANY), (ANY, network), (direction, network)):
        values = _object(_object(said.get(above)).get(below))
        place = f"{path}.{above}.{below}"
        found = _over(found, Setting(values, {key: f"{place}.{key}" for key in values}))
    return found


def _over(below: Setting | None, above: Setting) -> Setting:
    if below is None:
        return above
    sources = {key: source for key, source in below.sources.items() if key not in above.values}
    return Setting({**below.values, **above.values}, {**sources, **above.sources})


def _all_keys() -> Iterator[Key]:
    return ((direction, network) for direction in ("inbound", "outbound") for network in Network)


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _is_true(value: Any) -> bool:
    return value is True or value == "true"
