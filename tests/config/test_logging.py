"""Lines as they come out of the configured logging, and that logging never hurts."""

from __future__ import annotations

import io
import json
import logging
import warnings

import gevent
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from config.logging import LineWriter, configure


def fail(trouble: Exception) -> None:
    """Raise, so that there is a traceback."""
    raise trouble


def lines_of(stream: io.StringIO) -> list[dict[str, object]]:
    """Return the JSON lines written so far."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_json_line_has_time_level_event_and_facts() -> None:
    """One event is one JSON object on one line, whatever its values hold."""
    stream = io.StringIO()
    configure("info", "json", stream)
    structlog.get_logger().bind(call_id="c1").info("call_ended", caller="a\nb\x1b[31m", duration_s=1.5)
    (line,) = lines_of(stream)
    assert list(line)[:3] == ["timestamp", "level", "event"]
    assert line["level"] == "info"
    assert (line["event"], line["call_id"], line["caller"], line["duration_s"]) == (
        "call_ended",
        "c1",
        "a\nb\x1b[31m",
        1.5,
    )
    assert str(line["timestamp"]).endswith("Z")


def test_lines_below_the_level_are_not_made() -> None:
    """Debug costs nothing at level info, and is there at level debug."""
    stream = io.StringIO()
    configure("warning", "json", stream)
    structlog.get_logger().info("quiet")
    logging.getLogger("library").info("quiet")
    assert lines_of(stream) == []
    configure("debug", "json", stream)
    structlog.get_logger().debug("loud")
    assert [line["event"] for line in lines_of(stream)] == ["loud"]


def test_secrets_are_dropped_and_credentials_masked_in_tracebacks_too() -> None:
    """What an error says passes through the same sieve."""
    stream = io.StringIO()
    configure("info", "json", stream)
    try:
        fail(RuntimeError("no route to http://admin:hunter2@couch:5984/"))
    except RuntimeError:
        structlog.get_logger().exception("store_lost", password="hunter2", digits="4711")
    text = stream.getvalue()
    assert "hunter2" not in text
    assert "4711" not in text
    assert "RuntimeError: no route to http://***@couch:5984/" in lines_of(stream)[0]["exception"]  # type: ignore[operator]


def test_libraries_log_into_the_same_stream() -> None:
    """Messages, errors and warnings of libraries become events, their secrets masked."""
    stream = io.StringIO()
    configure("info", "json", stream)
    logging.getLogger("library.part").warning("retrying %s", "http://u:p@h/")
    try:
        fail(ValueError("bad"))
    except ValueError:
        logging.getLogger("library").exception("failed")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old way", DeprecationWarning, stacklevel=1)
    first, second, third = lines_of(stream)
    assert first["event"] == "library_message"
    assert (first["library"], first["message"], first["level"]) == (
        "library.part",
        "retrying http://***@h/",
        "warning",
    )
    assert "ValueError: bad" in str(second["exception"])
    assert third["library"] == "py.warnings"


def test_a_library_message_that_does_not_fit_its_arguments_is_logged_as_it_is() -> None:
    """A library's slip of the pen is no error of ours."""
    stream = io.StringIO()
    configure("info", "json", stream)
    logging.getLogger("library").warning("%d calls", "many")
    assert "'%d calls'" in str(lines_of(stream)[0]["message"])


def test_talkative_libraries_are_heard_at_debug_only() -> None:
    """Every request of urllib3 at debug would drown the calls."""
    stream = io.StringIO()
    configure("info", "json", stream)
    logging.getLogger("urllib3.connectionpool").info("Starting new connection")
    assert lines_of(stream) == []
    configure("debug", "json", stream)
    logging.getLogger("urllib3.connectionpool").debug("Starting new connection")
    assert len(lines_of(stream)) == 1


def test_console_lines_cannot_be_forged() -> None:
    """A caller's name neither starts a line of its own nor steers the terminal."""
    stream = io.StringIO()
    configure("info", "console", stream)
    structlog.get_logger().info(
        "call_started", caller="x\n2026-01-01 [info] forged", name="\x1b[2J", nested={"a": "\n\x07"}
    )
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert not set(text) & {"\x1b", "\x07"}


def test_console_shows_tracebacks_over_several_lines() -> None:
    """People read tracebacks as they know them."""
    stream = io.StringIO()
    configure("info", "console", stream)
    try:
        fail(RuntimeError("x\x1b[31m"))
    except RuntimeError:
        structlog.get_logger().exception("failed")
    assert "\nTraceback (most recent call last):\n" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_a_second_configuration_replaces_the_first() -> None:
    """No line is written twice."""
    first, second = io.StringIO(), io.StringIO()
    configure("info", "json", first)
    configure("info", "json", second)
    structlog.get_logger().info("once")
    logging.getLogger("library").warning("once")
    assert first.getvalue() == ""
    assert len(lines_of(second)) == 2


def test_context_is_carried_by_the_logger_not_by_the_greenlet() -> None:
    """A logger handed to another greenlet keeps what it was bound to; another logger has none of it."""
    stream = io.StringIO()
    configure("info", "json", stream)
    bound = structlog.get_logger().bind(call_id="c1")
    gevent.joinall(
        [gevent.spawn(bound.info, "mine"), gevent.spawn(structlog.get_logger().info, "other")], timeout=5
    )
    by_event = {line["event"]: line for line in lines_of(stream)}
    assert by_event["mine"]["call_id"] == "c1"
    assert "call_id" not in by_event["other"]


@pytest.mark.parametrize(
    "trouble", [BrokenPipeError(), OSError(28, "No space left"), ValueError("closed file")]
)
def test_a_line_that_cannot_be_written_is_counted(trouble: Exception) -> None:
    """A full disk or a closed pipe ends no call."""

    class Broken(io.StringIO):
        def write(self, _text: str) -> int:
            raise trouble

    writer = LineWriter(Broken())
    writer.info("line")
    assert writer.lost_lines == 1


@pytest.mark.parametrize(("level", "fmt"), [("loud", "json"), ("info", "xml")])
def test_unknown_levels_and_formats_are_refused(level: str, fmt: str) -> None:
    """A slip of the caller's is not taken for something else."""
    with pytest.raises(ValueError, match="is not a valid"):
        configure(level, fmt, io.StringIO())


@given(st.text(), st.text())
def test_every_text_makes_exactly_one_line(name: str, event: str) -> None:
    """Whatever callers send, a line stays a line, in both formats."""
    for fmt in ("json", "console"):
        stream = io.StringIO()
        configure("info", fmt, stream)
        structlog.get_logger().info("heard", name=name, said=event)
        written = stream.getvalue().encode()
        assert written.count(b"\n") == 1
        assert written.endswith(b"\n")
