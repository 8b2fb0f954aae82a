"""What can go wrong on a live call; each error knows the hangup cause and whose doing it is.

CallError
|- CallGone               the call is over (hung up); nothing more can be asked of it
|  |- CallLeft            it lives on elsewhere: transferred away, or the link to it is lost
|- MediaMissing           FreeSWITCH found nothing to play under that name
|- CommandFailed          FreeSWITCH refused a command on this call
|- NotDialable            what was asked to be called cannot be, or may not be
|- BadAudio               a media file is not what its name says
|- CaptureFailed          FreeSWITCH did not begin to write what a leg says
|- TapFailed              what a leg says cannot be sent where somebody wanted it
"""

from __future__ import annotations

from calls.cause import HangupCause, Termination
from config.errors import CallflowsError


class CallError(CallflowsError):
    """Anything of this package."""


class CallGone(CallError):
    """The call is over. `cause` is why it ended, `verdict` whose doing that is."""

    def __init__(self, cause: HangupCause, verdict: Termination) -> None:
        self.cause = cause
        self.verdict = verdict
        super().__init__(f"the call is over: {cause} ({verdict})")


class CallLeft(CallGone):
    """The channel is no longer ours: it was transferred away, or the link to FreeSWITCH is lost.

    Whoever catches it leaves the channel alone.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(HangupCause.UNKNOWN, Termination.INDETERMINATE)
        self.args = (f"the call is no longer ours: {reason}",)


class MediaMissing(CallError):
    """There is nothing to play. `media`: what was asked for; `reason`: "" when FreeSWITCH did not find it."""

    def __init__(self, media: str, reason: str = "") -> None:
        self.media = media
        self.reason = reason
        super().__init__(f"nothing to play at {media}" + (f": {reason}" if reason else ""))


class CommandFailed(CallError):
    """FreeSWITCH refused a command on this call. `application` is which, `reply` what it said."""

    def __init__(self, application: str, reply: str) -> None:
        self.application = application
        self.reply = reply
        super().__init__(f"{application}: FreeSWITCH answered {reply!r}")


class BadAudio(CallError):
    """A media file that is not what its name says: its header cannot be understood or put right."""


class CaptureFailed(CallError):
    """FreeSWITCH did not begin to write what a leg says or hears. The message says why, if it is known."""


class NotDialable(CallError):
    """Somebody cannot be called, or may not be. `destination` is who, as written, `reason` why."""

    def __init__(self, destination: str, reason: str) -> None:
        self.destination = destination
        self.reason = reason
        super().__init__(f"{destination[:80]!r} is not called: {reason}")


class TapFailed(CallError):
    """A tap cannot be started; the message says why, without credentials."""
