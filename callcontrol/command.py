"""What a command is, and what it is given.

A command's file holds a schema, a function and `COMMAND`, which joins them; see callcontrol/commands. The
file bears the command's name in the URL. The function does its work over the leg's channel and returns what
stands beside `"result": "ok"` in the answer, None for nothing; what cannot be done it says by an ApiError.
It must not wait for anything that happens to the call: that is told by webhooks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from marshmallow import EXCLUDE, Schema
from structlog.typing import FilteringBoundLogger

from callcontrol.call_control_id import CallControlId
from callcontrol.channel import LiveChannel
from callcontrol.errors import CallEnded, CallNotAnswered
from callcontrol.field import client_state, command_id
from callcontrol.snapshot import Snapshot
from callcontrol.token import Scope, Token

if TYPE_CHECKING:  # it names what names commands in turn
    from callcontrol.facilities import Facilities

Data = Mapping[str, Any]
"""A command's parameters as its schema loaded them; client_state and command_id have been seen to."""


class CommandData(Schema):
    """The base of every command's schema. Parameters nobody knows are left out, as Telnyx does."""

    class Meta:
        """Clients are newer than we are."""

        unknown = EXCLUDE

    client_state = client_state()
    command_id = command_id()


class Invocation:
    """One command, for one leg, asked for by somebody who may.

    Attributes: channel: the leg; call: what its id says; token: who asks; facilities: what all commands
    share.
    """

    __slots__ = ("_snapshot", "call", "channel", "facilities", "log", "token")

    def __init__(
        self,
        channel: LiveChannel,
        call: CallControlId,
        token: Token,
        facilities: Facilities,
        log: FilteringBoundLogger,
    ) -> None:
        self.channel = channel
        self.call = call
        self.token = token
        self.facilities = facilities
        self.log = log
        self._snapshot: Snapshot | None = None

    @property
    def account_id(self) -> str:
        """Whose call it is; the token's account, too."""
        return self.call.account_id

    def snapshot(self) -> Snapshot:
        """Return all that is known of the leg: one round trip at the first time. Raises: CallEnded."""
        if self._snapshot is None:
            self._snapshot = self.channel.snapshot()
        if self._snapshot.is_over:
            raise CallEnded
        return self._snapshot

    def for_leg(self, call: CallControlId) -> Invocation:
        """Return the same for another leg of the same FreeSWITCH, one that this command has called."""
        channel = self.channel.beside(call.uuid)
        return Invocation(channel, call, self.token, self.facilities, self.log.bind(uuid=call.uuid))

    def answered(self) -> Snapshot:
        """The same, of a leg that must be answered. Raises: CallNotAnswered, CallEnded."""
        snapshot = self.snapshot()
        if not snapshot.is_answered:
            raise CallNotAnswered
        return snapshot


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Attributes: schema: of its parameters; scope: what a token needs for it; run: see the module; summary: one
    line for people; webhooks: the event types a client may expect of it; method: of HTTP.
    """

    schema: type[CommandData]
    scope: Scope
    run: Callable[[Invocation, Data], Mapping[str, Any] | None]
    summary: str
    webhooks: tuple[str, ...] = ()
    method: str = "POST"
