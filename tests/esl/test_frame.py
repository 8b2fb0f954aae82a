"""esl/frame.py: what a message is, and what FreeSWITCH encodes in it."""

from __future__ import annotations

import pytest

from esl.decoder import Decoder
from esl.errors import BadFrame
from esl.frame import Frame, header_value
from tests.esl import trace
from tests.esl.peer import OK, api_frame, event_frame


def test_answer_to_connect() -> None:
    """It is a command/reply and the channel's data at once, and the only reply that is encoded."""
    frame = Decoder().feed(trace.stream("record_stop"))[0]

    event = frame.event()

    assert frame.content_type == "command/reply"
    assert frame.text == "+OK\n"
    assert frame.headers["Reply-Text"] == "+OK\n"
    assert frame.headers["Control"] == "full"
    assert event is not None
    assert event.name == "CHANNEL_DATA"
    assert event.uuid == event.variable("uuid")
    assert event.get("Caller-Callee-ID-Name") == "Outbound Call"


def test_other_replies_are_taken_as_they_are() -> None:
    """A percent sign in an ordinary reply is one."""
    (frame,) = Decoder().feed(b"Content-Type: command/reply\nReply-Text: +OK 100%25\nTwo\nX: %41\nX: 2\n\n")

    assert frame.text == "+OK 100%25"
    assert frame.headers == {"Content-Type": "command/reply", "Reply-Text": "+OK 100%25", "X": "%41"}
    assert frame.event() is None


@pytest.mark.parametrize(
    ("data", "text"), [(OK, "+OK"), (api_frame("a\n"), "a\n"), (b"Content-Type: command/reply\n\n", "")]
)
def test_text(data: bytes, text: str) -> None:
    """What FreeSWITCH says in answer to a command."""
    assert Decoder().feed(data)[0].text == text


def test_only_events_are_events() -> None:
    """Of all messages in the traces, those and the answer to `connect`."""
    for name in trace.names():
        for frame in Decoder().feed(trace.stream(name)):
            event = frame.event()
            is_event = frame.content_type == "text/event-plain" or frame.head.startswith(b"Event-Name: ")
            assert (event is not None) == is_event
            if event is not None:
                assert event.name
                assert event.uuid


def test_broken_json_event() -> None:
    """It is the sender's fault."""
    with pytest.raises(BadFrame):
        Frame("text/event-json", b"", b"\n{").event()


def test_body_and_repr() -> None:
    """A frame shows its size, not its content."""
    (frame,) = Decoder().feed(event_frame("X", Unique_ID="u"))

    assert frame.body.startswith(b"Event-Name: X\n")
    assert repr(frame) == "<Frame text/event-plain 49+28 bytes>"
    assert repr(Frame("x", b"")) == "<Frame x 0+0 bytes>"


@pytest.mark.parametrize(
    ("head", "value"),
    [
        (b"A: 1\nB: 2", b"1"),
        (b"B: 2\nA: 1", b"1"),
        (b"B: A: 2", None),
        (b"AA: 2", None),
        (b"A: \n", b""),
        (b"A:1", None),
    ],
)
def test_header_value(head: bytes, value: bytes | None) -> None:
    """Only a line's beginning is a header's name."""
    assert header_value(head, b"\nA: ") == value
