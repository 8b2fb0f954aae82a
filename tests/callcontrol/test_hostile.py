"""What attackers send: bodies, ids and paths of every kind to every page, and what FreeSWITCH gets of it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from callcontrol.call_control_id import MAX_LENGTH
from callcontrol.validation import MAX_BODY_BYTES
from tests.callcontrol.pages import BODIES, Page, pages_of
from tests.callcontrol.place import Place

BROKEN: dict[str, tuple[bytes, int]] = {
    "a list without end": (b"[" * 60_000, 400),
    "an object without end": (b'{"a":' * 10_000, 400),
    "a list as deep as a body can be": (b"[" * 30_000 + b"]" * 30_000, 400),
    "not a number": (b'{"a": NaN}', 400),
    "an endless number": (b'{"a": -Infinity}', 400),
    "a number of thousands of digits": (b'{"a": ' + b"9" * 20_000 + b"}", 400),
    "half a character": (b'{"a": "\xc3"}', 400),
    "another encoding": ('{"a": "\ufeff"}'.encode("utf-16"), 400),
    "two bodies": (b"{} {}", 400),
    "no object": (b'"text"', 400),
}
VALUES: tuple[bytes, ...] = (
    b"1e999",
    b"-1e999",
    b"1e-999",
    b"9" * 4000,
    b"-0",
    b"0.1e1",
    b"true",
    b"null",
    b"[]",
    b"{}",
    b'""',
    b'"\\u0000"',
    b'"a\\r\\nEvil: yes\\r\\n\\r\\n"',
    b'"\\ud800"',
    b'"\\udfff\\ud800"',
    b'"\\u202e\\u2028\\ufeff"',
    b'"${system touch /tmp/evil}"',
    b'"\'; a=b, c=d} [x=y] | & ; ^^:a"',
    b'"../../../../etc/passwd"',
    b'"file:///etc/passwd"',
    b'"' + b"a" * 60_000 + b'"',
    b"[" * 400 + b"]" * 400,
    b'{"a":' * 400 + b"1" + b"}" * 400,
    json.dumps([{"name": "a\r\nb", "value": "c\r\nd"}]).encode(),
    json.dumps([[], {}, None, 1e308]).encode(),
    json.dumps({"value": ["http://a/\r\nb"], "\ud800": [1]}).encode(),
)
PATHS = (
    "/v2/calls/../calls",
    "/v2/calls/%2e%2e/actions/answer",
    "/v2/calls/%00/actions/answer",
    "/v2/calls/a%0d%0ab/actions/answer",
    "/v2/calls/%ff%fe/actions/answer",
    "/v2/calls//actions/answer",
    "/v2//calls",
    "/v2/calls/a/actions/__init__",
    "/v2/calls/a/actions/_recording_order",
    "/v2/calls/a/actions/..%2fanswer",
    f"/v2/calls/v3:{'A' * 7000}/actions/answer",
    "/v2/calls/v3%3a/actions/answer;a=b?c=%00",
    "/V2/CALLS",
    "/v2/" + "a/" * 2000,
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One for all."""
    opened = Place(Path(tmp_path_factory.mktemp("hostile")))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def key(place: Place) -> str:
    """For everything."""
    return place.key()


@pytest.fixture(scope="module")
def commands(place: Place) -> list[Page]:
    """The pages that take a body."""
    return [page for page in pages_of(place.api) if page.method in {"POST", "PUT", "PATCH"}]


@pytest.fixture(scope="module")
def client(place: Place, key: str) -> Iterator[httpx.Client]:
    """One that may do everything."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    with httpx.Client(base_url=place.api.url, headers=headers, timeout=20) as made:
        yield made


def send(client: httpx.Client, page: Page, body: bytes, call_control_id: str = "v3:a") -> httpx.Response:
    """A body as it is."""
    return client.request(page.method, page.url(call_control_id=call_control_id), content=body)


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_json_is_refused(client: httpx.Client, commands: list[Page], name: str) -> None:
    """By every page alike, in the format of errors."""
    body, status = BROKEN[name]
    for page in commands:
        answer = send(client, page, body)
        assert (answer.status_code, bool(answer.json()["errors"])) == (status, True), page


def test_what_is_too_long_is_refused(client: httpx.Client, commands: list[Page]) -> None:
    """By its length, whatever it is; some take more than others."""
    for page in commands:
        assert send(client, page, b" " * 3_000_000).status_code == 413, page
        if page.name != "playback_start":
            assert send(client, page, b" " * (MAX_BODY_BYTES + 1)).status_code == 413, page


@pytest.mark.timeout(180)
def test_no_value_is_a_failure_of_ours(place: Place, client: httpx.Client, commands: list[Page]) -> None:
    """Every parameter of every page with every odd value, on a live call: done or refused, never a fault."""
    described = client.get("/openapi.json").json()
    call = place.call()
    call_control_id = place.id_of(call)
    with capture_logs() as lines:
        for page in commands:
            if page.name in {"hangup", "reject", "transfer", "bridge"}:
                continue  # the call is needed; their values are seen to by test_conformance
            (content,) = described["paths"][page.path][page.method.lower()]["requestBody"]["content"].values()
            schema = described["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
            for name in schema["properties"]:
                others = {**BODIES.get(page.name, {}), name: "HERE"}
                for value in VALUES:
                    body = json.dumps(others).encode().replace(b'"HERE"', value)
                    answer = send(client, page, body, call_control_id)
                    assert answer.status_code < 500, (page.name, name, value[:80], lines[-2:])
    assert not [line for line in lines if line["event"] == "api_request_failed"]
    assert not any("evil" in name.lower() for name in call.session.channel.variables)
    assert not Path("/tmp/evil").exists()


def test_no_path_is_a_failure_of_ours(place: Place, key: str) -> None:
    """Nor does any lead elsewhere than to its page."""
    host, port = "127.0.0.1", int(place.api.url.rpartition(":")[2])
    for path in PATHS:
        for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"):
            with socket.create_connection((host, port), timeout=10) as client:
                head = f"{method} {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\n"
                client.sendall(f"{head}Connection: close\r\nContent-Length: 0\r\n\r\n".encode())
                told = b""
                while data := client.recv(65536):
                    told += data
            assert told.split(b" ", 2)[1] in {b"200", b"308", b"404", b"405", b"422"}, (method, path, told)
            assert b"Traceback" not in told


@pytest.mark.parametrize(
    "call_control_id",
    [
        "v3:",
        "v3:AAAA",
        "v2:abc",
        "v3:" + "A" * MAX_LENGTH,
        "v3:w7w7",
        "null",
        "%5Bobject%20Object%5D",
        "v3:AAAA%0A",
        "v3:\u212a",
        "v3:" + "\u00ff" * 20,
    ],
)
def test_ids_that_were_made_up_name_nothing(client: httpx.Client, call_control_id: str) -> None:
    """They are all answered alike."""
    answer = client.get(f"/v2/calls/{call_control_id}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "90015"


def test_a_changed_id_names_nothing(place: Place, client: httpx.Client) -> None:
    """Whichever character of it."""
    text = place.id_of(place.call())
    assert client.get(f"/v2/calls/{text}").status_code == 200
    for at in range(3, len(text)):
        changed = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
        assert client.get(f"/v2/calls/{changed}").status_code == 422, at
