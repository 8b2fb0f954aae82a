"""What an event tells about a leg and the one it talks to, read once, as recording.conversation needs it.

Measured on FreeSWITCH 1.10.12, and true whoever moves the call (REFER, att_xfer, uuid_transfer, uuid_bridge,
intercept, valet_park):

* CHANNEL_BRIDGE and CHANNEL_UNBRIDGE come once per pair, from its A side; Bridge-A/B-Unique-ID name the
  pair, while Other-Leg-Unique-ID may already be the partner to come.
* A leg that was moved says so on every event from then on: `Caller-Transfer-Source`, unique for each move.
* A leg that moves the other has it in its variables: `transfer_to`, `endpoint_disposition`, at least
  `transfer_disposition`. They stay there for good, so what was there before counts for nothing.

Source: FreeSWITCH switch_ivr.c switch_ivr_session_transfer, switch_ivr_bridge.c switch_ivr_uuid_bridge,
mod_sofia sofia.c sofia_handle_sip_i_refer, mod_dptools.c att_xfer, mod_valet_parking.c.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from recording.stop_event import EventData, event_time_us, number
from recording.ticket import cut

LEG_EVENTS = (
    "CHANNEL_BRIDGE",
    "CHANNEL_UNBRIDGE",
    "CHANNEL_HANGUP",
    "CHANNEL_PARK",
    "CHANNEL_HOLD",
    "CHANNEL_UNHOLD",
    "CUSTOM valet_parking::info",
)
"""What is to be heard of all legs, four to eight events in a bridged call's life."""

VALET = "valet_parking::info"

TRANSFER_CAUSES = frozenset({"BLIND_TRANSFER", "ATTENDED_TRANSFER", "PICKED_OFF"})
"""Causes of a leg's hangup that leave its partner in a call."""

_EXTENSION = re.compile(r"[A-Za-z0-9_.+*#-]{1,64}\Z")
_UUID = re.compile(r"[A-Za-z0-9_.:-]{1,128}\Z")


class Kind(Enum):
    """What happened to a leg."""

    STARTED = auto()  # a recording began on it
    STOPPED = auto()  # a recording ended on it
    BRIDGED = auto()
    UNBRIDGED = auto()
    HUNG_UP = auto()
    PARKED = auto()
    HELD = auto()  # its phone holds the other side
    UNHELD = auto()


KINDS = {
    "RECORD_START": Kind.STARTED,
    "RECORD_STOP": Kind.STOPPED,
    "CHANNEL_BRIDGE": Kind.BRIDGED,
    "CHANNEL_UNBRIDGE": Kind.UNBRIDGED,
    "CHANNEL_HANGUP": Kind.HUNG_UP,
    "CHANNEL_PARK": Kind.PARKED,
    "CHANNEL_HOLD": Kind.HELD,
    "CHANNEL_UNHOLD": Kind.UNHELD,
}


@dataclass(frozen=True, slots=True)
class Who:
    """A party: what its phone calls itself. Either may be ""."""

    name: str = ""
    number: str = ""


NOBODY = Who()


@dataclass(frozen=True, slots=True)
class LegEvent:
    """One event of a leg.

    Attributes: at_us: FreeSWITCH's clock, epoch microseconds, which moves on in steps of 20 ms; sequence:
    FreeSWITCH's count of events; uuid: the leg that tells; other: the one it talks to (of a bridge: the
    pair's other leg), "" for none; source: of its last move, "" for none; sign: what its variables say of
    moving the other, "" for nothing; cause: of its hangup; is_gone: it is hung up; held: the leg it keeps
    waiting while it consults another (att_xfer); was_hung_up: of the end of a bridge: one side is known to
    have hung up (or had in an earlier bridge); party: who `other` is.
    """

    kind: Kind
    at_us: int
    sequence: int
    uuid: str
    other: str = ""
    source: str = ""
    sign: str = ""
    cause: str = ""
    is_gone: bool = False
    held: str = ""
    was_hung_up: bool = False
    party: Who = NOBODY

    @property
    def legs(self) -> tuple[str, str]:
        """The legs it is about."""
        return self.uuid, self.other

    @property
    def order(self) -> tuple[int, int]:
        """What is greater happened later."""
        return self.at_us, self.sequence

    @property
    def how_moved(self) -> str:
        """How the leg was moved last: `blind` to an extension, `bridged` to a leg."""
        return "" if not self.source else "bridged" if self._move[0] == "uuid_br" else "blind"

    @property
    def moved_to(self) -> str:
        """Where to: an extension, a leg; "" for what is neither."""
        kind, target = self._move
        if kind == "uuid_br":
            return target
        extension = target.partition("/")[0]
        return extension if _EXTENSION.match(extension) else ""

    @property
    def how_left(self) -> str:
        """How the leg left its partner: blind, att (after a consultation), satt (in one), by what cause."""
        if self.sign:
            return self.sign.partition(":")[0] if ":" in self.sign else "satt"
        if self.held:
            return "att"
        return self.cause.lower() if self.cause in TRANSFER_CAUSES else "moved"

    @property
    def _move(self) -> tuple[str, str]:
        """`<epoch seconds>:<uuid>:<kind>:<target>` as kind and target."""
        _, _, kind, target = [*self.source.split(":", 3), "", "", "", ""][:4]
        return kind, target


def legs_of(event: EventData) -> tuple[str, ...]:
    """Return the legs an event may be about: asked for each event of every call, so no more than that."""
    return tuple(filter(None, (event.get("Unique-ID"), event.get("Bridge-B-Unique-ID"))))


def read_leg_event(event: EventData) -> LegEvent | None:
    """Read an event, None for one that says nothing here."""
    kind = _kind(event)
    uuid = _uuid(event.get("Unique-ID"))
    if kind is None or not uuid:
        return None
    paired = kind in (Kind.BRIDGED, Kind.UNBRIDGED)
    other = _partner(event, uuid) if paired else _uuid(event.get("Other-Leg-Unique-ID"))
    return LegEvent(
        kind=kind,
        at_us=event_time_us(event),
        sequence=number(event.get("Event-Sequence")),
        uuid=uuid,
        other=other,
        source=cut(event.get("Caller-Transfer-Source")),
        sign=_sign(event),
        cause=cut(event.get("Hangup-Cause")),
        is_gone=event.get("Answer-State") == "hangup" or bool(event.get("Hangup-Cause")),
        held=_uuid(event.variable("soft_holding_uuid")),
        was_hung_up=any(map(event.variable, ("last_bridge_hangup_cause", "bridge_hangup_cause"))),
        party=_party(event),
    )


def _kind(event: EventData) -> Kind | None:
    name = event.get("Event-Name") or ""
    if name == "CUSTOM":
        is_parked = event.get("Event-Subclass") == VALET and event.get("Action") == "hold"
        return Kind.PARKED if is_parked else None
    kind = KINDS.get(name)
    if kind is Kind.PARKED and event.variable("current_application") == "socket":
        return None  # handed to a controller: FreeSWITCH parks the leg there
    return kind


def _partner(event: EventData, uuid: str) -> str:
    first, second = _uuid(event.get("Bridge-A-Unique-ID")), _uuid(event.get("Bridge-B-Unique-ID"))
    return second if uuid == first else first


def _sign(event: EventData) -> str:
    disposition = cut(event.variable("endpoint_disposition"))
    if disposition.endswith("_ERROR"):
        return ""  # it tried, and nothing came of it
    to = cut(event.variable("transfer_to"))
    refers = event.variable("transfer_disposition") == "recv_replace"
    return (
        f"{to} {disposition if disposition in TRANSFER_CAUSES else ''} {'refers' if refers else ''}".strip()
    )


def _party(event: EventData) -> Who:
    """Who the other leg is: the caller of one that called in, the called one of one that was called."""
    side = "Caller" if event.get("Other-Leg-Direction") == "inbound" else "Callee"
    name = cut(event.get(f"Other-Leg-{side}-ID-Name"))
    number = cut(event.get(f"Other-Leg-{side}-ID-Number") or event.get("Other-Leg-Destination-Number"))
    return Who("" if name == "Outbound Call" else name, number)


def _uuid(text: str | None) -> str:
    return text if text and _UUID.match(text) else ""
