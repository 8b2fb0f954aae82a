"""What FreeSWITCH says of a leg at one moment: the answer to uuid_dump, or any event of the channel.

Both bear the same headers and variables, so commands and webhooks read a leg in the same way.
"""

from __future__ import annotations

from datetime import UTC, datetime

from callcontrol import variables
from calls.identity import ACCOUNT_VARIABLES, Direction, Identity, identify
from esl.event import Event

LEG = "Leg-UUID"
"""Says which leg an event of our own is about. FreeSWITCH gives an event with Unique-ID to the leg itself,
which fires it while it is parked (mod_event_socket.c, sendevent).
"""


class Snapshot:
    """A leg at one moment. Args: event: of the channel, or made of what uuid_dump said."""

    __slots__ = ("event",)

    def __init__(self, event: Event) -> None:
        self.event = event

    @property
    def uuid(self) -> str:
        """The leg, which is also call_leg_id."""
        return self.event.uuid or self.event.get(LEG) or ""

    @property
    def session_id(self) -> str:
        """call_session_id: the leg the conversation began with."""
        return self.variable(variables.SESSION) or self.event.get("Channel-Call-UUID") or self.uuid

    @property
    def account_id(self) -> str:
        """Whose call it is, "" when nobody said."""
        names = (variables.ACCOUNT, *ACCOUNT_VARIABLES)
        return next(filter(None, map(self.variable, names)), "")

    @property
    def connection_id(self) -> str:
        """The connection that is told of it, "" for none."""
        return self.variable(variables.CONNECTION)

    @property
    def client_state(self) -> str:
        """What the client wants to find in webhooks, "" for nothing."""
        return self.variable(variables.CLIENT_STATE)

    @property
    def is_answered(self) -> bool:
        """Whether it is answered and not over."""
        return self.event.get("Answer-State") == "answered"

    @property
    def was_answered(self) -> bool:
        """Whether it ever was, also once it is over."""
        return self.is_answered or _whole(self.event.get("Caller-Channel-Answered-Time")) > 0

    @property
    def bridged_with(self) -> str:
        """The leg it talks with now, "" for none."""
        return self.variable("bridge_to")

    @property
    def is_over(self) -> bool:
        """Whether it was hung up."""
        return self.event.get("Answer-State") == "hangup"

    @property
    def is_incoming(self) -> bool:
        """Whether it came in; else FreeSWITCH dialled it."""
        return self.identity.direction is Direction.INBOUND

    @property
    def identity(self) -> Identity:
        """Who calls whom."""
        return identify(self.event)

    @property
    def created_at(self) -> datetime:
        """When the leg began, by FreeSWITCH's clock."""
        return moment(self.identity.created_at_us)

    @property
    def occurred_at(self) -> datetime:
        """When this was so, by FreeSWITCH's clock: the event's time, which uuid_dump has as well."""
        return moment(_whole(self.event.get("Event-Date-Timestamp")))

    def variable(self, name: str) -> str:
        """Return a channel variable, "" for one that is not set."""
        return self.event.variable(name) or ""


def moment(epoch_us: int) -> datetime:
    """Return a time of FreeSWITCH's, now for one that it does not know."""
    return datetime.fromtimestamp(epoch_us / 1e6, UTC) if epoch_us > 0 else datetime.now(UTC)


def _whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else 0
