"""The ways in which a call comes to a document: channel variable and callflow action, inline and by URL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from callflows.own_program import SWML_VARIABLE
from tests.scenarios.swml_ground import ScriptGround, bodies
from tests.service.house import HANGUP
from tests.storage.receiver import Answer, Received, Receiver, serving

pytestmark = pytest.mark.timeout(60)

YAML = '{sections: {main: [request: {url: "TOLD", method: POST, body: {it: "%{call.call_id}", n: 1}}]}}'
LONG_YAML = """
# comments, blocks and ${...}: what a document in a file or at a URL looks like
version: 1.0.0
sections:
  main:
    - request:
        url: TOLD
        method: POST
        body:
          it: ${call.call_id}
          n: 1
"""
JSON = json.dumps(
    {
        "sections": {
            "main": [
                {"request": {"url": "TOLD", "method": "POST", "body": {"it": "%{call.call_id}", "n": 1}}}
            ]
        }
    }
)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Where scripts tell who they are, and where documents are."""
    with serving(Answer(200, {"Content-Type": "application/json"}, b"{}")) as receiver:
        yield receiver


@pytest.mark.parametrize("document", [YAML, JSON], ids=["yaml", "json"])
def test_a_variable_has_the_document(
    ground_of_module: ScriptGround, receiver: Receiver, document: str
) -> None:
    """No callflow is looked up; the call is hung up when the script is over."""
    text = document.replace("TOLD", receiver.url("/told"))
    talk = ground_of_module.call(variables={SWML_VARIABLE: text})
    report = talk.report()
    assert bodies(receiver) == [{"it": talk.uuid, "n": 1}]
    assert (report.actions, report.account_id) == (("swml",), "demo")
    assert report.cause.value == "NORMAL_CLEARING"


def serve_document(receiver: Receiver, text: str, content_type: str) -> str:
    """Have the receiver answer with a document, and everything else with JSON; return its URL."""
    body = text.replace("TOLD", receiver.url("/told")).encode()

    def judge(request: Received) -> Answer | None:
        is_document = request.target.startswith("/document")
        return Answer(200, {"Content-Type": content_type}, body) if is_document else None

    receiver.judge = judge
    return receiver.url("/document?tenant=a&b=c")


@pytest.mark.parametrize(
    ("text", "content_type"),
    [(LONG_YAML, "application/yaml"), (JSON, "application/json"), (LONG_YAML, "text/plain; charset=utf-8")],
)
@pytest.mark.parametrize("way", ["variable", "action"])
def test_a_url_has_the_document(
    ground_of_module: ScriptGround, receiver: Receiver, text: str, content_type: str, way: str
) -> None:
    """It is fetched with the call's data, by POST, whatever kind of text the server calls it."""
    url = serve_document(receiver, text, content_type)
    if way == "variable":
        talk = ground_of_module.call(variables={SWML_VARIABLE: url})
    else:
        talk = ground_of_module.run(None, HANGUP, url=url)
    talk.report()
    asked, told = receiver.requests
    assert (asked.method, asked.target) == ("POST", "/document?tenant=a&b=c")
    assert asked.headers["content-type"] == "application/json"
    payload = json.loads(asked.body)
    assert {"call", "vars", "params", "envs"} <= set(payload)
    call = payload["call"]
    assert call["call_id"] == talk.uuid
    assert (call["direction"], call["call_state"]) == ("inbound", "created")
    assert call["from_number"] == "15551234567"
    assert (call["project_id"], call["node_id"]) == (
        "demo",
        ground_of_module.engine.settings.freeswitch.node_name,
    )
    assert json.loads(told.body) == {"it": talk.uuid, "n": 1}


def test_a_callflow_goes_on_behind_the_document(ground_of_module: ScriptGround, receiver: Receiver) -> None:
    """Where it came to its end; where it says hang up, it does not."""
    ends: dict[str, Any] = {"sections": {"main": [{"set": {"a": 1}}]}}
    hangs_up: dict[str, Any] = {"sections": {"main": [{"hangup": {"reason": "busy"}}]}}
    assert ground_of_module.run(ends, HANGUP).report().actions == ("swml", "hangup")
    report = ground_of_module.run(hangs_up, HANGUP).report()
    assert (report.actions, report.cause.value) == (("swml",), "USER_BUSY")


def test_a_variable_without_a_document_is_told(ground_of_module: ScriptGround) -> None:
    """The call ends; the log says once what is wrong with it, and where."""
    with capture_logs() as logs:
        talk = ground_of_module.call(variables={SWML_VARIABLE: "{sections: {main: [ply: {}]}}"})
        talk.report()
    lines = [line for line in logs if line.get("call_id") == talk.uuid and line["log_level"] != "debug"]
    (line,) = [line for line in lines if line["log_level"] in {"warning", "error"}]
    assert line["event"] == "script_not_run"
    assert "main[0]" in line["reason"]


def test_a_document_goes_on_to_others(ground_of_module: ScriptGround, receiver: Receiver) -> None:
    """One at a URL is executed with parameters, and what it returns comes back; each fetch has them."""
    other = "sections: {main: [return: '%{js:params.n * 2}']}"
    url = serve_document(receiver, other, "text/yaml")
    main: list[dict[str, Any]] = [
        {"execute": {"dest": url, "params": {"n": 21}}},
        {"request": {"url": receiver.url("/told"), "method": "POST", "body": {"n": "%{return_value}"}}},
    ]
    ground_of_module.run({"sections": {"main": main}}).report()
    asked, told = bodies(receiver)
    assert asked["params"] == {"n": 21}
    assert told == {"n": 42}
