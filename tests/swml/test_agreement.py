"""Our verdict on documents and that of the language's JSON schema agree, but for what is written down here.

The schema is the SDK's (signalwire_agents/schema.json). Every method and every property of it is tried with
values it accepts and with values it does not, and so are whole documents.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swml.compiling import compile_document
from swml.errors import BadDocument
from swml.finding import Finding
from swml.method import Support
from swml.registry import all_methods
from tests.swml.schema_documents import (
    JUNK,
    VARIABLES,
    broken,
    documents,
    methods,
    resolved,
    shapes,
    validator,
    valued,
)

KNOWN = frozenset(name for name, _ in all_methods())
CLOUD = frozenset(name for name, method in all_methods() if method.support is Support.CLOUD)


@dataclass(frozen=True)
class Difference:
    """Where the two disagree on purpose. `message`: of our finding, where we refuse what the schema accepts;
    `accepts`: whether we accept a value the schema refuses. `why`: the reason.
    """

    name: str
    why: str
    message: str = ""
    accepts: Callable[[str, str, Any], bool] = lambda _method, _path, _value: False


DIFFERENCES = (
    Difference(
        "labels that are not there",
        "The schema cannot see it; the language has an error for it, and a call is no place to meet it.",
        message="there is no label ",
    ),
    Difference(
        "sections that are not there",
        "Likewise: relay_script_section_parameter_undefined.",
        message="there is no section |is no URL that can be fetched|the document in it: ",
    ),
    Difference(
        "URLs that are none",
        "The schema says `format: uri`, which validators do not look at, or nothing; the pages say HTTP or "
        "HTTPS URL, and no other can be asked.",
        message="must be a URL that begins with http",
    ),
    Difference(
        "numbers outside what they count",
        "The pages have 0 to 100 for input_sensitivity, and durations; the schema has no bounds there.",
        message="must be at least 0|must be at most 100",
    ),
    Difference(
        "digits that are none",
        "The pages say a string of digits, and which; what is none can neither be sent nor pressed.",
        message="is none of the forms it may have|must be digits: ",
    ),
    Difference(
        "a sleep shorter than nothing",
        "As `duration` the schema wants -1 at least, by itself any whole number; it is the same number.",
        message="must be at least -1",
    ),
    Difference(
        "numbers beyond reckoning",
        "JSON has them, no clock and no counter has.",
        message="must be a number that can be reckoned with",
    ),
    Difference(
        "variables where the schema wants one of some words, or a number with no variable beside it",
        "The pages have variables anywhere inside a string; what comes of them is looked at later.",
        accepts=lambda _method, _path, value: (
            isinstance(value, str) and bool(re.match(r"[$%]\{.*\}$", value))
        ),
    ),
    Difference(
        "a method with nothing behind it",
        "`hangup:` is null in YAML; where nothing is required, the pages have it and everybody writes it.",
        accepts=lambda _method, path, value: not path and value is None,
    ),
    Difference(
        "a conference by its name alone",
        "The SDK's own builder writes it so.",
        accepts=lambda method, path, value: (
            method == "join_conference" and not path and isinstance(value, str)
        ),
    ),
    Difference(
        "a conference by its name alone, and several of its events with blanks between",
        "The SDK itself writes such documents (function_result.py, join_conference).",
        accepts=lambda method, path, value: (
            method == "join_conference"
            and isinstance(value, str)
            and path in ("", "status_callback_event", "recording_status_callback_event")
        ),
    ),
    Difference(
        "what is within a method of the cloud",
        "It ends the script here whatever is in it; its author is told that much.",
        accepts=lambda method, path, _value: method in CLOUD and bool(path),
    ),
)
"""All of them; and the methods of ONLY_HERE, which the language's pages have, but not its schema."""

ONLY_HERE = frozenset({"if", "ai_sidecar", "stream", "stop_stream", "transcribe", "transcribe_stop"})


def faults_of(document: Any) -> list[Finding]:
    """What we find wrong."""
    try:
        compile_document(document)
    except BadDocument as exc:
        return [finding for finding in exc.findings if finding.is_fault]
    return []


def unexplained(faults: list[Finding]) -> list[str]:
    """The faults no difference speaks of."""
    known = re.compile("|".join(f"(?:{each.message})" for each in DIFFERENCES if each.message))
    return [str(fault) for fault in faults if not known.match(fault.message)]


def is_explained(method: str, path: str, value: Any) -> bool:
    """Whether a difference lets us accept a value that the schema refuses."""
    return any(each.accepts(method, path, value) for each in DIFFERENCES)


def judge(method: str, value: Any, path: str, tried: Any) -> None:
    """Compare the verdicts on one step."""
    step = {method: value}
    theirs = validator(methods()[method]).is_valid(step)
    faults = faults_of({"sections": {"main": [step]}})
    if theirs:
        assert not unexplained(faults), (step, unexplained(faults))
    elif not faults:
        assert is_explained(method, path, tried), f"only the schema refuses {step}"


def test_every_method_of_the_schema_is_known() -> None:
    """By name, be it run here or refused; and the others are those the pages have."""
    assert methods().keys() - KNOWN == set()
    assert KNOWN - methods().keys() == ONLY_HERE


PROPERTIES = sorted(
    {
        (name, key)
        for name in KNOWN & methods().keys()
        for shape in shapes(name)
        for key in shape["properties"]
    }
)


@pytest.mark.parametrize(("method", "key"), PROPERTIES, ids=[".".join(pair) for pair in PROPERTIES])
@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_each_property_takes_what_the_schema_says(method: str, key: str, data: st.DataObject) -> None:
    """In a step with nothing else but what is required."""
    shape = data.draw(st.sampled_from([shape for shape in shapes(method) if key in shape["properties"]]))
    properties = shape["properties"]
    value = {name: data.draw(valued(properties[name], 3)) for name in shape.get("required", [])}
    value[key] = data.draw(valued(properties[key], 2) | JUNK | VARIABLES)
    judge(method, value, key, value[key])


@pytest.mark.parametrize("method", sorted(KNOWN & methods().keys()))
@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_each_method_takes_what_the_schema_says(method: str, data: st.DataObject) -> None:
    """Whole mappings, bare values, null, and properties nobody knows."""
    schema = resolved({"$ref": f"#/$defs/{methods()[method]}"})["properties"][method]
    value = data.draw(valued(schema, 2) | JUNK | st.just({"zz": 1}))
    judge(method, value, "" if not isinstance(value, dict) else "*", value)


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(document=documents(KNOWN))
def test_documents_of_the_schema_are_accepted(document: Any) -> None:
    """Whatever steps within steps they have."""
    if validator().is_valid(document):
        assert not unexplained(faults_of(document))


@settings(max_examples=200, suppress_health_check=list(HealthCheck))
@given(document=broken(documents(KNOWN - CLOUD)))
def test_broken_documents_are_refused_by_both(document: Any) -> None:
    """One or two places of a document are something else."""
    faults = faults_of(document)
    if validator().is_valid(document):
        assert not unexplained(faults)
    elif not faults:
        assert not validator().is_valid(document)
        assert validator().is_valid(_as_the_schema_wants(document)), document


def _as_the_schema_wants(value: Any, method: str = "") -> Any:
    """Methods with nothing behind them, and conferences by their names, in the schema's own form."""
    if value is None and method in KNOWN:
        return {}
    if isinstance(value, str) and method == "join_conference":
        return {"name": value}
    if isinstance(value, list):
        return [_as_the_schema_wants(item) for item in value]
    if isinstance(value, dict):
        return {key: _as_the_schema_wants(item, key) for key, item in value.items()}
    return value
