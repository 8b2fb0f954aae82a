"""Who is let in, how often, and what every answer says besides."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from callcontrol.token import Scope
from tests.callcontrol.place import ApiProcess, Place


def ask(process: ApiProcess, path: str, key: str = "", **options: Any) -> httpx.Response:
    """One request, as any client would send it."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.request(options.pop("method", "POST"), f"{process.url}{path}", headers=headers, **options)


def test_a_rate_is_a_burst_and_then_a_wait(place: Place) -> None:
    """Beyond it a client is told when to come back, and the key of another is not concerned."""
    process = place.process(rate_per_s=1, burst=2)
    path = f"/v2/calls/{place.id_of(place.call())}/actions/answer"
    key = place.key()
    answers = [ask(process, path, key) for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert answers[0].headers["x-ratelimit-limit"] == "2"
    assert answers[1].headers["x-ratelimit-remaining"] == "0"
    assert answers[2].json()["errors"][0]["code"] == "10011"
    assert answers[2].headers["retry-after"] == "1"
    assert 0 < int(answers[2].headers["retry-after-ms"]) <= 1000
    assert ask(process, path, place.key()).status_code == 200


@pytest.mark.parametrize("header", ["", "Basic eDp5", "Bearer", "Bearer KEYx", "Bearer \xff"])
def test_without_a_key_nothing_is_read(place: Place, header: str) -> None:
    """The body of somebody unknown is not even looked at."""
    url = f"{place.api.url}/v2/calls/x/actions/answer"
    answer = httpx.post(url, headers={"Authorization": header.encode("latin-1")}, content=b"{")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["errors"][0]["code"] == "10009"


def test_every_request_leaves_a_line_without_secrets(place: Place) -> None:
    """Who, what, with which end; the key itself is nowhere."""
    call_control_id = place.id_of(place.call())
    key = place.key(Scope.CONTROL)
    with capture_logs() as lines:
        ask(place.api, f"/v2/calls/{call_control_id}/actions/hangup?x={key}", key, json={"client_state": "x"})
    (line,) = (one for one in lines if one["event"] == "api_request")
    assert (line["method"], line["status"], line["key_id"]) == ("POST", 422, key[3:15])
    assert line["path"].endswith("/actions/hangup")
    assert key not in str(lines)


def test_errors_outside_commands_have_the_same_format(place: Place) -> None:
    """No such page, no such method; pages that are not the API's keep their own."""
    key = place.key()
    gone = ask(place.api, "/v2/nothing", key)
    assert (gone.status_code, gone.json()["errors"][0]["code"]) == (404, "10005")
    wrong = ask(place.api, "/v2/calls/x/actions/answer", key, method="GET")
    assert wrong.status_code == 405
    assert "POST" in wrong.headers["allow"]
    assert wrong.json()["errors"]
    assert "errors" not in ask(place.api, "/nothing", key, method="GET").text


def test_a_bug_is_one_answer_and_no_details(place: Place) -> None:
    """What fails in us is logged with its traceback; a client hears that it failed, and not to try again."""
    call_control_id = place.id_of(place.call())
    key = place.key()
    del place.api.control.facilities.ids._key
    with capture_logs() as lines:
        answer = ask(place.api, f"/v2/calls/{call_control_id}/actions/answer", key)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (500, "10007")
    assert answer.headers["x-should-retry"] == "false"
    assert "_key" not in answer.text
    assert any(one["event"] == "api_request_failed" for one in lines)
