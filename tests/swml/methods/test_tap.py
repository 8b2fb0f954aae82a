"""tap and stop_tap on calls of the simulator: what is sent, set and told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from calls.tap import Taps
from storage.address import AddressPolicy
from swml.run import ScriptRun
from tests.calls.tap_ends import RtpEnd, WebsocketEnd
from tests.swml.stage import Stage
from tests.waiting import eventually

STATUS = "https://status.test/tap"
A_WHILE = ("play", {"url": "silence:0.6"})


@pytest.fixture
def local(stage: Stage) -> Stage:
    """A stage whose scripts may send to this host."""
    stage.facilities = replace(stage.facilities, taps=Taps(AddressPolicy(["127.0.0.0/8"])))
    return stage


@pytest.fixture
def rtp() -> Iterator[RtpEnd]:
    """A receiver of RTP."""
    end = RtpEnd()
    yield end
    end.close()


@pytest.fixture
def ws() -> Iterator[WebsocketEnd]:
    """A websocket server."""
    end = WebsocketEnd()
    yield end
    end.close()


def states(stage: Stage) -> list[str]:
    """What the status URL heard."""
    return [body["params"]["state"] for body in stage.told.bodies]


def test_rtp(local: Stage, rtp: RtpEnd) -> None:
    """Sound arrives from where the variables say, until it is stopped."""
    tap = {"uri": rtp.uri, "status_url": STATUS, "rtp_ptime": 30, "codec": "PCMA", "control_id": "mine"}
    local.run([("tap", tap), A_WHILE, ("stop_tap", {"control_id": "mine"}), A_WHILE])
    get = local.variables.get
    assert (get("tap_result"), get("tap_control_id"), get("tap_uri")) == ("success", "mine", rtp.uri)
    assert (get("tap_codec"), get("tap_rate"), get("tap_ptime")) == ("PCMA", 8_000, 30)
    assert rtp.sources == {(get("tap_rtp_src_addr"), get("tap_rtp_src_port"))}
    assert get("stop_tap_result") == "success"
    assert {len(packet.payload) for packet in rtp.packets} == {240}
    assert 0.3 <= len(rtp.sound) / 8_000 <= 0.9
    assert states(local) == ["tapping", "finished"]
    host, port = rtp.uri.removeprefix("rtp://").split(":")
    assert local.told.bodies[0]["params"] | {"call_id": "", "node_id": ""} == {
        "call_id": "",
        "node_id": "",
        "control_id": "mine",
        "state": "tapping",
        "tap": {"type": "audio", "params": {"direction": "speak"}},
        "device": {"type": "rtp", "params": {"addr": host, "port": int(port), "codec": "PCMA", "ptime": 30}},
    }


def test_websocket(local: Stage, ws: WebsocketEnd) -> None:
    """The latest tap is stopped where none is named; an id is made where none is given."""
    tap = {"uri": ws.uri, "status_url": STATUS, "direction": "both"}
    local.run([("tap", tap), A_WHILE, ("stop_tap", {}), ("stop_tap", {})])
    eventually(lambda: ws.closed_with)
    assert local.variables.get("tap_result") == "success"
    assert len(local.variables.get("tap_control_id")) == 36
    assert local.variables.get("tap_rtp_src_port") is None
    assert local.variables.get("stop_tap_result") == "failed"
    assert local.told.bodies[0]["params"]["device"] == {
        "type": "ws",
        "params": {"uri": ws.uri, "codec": "PCMU"},
    }
    assert ws.messages


def test_the_call_ends_it(local: Stage, rtp: RtpEnd) -> None:
    """A tap that nobody stops is finished with the call, and told so once."""
    local.run([("tap", {"uri": rtp.uri, "status_url": STATUS}), A_WHILE])
    eventually(lambda: states(local)[1:])
    assert states(local) == ["tapping", "finished"]


def test_the_script_ends_it(local: Stage, rtp: RtpEnd) -> None:
    """When the call goes on elsewhere, its sound does not."""

    def at_end(run: ScriptRun) -> dict[str, Any]:
        for each in run.at_end:
            each()
        return {"url": "silence:0.3"}

    local.run([("tap", {"uri": rtp.uri, "status_url": STATUS}), ("play", at_end)])
    assert states(local) == ["tapping", "finished"]
    assert local.runs[-1].taps[local.variables.get("tap_control_id")].is_over


def test_the_latest_that_still_runs_is_stopped(local: Stage, rtp: RtpEnd, ws: WebsocketEnd) -> None:
    """Two taps, two stops without a name: the second first."""
    tap = {"status_url": STATUS}
    local.run(
        [
            ("tap", {**tap, "uri": rtp.uri, "control_id": "a"}),
            ("tap", {**tap, "uri": ws.uri, "control_id": "b"}),
            ("stop_tap", {}),
            ("stop_tap", {}),
        ]
    )
    told = [(body["params"]["control_id"], body["params"]["state"]) for body in local.told.bodies]
    assert told == [("a", "tapping"), ("b", "tapping"), ("b", "finished"), ("a", "finished")]


@pytest.mark.parametrize("uri", ["rtp://127.0.0.1:4000", "ws://127.0.0.1:4000", "http://example.com", ""])
def test_targets_that_are_refused(stage: Stage, uri: str) -> None:
    """A failed tap is told in a variable, and the script goes on."""
    stage.run([("tap", {"uri": uri, "status_url": STATUS}), ("stop_tap", {"control_id": "nothing"})])
    assert stage.variables.get("tap_result") == "failed"
    assert stage.variables.get("stop_tap_result") == "failed"
    assert stage.told.bodies == []


def test_one_control_id_is_one_tap(local: Stage, rtp: RtpEnd) -> None:
    """A second of the same id fails while the first runs."""
    tap = {"uri": rtp.uri, "control_id": "x"}
    local.run([("tap", tap), ("tap", tap)])
    assert local.variables.get("tap_result") == "failed"
    local.run([("tap", tap), ("stop_tap", {}), ("tap", tap)])
    assert local.variables.get("tap_result") == "success"
