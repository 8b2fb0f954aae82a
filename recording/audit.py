"""The audit: every recording that should exist against what is stored, as a figure and a list of gaps.

What should exist is the register. Each row is judged by the first line of this table that applies:

| standing | when | a gap |
|---|---|---|
| deleted | somebody who may had it deleted | |
| stored | every delivery is verified | |
| absent | it was, and a destination that was asked has it no more | yes |
| damaged | it is to be delivered, and its file here is gone or of another size | yes |
| dead letter | a delivery was given up | yes |
| under way | its deliveries wait or run | |
| kept | it stays on this host, by a rule of storage | |
| discarded | by its own rule: too short, never answered, never bridged | |
| failed | there is no usable audio | yes |
| live | its manifest is there, it was only just asked for, or its process lives and its limit is ahead | |
| missing | none of these: nobody knows what became of it | yes |

Completeness is what is stored, of all that was asked for and neither discarded, deleted nor live.

The manifests are listed before the register is read: a manifest goes only after the register knows the end,
so that what ends meanwhile is never taken for missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from recording.reconcile import Ownership, ownership
from storage import outbox_owner
from storage.outbox_delivery import DeliveryState
from storage.register_row import Entry, Fate, Forgotten

GRACE_S = 120.0
"""A manifest is written within moments of the request, unless the disk is in trouble."""

OVERTIME_S = 3600.0
"""Past its limit, a recording that waited for an answer or a bridge may still run for so long."""

MAX_LISTED = 10_000
"""Gaps that are listed; all are counted. Whoever has more has one cause, not ten thousand."""


class Standing(StrEnum):
    """See the table at the top."""

    STORED = "stored"
    ABSENT = "absent"
    DAMAGED = "damaged"
    DEAD_LETTER = "dead_letter"
    UNDER_WAY = "under_way"
    KEPT = "kept"
    DISCARDED = "discarded"
    FAILED = "failed"
    LIVE = "live"
    MISSING = "missing"
    DELETED = "deleted"


GAPS = frozenset({Standing.ABSENT, Standing.DAMAGED, Standing.DEAD_LETTER, Standing.FAILED, Standing.MISSING})
"""A recording that should be somewhere, and is not, or will not get there by itself."""

NOT_EXPECTED = frozenset({Standing.DISCARDED, Standing.LIVE, Standing.DELETED})
"""Not yet, not any more, or by nobody's wish, to be stored."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known besides the register, at the moment of an audit.

    Attributes: manifests: ids of recordings in the journal; now_s: epoch seconds; media_fault: what is wrong
    with the file of a recording that waits, "" for nothing; absent_from: the destinations that were asked
    and have its copy no more.
    """

    manifests: frozenset[str]
    now_s: float
    media_fault: Callable[[Entry], str] = lambda _: ""
    absent_from: Callable[[Entry], tuple[str, ...]] = lambda _: ()


@dataclass(frozen=True, slots=True)
class Judged:
    """One recording with its standing and, in a sentence, the cause."""

    entry: Entry
    standing: Standing
    cause: str = ""

    def age_s(self, now_s: float) -> float:
        """Since it was asked for; never negative, whatever the clocks did."""
        return max(0.0, now_s - self.entry.row.expected.requested_at)


def judge(entry: Entry, around: Circumstances) -> Judged:
    """Return the standing of one recording; see the table at the top."""
    if entry.row.fate is Fate.DELETED:
        return Judged(entry, Standing.DELETED, f"by {entry.row.deleted_by}" if entry.row.deleted_by else "")
    if entry.stored is not None or entry.deliveries:
        return _judge_delivery(entry, around)
    row = entry.row
    match row.fate:
        case Fate.KEPT:
            return Judged(entry, Standing.KEPT, row.rule_reason or row.rule)
        case Fate.DISCARDED:
            return Judged(entry, Standing.DISCARDED, _told(entry))
        case Fate.FAILED:
            return Judged(entry, Standing.FAILED, _told(entry))
        case Fate.HANDED_OVER:
            return Judged(entry, Standing.MISSING, "the outbox had it, and knows it no more")
    return _judge_unsettled(entry, around)


def _judge_delivery(entry: Entry, around: Circumstances) -> Judged:
    if entry.is_delivered:
        absent = around.absent_from(entry)
        if absent:
            return Judged(entry, Standing.ABSENT, f"no longer at {', '.join(absent)}")
        return Judged(entry, Standing.STORED)
    fault = around.media_fault(entry)
    if fault:
        return Judged(entry, Standing.DAMAGED, fault)
    dead = [each for each in entry.deliveries if each.state is DeliveryState.DEAD]
    if dead:
        return Judged(entry, Standing.DEAD_LETTER, f"{dead[0].key}: {dead[0].last_error}")
    waiting = [each for each in entry.deliveries if each.state is not DeliveryState.DELIVERED]
    causes = (f"{each.key}: {each.last_error}" for each in waiting if each.last_error)
    return Judged(entry, Standing.UNDER_WAY, next(causes, ""))


def _judge_unsettled(entry: Entry, around: Circumstances) -> Judged:
    expected = entry.row.expected
    if expected.recording_id in around.manifests:
        return Judged(entry, Standing.LIVE, "it is recorded, or to be finished from its manifest")
    age_s = around.now_s - expected.requested_at
    if abs(age_s) < GRACE_S:  # from a little ahead, too: clocks are set
        return Judged(entry, Standing.LIVE, "it has only just been asked for")
    if _is_alive(expected.owner) and (expected.limit_s is None or age_s < expected.limit_s + OVERTIME_S):
        return Judged(entry, Standing.LIVE, "its process lives; it has no manifest")
    return Judged(entry, Standing.MISSING, "it was asked for, and nobody knows what became of it")


def _is_alive(owner: str) -> bool:
    """Whether a process is there for certain: this one, or another of this host."""
    return owner == outbox_owner.this_process() or ownership(owner) is Ownership.ALIVE


def _told(entry: Entry) -> str:
    """Return why there is no audio, in the outcome's own words."""
    row = entry.row
    ended_by = row.ended_by.replace("_", " ")
    return f"{ended_by}: {'; '.join(row.reasons)}" if row.reasons else ended_by


@dataclass(slots=True)
class Audit:
    """What an audit came to. `add` it recording by recording.

    Attributes: counts: recordings by standing, also those forgotten in good order; gaps: the first
    MAX_LISTED; under_way: the oldest age, seconds.
    """

    now_s: float
    counts: Counter[Standing] = field(default_factory=Counter)
    gaps: list[Judged] = field(default_factory=list)
    oldest_under_way_s: float = 0.0

    def add(self, judged: Judged) -> None:
        """Take one recording in."""
        self.counts[judged.standing] += 1
        if judged.standing in GAPS and len(self.gaps) < MAX_LISTED:
            self.gaps.append(judged)
        if judged.standing is Standing.UNDER_WAY:
            self.oldest_under_way_s = max(self.oldest_under_way_s, judged.age_s(self.now_s))

    def add_forgotten(self, forgotten: Forgotten) -> None:
        """Count what was in order and has no row any more."""
        self.counts[Standing.STORED] += forgotten.stored
        self.counts[Standing.DISCARDED] += forgotten.discarded

    @property
    def asked_for(self) -> int:
        """Every recording of the period."""
        return sum(self.counts.values())

    @property
    def expected(self) -> int:
        """Those that should be stored by now."""
        return self.asked_for - sum(self.counts[standing] for standing in NOT_EXPECTED)

    @property
    def gap_count(self) -> int:
        """All gaps, also those not listed."""
        return sum(self.counts[standing] for standing in GAPS)

    @property
    def completeness(self) -> float | None:
        """What is stored of what is expected, 0 to 1; None when nothing is."""
        return self.counts[Standing.STORED] / self.expected if self.expected else None

    def data(self) -> dict[str, Any]:
        """Return the figures as JSON-ready data."""
        return {
            "asked_for": self.asked_for,
            "expected": self.expected,
            "completeness": self.completeness,
            "counts": {standing.value: self.counts[standing] for standing in Standing},
            "gaps": self.gap_count,
            "oldest_under_way_s": round(self.oldest_under_way_s, 3),
        }


def run(entries: Iterable[Entry], around: Circumstances, forgotten: Forgotten) -> Audit:
    """Judge recordings, however many."""
    audit = Audit(around.now_s)
    audit.add_forgotten(forgotten)
    for entry in entries:
        audit.add(judge(entry, around))
    return audit


def gaps_by_cause(audit: Audit) -> Mapping[Standing, int]:
    """Return how many gaps there are of each kind, those without any too."""
    return {standing: audit.counts[standing] for standing in Standing if standing in GAPS}
