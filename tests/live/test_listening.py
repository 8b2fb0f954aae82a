"""Legs of a running FreeSWITCH are listened to while they speak."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from calls import capture as capture_module
from calls.call import Call
from calls.capture import Side, capturing
from calls.g711 import Codec
from calls.growing_audio import Samples
from calls.tap import Taps
from calls.tap_target import parse_target
from config.address import Address
from storage.address import AddressPolicy
from tests.calls.tap_ends import RtpEnd, WebsocketEnd
from tests.live.live_line import LiveLine
from tests.waiting import eventually

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

SPEAKS = "&playback(tone_stream://%(60000,0,440))"
PLAYED = "tone_stream://%(10000,0,1000)"


@pytest.fixture
def line(tmp_path: Path, freeswitch: tuple[Address, str]) -> Iterator[LiveLine]:
    """That FreeSWITCH."""
    tmp_path.chmod(0o755)
    line = LiveLine(tmp_path, *freeswitch)
    yield line
    line.close()


def _strength(samples: Samples, hz: int, rate_hz: int = 8_000) -> float:
    """Amplitude of one frequency."""
    at = np.arange(len(samples)) * (2 * np.pi * hz / rate_hz)
    return float(2 * np.abs(np.mean(samples * np.exp(-1j * at)))) if len(samples) else 0.0


def _taken(line: LiveLine, side: Side, seconds: float, rate_hz: int = 8_000) -> list[tuple[float, Samples]]:
    def flow(call: Call) -> list[tuple[float, Samples]]:
        call.submit("playback", PLAYED, lock=True)
        call.sleep(0.3)
        found = []
        with capturing(call, line.directory, side, rate_hz) as capture:
            began_s = time.monotonic()
            while time.monotonic() < began_s + seconds:
                call.sleep(0.02)
                found.append((time.monotonic() - began_s, capture.take()))
        return found

    taken: list[tuple[float, Samples]] = line.run(flow, SPEAKS)
    return taken


@pytest.mark.parametrize("side", Side)
def test_sides_are_kept_apart(line: LiveLine, side: Side) -> None:
    """What the far end says is 440 Hz, what it hears 1000 Hz; and nothing is left on disk."""
    found = _taken(line, side, 2.0)
    samples = np.concatenate([one for _, one in found])[800:]
    assert (_strength(samples, 440) > 500) is (side is not Side.HEAR)
    assert (_strength(samples, 1000) > 500) is (side is not Side.SPEAK)
    eventually(lambda: not list(line.directory.iterdir()))


def test_sound_is_there_as_soon_as_it_is_said(line: LiveLine, capsys: pytest.CaptureFixture[str]) -> None:
    """It grows every 20 ms, and is never half a second late."""
    found = _taken(line, Side.SPEAK, 3.0)
    total, behind = 0, []
    for at_s, samples in found:
        total += len(samples)
        behind.append(at_s - total / 8_000)
    with capsys.disabled():
        print(  # noqa: T201 - a figure that was measured
            f"\nbehind real time: median {np.median(behind) * 1000:.0f} ms, most {max(behind) * 1000:.0f} ms"
        )
    assert max(behind[10:]) < 0.5


def test_files_follow_each_other_without_a_gap(line: LiveLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tone that is captured in many files is one tone: its phase never jumps."""
    monkeypatch.setattr(capture_module, "ROTATE_S", 0.5)
    monkeypatch.setattr(capture_module, "GRACE_S", 0.3)
    samples = np.concatenate([one for _, one in _taken(line, Side.SPEAK, 4.0)])[1_600:]
    blocks = samples[: len(samples) // 400 * 400].reshape(-1, 400)  # 50 ms: 22 periods
    carrier = np.exp(-2j * np.pi * 440 / 8_000 * np.arange(400))
    phases = np.angle((blocks * carrier).mean(axis=1))
    jumps = np.abs(np.angle(np.exp(1j * np.diff(phases))))
    assert len(samples) > 2.5 * 8_000
    assert (jumps > 0.5).sum() == 0, jumps


@pytest.mark.parametrize("kind", ["rtp", "ws"])
def test_taps(line: LiveLine, kind: str) -> None:
    """A target gets the tone in real time."""
    end = RtpEnd() if kind == "rtp" else WebsocketEnd()
    taps = Taps(AddressPolicy(["127.0.0.0/8"]))

    def flow(call: Call) -> None:
        tap = taps.start(
            call,
            parse_target(end.uri),
            Side.SPEAK,
            Codec.PCMU,
            directory=line.directory,
            ptime_ms=20,
            on_end=lambda: None,
        )
        call.sleep(2.0)
        tap.stop()

    line.run(flow, SPEAKS)
    eventually(lambda: not taps.live)
    sound = _decoded(end.sound)
    end.close()
    assert 1.5 <= len(sound) / 8_000 <= 2.3
    assert _strength(sound[1_600:], 440) > 500


def _decoded(sound: bytes) -> Samples:
    """Return samples of mu-law. Source: ITU-T G.711."""
    octets = ~np.frombuffer(sound, np.uint8)
    magnitude = (((octets & 0x0F).astype(np.int32) << 3) + 0x84 << (octets >> 4 & 7)) - 0x84
    return np.where(octets & 0x80, -magnitude, magnitude).astype(np.int16)
