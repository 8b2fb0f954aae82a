"""What can go wrong on the event socket; blame is in the type.

EslError
|- BadCommand             ours: an argument that must not reach the wire
|- BadFrame               theirs: bytes that are no event-socket message, or too many of them
|- CommandRefused         theirs: "-ERR ..."
|- LinkLost               nobody's: the socket is gone
|- ReplyTimeout           nobody's: no reply, or no completion, within the deadline
"""

from __future__ import annotations

from config.errors import CallflowsError


class EslError(CallflowsError):
    """Anything of this package."""


class BadCommand(EslError):
    """A command of ours would have broken out of its line or its argument; it was not sent."""


class BadFrame(EslError):
    """The peer sent something that is no event-socket message; the connection cannot go on."""


class CommandRefused(EslError):
    """FreeSWITCH answered -ERR. `command` is the command's first line, `reply` its whole text."""

    def __init__(self, command: str, reply: str) -> None:
        self.command = command
        self.reply = reply
        super().__init__(f"{command}: FreeSWITCH answered {reply!r}")


class LinkLost(EslError):
    """The connection is closed; nothing more comes from it."""


class ReplyTimeout(EslError):
    """Nothing came back in time. `command` is the command's first line."""

    def __init__(self, command: str, waited_s: float) -> None:
        self.command = command
        self.waited_s = waited_s
        super().__init__(f"{command}: no answer within {waited_s:g} s")
