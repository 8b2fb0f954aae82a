"""What can go wrong in recording that somebody has to be told of; failures of a recording are outcomes.

RecordingError
|- BadTicket        theirs: recording variables or a manifest that this project did not write
|- BadTransition    ours: a recording was told of something that cannot happen in its state
|- BadAudio         theirs: a file whose header cannot be understood or put right
"""

from __future__ import annotations

from config.errors import CallflowsError


class RecordingError(CallflowsError):
    """Anything of this package."""


class BadTicket(RecordingError):
    """What claims to identify a recording of ours does not; nothing on disk was touched."""


class BadTransition(RecordingError):
    """A bug of ours: see recording.lifecycle for what may follow what."""


class BadAudio(RecordingError):
    """A media file that is not what its name says."""
