"""Goes to the child named by a variable's value. Source: Kazoo cf_branch_variable."""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from typing import Any, Protocol

from marshmallow import ValidationError, fields

from callflows.action import CONTINUE, Action, ActionData, Data, Next, continue_to
from callflows.actions import _fields
from callflows.flow_run import FlowRun
from calls.identity import Identity
from storage.document import Document

CHANNEL = "custom_channel_vars"
SCOPES = ("account", CHANNEL, "device", "merged", "user")
_NOTHING: Mapping[str, Any] = {}


class Caller(Protocol):
    """What is looked at of the call."""

    @property
    def identity(self) -> Identity:
        """Who calls whom."""

    def custom_variables(self) -> dict[str, str]:
        """Kazoo's custom channel variables, by their names without the prefix."""


class Standing(Protocol):
    """Where a call stands, as far as its branch depends on it; a run of callflows is one."""

    @property
    def call(self) -> Caller:
        """The call."""

    @property
    def account(self) -> Document:
        """The account's document. Raises: StoreUnavailable."""

    def document(self, doc_id: str) -> Document | None:
        """Return a document of the account. Raises: StoreUnavailable."""

    def has_child(self, key: str) -> bool:
        """Whether the node has a child of that key."""


def _path(value: Any) -> list[str]:
    """Read a name, or a path of names."""
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValidationError("must be a string, or an array of strings")
    # Kazoo looks a path up from its last name to its first.
    return [_normal(name) for name in reversed(names) if name]


class BranchVariableData(ActionData):
    """Which variable, and where it stands."""

    variable = fields.Function(
        deserialize=_path,
        required=True,
        metadata={"description": "The variable's name, or a path of names, innermost first.", "default": ""},
    )
    scope = _fields.text("Where the variable is looked for.", one_of=SCOPES, load_default=CHANNEL)


def run(run: FlowRun, data: Data) -> Next:
    """Continue to the child the value names, `_` when there is none."""
    return way_of(run, data)


def way_of(standing: Standing, data: Data) -> Next:
    """Return where a call that stands there goes. Raises: StoreUnavailable."""
    path = data["variable"]
    if not path:
        return CONTINUE
    for place in _places(standing, data["scope"]):
        key = _as_key(_value(place, path))
        if key and standing.has_child(key):
            return continue_to(key)
    return CONTINUE


def depends_on(standing: Standing, data: Data) -> str:
    """Return the name of the channel variable that decides and that the call does not have, "" for none."""
    path = data["variable"]
    if not path or data["scope"] not in (CHANNEL, "merged") or path[0] in _channel(standing):
        return ""
    return str(path[0])


def _places(run: Standing, scope: str) -> list[Mapping[str, Any]]:
    """Return where to look, in order."""
    identity = run.call.identity
    is_device = identity.authorizing_type == "device"
    if scope == CHANNEL:
        return [_channel(run)]
    if scope == "account":
        return [run.account]
    if scope == "device":
        known = is_device or identity.authorizing_type == "mobile"
        return [_document(run, identity.authorizing_id)] if known else []
    if scope == "user":
        return [_document(run, _user_of(_document(run, identity.authorizing_id)))] if is_device else []
    if not identity.authorizing_id:
        return []
    return [_merged(run), _channel(run)]


def _merged(run: Standing) -> Mapping[str, Any]:
    """The caller's endpoint: what its device says over its user over the account."""
    device = _document(run, run.call.identity.authorizing_id)
    merged: dict[str, Any] = {}
    for layer in (run.account, _document(run, _user_of(device)), device):
        merged = _over(merged, layer)
    return merged


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for name, value in above.items():
        beneath = merged.get(name)
        both = isinstance(beneath, Mapping) and isinstance(value, Mapping)
        merged[name] = _over(beneath, value) if both else value  # type: ignore[arg-type]  # both are mappings
    return merged


def _document(run: Standing, doc_id: str) -> Mapping[str, Any]:
    return run.document(doc_id) or _NOTHING


def _user_of(device: Mapping[str, Any]) -> str:
    """The user who is logged in at a device, else its owner."""
    hotdesk, owner = device.get("hotdesk"), device.get("owner_id")
    users = hotdesk.get("users") if isinstance(hotdesk, dict) else None
    if isinstance(users, dict) and users:
        return str(next(iter(users)))
    return owner if isinstance(owner, str) else ""


def _channel(run: Standing) -> Mapping[str, Any]:
    return {_normal(name): value for name, value in run.call.custom_variables().items()}


def _normal(name: str) -> str:
    return name.lower().replace("-", "_")


def _value(place: Any, path: list[str]) -> Any:
    for name in path:
        if not isinstance(place, Mapping):
            return None
        place = place.get(name)
    return place


def _as_key(value: Any) -> str:
    """Return a value as the key of a child, "" for one that is no plain value."""
    if isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, bool | int | float) else ""


def _repair(data: dict[str, Any], _refused: Set[str]) -> dict[str, Any]:
    """Kazoo's code goes to `_` when no variable is named."""
    data.setdefault("variable", "")
    return data


ACTION = Action(
    schema=BranchVariableData,
    run=run,
    summary="Goes to the child that a variable's value names.",
    branches=r"(?s).*",
    repair=_repair,
)
