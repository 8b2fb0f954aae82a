"""Documents that the language's own SDK makes are taken, and run."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from swml.compiling import compile_document
from swml.method import Support
from swml.registry import all_methods
from tests.swml.schema_documents import validator
from tests.swml.stage import Stage, applications

MADE = (
    "builder",
    "service",
    "connect",
    "transfer",
    "user_event",
    "record_call",
    "stop_record_call",
    "join_conference",
    "join_conference_in_full",
    "tap",
    "stop_tap",
    "sip_refer",
    "send_sms",
    "join_room",
    "pay",
)
CLOUD = {name for name, method in all_methods() if method.support is Support.CLOUD}


@cache
def documents() -> dict[str, Any]:
    """Have the SDK make them."""
    program = Path(__file__).with_name("sdk_documents.py")
    done = subprocess.run([sys.executable, str(program)], capture_output=True, check=True, timeout=50)
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def test_every_document_is_looked_at() -> None:
    """None was forgotten here."""
    assert tuple(documents()) == MADE


@pytest.mark.parametrize("made", MADE)
def test_what_the_sdk_makes_is_taken(made: str) -> None:
    """Methods of the cloud with a doubt. Some of it the SDK's own schema refuses."""
    document = documents()[made]
    script = compile_document(document)
    doubtful = {step.name for steps in script.sections.values() for step in steps} & CLOUD
    assert bool(script.findings) == bool(doubtful)
    assert validator().is_valid(document) or made in ("join_conference", "pay")


def test_what_the_builder_makes_runs(stage: Stage) -> None:
    """Answered, spoken to, hung up as it says."""
    call = stage.run(json.dumps(documents()["builder"]))
    ran = applications(call)
    assert ran[0] == "answer"
    assert any("Hello." in line for line in ran)
    assert call.hangup_cause == "USER_BUSY"


def test_what_the_service_makes_runs(stage: Stage) -> None:
    """Recording, playing, asking, choosing, executing and coming back."""
    stage.run(json.dumps(documents()["service"]), {"at": 0.0, "say": 5.0})
    (end,) = stage.ends
    assert end.error is None, str(end.error)
    assert end.value == {"b": 2, "sub": 2, "pressed": "no_input"}
