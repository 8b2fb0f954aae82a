"""bench.commanding: what the load sends, and that a stall counts with all that came due in it."""

from __future__ import annotations

import json
import socket
from collections import Counter

import gevent

from bench.commanding import MIX, Mix, Order, run

ORDER = Order("127.0.0.1", 1, "KEY", ["v3:a", "v3:b", "v3:c"], sorted(set(MIX)), 100.0, 10.0, 2)


def test_the_mix_is_as_said() -> None:
    """Due one after the other at the rate; recordings are stopped where one was begun, in order."""
    commands = list(Mix(ORDER).commands(50.0))
    assert len(commands) == 1000
    assert (commands[0].due_s, commands[-1].due_s) == (50.0, 59.99)
    names = Counter(one.name for one in commands)
    assert names["record_start"] >= names["record_stop"] > 0
    assert set(names) == set(MIX)
    recorded: list[bytes] = []
    for one in commands:
        path = one.request.split(b" ", 2)[1]
        call = path.split(b"/")[3]
        if one.name == "record_start":
            assert call not in recorded
            recorded.append(call)
        elif one.name == "record_stop":
            assert recorded.pop(0) == call
    bodies = [json.loads(one.request.partition(b"\r\n\r\n")[2]) for one in commands]
    assert sum("command_id" in body for body in bodies) == 500


def test_a_stall_counts_with_all_that_came_due() -> None:
    """A server that answers the first command late is late with those that waited behind it."""

    def serve() -> None:
        connection, _ = listener.accept()
        pause_s = 0.3
        with connection:
            while connection.recv(65536):
                gevent.sleep(pause_s)
                pause_s = 0.0
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = gevent.spawn(serve)
        port = listener.getsockname()[1]
        told = run(Order("127.0.0.1", port, "KEY", ["v3:a"], [], 100.0, 0.3, 1))
        server.join(5)
    assert told["statuses"] == {"client_state_update 200": 30}
    assert told["all"]["p50"] > 80
    assert told["all"]["max"] > 290
