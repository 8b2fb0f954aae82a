"""Makes the ticket of a new recording from the call it is of and what was asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from calls.call import Call
from recording.naming import new_name
from recording.request import RecordingRequest
from recording.ticket import Party, Ticket, bounded, cut


def ticket_for(call: Call, request: RecordingRequest, now_s: float, *, is_first: bool) -> Ticket:
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


def _party(call: Call) -> Party:
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
    )
    return replace(party, **{name: cut(value) for name, value in _texts(party).items()})


def _texts(party: Party) -> dict[str, str]:
    return {name: getattr(party, name) for name in Party.__slots__}
