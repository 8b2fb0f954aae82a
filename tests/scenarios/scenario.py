"""A scenario: what a callflow says, what the caller does, and what must have become of each recording.

It names no switch, no store and no address: harnesses (ground, lines) play it on the simulator and on a real
FreeSWITCH, with a folder and with a CouchDB. `{http}` and `{ftp}` in a step stand for a receiver's URL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from recording.outcome import EndedBy, Verdict
from recording.timeline import What
from tests.service.house import Step

Span = tuple[float, float]
"""From and to, in seconds."""


class Place(StrEnum):
    """Where a recording must be in the end."""

    STORE = "the account's month in the document store"
    HTTP = "the receiver, by PUT or POST"
    FTP = "the FTP server"
    THIRD = "the third party's CouchDB"
    DEAD = "here, with a dead letter"
    HERE = "here, and nowhere else"
    GONE = "nowhere: there is no file"


class Tenant(StrEnum):
    """Accounts, each with its own configuration (tenants.py)."""

    STORES = "keeps recordings in the document store"
    KEEPS_NOTHING = "has no place for recordings"
    THIRD_PARTY = "keeps them in another CouchDB"
    PLAN = "has a storage plan with a receiver"
    BAD_PLAN = "has a storage plan that cannot be used"
    BRIEF = "allows two seconds, keeps what has one, takes WAV unless told otherwise"
    TRIMS = "cuts silence off"
    TELLS = "announces recordings and beeps"


@dataclass(frozen=True, slots=True)
class Caller:
    """What a caller does, in seconds from the hand-off.

    Attributes: says: when the caller talks; presses: digits; hangs_up_s: None stays; moves_s: somebody
    transfers the call to a party that talks for TALK_S and hangs up.
    """

    says: tuple[Span, ...] = ((0.0, 12.0),)
    presses: tuple[tuple[float, str], ...] = ()
    hangs_up_s: float | None = None
    moves_s: float | None = None


TALK_S = 1.5


@dataclass(frozen=True, slots=True)
class Recorded:
    """What must have become of one recording.

    Attributes: seconds: how long it is, at least and at most; rule: of storage, "" for none looked at;
    fields: of its document; ours: of the document's `callflows` object; name: of the copy; media_id:
    of its document, "" for one of ours; loud, quiet: stretches of the copy in which somebody talks, or
    nobody; marks: of its timeline, in this order, others between them; why: in the reasons of outcome or dead
    letter; sent: how it came to the receiver.
    """

    ended_by: EndedBy
    verdict: Verdict = Verdict.OK
    seconds: Span | None = None
    place: Place = Place.STORE
    rule: str = "local"
    format: str = "wav"
    fields: Mapping[str, Any] = field(default_factory=dict)
    ours: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    media_id: str = ""
    loud: tuple[Span, ...] = ()
    quiet: tuple[Span, ...] = ()
    marks: tuple[What, ...] = ()
    why: str = ""
    sent: str = "PUT"
    rate_hz: int | None = None
    channels: int | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """One call. `covers`: parameters of actions, rows of the storage table; `expected`: as they begin."""

    name: str
    covers: tuple[str, ...]
    steps: tuple[Step, ...]
    expected: tuple[Recorded, ...]
    caller: Caller = Caller()
    tenant: Tenant = Tenant.STORES
