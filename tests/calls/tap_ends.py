"""What taps send to: a socket that takes RTP, a websocket server that keeps what it is sent."""

from __future__ import annotations

import struct
import time
from dataclasses import dataclass

import gevent
from gevent import socket
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

LOOPBACK = "127.0.0.1"


@dataclass(slots=True)
class Packet:
    """One RTP packet. `at_s`: monotonic."""

    at_s: float
    marker: bool
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


class RtpEnd:
    """Keeps the packets it is sent."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((LOOPBACK, 0))
        self.packets: list[Packet] = []
        self.sources: set[tuple[str, int]] = set()
        self._reader = gevent.spawn(self._read)

    @property
    def uri(self) -> str:
        """Where it is."""
        return "rtp://{}:{}".format(*self._socket.getsockname())

    @property
    def sound(self) -> bytes:
        """All payloads, in order."""
        return b"".join(packet.payload for packet in self.packets)

    def close(self) -> None:
        """Be gone."""
        self._reader.kill()
        self._socket.close()

    def _read(self) -> None:
        while True:
            data, source = self._socket.recvfrom(4_096)
            first, second, sequence, timestamp, ssrc = struct.unpack("!BBHII", data[:12])
            assert first == 0x80
            self.sources.add(source)
            self.packets.append(
                Packet(
                    time.monotonic(),
                    bool(second & 0x80),
                    second & 0x7F,
                    sequence,
                    timestamp,
                    ssrc,
                    data[12:],
                )
            )


class WebsocketEnd:
    """A server for one websocket at a time.

    Attributes: messages: what it was sent; requests: the handshakes; status: other than 101 it refuses them.
    """

    def __init__(self, status: int = 101) -> None:
        self.status = status
        self.messages: list[bytes] = []
        self.requests: list[Request] = []
        self.closed_with: list[int | None] = []
        self._protocol: ServerProtocol | None = None
        self._client: socket.socket | None = None
        self._listener = socket.create_server((LOOPBACK, 0))
        self._greenlets = [gevent.spawn(self._serve)]

    @property
    def uri(self) -> str:
        """Where it is."""
        return "ws://{}:{}/tap".format(*self._listener.getsockname())

    @property
    def sound(self) -> bytes:
        """All messages, in order."""
        return b"".join(self.messages)

    def hang_up(self) -> None:
        """Close the connection with a message that says so."""
        assert self._protocol is not None
        self._protocol.send_close(1001)
        self._send()

    def break_off(self) -> None:
        """Close it without a word."""
        assert self._client is not None
        self._client.shutdown(socket.SHUT_RDWR)

    def say(self, text: str) -> None:
        """Send something."""
        assert self._protocol is not None
        self._protocol.send_text(text.encode())
        self._protocol.send_ping(b"there?")
        self._send()

    def close(self) -> None:
        """Be gone."""
        gevent.killall(self._greenlets)
        self._listener.close()
        if self._client is not None:
            self._client.close()

    def _serve(self) -> None:
        while True:
            self._client, _ = self._listener.accept()
            self._protocol = ServerProtocol()
            self._talk(self._client, self._protocol)

    def _talk(self, client: socket.socket, protocol: ServerProtocol) -> None:
        while data := client.recv(65_536):
            protocol.receive_data(data)
            for event in protocol.events_received():
                if isinstance(event, Request):
                    self.requests.append(event)
                    reply = (
                        protocol.accept(event) if self.status == 101 else protocol.reject(self.status, "no")
                    )
                    protocol.send_response(reply)
                elif protocol.state is OPEN and event.opcode == 2:
                    self.messages.append(event.data)
            self._send()
            if protocol.close_expected():
                break
        self.closed_with.append(protocol.close_rcvd.code if protocol.close_rcvd else None)
        client.close()

    def _send(self) -> None:
        assert self._client is not None
        assert self._protocol is not None
        for data in self._protocol.data_to_send():
            if data:
                self._client.sendall(data)
