"""Digits to the other side."""

from __future__ import annotations

import time
from typing import Any

import pytest
from marshmallow import ValidationError

from swml.methods.send_digits import METHOD
from tests.swml.stage import Stage, applications, load

SILENT = {"at": 0.0, "silent": 20.0}


def test_digits_are_sounded_before_the_script_goes_on(stage: Stage) -> None:
    """Pauses count as long as they are."""
    started_s = time.monotonic()
    call = stage.run([("send_digits", {"digits": "1wB#"})], SILENT)
    assert time.monotonic() - started_s >= 1.5
    assert applications(call)[0] == "send_dtmf 1wB#@250"
    assert stage.variables.get("send_digits_result") == "success"


@pytest.mark.parametrize("digits", ["", "12a4x", "555-1234", "1" * 1001, 12.5])
def test_a_variable_without_digits_fails(stage: Stage, digits: Any) -> None:
    """Nothing is sent, and the script goes on."""
    call = stage.run([("send_digits", {"digits": digits})], SILENT)
    assert [one.split()[0] for one in applications(call)] == ["hangup"]
    assert stage.variables.get("send_digits_result") == "failed"


def test_a_number_is_its_digits(stage: Stage) -> None:
    """As a variable may be one."""
    assert applications(stage.run([("send_digits", {"digits": 12})], SILENT))[0] == "send_dtmf 12@250"


@pytest.mark.parametrize("properties", [{}, {"digits": "1x"}, {"digits": 12}, {"digits": ""}, {"digit": "1"}])
def test_a_document_without_digits_is_refused(properties: dict[str, Any]) -> None:
    """Before the call is touched."""
    with pytest.raises(ValidationError):
        load(METHOD, properties)


def test_a_document_may_have_variables_among_them() -> None:
    """What they are is known later."""
    assert load(METHOD, {"digits": "1${vars.pin}#"}) == {"digits": "1${vars.pin}#"}
