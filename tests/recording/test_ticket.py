"""Tickets survive the way they travel, and whatever else comes that way is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from recording.errors import BadTicket
from recording.naming import Name
from recording.request import AudioFormat, Direction, Observer, RecordingRequest, Transcription
from recording.ticket import (
    MAX_OBSERVER_BYTES,
    MAX_OBSERVERS,
    MAX_TICKET_BYTES,
    MAX_URL,
    UNUSABLE_URL,
    Party,
    Ticket,
    bounded,
    cut,
    from_data,
    parse,
)
from tests.recording.samples import RECORDING_ID, UUID, ticket

anything = st.text().map(cut)
requests = st.builds(
    RecordingRequest,
    format=st.sampled_from(AudioFormat),
    time_limit_s=st.none() | st.integers(1, 10**6),
    stereo=st.booleans(),
    direction=st.sampled_from(Direction),
    sample_rate_hz=st.none() | st.sampled_from([8000, 16000, 48000]),
    min_s=st.integers(0, 3600),
    media_name=st.text(max_size=400),
    label=st.text(max_size=400),
    origin=st.text(max_size=400),
    url=st.text(max_size=400),
    method=st.sampled_from(["put", "post"]),
    follow_transfer=st.booleans(),
    observers=st.lists(
        st.builds(
            Observer, st.sampled_from(["swml", "telnyx", "no kind"]), st.dictionaries(st.text(), st.text())
        ),
        max_size=6,
    ).map(tuple),
    terminators=st.text("0123456789*#ABCDx"),
    link_s=st.integers(-1, 10**12),
    transcript=st.none()
    | st.builds(
        Transcription,
        language=st.text(),
        engine=st.text(),
        profanity_filter=st.booleans(),
        diarization=st.booleans(),
        min_speakers=st.integers(-1, 10**6),
        max_speakers=st.integers(-1, 10**6),
    ),
    tags=st.dictionaries(st.text(), st.text(), max_size=6),
).map(bounded)
tickets = st.builds(
    Ticket,
    name=st.just(Name(RECORDING_ID, "20261120")),
    uuid=st.just(UUID),
    call_id=anything,
    account_id=anything,
    request=requests,
    requested_at_us=st.integers(0, 2**53),
    party=st.builds(Party, from_=anything, caller_id_name=anything, owner_id=anything),
    is_first=st.booleans(),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(tickets)
def test_ticket_comes_back_as_it_went(one: Ticket) -> None:
    """Through JSON and back nothing changes, whatever a caller is called."""
    assert from_data(json.loads(json.dumps(one.data()))) == one


def test_defaults_are_left_out() -> None:
    """What travels on every event of the channel is short."""
    one = ticket()
    assert one.data()["request"] == {"format": "wav", "time_limit_s": 30}
    assert len(json.dumps(one.data())) < 500


@given(json_values)
def test_nothing_but_a_ticket_is_a_ticket(data: Any) -> None:
    """Any other JSON is refused by BadTicket, never by another error."""
    with pytest.raises(BadTicket):
        from_data(data)


@given(st.sampled_from(sorted(ticket().data())), json_values)
def test_each_field_is_checked(field: str, value: Any) -> None:
    """A ticket with one field of outside's choice is refused, or is still a ticket within its limits."""
    data = {**ticket().data(), field: value}
    try:
        one = from_data(data)
    except BadTicket:
        return
    assert from_data(json.loads(json.dumps(one.data()))) == one


@given(
    st.sampled_from(
        [
            *("format", "time_limit_s", "direction", "url", "min_s", "stereo", "sample_rate_hz"),
            *("observers", "terminators", "link_s", "transcript", "tags"),
        ]
    ),
    json_values,
)
def test_each_field_of_the_request_is_checked(field: str, value: Any) -> None:
    """So is each of what was asked for."""
    data = ticket().data()
    data["request"] = {**data["request"], field: value}
    try:
        one = from_data(data)
    except BadTicket:
        return
    assert isinstance(one.request.format, AudioFormat)
    assert isinstance(one.request.url, str)


@given(st.dictionaries(st.sampled_from(["kind", "data"]), json_values), json_values)
def test_each_observer_is_checked(observer: dict[str, Any], word: Any) -> None:
    """Who is to be told is refused, or is an observer that travels on."""
    data = ticket().data()
    for one in (observer, {"kind": "swml", "data": {"url": word}}):
        data["request"] = {**data["request"], "observers": [one]}
        try:
            read = from_data(data)
        except BadTicket:
            continue
        assert from_data(json.loads(json.dumps(read.data()))) == read


def test_a_ticket_of_the_release_before_is_read() -> None:
    """It names no observers, no terminators and no link: there are none."""
    request = from_data(ticket().data()).request
    assert (request.observers, request.terminators, request.link_s) == ((), "", 0)


@pytest.mark.parametrize(("former", "now"), [("", None), ("en-US", Transcription("en-US"))])
def test_a_transcript_of_the_release_before_is_read(former: str, now: Transcription | None) -> None:
    """It was the language alone, as a text."""
    data = ticket().data()
    data["request"] = {**data["request"], "transcript": former}
    assert from_data(data).request.transcript == now


@pytest.mark.parametrize(
    "observer",
    [
        Observer("Not A Kind"),
        Observer("swml", {"url": "http://a.test/" + "x" * MAX_URL}),
        Observer("swml", {str(number): "x" * 1000 for number in range(9)}),
    ],
)
def test_an_observer_that_cannot_travel_is_left_out_and_that_is_told(observer: Observer) -> None:
    """A URL that was cut would be another place; the recording and other observers are not hurt."""
    well = Observer("swml", {"url": "http://a.test/"})
    with capture_logs() as logs:
        request = bounded(replace(ticket().request, observers=(observer, well)))
    assert request.observers == (well,)
    assert [log["event"] for log in logs] == ["recording_observer_left_out"]


def test_terminators_are_digits_once_each() -> None:
    """Whatever a document takes for a key."""
    assert bounded(replace(ticket().request, terminators="1x1#é*")).terminators == "1#*"


@given(st.binary(max_size=200))
def test_bytes_that_are_no_json_are_refused(text: bytes) -> None:
    """Parsing raises BadTicket and nothing else."""
    try:
        parse(text, 100)
    except BadTicket:
        return
    json.loads(text)
    assert len(text) <= 100


def test_deep_nesting_is_refused() -> None:
    """Brackets without end do not exhaust the stack."""
    with pytest.raises(BadTicket):
        parse(b"[" * 30_000, MAX_TICKET_BYTES)


def test_longest_ticket_fits() -> None:
    """Every text at its longest, in characters of four bytes each, still travels."""
    longest = "\U0001f600" * 3000
    pieces = {str(number): "y" * (MAX_OBSERVER_BYTES // 5) for number in range(4)}
    largest = Observer("x" * 32, pieces | {"4": "y" * (MAX_OBSERVER_BYTES // 5 - 50)})
    request = bounded(
        RecordingRequest(
            AudioFormat.WAV,
            1,
            media_name=longest,
            label=longest,
            origin=longest,
            url=longest[:MAX_URL],
            observers=(largest,) * MAX_OBSERVERS,
            terminators="0123456789*#ABCD",
            transcript=Transcription(longest, longest),
            tags={str(number) + longest: longest for number in range(10)},
        )
    )
    assert len(request.observers) == MAX_OBSERVERS
    party = Party(*[cut(longest)] * len(Party.__slots__))
    one = replace(ticket(), request=request, party=party, call_id=cut(longest), account_id=cut(longest))
    assert len(json.dumps(one.data(), ensure_ascii=False).encode()) < MAX_TICKET_BYTES


def test_url_too_long_is_marked_and_not_cut() -> None:
    """A cut URL would be another place: it becomes one that nothing can be delivered to."""
    url = "https://a.example/" + "x" * MAX_URL
    assert bounded(RecordingRequest(AudioFormat.WAV, 1, url=url)).url.startswith(UNUSABLE_URL)
