"""What a recording carries on its way arrives as it was sent, and what others send does no harm."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esl.event import Event
from recording import variables
from recording.errors import BadTicket
from recording.request import Direction
from recording.ticket import Ticket
from tests.recording.samples import MP3, RECORDING_ID, WAV, record_event, ticket
from tests.recording.test_ticket import tickets

PATH = Path("/var/rec/20261120") / f"{RECORDING_ID}.wav"


@given(tickets)
def test_ticket_travels(one: Ticket) -> None:
    """Encoded and decoded, a ticket is the same; the word has nothing that any reader gives a meaning to."""
    word = variables.encode(one)
    assert variables.decode(word) == one
    assert word.replace("-", "").replace("_", "").isalnum()


@given(st.text() | st.from_regex(r"[A-Za-z0-9_-]{0,60}", fullmatch=True))
def test_any_other_word_is_refused(word: str) -> None:
    """Events come from outside: whatever stands there, BadTicket is all that can come of it."""
    with pytest.raises(BadTicket):
        variables.decode(word)


@given(st.binary(max_size=300))
def test_any_event_is_read(block: bytes) -> None:
    """Events that no FreeSWITCH would send are nobody's recording, or a bad ticket."""
    event = Event(b"\nRecording-Variable-callflows_recording: " + block)
    try:
        found = variables.ticket_of(event)
    except BadTicket:
        return
    assert found is None


def test_recording_of_others_has_no_ticket() -> None:
    """A dialplan may record as well; its recordings are none of ours."""
    event = Event.from_headers({"Event-Name": "RECORD_STOP", "Record-File-Path": "/tmp/x.wav"})
    assert variables.ticket_of(event) is None
    assert variables.id_of(event) == ""


def test_ticket_comes_back_on_the_event(tmp_path: Path) -> None:
    """RECORD_STOP is all that is needed to know whose recording has ended."""
    one = ticket()
    event = record_event("RECORD_STOP", one, tmp_path)
    assert variables.ticket_of(event) == one
    assert variables.id_of(event) == RECORDING_ID


@pytest.mark.parametrize(
    ("direction", "stereo", "expected"),
    [
        (
            Direction.BOTH,
            True,
            {"RECORD_STEREO": "true", "RECORD_READ_ONLY": "false", "RECORD_WRITE_ONLY": "false"},
        ),
        (
            Direction.BOTH,
            False,
            {"RECORD_STEREO": "false", "RECORD_READ_ONLY": "false", "RECORD_WRITE_ONLY": "false"},
        ),
        (
            Direction.SPEAK,
            True,
            {"RECORD_STEREO": "false", "RECORD_READ_ONLY": "true", "RECORD_WRITE_ONLY": "false"},
        ),
        (
            Direction.HEAR,
            True,
            {"RECORD_STEREO": "false", "RECORD_READ_ONLY": "false", "RECORD_WRITE_ONLY": "true"},
        ),
    ],
)
def test_layout_is_always_explicit(direction: Direction, stereo: bool, expected: dict[str, str]) -> None:
    """Whatever the channel's variables say, the layout is the one that was asked for."""
    given_ = variables.variables(ticket(replace(WAV, direction=direction, stereo=stereo)))
    assert {name: given_[name] for name in expected} == expected


def test_first_half_second_is_kept_and_nothing_is_appended() -> None:
    """FreeSWITCH's pre-buffer, append mode and silence detection are off unless asked for."""
    given_ = variables.variables(ticket())
    assert given_["RECORD_PRE_BUFFER_FRAMES"] == "0"
    assert given_["RECORD_APPEND"] == "false"
    assert given_["RECORD_SILENCE_THRESHOLD"] == "0"


def test_minimum_is_ours_alone_where_a_rate_is_asked_for() -> None:
    """FreeSWITCH would count such a minimum at the wrong rate, and delete what is long enough."""
    plain = variables.variables(ticket(replace(WAV, min_s=5)))
    resampled = variables.variables(ticket(replace(WAV, min_s=5, sample_rate_hz=16000)))
    assert plain["RECORD_MIN_SEC"] == "5"
    assert "record_sample_rate" not in plain
    assert (resampled["RECORD_MIN_SEC"], resampled["record_sample_rate"]) == ("0", "16000")


def test_command_has_three_parts() -> None:
    """Path, limit and braces, with no other blank: one more, and FreeSWITCH would drop every variable."""
    argument = variables.record_session_argument(ticket(), PATH, "2600Hz, Inc.'s Kazoo")
    path, limit, braces = argument.split(" ")
    assert (path, limit) == (str(PATH), "+31")
    assert braces[0] + braces[-1] == "{}"


def test_command_without_limit() -> None:
    """An endless recording has none, also for the inbound link's command, where 0 stands for it."""
    endless = ticket(replace(MP3, time_limit_s=None))
    assert variables.record_session_argument(endless, PATH).split(" ")[1].startswith("{")
    assert variables.uuid_record_argument(endless, PATH).split(" ")[1] == "0"
    assert variables.uuid_record_argument(ticket(), PATH).split(" ")[1] == "31"
