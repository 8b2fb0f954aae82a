"""Finishes what nobody looks after any more: recordings of engines and FreeSWITCHes that died, or of a link
that was away when they ended.

Every manifest that no living process owns is one. FreeSWITCH is asked whether it still writes the file: if it
does, this process takes the recording over; if it does not, or is gone itself, the disk tells the rest.

| owner of the manifest | FreeSWITCH says | then |
|---|---|---|
| a living process of this host | | nothing: its owner's affair |
| dead, or this process without knowing it | recording | taken over |
| dead, or this process without knowing it | stopped, and it awaits answer or bridge | left waiting |
| dead, or this process without knowing it | stopped, gone | finished from disk |
| dead, or this process without knowing it | cannot be asked | finished once the file stands still |
| of another place (a container that was) | recording | nothing: whoever hears its RECORD_STOP finishes it |
| of another place (a container that was) | anything else | finished once the file stands still |
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import gevent
import structlog

from recording.control import Presence
from recording.journal import Journal
from recording.manifest import Manifest
from storage import outbox_owner

STILL_S = 120.0
"""A file that has not grown for so long is no longer written: FreeSWITCH writes each frame at once. It also
leaves an owner elsewhere the time to finish its own."""

RETRY_S = 600.0
"""Between two tries at a recording whose file this process may not read."""

log = structlog.get_logger(__name__)


class Ownership(StrEnum):
    """Who looks after a manifest."""

    ALIVE = "alive"
    NOBODY = "nobody"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Hands:
    """What reconciling needs done.

    Attributes: is_known: this process looks after a recording of that id; presence: asks FreeSWITCH; take:
    makes this process its owner, False when another one was faster; adopt:
    takes a running recording over; finish: finishes one from disk, in a greenlet of its own; path_of: its
    media.
    """

    is_known: Callable[[str], bool]
    presence: Callable[[Manifest], Presence]
    take: Callable[[Manifest], bool]
    adopt: Callable[[Manifest], None]
    finish: Callable[[Manifest], None]
    path_of: Callable[[Manifest], Path]


@dataclass(slots=True)
class Reconciled:
    """What one round came to, in recordings."""

    adopted: int = 0
    finished: int = 0
    left: int = 0


class Reconciler:
    """Goes through the journal, as often as it is told to."""

    def __init__(self, journal: Journal, hands: Hands) -> None:
        self._journal = journal
        self._hands = hands
        self._tried_at_s: dict[str, float] = {}

    def run(self) -> Reconciled:
        """Go through every manifest once; blocks the calling greenlet. Returns: what was done."""
        done = Reconciled()
        for manifest in self._journal.pending():
            if not self._hands.is_known(manifest.ticket.name.recording_id):
                self._settle(manifest, done)
        if done.adopted or done.finished:
            log.info("recordings_reconciled", adopted=done.adopted, finished=done.finished, left=done.left)
        return done

    def _settle(self, manifest: Manifest, done: Reconciled) -> None:
        owner = ownership(manifest.owner)
        if owner is Ownership.ALIVE or self._was_tried(manifest):
            done.left += 1
            return
        presence = self._hands.presence(manifest)
        is_adopted = presence is Presence.RECORDING and owner is Ownership.NOBODY
        is_over = self._is_over(manifest, owner, presence)
        if (is_adopted or is_over) and not self._hands.take(manifest):
            done.left += 1
        elif is_adopted:
            self._hands.adopt(manifest)
            done.adopted += 1
        elif is_over:
            self._tried_at_s[manifest.ticket.name.recording_id] = time.monotonic()
            self._hands.finish(manifest)
            done.finished += 1
        else:
            done.left += 1

    def _was_tried(self, manifest: Manifest) -> bool:
        """Whether it was finished a short while ago, and its manifest stands all the same."""
        now_s = time.monotonic()
        self._tried_at_s = {one: at_s for one, at_s in self._tried_at_s.items() if now_s < at_s + RETRY_S}
        return manifest.ticket.name.recording_id in self._tried_at_s

    def _is_over(self, manifest: Manifest, owner: Ownership, presence: Presence) -> bool:
        if presence is Presence.RECORDING:
            return False
        if presence is Presence.STOPPED and manifest.is_waiting and not self._has_media(manifest):
            return False
        if owner is Ownership.NOBODY and presence is not Presence.UNKNOWN:
            return True
        path = self._hands.path_of(manifest)
        age_s: float = gevent.get_hub().threadpool.apply(
            _age_s, (path, manifest.ticket.requested_at_us / 1e6)
        )
        return age_s >= STILL_S

    def _has_media(self, manifest: Manifest) -> bool:
        """Whether its moment came while nobody heard of it."""
        exists: bool = gevent.get_hub().threadpool.apply(self._hands.path_of(manifest).exists)
        return exists


def ownership(owner: str) -> Ownership:
    """Tell who looks after a manifest that this process does not know."""
    mine = outbox_owner.this_process()
    if owner == mine or outbox_owner.is_gone(owner):
        return Ownership.NOBODY
    same_place = owner.rsplit(":", 2)[0] == mine.rsplit(":", 2)[0]
    return Ownership.ALIVE if same_place else Ownership.ELSEWHERE


def _age_s(path: Path, asked_at_s: float) -> float:
    """Seconds since the file was last written; since it was asked for where there is none."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return time.time() - asked_at_s
