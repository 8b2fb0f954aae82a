"""Recordings are noted in the register without ever holding up whoever has them made."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from recording import register
from recording.outcome import EndedBy, RecordingOutcome, Verdict
from recording.register import NoRegister, OutboxRegister, expected_of, settled_of
from recording.ticket import Ticket
from storage import outbox_owner
from storage.errors import StoreUnavailable
from storage.outbox import Outbox
from storage.register_row import Expected, Fate, Settled, Wanted
from tests.recording import samples
from tests.waiting import eventually

TICKET = samples.ticket()

OUTCOME = RecordingOutcome(
    recording_id=TICKET.name.recording_id,
    document_id=TICKET.document_id,
    ended_by=EndedBy.HANGUP,
    verdict=Verdict.OK,
    path=Path("/recordings/a.wav"),
    duration_ms=4000,
    size_bytes=64_044,
    started_at_us=1_700_000_000_500_000,
    reasons=("clipped",),
)


class Rows:
    """Writes to memory, unless it is told to be away."""

    def __init__(self) -> None:
        self.is_away = False
        self.batches: list[list[Expected | Settled]] = []

    @property
    def notes(self) -> list[Expected | Settled]:
        """All that was written."""
        return [note for batch in self.batches for note in batch]

    def write(self, notes: Sequence[Expected | Settled]) -> None:
        """Take notes."""
        if self.is_away:
            raise StoreUnavailable("disk full")
        self.batches.append(list(notes))


@pytest.fixture
def rows() -> Rows:
    """Where notes go."""
    return Rows()


@pytest.fixture
def noting(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> Iterator[OutboxRegister]:
    """A register over these rows that tries again at once."""
    monkeypatch.setattr(register, "RETRY_FIRST_S", 0.01)
    monkeypatch.setattr(register, "SETTLED_WAIT_S", 0.05)
    made = OutboxRegister(rows, expected_wait_s=0.05)
    yield made
    made.close()


def ticket(number: int) -> Ticket:
    """A ticket of its own."""
    return replace(TICKET, name=replace(TICKET.name, recording_id=f"{number:032x}"))


def test_what_is_noted_is_on_disk_when_it_returns(tmp_path: Path) -> None:
    """In a real file, beginning and end."""
    outbox = Outbox(tmp_path / "outbox.sqlite")
    noting = OutboxRegister(outbox.register)
    noting.expected(TICKET)
    entry = outbox.register.get(TICKET.name.recording_id)
    assert entry is not None
    assert entry.row.expected == expected_of(TICKET, outbox_owner.this_process())
    noting.settled(TICKET, OUTCOME, "nowhere", "no URL")
    row = outbox.register.get(TICKET.name.recording_id).row  # type: ignore[union-attr]
    assert (row.fate, row.ended_by, row.reasons) == (Fate.KEPT, "hangup", ("clipped",))
    assert (row.started_at, row.path, row.rule) == (1_700_000_000.5, "/recordings/a.wav", "nowhere")
    assert row.expected.owner == outbox_owner.this_process()
    assert len(list(outbox.register.entries(Wanted()))) == 1
    assert noting.close() == 0
    outbox.close()


@pytest.mark.parametrize(
    ("verdict", "fate"),
    [
        (Verdict.OK, Fate.KEPT),
        (Verdict.DEGRADED, Fate.KEPT),
        (Verdict.FAILED, Fate.FAILED),
        (Verdict.DISCARDED, Fate.DISCARDED),
    ],
)
def test_the_verdict_decides_the_fate(verdict: Verdict, fate: Fate) -> None:
    """Audio is kept, as far as the recording itself knows; the outbox says when it has it."""
    assert settled_of(TICKET, replace(OUTCOME, verdict=verdict), "", "").fate is fate


def test_a_register_that_is_away_holds_nobody_up(noting: OutboxRegister, rows: Rows) -> None:
    """The wait is short, it is said, and the note is written when the register is back."""
    rows.is_away = True
    began = time.monotonic()
    with capture_logs() as logs:
        noting.expected(ticket(1))
        noting.settled(ticket(2), OUTCOME, "", "")
    assert time.monotonic() - began < 2.0
    assert {log["event"] for log in logs} == {"register_not_written"}
    assert noting.stats().waiting == 2
    assert noting.stats().failures_total >= 1
    rows.is_away = False
    eventually(lambda: noting.stats().waiting == 0)
    assert [type(note) for note in rows.notes] == [Expected, Settled]
    assert noting.stats().written_total == 2


def test_the_oldest_notes_go_when_too_many_wait(
    noting: OutboxRegister, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory is bounded, and what was lost is counted."""
    monkeypatch.setattr(register, "MAX_WAITING", 3)
    rows.is_away = True
    for number in range(5):
        noting.expected(ticket(number))
    assert (noting.stats().waiting, noting.stats().lost_total) == (3, 2)
    rows.is_away = False
    eventually(lambda: len(rows.notes) == 3)
    assert [int(note.recording_id, 16) for note in rows.notes if isinstance(note, Expected)] == [2, 3, 4]


def test_closing_writes_what_waits(noting: OutboxRegister, rows: Rows) -> None:
    """Also after the register was away."""
    rows.is_away = True
    noting.expected(ticket(1))
    rows.is_away = False
    assert noting.close() == 0
    assert len(rows.notes) == 1


def test_closing_does_not_wait_for_a_register_that_is_away(noting: OutboxRegister, rows: Rows) -> None:
    """What is lost is said."""
    rows.is_away = True
    noting.expected(ticket(1))
    with capture_logs() as logs:
        assert noting.close() == 1
    assert logs[-1]["event"] == "register_notes_lost"


def test_no_register_notes_nothing() -> None:
    """For those who want none."""
    none = NoRegister()
    none.expected(TICKET)
    none.settled(TICKET, OUTCOME, "", "")
