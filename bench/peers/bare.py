"""A bare gevent server: the floor. It reads what arrives, looks for three strings and decodes nothing."""

from __future__ import annotations

import socket
import sys

from gevent import monkey

monkey.patch_all()

from gevent.server import StreamServer  # noqa: E402 - after patching

PROMPT = b"silence_stream://100"
ANSWER = b"sendmsg\ncall-command: execute\nexecute-app-name: answer\n\n"
PLAY = b"sendmsg\ncall-command: execute\nexecute-app-name: playback\nexecute-app-arg: " + PROMPT + b"\n\n"
HANGUP = b"sendmsg\ncall-command: execute\nexecute-app-name: hangup\n\n"


def handle(sock: socket.socket, _address: object) -> None:
    """Run one call; the stream is searched for what the next command waits for."""
    seen = b""
    sock.sendall(b"connect\n\n")
    steps = [
        (b"\n\n", b"linger\n\nmyevents\n\n" + ANSWER + PLAY),
        (b"Application-Response: FILE%20PLAYED", HANGUP),
    ]
    for marker, commands in steps:
        while marker not in seen:
            data = sock.recv(65536)
            if not data:
                return
            seen = seen[-64:] + data
        seen = b""
        sock.sendall(commands)
    while sock.recv(65536):
        pass


def main(port: int) -> None:
    """Serve until killed."""
    server = StreamServer(("127.0.0.1", port), handle, backlog=4096)
    server.start()
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
