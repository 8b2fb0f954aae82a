"""Status callbacks of record and record_call: what becomes of a recording, to its `status_url`.

They are exactly what is published, and each field is there only when the page says so: `duration` and `size`
with `finished` and `no_input`, the times once a recording that began has ended, `pause_behavior` with
`paused` (a pause here is left out of the file: `skip`). They go through the outbox, in the order things
happened to a control id, and survive the engine: whichever finishes the recording tells its end.
Source: SignalWire's SWML reference, record, StatusCallbacks.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import Any, Protocol

from recording.request import Direction, Observer
from recording.status import RecordingStatus, StatusState
from storage.notice import NewNotice
from swml.callback_envelope import enveloped
from swml.run import RecordingLinks, ScriptRun

KIND = "swml"
"""Of our observers, as recording.recorder.Recorder knows their sink."""

EVENT_TYPE = "calling.call.record"

HAS_MEDIA = frozenset({StatusState.FINISHED, StatusState.NO_INPUT})

DIRECTIONS = {Direction.SPEAK: "speak", Direction.HEAR: "listen", Direction.BOTH: "both"}


class Committed(Protocol):
    """Takes notices, and says when they are safe (storage.notice_poster.NoticePoster)."""

    def commit(self, notice: NewNotice) -> None:
        """Have a notice sent; returns when that is certain. Raises: StoreError."""


class RecordStatusSink:
    """Tells `status_url` how a recording goes. Args: links: make the URL that it can be had from."""

    def __init__(
        self, notices: Committed, links: RecordingLinks, clock: Callable[[], float] = time.time
    ) -> None:
        self._notices = notices
        self._links = links
        self._clock = clock

    def tell(self, status: RecordingStatus) -> None:
        """See recording.status.StatusSink."""
        known = status.observer.data
        if status.state.value not in known.get("only", status.state.value).split():
            return
        session_id, control_id = known.get("session_id", ""), known.get("control_id", "")
        body = enveloped(
            EVENT_TYPE,
            params(status, self._url(status)),
            session_id=session_id,
            project_id=known.get("project_id", ""),
            space_id=known.get("space_id", ""),
            timestamp=self._clock(),
        )
        self._notices.commit(
            NewNotice(
                f"swml:{session_id}:{hashlib.sha256(control_id.encode()).hexdigest()[:16]}",
                known.get("url", ""),
                body,
                notice_id=status.notice_id,
                account_id=status.ticket.account_id,
                kind=EVENT_TYPE,
            )
        )

    def _url(self, status: RecordingStatus) -> str:
        """Return where the file is to be had, by the name it has, or will have."""
        extension = status.ticket.request.format.value
        if status.outcome is not None and status.outcome.path is not None:
            extension = status.outcome.path.suffix.removeprefix(".")
        return self._links.url(status.ticket.name.recording_id, extension)


def params(status: RecordingStatus, url: str) -> dict[str, Any]:
    """Return what a callback says of a recording. Args: url: where it is to be had."""
    ticket, known, outcome = status.ticket, status.observer.data, status.outcome
    request = ticket.request
    told: dict[str, Any] = {
        "state": status.state.value,
        "control_id": known.get("control_id", ""),
        "call_id": ticket.call_id,
        "node_id": known.get("node_id", ""),
        "url": url,
        "recording_id": ticket.name.recording_id,
    }
    if outcome is not None and status.state in HAS_MEDIA:
        told |= {"duration": outcome.duration_ms / 1000, "size": outcome.size_bytes}
    if outcome is not None and outcome.started_at_us:
        told |= {"start_time": outcome.started_at_us / 1e6, "end_time": status.at_us / 1e6}
    if status.state is StatusState.PAUSED:
        told["pause_behavior"] = "skip"
    told["record"] = {
        "audio": {
            "format": request.format.value,
            "direction": DIRECTIONS[request.direction],
            "stereo": request.stereo and request.direction is Direction.BOTH,
        }
    }
    return told


def observer(run: ScriptRun, status_url: str, control_id: str, *, only: str = "") -> Observer:
    """Return whom the recorder is to tell of a recording of a script.

    Args: only: the states it is told of, with blanks between; "" for all.
    """
    facilities = run.facilities
    wanted = {"only": only} if only else {}
    return Observer(
        KIND,
        wanted
        | {
            "url": status_url,
            "control_id": control_id,
            "session_id": run.session_id,
            "project_id": run.project_id,
            "space_id": facilities.space_id,
            "node_id": facilities.node,
        },
    )
