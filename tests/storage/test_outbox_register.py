"""The register knows every recording that was asked for, whoever tells it what, in whatever order."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import outbox_schema
from storage.destination import Receipt
from storage.outbox import Outbox
from storage.outbox_register import PAGE
from storage.register_row import GOOD, Expected, Fate, Forgotten, Settled, Wanted
from tests.storage.outbox_parts import LEASE_S, OWNER, Clock, enqueue, media, opened, to

ID = "0123456789abcdef0123456789abcdef"
ASKED = Expected(ID, 1_700_000_000.0, f"202311-{ID}", "call-1", "uuid-1", "acc", "callflow : main", "me", 60)
DONE = Settled(
    ASKED, Fate.KEPT, 1_700_000_001.0, "hangup", "ok", (), 5000, 80_000, "/r/a.wav", "nowhere", "no URL"
)


@pytest.fixture
def clock() -> Clock:
    """The time, as the test tells it."""
    return Clock()


@pytest.fixture
def outbox(tmp_path: Path, clock: Clock) -> Iterator[Outbox]:
    """An empty outbox."""
    with opened(tmp_path / "outbox.sqlite", clock) as one:
        yield one


def asked(number: int, **facts: object) -> Expected:
    """A recording of its own, asked for one second after the one before."""
    return replace(ASKED, recording_id=f"{number:032x}", requested_at=ASKED.requested_at + number, **facts)


def deliver(outbox: Outbox) -> None:
    """Settle the next delivery."""
    job = outbox.claim(OWNER, LEASE_S)
    assert job is not None
    outbox.succeeded(job, Receipt("there"))


def test_what_was_asked_for_is_known_and_open(outbox: Outbox) -> None:
    """With all that is known of it; nothing became of it yet."""
    outbox.register.write([ASKED])
    entry = outbox.register.get(ID)
    assert entry is not None
    assert entry.row.expected == ASKED
    assert (entry.row.fate, entry.row.settled_at, entry.stored, entry.deliveries) == (None, None, None, ())


def test_its_end_is_noted_with_the_whole_outcome(outbox: Outbox, clock: Clock) -> None:
    """As it was told, and when."""
    outbox.register.write([ASKED])
    clock.pass_s(7)
    outbox.register.write([replace(DONE, reasons=("a silent side", "clipped"))])
    row = outbox.register.get(ID).row  # type: ignore[union-attr]
    assert (row.fate, row.ended_by, row.verdict, row.duration_ms) == (Fate.KEPT, "hangup", "ok", 5000)
    assert row.reasons == ("a silent side", "clipped")
    assert (row.rule, row.rule_reason, row.path) == ("nowhere", "no URL", "/r/a.wav")
    assert (row.noted_at, row.settled_at) == (clock.now - 7, clock.now)


def test_an_end_without_a_beginning_is_noted_all_the_same(outbox: Outbox) -> None:
    """Of a recording whose engine was killed before it could note it."""
    outbox.register.write([DONE])
    row = outbox.register.get(ID).row  # type: ignore[union-attr]
    assert row.expected == ASKED
    assert row.fate is Fate.KEPT


NOTES = [
    ASKED,
    replace(ASKED, owner="another"),
    DONE,
    replace(DONE, fate=Fate.FAILED, verdict="failed", expected=replace(ASKED, owner="")),
    replace(DONE, fate=Fate.DISCARDED, verdict="discarded"),
]


@settings(max_examples=25, deadline=None)
@given(notes=st.lists(st.sampled_from(NOTES), min_size=1, max_size=6))
def test_the_order_of_notes_does_not_lose_good_audio(notes: list[Expected | Settled]) -> None:
    """However often and in whatever order notes come: one row, and good audio once found stays found."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.row_factory = sqlite3.Row
    outbox_schema.migrate(db)
    from storage.outbox_register import _write_all

    for note in notes:
        _write_all(db, [note], 1.0)
    (row,) = db.execute("SELECT * FROM register").fetchall()
    fates = [note.fate for note in notes if isinstance(note, Settled)]
    good = [fate for fate in fates if fate in GOOD]
    assert row["fate"] == (good[-1] if good else fates[-1] if fates else None)
    assert row["call_id"] == "call-1"
    db.close()


def test_a_failure_that_was_none_is_corrected(outbox: Outbox, clock: Clock) -> None:
    """Given up as not started, begun all the same, and finished later."""
    outbox.register.write([replace(DONE, fate=Fate.FAILED, verdict="failed")])
    clock.pass_s(30)
    outbox.register.write([DONE])
    row = outbox.register.get(ID).row  # type: ignore[union-attr]
    assert (row.fate, row.verdict, row.settled_at) == (Fate.KEPT, "ok", clock.now)


def test_taking_over_notes_it_in_the_same_transaction(outbox: Outbox) -> None:
    """Killed right after: the row is there, with what the metadata tells."""
    metadata = {
        "_id": f"202311-{ID}",
        "call_id": "call-1",
        "origin": "callflow : main",
        "duration_ms": 5000,
        "callflows": {
            "requested_at_us": 1_700_000_000_000_000,
            "started_at_us": 1_700_000_001_000_000,
            "verdict": "degraded",
            "ended_by": "hangup",
            "reasons": ["clipped"],
        },
    }
    enqueue(outbox, recording_id=ID, metadata=metadata)
    entry = outbox.register.get(ID)
    assert entry is not None
    row = entry.row
    assert (row.fate, row.verdict, row.ended_by, row.reasons) == (
        Fate.HANDED_OVER,
        "degraded",
        "hangup",
        ("clipped",),
    )
    assert (row.expected.requested_at, row.started_at) == (1_700_000_000.0, 1_700_000_001.0)
    assert [each.key for each in entry.deliveries] == ["http:a.test"]
    assert not entry.is_delivered
    deliver(outbox)
    assert outbox.register.get(ID).is_delivered  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "ours",
    [
        None,
        7,
        {"requested_at_us": "soon"},
        {"requested_at_us": True, "reasons": "x"},
        {"requested_at_us": -5},
    ],
)
def test_metadata_that_tells_little_is_enough(outbox: Outbox, clock: Clock, ours: object) -> None:
    """What is missing there is not known; nothing fails."""
    enqueue(outbox, recording_id=ID, metadata={"callflows": ours, "duration_ms": "long"})
    row = outbox.register.get(ID).row  # type: ignore[union-attr]
    assert (row.expected.requested_at, row.duration_ms, row.reasons) == (clock.now, 0, ())


def test_what_the_outbox_has_is_not_merely_kept(outbox: Outbox) -> None:
    """Its end, told after it was taken over, adds the rule and leaves it with the outbox."""
    enqueue(outbox, recording_id=ID)
    outbox.register.write([replace(DONE, rule="local", rule_reason="store_recordings is on")])
    row = outbox.register.get(ID).row  # type: ignore[union-attr]
    assert (row.fate, row.rule) == (Fate.HANDED_OVER, "local")


@pytest.mark.parametrize("name", [ID, f"202311-{ID}", "call-1", "uuid-1"])
def test_it_is_found_by_any_of_its_names(outbox: Outbox, name: str) -> None:
    """Recording id, document id, call id, channel; nothing else finds it."""
    outbox.register.write([ASKED, asked(1, document_id="d", call_id="c", uuid="u")])
    assert [entry.row.recording_id for entry in outbox.register.find(name)] == [ID]
    assert outbox.register.find(name + "x") == []


def test_rows_are_chosen_by_time_account_call_and_verdict(outbox: Outbox) -> None:
    """Each narrows the choice; the beginning belongs to a period, its end does not."""
    outbox.register.write([asked(0), asked(1, account_id="b"), asked(2, call_id="other"), asked(3)])
    outbox.register.write([replace(DONE, expected=asked(3))])

    def numbers(**wanted: object) -> list[int]:
        entries = outbox.register.entries(Wanted(**wanted))  # type: ignore[arg-type]
        return [int(entry.row.recording_id, 16) for entry in entries]

    start = ASKED.requested_at
    assert numbers() == [0, 1, 2, 3]
    assert numbers(since=start + 1, until=start + 3) == [1, 2]
    assert numbers(account_id="b") == [1]
    assert numbers(call="other") == [2]
    assert numbers(call="uuid-1") == [0, 1, 2, 3]
    assert numbers(verdict="ok") == [3]
    assert numbers(is_open=True) == [0, 1, 2]


def test_all_pages_are_read_in_either_direction(outbox: Outbox) -> None:
    """More than two pages, some asked for at the same moment."""
    count = 2 * PAGE + 3
    outbox.register.write([replace(asked(n), requested_at=1e9 + n // 3) for n in range(count)])
    up = [int(entry.row.recording_id, 16) for entry in outbox.register.entries(Wanted())]
    down = [int(entry.row.recording_id, 16) for entry in outbox.register.entries(Wanted(), newest_first=True)]
    assert up == list(range(count))
    assert down == up[::-1]


def test_what_is_delivered_is_not_open(outbox: Outbox) -> None:
    """A recording on its way may become a gap; one that arrived cannot."""
    enqueue(outbox, to("a.test"), recording_id=ID)
    assert [entry.row.recording_id for entry in outbox.register.entries(Wanted(is_open=True))] == [ID]
    deliver(outbox)
    assert list(outbox.register.entries(Wanted(is_open=True))) == []


def test_recordings_in_order_are_forgotten_and_still_counted(outbox: Outbox, clock: Clock) -> None:
    """With the outbox's rows; the figure of the period stays what it was."""
    metadata = {"callflows": {"requested_at_us": int(clock.now * 1e6)}}
    enqueue(outbox, recording_id=ID, metadata=metadata)
    deliver(outbox)
    outbox.released(ID)
    outbox.register.write([Settled(asked(1), Fate.DISCARDED)])
    clock.pass_s(100)
    assert outbox.purge(100) == 2
    assert outbox.register.get(ID) is None
    assert list(outbox.register.entries(Wanted())) == []
    hour = clock.now // 3600 * 3600
    assert outbox.register.forgotten(Wanted()) == Forgotten(stored=1, discarded=1)
    assert outbox.register.forgotten(Wanted(since=hour - 3600, until=hour + 3600)) == Forgotten(1, 1)
    assert outbox.register.forgotten(Wanted(since=hour + 3600)) == Forgotten()
    assert outbox.register.forgotten(Wanted(account_id="nobody")) == Forgotten()


def test_gaps_outlive_the_others(outbox: Outbox, clock: Clock) -> None:
    """Failed, kept, missing: until the register's own time is over; what the outbox has stays with it."""
    outbox.register.write(
        [
            asked(1),
            Settled(asked(2), Fate.FAILED),
            Settled(asked(3), Fate.KEPT),
            Settled(asked(4), Fate.DISCARDED),
        ]
    )
    enqueue(outbox, recording_id=asked(5).recording_id)
    clock.pass_s(1000)
    assert outbox.purge(10, register_s=1e6) == 1
    assert len(list(outbox.register.entries(Wanted()))) == 4
    clock.pass_s(1e6)
    assert outbox.purge(10, register_s=1e6) == 3
    assert [entry.row.recording_id for entry in outbox.register.entries(Wanted())] == [asked(5).recording_id]


def test_a_clock_that_was_wrong_loses_no_row(outbox: Outbox, clock: Clock) -> None:
    """Set back by a year: what seems to lie ahead is listed like the rest."""
    outbox.register.write([ASKED])
    clock.pass_s(-366 * 86400.0)
    outbox.register.write([DONE])
    assert outbox.purge(0, register_s=400 * 86400.0) == 0
    assert [entry.row.fate for entry in outbox.register.entries(Wanted(since=clock.now))] == [Fate.KEPT]


def test_two_engines_share_one_register(tmp_path: Path, outbox: Outbox) -> None:
    """What the one was asked for the other may finish."""
    outbox.register.write([ASKED])
    with opened(tmp_path / "outbox.sqlite") as other:
        other.register.write([replace(DONE, expected=replace(ASKED, owner="other"))])
    row = outbox.register.get(ID).row  # type: ignore[union-attr]
    assert (row.fate, row.expected.owner) == (Fate.KEPT, "other")


def test_ids_that_have_a_row_are_told_from_others(outbox: Outbox) -> None:
    """As many as are asked about at once."""
    outbox.register.write([asked(n) for n in range(50)])
    some = [asked(n).recording_id for n in range(40, 60)]
    assert outbox.register.known(some) == {asked(n).recording_id for n in range(40, 50)}


def test_text_that_is_no_unicode_is_written(outbox: Outbox) -> None:
    """Names come from SIP headers."""
    outbox.register.write([replace(ASKED, origin="caf\udce9")])
    assert outbox.register.get(ID).row.expected.origin == "caf?"  # type: ignore[union-attr]


def test_what_an_earlier_release_took_over_is_in_the_register(tmp_path: Path) -> None:
    """Brought forward with its file."""
    path = tmp_path / "old.sqlite"
    with sqlite3.connect(path, isolation_level=None) as db:
        outbox_schema.migrate(db, outbox_schema.MIGRATIONS[:1])
        metadata = {"call_id": "c", "duration_ms": 9, "callflows": {"verdict": "ok", "ended_by": "hangup"}}
        db.execute(
            "INSERT INTO recordings VALUES"
            " (?, 'doc', 'acc', '/r/a.wav', 'audio/wav', 3, '', 'a.wav', ?, 5.0, NULL, NULL)",
            (ID, json.dumps(metadata)),
        )
    db.close()
    with opened(path) as outbox:
        entry = outbox.register.get(ID)
    assert entry is not None
    assert entry.row.expected == Expected(ID, 5.0, "doc", "c", "", "acc")
    assert (entry.row.fate, entry.row.verdict, entry.row.duration_ms) == (Fate.HANDED_OVER, "ok", 9)
    assert entry.stored is not None
    assert entry.media_path == media(Path("/r/a.wav")).path
