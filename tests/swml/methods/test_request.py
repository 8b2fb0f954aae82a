"""What request asks, and what its answers become."""

from __future__ import annotations

import json
from typing import Any

import pytest
from marshmallow import ValidationError
from structlog.testing import capture_logs

from swml.methods.request import MAX_BODY_BYTES, METHOD, likely_type
from tests.storage.receiver import Answer, Receiver, serving
from tests.swml.stage import Stage, load

SILENT = {"at": 0.0, "silent": 20.0}
JSON = {"Content-Type": "application/json"}


def request(stage: Stage, receiver: Receiver, **properties: Any) -> None:
    """Ask once, on a call."""
    stage.run([("request", {"url": receiver.url("/x"), "method": "GET", **properties})], SILENT)


def known(stage: Stage, *names: str) -> list[Any]:
    """What variables hold."""
    return [stage.variables.get(f"request_{name}") for name in names]


def test_an_answer_is_kept_in_variables(stage: Stage) -> None:
    """Status, headers, body; not its JSON, unless asked for."""
    with serving(Answer(200, {**JSON, "X-One": "1"}, b'{"a": 1}')) as receiver:
        request(stage, receiver)
    assert known(stage, "url", "result", "response_code", "response_body", "response") == [
        receiver.url("/x"),
        "success",
        200,
        '{"a": 1}',
        None,
    ]
    assert stage.variables.get("return_value") == "success"
    assert known(stage, "response_headers.content-type", "response_headers.x-one") == [
        "application/json",
        "1",
    ]


def test_json_is_saved_when_asked_for(stage: Stage) -> None:
    """The example of the published page."""
    body = json.dumps({"status": "created", "time": "2 seconds ago", "number": {"home": "n/a"}}).encode()
    with serving(Answer(200, JSON, body)) as receiver:
        request(stage, receiver, save_variables=True)
    assert known(stage, "response.status", "response.time", "response.number.home") == [
        "created",
        "2 seconds ago",
        "n/a",
    ]


@pytest.mark.parametrize("status", [204, 299, 300, 404, 500])
def test_only_2xx_is_a_success(stage: Stage, status: int) -> None:
    """The status is known all the same."""
    with serving(Answer(status)) as receiver:
        request(stage, receiver)
    assert known(stage, "response_code", "result") == [status, "success" if status < 300 else "failed"]


def test_without_an_answer_nothing_of_an_earlier_one_is_left(stage: Stage) -> None:
    """The script goes on; the log says why, without credentials."""
    with serving(Answer(200, JSON, b'{"a": 1}')) as receiver, capture_logs() as logs:
        first = {"url": receiver.url(), "method": "GET", "save_variables": True}
        second = {"url": "http://u:secret@127.0.0.1:1/", "method": "GET"}
        stage.run([("request", first), ("request", second)], SILENT)
    assert known(stage, "url", "result") == ["http://127.0.0.1:1/", "failed"]
    assert known(stage, "response_code", "response_headers", "response_body", "response") == [None] * 4
    (line,) = [line for line in logs if line["event"] == "request_failed"]
    assert "secret" not in line["reason"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_every_method_is_sent_with_its_body(stage: Stage, method: str) -> None:
    """A mapping as JSON."""
    with serving(Answer(200)) as receiver:
        request(stage, receiver, method=method, body={"pin": "12é"})
    (received,) = receiver.requests
    assert (received.method, json.loads(received.body)) == (method, {"pin": "12é"})
    assert received.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (' {"a": 1}', "application/json"),
        ("[1]", "application/json"),
        ("\n<a/>", "application/xml"),
        ("a=1&b=2", "application/x-www-form-urlencoded"),
        ("hello there", "text/plain; charset=utf-8"),
        ("", "text/plain; charset=utf-8"),
    ],
)
def test_the_likely_type_is_told(body: str, content_type: str) -> None:
    """By how the body begins."""
    assert likely_type(body) == content_type


def test_headers_are_sent_as_allowed(stage: Stage) -> None:
    """Those the language names, and X-; numbers as text; others are said in the log."""
    headers = {
        "accept": "a/b",
        "Authorization": "Bearer t",
        "Content-Type": "c/d",
        "Range": "bytes=0-1",
        "X-Count": 5,
        "Host": "evil.test",
        "Cookie": "c",
    }
    with serving(Answer(200)) as receiver, capture_logs() as logs:
        request(stage, receiver, method="POST", body="x", headers=headers)
    sent = receiver.requests[0].headers
    assert (sent["accept"], sent["authorization"], sent["content-type"]) == ("a/b", "Bearer t", "c/d")
    assert (sent["range"], sent["x-count"]) == ("bytes=0-1", "5")
    assert sent["host"] == f"127.0.0.1:{receiver.port}"
    assert "cookie" not in sent
    assert [line["header"] for line in logs if line["event"] == "request_header_not_sent"] == [
        "Host",
        "Cookie",
    ]


def test_credentials_of_the_url_are_sent_and_not_kept(stage: Stage) -> None:
    """Basic authentication; the variable is without them."""
    with serving(Answer(200)) as receiver:
        url = receiver.url("/x?a=b").replace("://", "://u:p%40ss@")
        stage.run([("request", {"url": url, "method": "GET"})], SILENT)
    assert receiver.requests[0].headers["authorization"] == "Basic dTpwQHNz"
    assert stage.variables.get("request_url") == receiver.url("/x?a=b")


def test_a_long_body_is_cut_and_its_json_not_saved(stage: Stage) -> None:
    """64 kB are kept."""
    body = json.dumps({"a": "x" * MAX_BODY_BYTES}).encode()
    with serving(Answer(200, JSON, body)) as receiver, capture_logs() as logs:
        request(stage, receiver, save_variables=True)
    assert (len(known(stage, "response_body")[0]), known(stage, "result", "response")) == (
        MAX_BODY_BYTES,
        ["success", None],
    )
    assert "answer_not_saved" in [line["event"] for line in logs]


@pytest.mark.parametrize(
    "body",
    [b"no", b"", b'{"a": NaN}', b"[" * 5000 + b"]" * 5000, b'{"a":' * 40 + b"1" + b"}" * 40, b"9" * 6000],
)
def test_what_is_no_json_is_not_saved(stage: Stage, body: bytes) -> None:
    """Nor what is nested beyond reason; the answer is one all the same."""
    with serving(Answer(200, JSON, body)) as receiver:
        request(stage, receiver, save_variables=True)
    assert known(stage, "result", "response") == ["success", None]


def test_no_more_than_64_headers_are_kept(stage: Stage) -> None:
    """Of however many there are."""
    with serving(Answer(200, {f"X-{number}": "x" for number in range(90)})) as receiver:
        request(stage, receiver)
    assert len(stage.variables.get("request_response_headers")) == 64


@pytest.mark.parametrize(
    "answer", [Answer(hangs=True), Answer(200, {"Content-Length": "9999"}, trickles=True)]
)
def test_the_timeout_holds_for_everything(stage: Stage, answer: Answer) -> None:
    """Its own, or the system's where it has none."""
    with serving(answer) as receiver:
        request(stage, receiver, timeout=0.3)
        assert known(stage, "result") == ["failed"]
        request(stage, receiver)
        assert known(stage, "result") == ["failed"]


@pytest.mark.parametrize(
    "properties",
    [
        {"url": "ftp://host/"},
        {"url": "host/path"},
        {"method": "PATCH"},
        {"method": "get"},
        {"headers": "x"},
        {"body": 5},
        {"body": ["x"]},
        {"timeout": -1},
        {"connect_timeout": "soon"},
        {"save_variables": "yes"},
        {"proxy": "x"},
    ],
)
def test_what_cannot_be_asked_is_refused(properties: dict[str, Any]) -> None:
    """By the property's name."""
    with pytest.raises(ValidationError) as refused:
        load(METHOD, {"url": "https://host/", "method": "GET", **properties})
    assert refused.value.messages_dict.keys() == properties.keys()
