"""Documents of the signalwire-agents SDK run: given as they are, as text, and by URL."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

import service
from tests.scenarios import sdk_documents
from tests.scenarios.likeness import samples_of, share_like
from tests.scenarios.swml_ground import ScriptGround, bodies
from tests.service.service_process import free_ports
from tests.storage.receiver import Answer, Receiver, serving
from tests.waiting import eventually

pytestmark = pytest.mark.timeout(90)

ROOT = Path(service.__path__[0]).parent
Ground = ScriptGround


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Where scripts tell what came of them."""
    with serving(Answer(200, {"Content-Type": "application/json"}, b"{}")) as receiver:
        yield receiver


def told(receiver: Receiver) -> dict[str, Any]:
    """Wait for what a script tells."""
    receiver.wait_for(lambda: receiver.requests)
    (body,) = bodies(receiver)
    return body


@pytest.mark.parametrize("form", [dict, json.dumps])
def test_sections_choices_and_values(
    ground_of_module: Ground, receiver: Receiver, form: Callable[[Any], Any]
) -> None:
    """As an object within a callflow, and as text there."""
    talk = ground_of_module.run(form(sdk_documents.language(receiver.url())))
    assert told(receiver) == {"seen": "blue", "returned": 42, "answer": "right"}
    assert talk.report().cause.value == "NORMAL_CLEARING"


def test_a_message_is_taken_and_played_back(ground_of_module: Ground, receiver: Receiver) -> None:
    """Its URL works at the moment in which the script has it; what is heard is what is in the file."""
    fetched: list[requests.Response] = []

    def fetch(request: Any) -> None:
        fetched.append(requests.get(json.loads(request.body)["url"], timeout=5))

    receiver.judge = fetch
    talk = ground_of_module.run(sdk_documents.message(receiver.url()))
    assert told(receiver)["result"] == "success"
    heard, said = talk.sound()
    assert fetched[0].status_code == 200
    file = samples_of(fetched[0].content)
    assert share_like(file, heard) >= 0.9
    assert share_like(file, said) >= 0.9


def test_digits_during_a_recording(ground_of_module: Ground, receiver: Receiver) -> None:
    """They are asked for while the call is recorded, both sides apart."""
    talk = ground_of_module.run(sdk_documents.choice(receiver.url()))
    talk.wait_recording()
    talk.phone.press("42")
    found = told(receiver)
    assert (found["digits"], found["result"]) == ("42", "match_digits")
    (outcome,) = talk.outcomes()
    assert outcome.channels == 2


def test_somebody_who_is_not_there(ground_of_module: Ground, receiver: Receiver) -> None:
    """It is told, and the script goes on."""
    ground_of_module.run(sdk_documents.nobody(receiver.url()))
    assert told(receiver)["connected"] in {"failed", "no_answer", "disconnected"}


def test_the_sdks_own_server_is_asked(ground_of_module: Ground, receiver: Receiver) -> None:
    """With its password and the call's data, of which it makes the document."""
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "tests.scenarios.sdk_documents", str(port), receiver.url()]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://{sdk_documents.USER}:{sdk_documents.PASSWORD}@127.0.0.1:{port}{sdk_documents.ROUTE}"
        eventually(lambda: _answers(url), 30, "the SDK's server")
        talk = ground_of_module.run(None, url=url)
        assert told(receiver) == {"at_fetch": talk.uuid, "at_run": talk.uuid, "state": "created"}
    finally:
        process.kill()
        process.wait()


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code < 500
    except requests.ConnectionError:
        return False


def test_what_needs_a_cloud_ends_the_script_by_name(ground_of_module: Ground, receiver: Receiver) -> None:
    """Nothing after it is run."""
    made = sdk_documents.builder()
    made.answer().ai(prompt={"text": "Be nice."}).request(url=receiver.url(), method="POST")
    report = ground_of_module.run(made.build()).report()
    assert report.cause.value == "NORMAL_TEMPORARY_FAILURE"
    assert not receiver.requests
