"""Finds what is wrong or doubtful in the recording settings of an account's, user's or device's document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import ValidationError

from callflows.actions.record_call import ACTION
from callflows.document import faults_of, refused_keys, schema_of
from callflows.finding import Finding, Severity, fault, join, warning
from callflows.recording_policy import ENABLED, NOT_PARAMETERS

DIRECTIONS = ("inbound", "outbound", "any")
NETWORKS = ("onnet", "offnet", "any")
PARTS = ("account", "endpoint")
"""Of an account's call_recording; what users and devices say is for themselves."""

BOOLEANS = (True, False, "true", "false")


def policy_findings(document: Mapping[str, Any]) -> list[Finding]:
    """Return every finding in `call_recording` and the legacy `record_call`, in the document's order."""
    is_account = document.get("pvt_type") == "account"
    found: list[Finding] = []
    if "call_recording" in document:
        said, path = document["call_recording"], "call_recording"
        if is_account:
            found += _levels(said, path, PARTS, _directions)
        else:
            found += _directions(said, path)
    legacy = document.get("record_call")
    if isinstance(legacy, Mapping):
        found += _parameters(legacy, "record_call")
    elif legacy not in (None, *BOOLEANS):
        found.append(fault("record_call", "must be true, false or an object"))
    if legacy and document.get("call_recording"):
        found.append(warning("record_call", "does nothing beside call_recording"))
    return found


def _directions(said: Any, path: str) -> Iterator[Finding]:
    return _levels(said, path, DIRECTIONS, lambda value, place: _levels(value, place, NETWORKS, _parameters))


def _levels(said: Any, path: str, names: tuple[str, ...], below: Any) -> Iterator[Finding]:
    """Look at an object of objects. Args: below: looks at each of them."""
    if not isinstance(said, Mapping):
        yield fault(path, f"must be an object ({', '.join(names)})")
        return
    for key, value in said.items():
        place = join(path, key)
        if key in names:
            yield from below(value, place)
        else:
            yield warning(place, f"is none of {', '.join(names)}; it does nothing")


def _parameters(said: Any, path: str) -> Iterator[Finding]:
    if not isinstance(said, Mapping):
        yield fault(path, "must be an object (parameters of a recording)")
        return
    if said.get(ENABLED, False) not in BOOLEANS:
        yield fault(join(path, ENABLED), "must be true or false; it counts as false")
    given = {key: value for key, value in said.items() if key not in NOT_PARAMETERS and value is not None}
    schema = schema_of(ACTION)
    known = {field.data_key or name for name, field in schema.fields.items()} - {"skip_module", "sensitive"}
    for key in given:
        if key not in known:
            yield warning(join(path, key), "is not a parameter of a recording")
    refused: set[str] = set()
    try:
        schema.load({**given, "action": "start"})
    except ValidationError as exc:
        refused = refused_keys(exc)
        yield from faults_of(path, exc.messages)
    usable = {key: value for key, value in given.items() if key not in refused}
    assert ACTION.doubts is not None
    for doubt in ACTION.doubts(schema.load({**usable, "action": "start"})):
        severity = Severity.FAULT if doubt.is_fault else Severity.WARNING
        yield Finding(join(path, doubt.key), severity, doubt.message)
