"""esl/decoder.py: the same messages however the bytes are cut up, and BadFrame for all that is none."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esl.decoder import Decoder
from esl.errors import BadFrame
from esl.event import Event, encode_headers
from esl.frame import Frame
from tests.esl import trace
from tests.esl.peer import DISCONNECT, OK, api_frame, event_frame

DATA = Path(__file__).parents[1] / "data" / "esl"


def _shown(frames: list[Frame]) -> list[tuple[bytes, bytes]]:
    return [(frame.head, frame.body) for frame in frames]


def _fed(data: bytes, cuts: list[int]) -> list[tuple[bytes, bytes]]:
    decoder = Decoder()
    shown = []
    for start, stop in zip([0, *cuts], [*cuts, len(data)], strict=True):
        shown += _shown(decoder.feed(data[start:stop]))
    assert not decoder.is_amid_message
    return shown


def test_there_are_traces() -> None:
    """The tests below have something to read."""
    assert len(trace.names()) >= 17


@pytest.mark.parametrize("name", trace.names())
def test_trace_at_every_split_point(name: str) -> None:
    """A recorded stream cut in two at each of its bytes gives the same messages.

    What a cut can change is the message it falls into, and the one after it. So each message is fed
    with its successor, cut at each byte of the first: together that is each byte of the stream.
    """
    stream = trace.stream(name)
    expected = trace.messages(stream)
    assert _fed(stream, []) == expected

    start = 0
    for index, (head, body) in enumerate(expected):
        size = len(head) + 2 + len(body)
        pair = expected[index : index + 2]
        window = stream[start : start + sum(len(h) + 2 + len(b) for h, b in pair)]
        for cut in range(size + 1):
            decoder = Decoder()
            frames = decoder.feed(window[:cut]) + decoder.feed(window[cut:])
            assert len(frames) == len(pair)
            assert frames[0].head == head
            assert frames[0].body == body
            assert frames[-1].body == pair[-1][1]
        start += size
    assert start == len(stream)


@pytest.mark.parametrize("name", trace.names())
def test_trace_byte_by_byte(name: str) -> None:
    """A recorded stream that trickles in gives the same messages."""
    stream = trace.stream(name)

    assert _fed(stream, list(range(1, len(stream)))) == trace.messages(stream)


@pytest.mark.parametrize("name", trace.names())
def test_trace_in_random_pieces(name: str) -> None:
    """A recorded stream in pieces of all sizes gives the same messages."""
    stream = trace.stream(name)
    expected = trace.messages(stream)
    rng = random.Random(name)
    for pieces in (3, 30, 300):
        cuts = sorted(rng.randrange(len(stream)) for _ in range(pieces))
        assert _fed(stream, cuts) == expected


def test_login_and_job() -> None:
    """An inbound connection's first messages, with a body inside an event's body."""
    frames = Decoder().feed((DATA / "login_and_job_plain.bin").read_bytes())

    assert [frame.content_type for frame in frames] == [
        "auth/request",
        "command/reply",
        "command/reply",
        "command/reply",
        "text/event-plain",
    ]
    event = frames[-1].event()
    assert event is not None
    assert event.body == b"first line"
    assert frames[3].headers["Job-UUID"] == event.get("Job-UUID")


def test_bodies_are_counted_in_bytes_and_may_hold_anything() -> None:
    """Blank lines, and bytes that are no UTF-8, end nothing."""
    frames = Decoder().feed(
        api_frame("ü\n\nContent-Type: x\n\n")
        + b"Content-Type: log/data\nContent-Length: 3\n\n\xff\n\n"
        + event_frame("X", b"a\n\nb: c")
        + OK
    )

    assert [frame.content_type for frame in frames[:3]] == ["api/response", "log/data", "text/event-plain"]
    assert frames[0].text == "ü\n\nContent-Type: x\n\n"
    assert frames[1].body == b"\xff\n\n"
    event = frames[2].event()
    assert event is not None
    assert event.body == b"a\n\nb: c"
    assert frames[3].text == "+OK"


def test_body_of_a_disconnect_notice_is_read() -> None:
    """What follows the notice is not taken for headers."""
    frames = Decoder().feed(DISCONNECT + OK)

    assert [frame.content_type for frame in frames] == ["text/disconnect-notice", "command/reply"]


def test_line_breaks_between_messages_are_skipped() -> None:
    """As FreeSWITCH does itself."""
    assert [frame.text for frame in Decoder().feed(b"\n\n\n" + OK + b"\n" + OK + b"\n")] == ["+OK", "+OK"]


@pytest.mark.parametrize(
    "data",
    [
        b"no header at all\n\n",
        b"Content-Length: 5\n\nhello",
        b"Content-Type: api/response\nContent-Length: -1\n\n",
        b"Content-Type: api/response\nContent-Length: 1e3\n\n",
        b"Content-Type: api/response\nContent-Length: \n\n",
        b"Content-Type: api/response\nContent-Length: 0x10\n\n",
        b"Content-Type: api/response\nContent-Length: \xd9\xa3\n\n",
        b"Content-Type: api/response\nContent-Length: 99999999999999999999\n\n",
        b"Content-Type: api/response\nContent-Length: 1000\n\n",
        b"x" * 1000,
        b"Content-Type: api/response\nX: " + b"x" * 1000 + b"\n\n",
    ],
)
def test_what_is_no_message_is_a_bad_frame(data: bytes) -> None:
    """At once or byte by byte: it is refused, and stays refused."""
    decoder = Decoder(max_frame_bytes=900)
    with pytest.raises(BadFrame):
        decoder.feed(data)
    with pytest.raises(BadFrame):
        decoder.feed(OK)

    decoder = Decoder(max_frame_bytes=900)
    with pytest.raises(BadFrame):
        _trickle(decoder, data)


def _trickle(decoder: Decoder, data: bytes) -> list[Frame]:
    return [frame for byte in data for frame in decoder.feed(bytes([byte]))]


def test_messages_before_a_bad_one_are_not_lost() -> None:
    """They come first, then the failure."""
    decoder = Decoder()

    assert [frame.text for frame in decoder.feed(OK + b"garbage\n\n")] == ["+OK"]
    assert decoder.broken is not None
    with pytest.raises(BadFrame):
        decoder.feed(b"")


@pytest.mark.parametrize("extra", [0, 1])
def test_the_limit_is_exact_however_the_bytes_come(extra: int) -> None:
    """A message of the limit passes, of one byte more does not."""
    data = b"Content-Type: api/response\nX: " + b"x" * (70 + extra) + b"\n\n"
    for step in (1, 2, len(data)):
        decoder = Decoder(max_frame_bytes=100)
        frames: list[Frame] = []
        try:
            for start in range(0, len(data), step):
                frames += decoder.feed(data[start : start + step])
        except BadFrame:
            assert extra
        else:
            assert len(frames) == 1 - extra


def test_time_is_proportional_to_the_bytes() -> None:
    """Ten times the bytes, one at a time, take no hundred times as long."""

    def seconds(size: int) -> float:
        data = (
            b"Content-Type: api/response\nX: "
            + b"x" * size
            + b"\nContent-Length: %d\n\n" % size
            + b"y" * size
        )
        decoder = Decoder()
        started = time.process_time()
        assert len(_trickle(decoder, data)) == 1
        return time.process_time() - started

    assert seconds(100_000) < 40 * seconds(10_000) + 0.1


_pieces = st.sampled_from(
    [
        OK,
        DISCONNECT,
        api_frame("x"),
        event_frame("E", b"\n\n"),
        b"\n",
        b"\n\n",
        b"Content-Type: ",
        b"Content-Length: 3",
        b"a",
    ]
)


@given(st.lists(st.binary(max_size=5) | _pieces, max_size=12), st.randoms(use_true_random=False))
def test_any_bytes_give_messages_or_a_bad_frame(parts: list[bytes], rng: random.Random) -> None:
    """Nothing but BadFrame escapes, and the outcome does not depend on the cuts."""
    data = b"".join(parts)

    def outcome(pieces: list[bytes]) -> tuple[list[tuple[bytes, bytes]], bool]:
        decoder = Decoder(max_frame_bytes=200)
        shown: list[tuple[bytes, bytes]] = []
        for piece in pieces:
            try:
                shown += _shown(decoder.feed(piece))
            except BadFrame:
                break
        return shown, decoder.broken is not None

    cuts = sorted(rng.randrange(len(data) + 1) for _ in range(4))
    cut_up = [data[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    assert outcome([data]) == outcome(cut_up) == outcome([bytes([byte]) for byte in data])


@given(
    st.lists(
        st.builds(
            Event.from_headers,
            st.dictionaries(
                st.from_regex(r"[A-Za-z-]{1,12}", fullmatch=True), st.text(max_size=20), min_size=1
            ),
            st.binary(max_size=20),
        ),
        max_size=4,
    ),
    st.integers(1, 20),
)
def test_written_events_are_read_back(events: list[Event], step: int) -> None:
    """Encode, cut up, decode: the same events."""
    data = b""
    for event in events:
        block = Event.from_headers(event.headers(), event.body)
        raw = b"".join(line + b"\n" for line in _lines(block)) + b"\n" + block.body
        data += b"Content-Length: %d\nContent-Type: text/event-plain\n\n" % len(raw) + raw
    decoder = Decoder()
    found = [
        frame.event()
        for start in range(0, len(data), step)
        for frame in decoder.feed(data[start : start + step])
    ]

    assert [(event.headers(), event.body) for event in found if event] == [
        (e.headers(), e.body) for e in events
    ]


def _lines(event: Event) -> list[bytes]:
    return encode_headers(event.headers()).splitlines()
