"""Sound as RTP: packets, numbered, stamped, and not sent before their time. Does no IO.

Sound arrives in lumps, and stays away when the far end sends none. Packets leave at the pace of their ptime;
after a gap the timestamp has moved on as the clock has, and the packet that follows bears the marker, as at
the beginning of a talkspurt.
Source: RFC 3550 section 5.1 (header, random beginnings), RFC 3551 section 4.1 (marker, silence).
"""

from __future__ import annotations

import math
import secrets
import struct

RATE_HZ = 8_000
"""Of G.711: one byte a sample, one tick of the timestamp a byte."""

CUSHION_S = 0.03
"""The first packet waits so long: sound comes in lumps of a frame or two, and leaves evenly."""

GAP_S = 0.1
"""So much later than due, sound has paused; anything less is the jitter of files and greenlets."""

AHEAD_S = 0.5
"""Sound that waits for its time longer than this is sent early: nobody should hear a call half a second
late."""

_HEADER = struct.Struct("!BBHII")
_VERSION, _MARKER = 0x80, 0x80


class RtpStream:
    """One stream of G.711. Args: ptime_ms: of a packet. Attributes: ssrc; sent: packets made so far."""

    def __init__(self, payload_type: int, ptime_ms: int) -> None:
        self.ssrc = secrets.randbits(32)
        self.sent = 0
        self._payload_type = payload_type
        self._size = RATE_HZ * ptime_ms // 1000
        self._ptime_s = ptime_ms / 1000
        self._sequence = secrets.randbits(16)
        self._timestamp = secrets.randbits(32)
        self._waiting = bytearray()
        self._due_s: float | None = None
        self._is_marked = True

    def feed(self, payload: bytes, now_s: float) -> list[bytes]:
        """Take encoded sound, any length, also none, and return the packets whose time has come.

        Args: now_s: of a clock that only goes forward.
        """
        self._waiting += payload
        packets: list[bytes] = []
        if len(self._waiting) < self._size:
            return packets
        due_s = now_s + CUSHION_S if self._due_s is None else self._on_time(self._due_s, now_s)
        while len(self._waiting) >= self._size and now_s >= due_s:
            packets.append(self._packet(bytes(self._waiting[: self._size])))
            del self._waiting[: self._size]
            due_s += self._ptime_s
        self._due_s = due_s
        return packets

    def _on_time(self, due_s: float, now_s: float) -> float:
        """Return when the next packet is due: later after a gap, sooner when too much waits."""
        waiting_s = len(self._waiting) / RATE_HZ
        late_s = now_s - due_s - waiting_s
        if late_s > GAP_S:
            missed = math.ceil((late_s + CUSHION_S) / self._ptime_s)
            self._timestamp += missed * self._size
            self._is_marked = True
            return due_s + missed * self._ptime_s
        return min(due_s, now_s - waiting_s + AHEAD_S)

    def _packet(self, payload: bytes) -> bytes:
        marker = _MARKER if self._is_marked else 0
        header = _HEADER.pack(
            _VERSION,
            marker | self._payload_type,
            self._sequence & 0xFFFF,
            self._timestamp & 0xFFFFFFFF,
            self.ssrc,
        )
        self._is_marked = False
        self._sequence += 1
        self._timestamp += self._size
        self.sent += 1
        return header + payload
