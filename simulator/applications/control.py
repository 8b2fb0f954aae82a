"""`socket`: hands the channel to the engine and parks it until the engine, or the caller, is done.

Source: FreeSWITCH mod_event_socket.c (socket_function).
"""

from __future__ import annotations

from simulator.channel import is_true
from simulator.core import Application
from simulator.outbound import FIRST_COMMAND_S, Outbound
from simulator.park import park
from simulator.session import Session

_DEFAULT_PORT = 8084


def socket(session: Session, data: str) -> None:
    """`socket <host>:<port>[|…] [async] [full]`; the first that answers gets the channel."""
    words = data.split()
    if not words:
        session.note("socket", "needs an address")
        return
    mode = tuple(word.lower() for word in words[1:])
    connection = None
    for address in words[0].split("|"):
        host, _, port = address.partition(":")
        session.channel.set("socket_host", host)
        number = port.split("/")[0]
        connection = Outbound.dial(session, host, int(number) if number.isdecimal() else _DEFAULT_PORT, mode)
        if connection is not None:
            break
    if connection is None:
        return
    connection.start()
    connection.connected.wait(timeout=FIRST_COMMAND_S + 1)
    # FreeSWITCH's thread looks once a millisecond whether the engine has taken the call.
    session.clock.sleep(0.001)
    if connection.running:
        park(session)
    session.run_commands()
    if connection.resumes or is_true(session.channel.get("socket_resume")):
        session.note("socket", "the dialplan goes on")


APPLICATIONS = (
    Application(
        "socket",
        socket,
        description="Connect to a socket",
        syntax="<ip>[:<port>]",
        module="mod_event_socket",
    ),
)
