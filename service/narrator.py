"""Tells what an engine does, in sentences, for people who watch a demo; it hears the engine's own log."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from rich.console import Console
from structlog.typing import Processor

SENTENCES: Mapping[str, str] = {
    "callflow_found": "callflow {document!r} found for the number dialled",
    "action_launched": "action {action} ({path})",
    "recording_requested": "recording {recording_id:.8} asked for ({format})",
    "recording_started": "recording {recording_id:.8} runs",
    "recording_finished": "recording {recording_id:.8} over: {ended_by}, {verdict}, {duration_ms} ms",
    "recording_delivered": "recording {recording_id:.8} delivered ({destination}, {size_bytes} bytes)",
    "delivery_failed": "a delivery failed and will be tried again: {reason}",
    "call_ended": "call ended: {verdict}, {cause}, after {duration_s} s",
    "call_not_taken": "call not taken: {detail}",
    "call_failed": "the call failed here: {exception}",
    "link_up": "connected to FreeSWITCH's event socket {host}:{port}",
    "link_refused": "FreeSWITCH's event socket refused us: {reason}",
}


def hear(listener: Processor) -> None:
    """Give all of the process's log, whatever its level, to `listener` alone."""
    structlog.configure(
        processors=[structlog.processors.format_exc_info, listener],
        wrapper_class=structlog.make_filtering_bound_logger(logging.NOTSET),
        cache_logger_on_first_use=False,
    )


class Narrator:
    """A structlog processor that prints what it has a sentence for, and warnings; nothing else is logged."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()

    def listen(self) -> None:
        """Take the engine's log from now on."""
        hear(self)

    def say(self, text: str, style: str = "") -> None:
        """Print one step with its time since the start."""
        self._console.print(
            f"{time.monotonic() - self._began:8.3f}  {text}",
            style=style,
            markup=False,
            highlight=False,
            soft_wrap=True,
        )

    def __call__(self, _logger: object, method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        """Tell one log entry. Raises: structlog.DropEvent: always, it has been told."""
        sentence = SENTENCES.get(str(event.get("event")))
        facts = {key: value for key, value in event.items() if key != "event"}
        if sentence is not None:
            self.say(sentence.format_map(_Facts(facts)))
        elif method in {"warning", "error", "critical", "exception"}:
            self.say(f"{event.get('event')}: {facts}", "yellow")
        raise structlog.DropEvent


class _Facts(dict[str, Any]):
    """What a log entry lacks is shown as `?`, never an error."""

    def __missing__(self, key: str) -> str:
        return "?"
