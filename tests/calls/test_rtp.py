"""RTP: numbered, stamped, paced; nothing lost, nothing twice."""

from __future__ import annotations

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.rtp import AHEAD_S, GAP_S, RtpStream

FRAME = 160


def _header(packet: bytes) -> tuple[int, ...]:
    return struct.unpack("!BBHII", packet[:12])


def _sent(stream: RtpStream) -> bytes:
    """Have the first packet sent, at 0.04 s."""
    stream.feed(bytes(FRAME), 0.0)
    return stream.feed(b"", 0.04)[0]


def test_header_of_the_first_packets() -> None:
    """Version 2, no extras; the marker at the beginning only; number and stamp move on."""
    stream = RtpStream(0, 20)
    assert stream.feed(bytes(FRAME), 100.0) == []  # the cushion
    first = stream.feed(bytes(FRAME), 100.04)
    second = stream.feed(b"", 100.06)
    one, two = _header(first[0]), _header(second[0])
    assert (one[0], one[1]) == (0x80, 0x80)
    assert (two[0], two[1]) == (0x80, 0x00)
    assert two[2] == (one[2] + 1) & 0xFFFF
    assert two[3] == (one[3] + FRAME) & 0xFFFFFFFF
    assert one[4] == two[4] == stream.ssrc
    assert len(first[0]) == 12 + FRAME


def test_beginnings_are_random() -> None:
    """Two streams share neither source nor numbers."""
    heads = {_header(_sent(RtpStream(8, 20))) for _ in range(8)}
    assert len({head[2:] for head in heads}) == 8
    assert {head[1] & 0x7F for head in heads} == {8}


@pytest.mark.parametrize("ptime_ms", [10, 20, 30, 60])
def test_packets_have_their_length(ptime_ms: int) -> None:
    """A packet waits until it is whole."""
    stream = RtpStream(0, ptime_ms)
    sizes = [len(packet) - 12 for at in range(30) for packet in stream.feed(bytes(FRAME), at * 0.02)]
    assert set(sizes) == {8 * ptime_ms}
    assert sum(sizes) >= 27 * FRAME - 8 * ptime_ms


def test_a_lump_leaves_at_the_pace_of_its_sound() -> None:
    """What was written at once is not sent at once."""
    stream = RtpStream(0, 20)
    counts = [len(stream.feed(bytes(5 * FRAME) if not at else b"", at * 0.0201)) for at in range(8)]
    assert counts == [0, 0, 1, 1, 1, 1, 1, 0]


def test_a_stall_of_ours_is_caught_up() -> None:
    """Sound that waited for a busy loop has no gap in its stamps."""
    stream = RtpStream(0, 20)
    before = [_sent(stream)]
    after = stream.feed(bytes(25 * FRAME), 0.551)
    stamps = [_header(packet)[3] for packet in before + after]
    assert len(after) == 25
    assert all((two - one) % 2**32 == FRAME for one, two in pairwise(stamps))


def test_a_pause_of_the_far_end_is_a_gap() -> None:
    """The stamp goes on with the clock, the number does not, and the next packet is marked."""
    stream = RtpStream(0, 20)
    before = _header(_sent(stream))
    assert stream.feed(b"", 1.0) == []
    assert stream.feed(bytes(FRAME), 2.0) == []  # a cushion again
    after = _header(stream.feed(b"", 2.06)[0])
    assert after[2] == (before[2] + 1) & 0xFFFF
    assert (after[3] - before[3]) % 2**32 == pytest.approx(2.0 * 8_000, abs=GAP_S * 8_000)
    assert after[1] == 0x80


def test_what_waits_is_bounded() -> None:
    """Faster sound than real time does not wait longer and longer."""
    stream = RtpStream(0, 20)
    sent = 0
    for at in range(200):
        sent += len(stream.feed(bytes(2 * FRAME), at * 0.02))
    assert (400 - sent) * 0.02 <= AHEAD_S + 0.05


@given(
    feeds=st.lists(st.tuples(st.integers(0, 2_000), st.floats(0, 3)), max_size=60),
    ptime_ms=st.integers(10, 120),
)
def test_nothing_is_lost_whatever_the_times(feeds: list[tuple[int, float]], ptime_ms: int) -> None:
    """Payloads come out in order and whole; numbers by one; stamps never go back, never overlap."""
    stream = RtpStream(0, ptime_ms)
    now_s, given_bytes, packets = 0.0, b"", []
    for number, (size, wait_s) in enumerate(feeds):
        now_s += wait_s
        payload = bytes([number % 256]) * size
        given_bytes += payload
        packets += stream.feed(payload, now_s)
    out = b"".join(packet[12:] for packet in packets)
    assert given_bytes.startswith(out)
    heads = [_header(packet) for packet in packets]
    for one, two in pairwise(heads):
        assert (two[2] - one[2]) % 2**16 == 1
        assert 8 * ptime_ms <= (two[3] - one[3]) % 2**32 < 2**31
        assert bool(two[1] & 0x80) == ((two[3] - one[3]) % 2**32 > 8 * ptime_ms)
