"""A recording in several files is one: while it lives, in its manifest, and when it is finished."""

from __future__ import annotations

from pathlib import Path

import pytest

from esl.event import Event
from recording import timeline
from recording.control import Control
from recording.finisher import together
from recording.journal import Journal
from recording.journey import Close, Journey
from recording.leg_event import Kind, LegEvent
from recording.manifest import Manifest
from recording.probe import Findings
from recording.recording import Recording
from recording.roster import Roster
from recording.segment import Segment
from recording.stray import at_its_end, ticket_of_stray
from recording.timeline import Mark, What
from tests.recording.samples import RECORDING_ID, UUID, record_event, ticket

FIRST, SECOND = Segment(UUID, 1, 100, 200), Segment("bob", 2, 210)


def _closed(number: int, at_us: int) -> Event:
    headers = {"Event-Name": "RECORD_STOP", "Event-Date-Timestamp": str(at_us)}
    more = {"Recording-Variable-callflows_segment": str(number)} if number > 1 else {}
    return Event.from_headers({**headers, **more})


def _journey(*segments: Segment) -> Journey:
    return Journey(segments or (Segment(UUID),), follow=True)


def test_the_end_of_the_only_file_is_the_end() -> None:
    """Told once."""
    journey = _journey()
    assert [journey.stopped(_closed(1, 300)) for _ in range(2)] == [Close.LAST, Close.KNOWN]


def test_the_end_of_an_earlier_file_is_a_part() -> None:
    """It may be told after the later one began; the later one's is the end."""
    journey = _journey(Segment(UUID, 1, 100), SECOND)
    assert journey.stopped(_closed(1, 220)) is Close.PART
    assert journey.closing(1) == Mark(220, What.ENDED, {"uuid": UUID, "segment": "1"})
    assert journey.stopped(_closed(2, 900)) is Close.LAST


def test_while_it_moves_an_end_is_open() -> None:
    """Whether it is the end shows when the next leg is recorded, or is not."""
    journey = _journey()
    journey.is_moving = True
    assert journey.stopped(_closed(1, 300)) is Close.OPEN
    assert not journey.moved()
    assert journey.last_stop is None


def test_while_word_of_the_partner_is_awaited_an_end_is_open() -> None:
    """The leg hung up, and its partner's side tells of the bridge in a moment."""
    journey = _journey()
    for at, kind in enumerate((Kind.BRIDGED, Kind.HUNG_UP), 1):
        teller, other = ("bob", UUID) if kind is Kind.BRIDGED else (UUID, "bob")
        journey.conversation.hear(LegEvent(kind, at, at, teller, other, is_gone=kind is Kind.HUNG_UP))
    assert journey.stopped(_closed(1, 300)) is Close.OPEN
    assert journey.is_undecided


def test_an_end_of_nothing_known_is_nothing() -> None:
    """A file of a number that there is not."""
    assert _journey().stopped(_closed(9, 300)) is Close.KNOWN


def test_segments_survive_in_the_manifest(tmp_path: Path) -> None:
    """The next engine finds the file that is written now, and those before."""
    journal = Journal(tmp_path)
    manifest = Manifest(ticket(), started_at_us=100, segments=(FIRST, SECOND))
    journal.note(manifest)
    journal.flush()
    found = journal.read(RECORDING_ID)
    journal.close()
    assert found == manifest
    assert manifest.current is SECOND
    assert Manifest(ticket()).current == Segment(UUID)


@pytest.mark.parametrize(
    ("known", "number", "legs"),
    [
        ((), 1, [UUID]),
        ((), 2, [UUID, "bob"]),
        ((FIRST, SECOND), 2, [UUID, "bob"]),
        ((FIRST, SECOND), 3, [UUID, "bob", "bob"]),
        ((FIRST, SECOND), 1, None),
    ],
)
def test_a_stray_end_is_that_of_the_last_file(
    known: tuple[Segment, ...], number: int, legs: list[str] | None
) -> None:
    """An engine died: an earlier file's end is nobody's, a later one than was noted is made known."""
    headers = {"Unique-ID": "bob", "Recording-Variable-callflows_segment": str(number)}
    found = at_its_end(Manifest(ticket(), segments=known), Event.from_headers(headers))
    assert (None if found is None else [one.uuid for one in found.segments]) == legs


def test_a_stray_file_is_named_by_us(tmp_path: Path) -> None:
    """The path in the event is the one that the ticket and the number make."""
    path = Segment("bob", 2).path(ticket().name, tmp_path, ticket().request.capture_format)
    more = {"Unique_ID": "bob", "Recording-Variable-callflows_segment": "2"}
    assert ticket_of_stray(
        record_event("RECORD_STOP", ticket(), tmp_path, Record_File_Path=str(path), **more), tmp_path
    )
    assert ticket_of_stray(record_event("RECORD_STOP", ticket(), tmp_path, **more), tmp_path) is None


def test_a_recording_is_found_by_every_leg_of_its_conversation(tmp_path: Path) -> None:
    """Commands mean it on the leg that it was asked for on, and on the one recorded now."""
    control = Control(ticket(), tmp_path / "x.wav", lambda: None, lambda: None)
    recording = Recording(ticket(), tmp_path / "x.wav", control, segments=(FIRST, SECOND))
    roster = Roster()
    roster.add(recording, None)
    assert roster.along("bob") == roster.of("bob") == roster.of(UUID) == (recording,)
    recording.journey.conversation.hear(LegEvent(Kind.BRIDGED, 1, 1, "bob", "carol"))
    roster.relocate(recording)
    assert roster.along("carol") == (recording,)
    assert roster.of("carol") == ()
    roster.remove(recording)
    assert not any(roster.along(leg) for leg in (UUID, "bob", "carol"))


def test_a_gap_lasts_until_its_leg_takes_the_other_back_or_leaves() -> None:
    """The other side's hold is none of it."""
    marks = [
        Mark(100_000, What.GAP, {"uuid": "a", "why": "x"}),
        Mark(200_000, What.UNHELD, {"uuid": "b"}),
        Mark(300_000, What.UNHELD, {"uuid": "a"}),
        Mark(500_000, What.GAP, {"uuid": "a", "why": "y"}),
        Mark(600_000, What.TRANSFERRED, {"from": "a", "to": "b"}),
        Mark(700_000, What.GAP, {"uuid": "b", "why": "z"}),
    ]
    found = [(one.why, one.length_ms) for one in timeline.gaps(marks, 0, 1_000_000)]
    assert found == [("x", 200), ("y", 100), ("z", 300)]


def test_several_files_are_judged_as_one() -> None:
    """Lengths add up, a side is silent that is silent in each, faults are told with their file."""
    parts = [
        Findings(
            exists=True,
            readable=True,
            duration_ms=2_000,
            sample_rate_hz=8_000,
            silent=(0, 1),
            faults=("odd",),
        ),
        Findings(
            exists=True,
            readable=True,
            duration_ms=9_000,
            sample_rate_hz=16_000,
            silent=(1,),
            speech_heard=True,
        ),
        Findings(exists=False, faults=("the file is not there",)),
    ]
    one = together(parts)
    assert (one.exists, one.readable, one.duration_ms, one.silent) == (True, True, 11_000, (1,))
    assert (one.sample_rate_hz, one.speech_heard) == (16_000, True)
    assert one.faults == ("segment 1: odd", "segment 3: the file is not there")
    assert together(parts[:1]) is parts[0]
