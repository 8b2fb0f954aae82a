"""Logging of this process: structlog lines to one stream, libraries' own logging included.

Only the entry point calls `configure`; everything else takes `structlog.get_logger()` and binds what it
knows. Context is carried by the logger that is passed on, never by context variables, which greenlets do
not inherit. A line that cannot be written is lost and counted: a full disk or a closed pipe must not end a
call.
"""

from __future__ import annotations

import logging
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from config.redaction import redacted
from config.sections import LogFormat, LogLevel

_LEVELS: Final = {
    LogLevel.DEBUG: logging.DEBUG,
    LogLevel.INFO: logging.INFO,
    LogLevel.WARNING: logging.WARNING,
    LogLevel.ERROR: logging.ERROR,
}

_TALKATIVE_LIBRARIES = ("urllib3", "couchdb3", "requests", "werkzeug")
"""They log every request at info or debug; their warnings are wanted, the rest with level debug only."""

_CONTROL_CHARACTERS = {
    code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if code not in {0x0A, 0x09}
}
_LINE_CONTROLS = _CONTROL_CHARACTERS | {0x0A: "\\n"}


def configure(level: LogLevel | str, fmt: LogFormat | str, stream: TextIO) -> None:
    """Set up structlog and the standard library's logging; a second call replaces the first.

    Args: level: this and everything more important is written; below it a call costs next to nothing.
    fmt: json (one object a line) or console; stream: where to, normally sys.stderr.
    Raises: ValueError: no such level or format.
    """
    threshold = _LEVELS[LogLevel(level)]
    structlog.configure(
        processors=_processors(LogFormat(fmt), stream),
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=LineWriterFactory(stream),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers = [LibraryHandler()]
    root.setLevel(threshold)
    for name in _TALKATIVE_LIBRARIES:
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING) if threshold > logging.DEBUG else 0)
    logging.captureWarnings(capture=True)


class LineWriter:
    """Writes finished lines to a stream, each in one piece, and never raises.

    Attributes: lost_lines: how many could not be written.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.lost_lines = 0

    def msg(self, line: str) -> None:
        """Write one line; when that fails (closed pipe, full disk), count it as lost."""
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            self.lost_lines += 1

    # structlog calls the method named like the level.
    debug = info = warning = error = critical = exception = log = msg


class LineWriterFactory:
    """Hands the one LineWriter of a stream to every logger."""

    def __init__(self, stream: TextIO) -> None:
        self._writer = LineWriter(stream)

    def __call__(self, *_: object) -> LineWriter:
        """Return the writer; structlog passes a logger's name, which plays no part."""
        return self._writer


class LibraryHandler(logging.Handler):
    """Passes what libraries log through `logging` on to structlog, as the event `library_message`."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log one record; a record that cannot be formatted says so instead of raising."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):
            message = f"{record.msg!r} (its arguments do not fit)"
        level = max(min(record.levelno, logging.CRITICAL), logging.DEBUG)
        structlog.get_logger().log(
            level, "library_message", library=record.name, message=message, exc_info=record.exc_info or None
        )


def _processors(fmt: LogFormat, stream: TextIO) -> list[Processor]:
    shared: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _redact,
    ]
    if fmt is LogFormat.JSON:
        return [*shared, _event_first, structlog.processors.JSONRenderer(default=str)]
    console = structlog.dev.ConsoleRenderer(colors=stream.isatty(), sort_keys=False)
    return [*shared, _escape, console]


def _redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Drop secrets and mask credentials; after the traceback is text, since errors hold URLs too."""
    return redacted(dict(event))


def _event_first(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Begin every line with its time, level and event, for those who read JSON with their eyes."""
    first = {key: event.pop(key) for key in ("timestamp", "level", "event") if key in event}
    return first | dict(event)


def _escape(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Escape control characters: a caller's name must neither steer a terminal nor forge a line."""
    return {
        key: _escaped(value, _CONTROL_CHARACTERS if key in {"exception", "stack"} else _LINE_CONTROLS)
        for key, value in event.items()
    }


def _escaped(value: Any, table: dict[int, str]) -> Any:
    if not isinstance(value, str):
        return value
    return value.translate(table).encode(errors="backslashreplace").decode()
