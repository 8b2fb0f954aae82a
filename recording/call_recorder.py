"""What languages ask of the recorder: the recording core as callflows, SWML and call control see it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from calls.call import Call
from recording.outcome import RecordingOutcome
from recording.request import RecordingRequest
from recording.timeline import What


class StartedRecording(Protocol):
    """What an action needs to know of a recording of its call."""

    @property
    def id(self) -> str:
        """32 hex digits."""

    @property
    def path(self) -> Path:
        """What FreeSWITCH writes, or wrote."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more is written."""

    def wait_started(self, timeout_s: float) -> bool:
        """Wait until it is written, or over; whether it is or was written. Never raises."""

    def wait_verified(self, timeout_s: float) -> RecordingOutcome | None:
        """Wait until it is over and was looked at; None when that takes longer. Never raises."""

    def keep(self) -> None:
        """Let one that is under review go where it is to be stored; so does the end of the call."""

    def discard(self, why: str) -> None:
        """Throw it away: nothing of it is stored."""


class CallRecorder(Protocol):
    """Records calls; nothing it does may wait, end the call or raise.

    `name` is a media_name, a recording's id or its document's; "" means the newest that runs. None is
    returned when there is no such recording.
    """

    def start(self, call: Call, request: RecordingRequest, *, review: bool = False) -> StartedRecording:
        """Begin a recording. `review`: when it is over it waits for its `keep` or `discard`."""

    def stop(self, call: Call, name: str = "") -> StartedRecording | None:
        """End a recording."""

    def pause(self, call: Call, name: str = "") -> StartedRecording | None:
        """Leave out what comes."""

    def resume(self, call: Call, name: str = "") -> StartedRecording | None:
        """Leave out no more."""

    def mask(self, call: Call, name: str = "") -> StartedRecording | None:
        """Write silence."""

    def unmask(self, call: Call, name: str = "") -> StartedRecording | None:
        """Write what is heard again, unless somebody else wants silence too."""

    def guard(self, call: Call, why: str) -> AbstractContextManager[None]:
        """Write silence into every recording of the call while inside."""

    def mark(self, call: Call, what: What, **detail: str) -> None:
        """Note something in the timeline of every recording of the call."""
