"""Makes the ticket of a new recording from the call it is of and what was asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from calls.identity import CCV_PREFIX, ChannelData, Identity, identify
from recording.naming import new_name
from recording.request import RecordingRequest
from recording.ticket import Party, Ticket, bounded, cut


class Recordable(Protocol):
    """A leg that can be recorded: a call of ours (calls.call.Call), or one that another process holds."""

    @property
    def uuid(self) -> str:
        """FreeSWITCH's Unique-ID of the leg."""

    @property
    def identity(self) -> Identity:
        """Who calls whom."""

    @property
    def account_id(self) -> str:
        """Whose recording it will be."""

    def custom_variable(self, name: str, /) -> str | None:
        """Return one of Kazoo's custom channel variables."""


class LegAtHand:
    """A leg as FreeSWITCH describes it at one moment, held by whichever process.

    Attributes: account_id: see Recordable; is_answered, is_bridged: at that moment.
    """

    def __init__(self, channel: ChannelData, account_id: str) -> None:
        self._channel = channel
        self.identity = identify(channel)
        self.uuid = self.identity.call_id
        self.account_id = account_id
        self.is_answered = channel.get("Answer-State") == "answered"
        self.is_bridged = bool(channel.get("Other-Leg-Unique-ID"))

    def custom_variable(self, name: str, /) -> str | None:
        """Return one of Kazoo's custom channel variables."""
        return self._channel.variable(CCV_PREFIX + name)


def ticket_for(call: Recordable, request: RecordingRequest, now_s: float, *, is_first: bool) -> Ticket:
    """Name a new recording and say whose it is.

    Args: now_s: epoch seconds; is_first: see Ticket.
    """
    return Ticket(
        name=new_name(datetime.fromtimestamp(now_s, UTC)),
        uuid=call.uuid,
        call_id=cut(call.identity.call_id),
        account_id=cut(call.account_id),
        request=bounded(request),
        requested_at_us=int(now_s * 1e6),
        party=_party(call),
        is_first=is_first,
    )


def _party(call: Recordable) -> Party:
    identity = call.identity
    party = Party(
        direction=identity.direction.value,
        from_=identity.from_,
        to=identity.to,
        request=identity.request,
        caller_id_name=identity.caller_id_name,
        caller_id_number=identity.caller_id_number,
        callee_id_name=identity.callee_id_name,
        callee_id_number=identity.callee_id_number,
        owner_id=identity.owner_id,
        endpoint_id=identity.authorizing_id if identity.authorizing_type == "device" else "",
        interaction_id=call.custom_variable("Call-Interaction-ID") or "",
        sip_call_id=identity.sip_call_id,
    )
    return replace(party, **{name: cut(value) for name, value in _texts(party).items()})


def _texts(party: Party) -> dict[str, str]:
    return {name: getattr(party, name) for name in Party.__slots__}
