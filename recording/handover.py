"""Sees to it that a finished recording is in the outbox, or that there is nothing the outbox should have.

Handing over twice is harmless: the outbox takes a recording once by its id, and the manifest goes only after
the outbox has it. An outbox that cannot take it now (disk full, file locked) is asked for ever, and so is a
document store that cannot say now where the account wants it. Files that the delivered one was made of go
when the outbox has that one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import gevent
import structlog

from recording import metadata, storage_decision
from recording.finisher import DELIVERABLE, Ending
from recording.journal import Journal
from recording.metadata import Circumstances
from recording.naming import CONTENT_TYPES, delivered_name
from recording.outcome import RecordingOutcome, Verdict
from recording.register import NoRegister, Register
from recording.request import AudioFormat
from recording.status import Statuses
from recording.storage_decision import Decision
from recording.storage_rules import StorageRules
from recording.tally import Tally
from recording.ticket import Ticket
from storage.destination import Media, Target
from storage.errors import StoreError

RETRY_FIRST_S = 1.0
RETRY_LAST_S = 60.0
"""Pauses between two tries, doubling."""

NOT_DELIVERED = {
    Verdict.DISCARDED: Decision("discarded", (), "the recording was discarded"),
    Verdict.FAILED: Decision("failed", (), "there is no usable audio: what there is stays here"),
}
"""What is said where storage has nothing to decide."""

log = structlog.get_logger(__name__)


class Outbox(Protocol):
    """What takes finished recordings over (storage.outbox.Outbox)."""

    def enqueue(
        self,
        media: Media,
        metadata: Mapping[str, Any],
        targets: Sequence[Target],
        *,
        recording_id: str,
        account_id: str,
        keep_until: float = 0.0,
    ) -> bool:
        """Take a recording over for good; False when it is known. Raises: StoreUnavailable."""


@dataclass(frozen=True, slots=True)
class Receivers:
    """Where finished recordings go from here, and who is told.

    Attributes: storage: says where; register: is told what became of each; statuses: tells those who observe
    it; node: this engine, in documents.
    """

    outbox: Outbox
    journal: Journal
    tally: Tally
    storage: StorageRules
    node: str = ""
    register: Register = field(default_factory=NoRegister)
    statuses: Statuses = field(default_factory=Statuses)
    clock: Callable[[], float] = time.time


class HandOver:
    """Hands recordings over, any number at a time, each in the greenlet that calls."""

    def __init__(self, recordings_dir: Path, receivers: Receivers) -> None:
        self._recordings_dir = recordings_dir
        self._to = receivers

    def settle(self, over: Ending, outcome: RecordingOutcome) -> bool:
        """Hand a verified recording over, discard it, or leave its file where it is, as its outcome says.

        Blocks until that is done, for as long as the store cannot say where or the outbox cannot take it.
        Returns: whether the outbox has it.
        """
        ticket = over.ticket
        decision = NOT_DELIVERED.get(outcome.verdict) or self._decided(ticket)
        handed_over = False
        if outcome.verdict is Verdict.DISCARDED:
            self.delete(ticket, (*over.paths(self._recordings_dir), outcome.path, *outcome.leftovers))
        elif outcome.verdict in DELIVERABLE and decision.targets:
            self._enqueue(over, outcome, decision.targets)
            self.delete(ticket, (one for one in outcome.leftovers if one != outcome.path))
            handed_over = True
        self._to.register.settled(ticket, outcome, decision.rule, decision.reason)
        self._to.statuses.settled(over, outcome, int(self._ended_at_s(over, outcome) * 1e6))
        if not outcome.is_inaccessible:
            self._to.journal.forget(ticket)
        self._to.tally.recording_finished(outcome)
        _tell(ticket, outcome, decision)
        return handed_over

    def _decided(self, ticket: Ticket) -> Decision:
        """Ask where a recording goes, until that can be known; its manifest keeps it safe meanwhile."""
        pause_s = RETRY_FIRST_S
        while True:
            try:
                return self._to.storage.decide(storage_decision.wanted(ticket))
            except StoreError as exc:
                self._to.tally.recording_handover_failed()
                log.warning(
                    "recording_destination_not_known",
                    recording_id=ticket.name.recording_id,
                    account_id=ticket.account_id,
                    reason=str(exc),
                    next_try_in_s=pause_s,
                )
            gevent.sleep(pause_s)
            pause_s = min(pause_s * 2, RETRY_LAST_S)

    def _enqueue(self, over: Ending, outcome: RecordingOutcome, targets: tuple[Target, ...]) -> None:
        ticket = over.ticket
        path = outcome.path or over.paths(self._recordings_dir)[0]
        audio_format = _format_of(path, ticket)
        media_name = delivered_name(ticket.request.media_name, ticket.name.recording_id, audio_format)
        media = Media(
            path=path,
            content_type=CONTENT_TYPES[audio_format],
            size_bytes=outcome.size_bytes,
            sha256=outcome.sha256,
            name=_name_at_url(ticket, audio_format) if ticket.request.url else media_name,
        )
        document = {
            **metadata.document(ticket, outcome, self._circumstances(over, outcome, media_name)),
            "content_type": media.content_type,
            "media_type": audio_format.value,
        }
        pause_s = RETRY_FIRST_S
        while not self._try_enqueue(media, document, targets, ticket, pause_s):
            gevent.sleep(pause_s)
            pause_s = min(pause_s * 2, RETRY_LAST_S)

    def _try_enqueue(
        self,
        media: Media,
        document: dict[str, Any],
        targets: tuple[Target, ...],
        ticket: Ticket,
        pause_s: float,
    ) -> bool:
        recording_id = ticket.name.recording_id
        try:
            added = self._to.outbox.enqueue(
                media,
                document,
                targets,
                recording_id=recording_id,
                account_id=ticket.account_id,
                keep_until=self._to.clock() + ticket.request.link_s if ticket.request.link_s else 0.0,
            )
        except StoreError as exc:
            self._to.tally.recording_handover_failed()
            log.warning(
                "recording_not_handed_over", recording_id=recording_id, reason=str(exc), next_try_in_s=pause_s
            )
            return False
        if not added:
            log.info("recording_known_to_outbox", recording_id=recording_id)
        return True

    def _circumstances(self, over: Ending, outcome: RecordingOutcome, name: str) -> Circumstances:
        custom = over.stop.custom if over.stop else {}
        ended_at_s = self._ended_at_s(over, outcome)
        return Circumstances(name, ended_at_s, custom, self._to.node, self._to.clock())

    def _ended_at_s(self, over: Ending, outcome: RecordingOutcome) -> float:
        if over.stop and over.stop.at_us:
            return over.stop.at_us / 1e6
        if outcome.started_at_us:
            return outcome.started_at_us / 1e6 + outcome.duration_ms / 1000
        return self._to.clock()

    def delete(self, ticket: Ticket, paths: Iterable[Path | None]) -> None:
        """Remove files of a recording off the hub; what cannot be removed is told, and stays."""
        for path in dict.fromkeys(paths):
            failed = gevent.get_hub().threadpool.apply(_remove, (path,)) if path is not None else ""
            if failed:
                log.warning(
                    "recording_file_not_deleted", recording_id=ticket.name.recording_id, reason=failed
                )


def _remove(path: Path) -> str:
    """Delete a file if it is there; return why that failed, "" when it did not."""
    try:
        path.unlink(missing_ok=True)
    except OSError as exc:
        return exc.strerror or str(exc)
    return ""


def _format_of(path: Path, ticket: Ticket) -> AudioFormat:
    """Return what a file is: where it could not be made into what was asked for, it is what was captured."""
    try:
        return AudioFormat(path.suffix.removeprefix("."))
    except ValueError:
        return ticket.request.format


def _name_at_url(ticket: Ticket, audio_format: AudioFormat) -> str:
    """Return Kazoo's name of a recording at a caller's URL, `call_recording_<call id>.<ext>`.

    Kazoo gives it to every recording of a call, so that the last one replaces the others there. Here further
    ones get their own id behind it. (The document's media_name does not count: all its calls have the same.)
    Source: Kazoo media_recording (handler_fields), reference section 3.6.
    """
    stem = f"call_recording_{ticket.call_id}"
    if not ticket.is_first:
        stem = f"{stem}_{ticket.name.recording_id}"
    return delivered_name(stem, ticket.name.recording_id, audio_format)


def _tell(ticket: Ticket, outcome: RecordingOutcome, decision: Decision) -> None:
    """Log the one line that says everything about a recording."""
    stored_nowhere = outcome.verdict in DELIVERABLE and not decision.targets
    say = log.info
    if outcome.verdict is Verdict.DEGRADED or stored_nowhere:
        say = log.warning
    elif outcome.verdict is Verdict.FAILED:
        say = log.error
    say(
        "recording_finished",
        recording_id=outcome.recording_id,
        call_id=ticket.call_id,
        account_id=ticket.account_id,
        ended_by=outcome.ended_by.value,
        verdict=outcome.verdict.value,
        duration_ms=outcome.duration_ms,
        size_bytes=outcome.size_bytes,
        raw_cause=outcome.raw_cause,
        reasons=list(outcome.reasons),
        storage=decision.rule,
        storage_reason=decision.reason,
    )
