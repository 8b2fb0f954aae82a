"""Who is calling whom: what the channel's data says of a call at the moment of hand-off, read once.

Only what FreeSWITCH itself or the dialplan wrote is believed. Variables named `sip_h_...` come from the
caller's own SIP headers and are never looked at, neither for the account nor for the number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

CCV_PREFIX = "ecallmgr_"
"""How Kazoo names its custom channel variables on a channel (reference section 0.5)."""

ACCOUNT_VARIABLES = ("callflows_account_id", CCV_PREFIX + "Account-ID")
"""Channel variables that name the account of a call, in the order of precedence."""

NUMBER_VARIABLE = "callflows_number"
"""The dialplan may say with this variable which number is to be looked up."""


_DIALLED = re.compile(r"[A-Za-z0-9_.:|\[\]-]{1,256}\Z")
"""Addresses of engines; nothing that means anything else to a dialplan."""


class Direction(StrEnum):
    """Whether FreeSWITCH was called or calls; of the leg, not of the conversation."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class ChannelData(Protocol):
    """What is read of an event: single headers and single channel variables, None when absent."""

    def get(self, header: str, /) -> str | None:
        """Return one header's value."""

    def variable(self, name: str, /) -> str | None:
        """Return one channel variable's value."""


@dataclass(frozen=True, slots=True)
class Identity:
    """One leg, as it stood when it was handed over.

    Attributes: call_id: FreeSWITCH's Unique-ID of the leg, which is also its `uuid` in every command;
    account_id: as the dialplan or Kazoo named it, "" when neither did; number: what is to be looked up;
    destination_number: what was dialled; from_, to, request: `user@realm`, as much of it as is known;
    context: of the dialplan; authorizing_id, authorizing_type, owner_id, inception: Kazoo's variables of
    those names ("" when absent; an empty inception means the call began inside); created_at_us: epoch
    microseconds of the channel's creation by FreeSWITCH's clock; handed_to: what it dialled to hand the call
    over, as its `socket` application was given it (`host:port`, several with `|`), "" where that is not told.
    """

    call_id: str
    account_id: str
    number: str
    destination_number: str
    caller_id_number: str
    caller_id_name: str
    callee_id_number: str
    callee_id_name: str
    from_: str
    to: str
    request: str
    direction: Direction
    context: str
    sip_call_id: str
    authorizing_id: str
    authorizing_type: str
    owner_id: str
    inception: str
    created_at_us: int
    handed_to: str = ""

    @property
    def is_onnet(self) -> bool:
        """Whether the call began inside: Kazoo's word for a call without an Inception."""
        return not self.inception


def identify(channel: ChannelData) -> Identity:
    """Read the identity of a call from its channel's data.

    Args: channel: the reply to `connect`, or any later event of the channel with its variables.
    Source: FreeSWITCH switch_channel_event_set_data (headers Caller-...), mod_sofia sofia_handle_sip_i_invite
    (variables sip_from_user and its kin).
    """

    def header(name: str) -> str:
        return channel.get(name) or ""

    def variable(name: str) -> str:
        return channel.variable(name) or ""

    destination = header("Caller-Destination-Number")
    caller = header("Caller-Caller-ID-Number")
    return Identity(
        call_id=header("Unique-ID"),
        account_id=next(filter(None, map(variable, ACCOUNT_VARIABLES)), ""),
        number=variable(NUMBER_VARIABLE) or destination,
        destination_number=destination,
        caller_id_number=caller,
        caller_id_name=header("Caller-Caller-ID-Name"),
        callee_id_number=header("Caller-Callee-ID-Number"),
        callee_id_name=header("Caller-Callee-ID-Name"),
        from_=_address(variable("sip_from_user") or caller, variable("sip_from_host")),
        to=_address(variable("sip_to_user") or destination, variable("sip_to_host")),
        request=_address(variable("sip_req_user") or destination, variable("sip_req_host")),
        direction=Direction.OUTBOUND if header("Call-Direction") == "outbound" else Direction.INBOUND,
        context=header("Caller-Context"),
        sip_call_id=variable("sip_call_id"),
        authorizing_id=variable(CCV_PREFIX + "Authorizing-ID"),
        authorizing_type=variable(CCV_PREFIX + "Authorizing-Type"),
        owner_id=variable(CCV_PREFIX + "Owner-ID"),
        inception=variable(CCV_PREFIX + "Inception"),
        created_at_us=_microseconds(header("Caller-Channel-Created-Time")),
        handed_to=_address_of(variable("current_application"), variable("current_application_data")),
    )


def _address(user: str, realm: str) -> str:
    return f"{user}@{realm}" if realm else user


def _address_of(application: str, data: str) -> str:
    words = data.split(maxsplit=1)
    return words[0] if application == "socket" and words and _DIALLED.match(words[0]) else ""


def _microseconds(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
