"""Sends a tapped side to its target by RTP.

Packets go out from the thread that reads the sound: a socket that takes none at the moment loses one, and one
that nobody listens on loses them all; a tap never makes the call wait.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any, Protocol

from gevent import monkey

from calls.errors import TapFailed
from calls.g711 import Codec, encode
from calls.growing_audio import Samples
from calls.rtp import RtpStream
from calls.tap_target import TapTarget
from storage.address import AddressPolicy
from storage.errors import AddressRefused

RESOLVE_S = 5.0

_plain_socket: Any = monkey.get_original("socket", "socket")
"""gevent's own belongs to the hub's thread; this one is never waited for."""


class Sink(Protocol):
    """Takes the sound of a tap."""

    @property
    def is_open(self) -> bool:
        """Whether it still takes any."""

    def take(self, samples: Samples, now_s: float) -> None:
        """Send what is due. In a thread; never waits, never raises."""

    def flush(self) -> None:
        """Let go on what `take` left to the hub; in the hub, never waits."""

    def close(self) -> None:
        """Take no more; in the hub, never waits."""


class RtpSink:
    """One RTP stream. Attributes: source: address and port it comes from."""

    def __init__(self, sock: Any, codec: Codec, ptime_ms: int) -> None:
        self.source: tuple[str, int] = sock.getsockname()[:2]
        self._socket = sock
        self._codec = codec
        self._stream = RtpStream(codec.payload_type, ptime_ms)
        self._is_open = True

    @property
    def is_open(self) -> bool:
        """See Sink. Whether anybody listens RTP does not know."""
        return self._is_open

    def take(self, samples: Samples, now_s: float) -> None:
        """See Sink."""
        for packet in self._stream.feed(encode(samples, self._codec), now_s):
            with suppress(OSError):  # full, or told by the far host that nobody listens
                self._socket.send(packet)

    def flush(self) -> None:
        """There is nothing left to do."""

    def close(self) -> None:
        """See Sink."""
        self._is_open = False
        self._socket.close()


def open_rtp(policy: AddressPolicy, target: TapTarget, codec: Codec, ptime_ms: int) -> RtpSink:
    """Return a stream to a target. Raises: TapFailed: its address cannot be found, or must not be reached."""
    try:
        address = policy.resolve(target.host, target.port, RESOLVE_S)[0]
        sock = _plain_socket(address.family, socket.SOCK_DGRAM)
        try:
            sock.settimeout(0)
            sock.connect(address.sockaddr)
        except OSError:
            sock.close()
            raise
    except (AddressRefused, OSError) as exc:  # gaierror and TimeoutError are OSErrors
        raise TapFailed(f"{target.host}: {exc}") from exc
    return RtpSink(sock, codec, ptime_ms)
