"""Segments are named by us alone, survive a manifest, and tell their ends apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esl.event import Event
from esl.quoting import braces
from recording import variables
from recording.errors import BadTicket
from recording.request import AudioFormat
from recording.segment import (
    MAX_SEGMENTS,
    Segment,
    Trail,
    from_data,
    gaps_ms,
    number_of,
    uuid_record_argument,
)
from tests.recording.samples import RECORDING_ID, ticket

DIRECTORY = Path("/var/rec")


def test_further_files_stand_beside_the_first() -> None:
    """Numbered from 2; the first is named as if there were no others."""
    name = ticket().name
    paths = [Segment("a", number).path(name, DIRECTORY, AudioFormat.WAV) for number in (1, 2, 10)]
    assert [path.name for path in paths] == [
        f"{RECORDING_ID}.wav", f"{RECORDING_ID}-2.wav", f"{RECORDING_ID}-10.wav"
    ]  # fmt: skip
    assert {path.parent for path in paths} == {DIRECTORY / "20261120"}


@pytest.mark.parametrize(
    ("uuid", "number", "started"), [("a b", 1, 0), ("", 1, 0), ("a", 0, 0), ("a", 51, 0), ("a", 1, -1)]
)
def test_what_is_no_segment_is_refused(uuid: str, number: int, started: int) -> None:
    """A channel's name goes into commands, a number into a path."""
    with pytest.raises(BadTicket):
        Segment(uuid, number, started)


SEGMENTS = st.lists(
    st.tuples(st.from_regex(r"[A-Za-z0-9_.:-]{1,40}", fullmatch=True), st.integers(0, 2**61)), max_size=9
).map(lambda found: tuple(Segment(uuid, at, us, us) for at, (uuid, us) in enumerate(found, 1)))


@given(SEGMENTS)
def test_segments_come_back(segments: tuple[Segment, ...]) -> None:
    """What a manifest holds is what was noted."""
    assert from_data([one.data() for one in segments]) == segments


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["uuid", "number", "started_at_us", "ended_at_us", "x"]), inner, max_size=5
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_anything_else_is_refused(data: object) -> None:
    """Nothing but BadTicket comes of what is no list of segments."""
    try:
        found = from_data(data)
    except BadTicket:
        return
    assert [one.number for one in found] == list(range(1, len(found) + 1))


@pytest.mark.parametrize(
    ("told", "number"),
    [(None, 1), ("2", 2), ("0", 1), ("-3", 1), ("x", 1), ("51", 1), (str(MAX_SEGMENTS), 50)],
)
def test_a_file_tells_which_it_is(told: str | None, number: int) -> None:
    """The first says nothing; nonsense is taken for the first."""
    headers = {} if told is None else {"Recording-Variable-callflows_segment": told}
    assert number_of(Event.from_headers({"Event-Name": "RECORD_STOP", **headers})) == number


def test_a_further_file_is_the_same_recording() -> None:
    """Its variables are those of the first, with its number; its minimum is nobody's."""
    of, segment = ticket(), Segment("leg", 2)
    path = segment.path(of.name, DIRECTORY, AudioFormat.WAV)
    found = uuid_record_argument(of, segment, path, 17)
    expected = {**variables.variables(of), "callflows_segment": "2", "RECORD_MIN_SEC": "0"}
    assert found == f"{path} 18 {braces(expected)}"
    assert uuid_record_argument(of, segment, path, None).split(" ")[1] == "0"


def test_gaps_are_between_an_end_and_the_next_beginning() -> None:
    """Files that overlap leave none, nor does an end that nobody told of."""
    segments = [
        Segment("a", 1, 1_000_000, 2_000_000),
        Segment("b", 2, 2_500_000, 4_000_000),
        Segment("c", 3, 3_900_000, 0),
        Segment("d", 4, 9_000_000, 9_500_000),
    ]
    assert gaps_ms(segments) == (500, 0, 0)


def test_a_trail_notes_each_fact_once() -> None:
    """The first one counts; a leg's hangup is the end of its sound, whenever its file is closed."""
    trail = Trail([Segment("a")])
    assert trail.began(1, 100)
    assert not trail.began(1, 200)
    trail.extend("b")
    assert trail.began(2, 300)
    assert not trail.are_closed
    trail.hung_up("a", 310)
    assert trail.ended(1, 900)
    assert not trail.ended(1, 950)
    assert trail.are_closed
    assert trail.segments == (Segment("a", 1, 100, 310), Segment("b", 2, 300, 0))
    assert not trail.ended(7, 1)


def test_a_trail_never_loses_its_first() -> None:
    """What never began is forgotten; what FreeSWITCH took along keeps its number."""
    trail = Trail([Segment("a")])
    trail.drop()
    trail.extend("b")
    trail.drop()
    trail.carry("c")
    assert trail.segments == (Segment("c"),)


def test_a_loop_comes_to_an_end() -> None:
    """Two systems that send a call to each other are no conversation."""
    trail = Trail([Segment("a")])
    for _ in range(MAX_SEGMENTS - 1):
        trail.extend("b")
    with pytest.raises(BadTicket):
        trail.extend("b")
    assert len(trail.segments) == MAX_SEGMENTS
