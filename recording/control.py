"""Tells FreeSWITCH about one recording, over whichever connection still reaches its channel, and asks it.

While the call is ours that is the call's own connection, where a command overtakes what is playing and is
taken up within one media frame. Afterwards (transferred away, connection lost, engine restarted) it is the
inbound link, if there is one.

Source: FreeSWITCH mod_dptools.c (record_session, stop_record_session), mod_commands.c (uuid_record,
uuid_buglist, uuid_exists, uuid_setvar), switch_core_media_bug.c switch_core_media_bug_enumerate.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from calls.call import Call
from calls.ending import link_lost
from calls.errors import CallError
from esl.command import Command
from esl.errors import BadCommand, CommandRefused, EslError
from esl.quoting import word
from esl.reply import PendingReply
from esl.session import Completion
from recording.segment import Segment
from recording.segment import uuid_record_argument as segment_argument
from recording.ticket import Ticket
from recording.variables import deferral, deferral_name, record_session_argument, uuid_record_argument

LINK_TIMEOUT_S = 5.0
"""FreeSWITCH answers these commands in well under a millisecond, unless it is in trouble."""


NO_LINK = "there is no inbound connection to FreeSWITCH"


class Link(Protocol):
    """The inbound connection to FreeSWITCH."""

    def post(self, *commands: Command) -> list[PendingReply]:
        """Send commands in one write, without waiting. Raises: EslError."""

    def api(self, command: str, arg: str, timeout_s: float, /) -> str:
        """Return an API command's output, "" for none. Raises: EslError."""


class Verb(StrEnum):
    """What a running recording can be told besides to stop, in FreeSWITCH's words."""

    PAUSE = "pause"
    RESUME = "resume"
    MASK = "mask"
    UNMASK = "unmask"


class Presence(StrEnum):
    """What FreeSWITCH says of a recording."""

    RECORDING = "recording"  # it is being written
    STOPPED = "stopped"  # its channel lives, the recording does not
    GONE = "gone"  # its channel is no more
    UNKNOWN = "unknown"  # nobody can be asked


class Control:
    """The reins of one recording.

    Args: call: returns the call whose leg is recorded, None when this process does not have it; link: returns
    the inbound connection, None while there is none. Both as they are now. segment: which of its files this
    is about; None for the first.
    """

    def __init__(
        self,
        ticket: Ticket,
        path: Path,
        call: Callable[[], Call | None],
        link: Callable[[], Link | None],
        software: str = "",
        segment: Segment | None = None,
    ) -> None:
        self._ticket = ticket
        self._segment = segment or Segment(ticket.uuid)
        self._uuid = self._segment.uuid
        self._path = path
        self._call = call
        self._link = link
        self._software = software

    @property
    def path(self) -> Path:
        """Of the file it is about."""
        return self._path

    def start(self) -> Completion:
        """Have the leg recorded; returns at once. Raises: CallGone, BadCommand."""
        call = self._call()
        if call is None:
            raise link_lost("the call is not ours").error()
        return call.submit(
            "record_session", record_session_argument(self._ticket, self._path, self._software)
        )

    def defer(self) -> Completion:
        """Have FreeSWITCH record the leg by itself when the moment comes; returns at once.

        Raises: CallGone, BadCommand.
        """
        call = self._call()
        if call is None:
            raise link_lost("the call is not ours").error()
        name, value = deferral(self._ticket, self._path, self._software)
        return call.set({name: value})[0]

    def defer_by_link(self) -> str:
        """The same over the inbound link; blocks. Returns: why it did not work, "" when it did."""
        try:
            name, value = deferral(self._ticket, self._path, self._software)
        except BadCommand as exc:
            return str(exc)
        return self._told("uuid_setvar", f"{self._uuid} {name} {word(value)}")

    def cancel(self) -> bool:
        """Take that back; returns at once. Returns: whether the call's connection reaches the channel."""
        call = self._call()
        if call is None or call.is_ended:
            return False
        try:
            call.set({deferral_name(self._ticket): ""})[0].forget()
        except (CallError, EslError):
            return False
        return True

    def cancel_by_link(self) -> str:
        """The same over the inbound link; blocks. Returns: why it did not work, "" when it did."""
        return self._told("uuid_setvar", f"{self._uuid} {deferral_name(self._ticket)}")

    def tell(self, verb: Verb) -> PendingReply | None:
        """Have the running recording do this, past the channel's queue; returns at once.

        Returns: what FreeSWITCH will say of it, None where the call's connection does not reach the channel.
        """
        call = self._call()
        if call is None or call.is_ended:
            return None
        try:
            return call.submit_api("uuid_record", f"{self._uuid} {verb} {self._path}")
        except (CallError, EslError):
            return None

    def tell_by_link(self, verb: Verb) -> str:
        """The same over the inbound link; blocks. Returns: why it did not work, "" when it did."""
        return self._told("uuid_record", f"{self._uuid} {verb} {self._path}")

    def beep(self, tone: str) -> None:
        """Have those who talk, and the recording, hear a tone; best effort, may block on the link."""
        call = self._call()
        argument = f"{self._uuid} {tone} both"
        if call is None or call.is_ended:
            self._told("uuid_broadcast", argument)
            return
        with suppress(CallError, EslError):
            call.submit_api("uuid_broadcast", argument)

    def go_on(self, limit_s: int | None) -> str:
        """Have another leg recorded, as a further segment; blocks.

        Args: limit_s: what is left of the recording's time. Returns: why it did not work, "" when it did.
        """
        try:
            argument = segment_argument(self._ticket, self._segment, self._path, limit_s, self._software)
        except BadCommand as exc:
            return str(exc)
        return self._told_anyhow("uuid_record", f"{self._uuid} start {argument}")

    def leave(self) -> str:
        """End this file: the recording goes on in another; blocks. Returns: as above."""
        return self._told_anyhow("uuid_record", f"{self._uuid} stop {self._path}")

    def start_by_link(self) -> str:
        """The same over the inbound link; blocks. Returns: why it did not work, "" when it did."""
        argument = uuid_record_argument(self._ticket, self._path, self._software)
        return self._told("uuid_record", f"{self._uuid} start {argument}")

    def stop(self, *, is_running: bool) -> bool:
        """Have the recording stopped, if the call's connection reaches it; returns at once.

        While a locked application runs (a prompt, above all) FreeSWITCH takes no further command of the
        channel up, and the recording would outlast its limit by the rest of the prompt; an API command does
        not queue. Only a recording that has not begun yet is stopped through the queue, behind its start.
        Returns: whether the command was sent.
        Source: FreeSWITCH switch_core_session.c, switch_core_session_dequeue_private_event (CF_EVENT_LOCK).
        """
        call = self._call()
        if call is None or call.is_ended:
            return False
        try:
            if is_running:
                call.submit_api("uuid_record", f"{self._uuid} stop {self._path}")
            else:
                call.submit("stop_record_session", str(self._path)).forget()
        except (CallError, EslError):
            return False
        return True

    def stop_by_link(self) -> str:
        """The same over the inbound link; blocks. Returns: why it did not work, "" when it did."""
        return self._told("uuid_record", f"{self._uuid} stop {self._path}")

    def presence(self) -> Presence:
        """Ask FreeSWITCH whether the recording goes on; blocks."""
        link = self._link()
        if link is None:
            return Presence.UNKNOWN
        try:
            bugs = link.api("uuid_buglist", self._uuid, LINK_TIMEOUT_S)
        except CommandRefused:  # an older FreeSWITCH, or one that lets nobody ask
            return self._existence(link)
        except EslError:
            return Presence.UNKNOWN
        if f"<target>{self._path}</target>" in bugs:
            return Presence.RECORDING
        return Presence.STOPPED if "<media-bugs>" in bugs else Presence.GONE

    def _existence(self, link: Link) -> Presence:
        """Whether the channel exists, which is taken for its recording."""
        try:
            answer = link.api("uuid_exists", self._uuid, LINK_TIMEOUT_S)
        except EslError:
            return Presence.UNKNOWN
        return Presence.RECORDING if answer.strip() == "true" else Presence.GONE

    def _told(self, command: str, argument: str) -> str:
        link = self._link()
        if link is None:
            return NO_LINK
        try:
            link.api(command, argument, LINK_TIMEOUT_S)
        except EslError as exc:
            return str(exc)
        return ""

    def _told_anyhow(self, command: str, argument: str) -> str:
        """The same, where there is no inbound connection over that of the call the recording came from."""
        call = self._call()
        if self._link() is not None or call is None or call.is_ended:
            return self._told(command, argument)
        try:
            call.submit_api(command, argument).get(LINK_TIMEOUT_S)
        except (CallError, EslError) as exc:
            return str(exc)
        return ""
