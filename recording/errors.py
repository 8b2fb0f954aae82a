"""What can go wrong in recording that somebody has to be told of; failures of a recording are outcomes.

RecordingError
|- BadTicket        theirs: recording variables or a manifest that this project did not write
|- BadTransition    ours: a recording was told of something that cannot happen in its state
|- Unprocessable    theirs or the system's: what was captured cannot be worked on; it is left as it is
|  |- NoEngine         no such transcript engine, or one that is not installed or configured
|  |- NoLanguage       the transcript engine does not know the language
|- Interrupted      nobody's: the engine closes while a recording is worked on
|- LegNotRecorded   nobody's: a leg that is gone, or that FreeSWITCH does not record
|- LinkBusy         nobody's: too much is being fetched back and encoded for links; later it is not
"""

from __future__ import annotations

from config.errors import CallflowsError


class RecordingError(CallflowsError):
    """Anything of this package."""


class BadTicket(RecordingError):
    """What claims to identify a recording of ours does not; nothing on disk was touched."""


class BadTransition(RecordingError):
    """A bug of ours: see recording.lifecycle for what may follow what."""


class Unprocessable(RecordingError):
    """Audio that cannot be joined, trimmed, encoded or transcribed; the message says why."""


class NoEngine(Unprocessable):
    """A transcript engine that is not there, not installed or not configured; the message says which are."""


class NoLanguage(Unprocessable):
    """A language that a transcript engine does not know; the message says which it does."""


class Interrupted(RecordingError):
    """Work given up because the engine closes: the next start finds what was captured and begins anew."""


class LegNotRecorded(RecordingError):
    """A leg was to be recorded, or a recording of it told something, and FreeSWITCH did not.

    Attributes: reason: in its words.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the leg is not recorded: {reason}")


class LinkBusy(RecordingError):
    """More files are asked for through links than are made at a time."""
