"""Taps send what a leg says, as it is said, and never harm the call."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import gevent
import numpy as np
import pytest

from calls import capture as capture_module
from calls import tap as tap_module
from calls import websocket
from calls.call import Call
from calls.capture import Side
from calls.errors import CallGone, CaptureFailed, TapFailed
from calls.g711 import Codec
from calls.tap import Tap, Taps
from calls.tap_target import parse_target
from storage.address import AddressPolicy
from tests.calls.line import Line, opened
from tests.calls.scripted_switch import ScriptedSwitch
from tests.calls.tap_ends import RtpEnd, WebsocketEnd
from tests.waiting import eventually

LOCAL = AddressPolicy(["127.0.0.0/8"])
Start = Callable[..., Tap]


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    """A simulated switch."""
    with opened(tmp_path) as line:
        yield line


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


@pytest.fixture
def taps() -> Taps:
    """Taps that may go to this host."""
    return Taps(LOCAL)


def _start(taps: Taps, call: Call, directory: Path, uri: str, **options: Any) -> Tap:
    chosen = {"side": Side.SPEAK, "codec": Codec.PCMU, "ptime_ms": 20, "on_end": lambda: None} | options
    side, codec = chosen.pop("side"), chosen.pop("codec")
    return taps.start(call, parse_target(uri), side, codec, directory=directory, **chosen)


@pytest.mark.parametrize(("ptime_ms", "codec"), [(20, Codec.PCMU), (10, Codec.PCMA), (60, Codec.PCMU)])
def test_rtp_is_what_the_caller_says(
    line: Line, rtp: RtpEnd, taps: Taps, ptime_ms: int, codec: Codec
) -> None:
    """Right headers, real time, one source, and a voice."""

    def flow(call: Call) -> Tap:
        tap = _start(taps, call, line.directory, rtp.uri, ptime_ms=ptime_ms, codec=codec)
        call.sleep(1.2)
        tap.stop()
        return tap

    tap = line.run(flow, {"at": 0, "say": 8})
    packets = rtp.packets
    assert {packet.payload_type for packet in packets} == {codec.payload_type}
    assert {len(packet.payload) for packet in packets} == {8 * ptime_ms}
    assert len({packet.ssrc for packet in packets}) == 1
    assert [packet.marker for packet in packets] == [True] + [False] * (len(packets) - 1)
    for one, two in pairwise(packets):
        assert (two.sequence - one.sequence) % 2**16 == 1
        assert (two.timestamp - one.timestamp) % 2**32 == 8 * ptime_ms
    lasted_s = packets[-1].at_s - packets[0].at_s
    assert lasted_s == pytest.approx(len(packets) * ptime_ms / 1000, abs=0.3)
    assert 0.7 <= lasted_s <= 1.4
    assert rtp.sources == {tap.source}
    quiet = 0xFF if codec is Codec.PCMU else 0xD5
    assert np.mean(np.frombuffer(rtp.sound, np.uint8) == quiet) < 0.6


def test_it_ends_with_the_call(line: Line, rtp: RtpEnd, taps: Taps) -> None:
    """Nobody has to stop it; its end is told once, and nothing is left."""
    ends: list[str] = []

    def flow(call: Call) -> None:
        _start(taps, call, line.directory, rtp.uri, on_end=lambda: ends.append("over"))
        with pytest.raises(CallGone):
            call.sleep(10)

    line.run(flow, {"at": 0, "say": 0.5}, {"at": 0.6, "hang_up": "NORMAL_CLEARING"})
    eventually(lambda: not taps.live)
    eventually(lambda: not list(line.directory.iterdir()))
    assert ends == ["over"]
    assert rtp.packets


def test_stopping_twice_is_once(line: Line, rtp: RtpEnd, taps: Taps) -> None:
    """The end is told when it is stopped, and never again."""
    ends: list[str] = []

    def flow(call: Call) -> list[str]:
        tap = _start(taps, call, line.directory, rtp.uri, on_end=lambda: ends.append("over"))
        tap.stop()
        told = list(ends)
        tap.stop()
        return told

    assert line.run(flow) == ["over"]
    eventually(lambda: not taps.live)
    assert ends == ["over"]


def test_nobody_listens(line: Line, rtp: RtpEnd, taps: Taps) -> None:
    """A port that nobody has open harms nothing."""
    uri = rtp.uri
    rtp.close()

    def flow(call: Call) -> bool:
        tap = _start(taps, call, line.directory, uri)
        call.sleep(0.4)
        return tap.is_over

    assert line.run(flow) is False


@pytest.mark.parametrize("uri", ["rtp://127.0.0.1:4000", "ws://127.0.0.1:4000/", "rtp://localhost:4000"])
def test_private_addresses_are_refused(uri: str, tmp_path: Path) -> None:
    """Unless the operator allows them; FreeSWITCH is told of nothing."""
    switch = ScriptedSwitch()
    with pytest.raises(TapFailed, match="allow_networks"):
        _start(Taps(AddressPolicy([])), switch.call(), tmp_path, uri)
    assert switch.commands == []


def test_capture_that_fails_leaves_no_socket(
    tmp_path: Path, rtp: RtpEnd, taps: Taps, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tap is not there, and the call goes on."""
    switch = ScriptedSwitch()
    monkeypatch.setattr(capture_module, "GRACE_S", 0.1)
    with pytest.raises(CaptureFailed):
        _start(taps, switch.call(), tmp_path, rtp.uri)
    assert taps.live == 0


def test_call_that_ends_while_it_connects(tmp_path: Path, taps: Taps, ws: WebsocketEnd) -> None:
    """A slow target keeps nobody on a call that is over."""
    switch = ScriptedSwitch()
    call = switch.call()
    gevent.spawn(switch.hang_up)
    with pytest.raises(CallGone):
        _start(taps, call, tmp_path, ws.uri)
    assert taps.live == 0


def test_taps_of_a_call_are_bounded(
    line: Line, rtp: RtpEnd, taps: Taps, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script that goes round starts no more of them."""
    monkeypatch.setattr(tap_module, "MAX_TAPS_OF_CALL", 2)

    def flow(call: Call) -> None:
        for _ in range(2):
            _start(taps, call, line.directory, rtp.uri)
        with pytest.raises(TapFailed, match="too many"):
            _start(taps, call, line.directory, rtp.uri)

    line.run(flow)


# -- websockets -------------------------------------------------------------------------------------------


def test_websocket_gets_the_sound_as_binary_messages(line: Line, ws: WebsocketEnd, taps: Taps) -> None:
    """20 ms each, in real time, and a proper close at the end."""

    def flow(call: Call) -> None:
        tap = _start(taps, call, line.directory, ws.uri, codec=Codec.PCMA)
        call.sleep(1.0)
        ws.say("nobody wants to know")
        call.sleep(0.2)
        assert not tap.is_over
        tap.stop()

    line.run(flow, {"at": 0, "say": 8})
    eventually(lambda: ws.closed_with)
    assert ws.closed_with == [1000]
    assert {len(message) for message in ws.messages} == {160}
    assert 0.7 <= len(ws.sound) / 8_000 <= 1.6
    assert np.mean(np.frombuffer(ws.sound, np.uint8) == 0xD5) < 0.6
    assert ws.requests[0].path == "/tap"


@pytest.mark.parametrize("how", ["hang_up", "break_off"])
def test_server_that_leaves_ends_the_tap(line: Line, ws: WebsocketEnd, taps: Taps, how: str) -> None:
    """However it leaves; the call goes on."""
    ends: list[float] = []

    def flow(call: Call) -> bool:
        tap = _start(taps, call, line.directory, ws.uri, on_end=lambda: ends.append(time.monotonic()))
        call.sleep(0.3)
        getattr(ws, how)()
        eventually(lambda: ends)
        return tap.is_over and not call.is_ended

    assert line.run(flow)
    assert len(ends) == 1


def test_server_that_is_none(tmp_path: Path, taps: Taps) -> None:
    """A server that refuses, or is not there, is a tap that fails; no password is told."""
    refusing = WebsocketEnd(status=403)
    switch = ScriptedSwitch()
    call = switch.call()
    with pytest.raises(TapFailed) as refused:
        _start(taps, call, tmp_path, refusing.uri.replace("ws://", "ws://user:secret@"))
    assert "secret" not in str(refused.value)
    assert refusing.requests[0].headers["Authorization"].startswith("Basic ")
    uri = refusing.uri
    refusing.close()
    with pytest.raises(TapFailed):
        _start(taps, call, tmp_path, uri)
    with pytest.raises(TapFailed):
        _start(taps, call, tmp_path, "ws://user@127.0.0.1:1/")


def test_server_that_does_not_answer(tmp_path: Path, taps: Taps, monkeypatch: pytest.MonkeyPatch) -> None:
    """The handshake has a deadline."""
    monkeypatch.setattr(websocket, "CONNECT_S", 0.1)
    listener = gevent.socket.create_server(("127.0.0.1", 0))
    uri = "ws://{}:{}/".format(*listener.getsockname())
    with pytest.raises(TapFailed, match="timed out"):
        _start(taps, ScriptedSwitch().call(), tmp_path, uri)
    listener.close()


def test_server_that_takes_nothing(
    line: Line, ws: WebsocketEnd, taps: Taps, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A peer that answers no ping is given up."""
    monkeypatch.setattr(websocket, "PING_S", 0.2)
    ends: list[str] = []

    def flow(call: Call) -> None:
        _start(taps, call, line.directory, ws.uri, on_end=lambda: ends.append("over"))
        ws._greenlets[0].kill()  # it reads no more
        eventually(lambda: ends)

    line.run(flow)
