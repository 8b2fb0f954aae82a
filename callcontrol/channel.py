"""A live leg as commands see it: any leg of a FreeSWITCH, whoever holds its call, over the inbound link.

What does not depend on an answer leaves in one write, and one wait brings all replies. A leg that is gone is
told by FreeSWITCH's own refusal, so nothing is asked first. What is to be remembered of a call goes into
channel variables: FreeSWITCH is the state of a live call.

Source: FreeSWITCH mod_event_socket.c (sendmsg), mod_commands.c (uuid_...: their refusals).
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from callcontrol.errors import CallEnded, Unanswered, Unavailable, invalid
from callcontrol.snapshot import Snapshot
from esl import command, quoting
from esl.command import Command
from esl.errors import BadCommand, CommandRefused, LinkLost, ReplyTimeout
from esl.event import Event
from esl.identifier import new_identifier
from esl.reply import PendingReply

REPLY_TIMEOUT_S = 5.0
"""FreeSWITCH answers these commands in well under a millisecond, unless it is in trouble."""

_GONE = (
    "-ERR No such channel",
    "-ERR Cannot locate session",
    "-ERR invalid session id",
    "-ERR invalid uuid",
    "-ERR Invalid uuid",
    "-ERR No such session",
    "-ERROR",  # all that uuid_answer and uuid_pre_answer say
)
_PLAIN = re.compile(r"[A-Za-z0-9+/=_.:,@-]*\Z")
"""Values uuid_setvar takes as they are: no blank, quote, backslash or `;`, which it reads as its own."""


class Link(Protocol):
    """The inbound connection to a FreeSWITCH (esl.link.Link)."""

    def post(self, *commands: Command) -> list[PendingReply]:
        """Send commands in one write. Raises: LinkLost."""

    def bgapi(self, name: str, arg: str = "", timeout_s: float = 30.0) -> str:
        """Return the output of an API command that may take its time. Raises: EslError."""


class Switches(Protocol):
    """The FreeSWITCHes that are reached from here."""

    def link(self, node: str) -> Link | None:
        """Return the connection to one, None while there is none. Raises: KeyError: it is none of ours."""


class OneSwitch:
    """The one FreeSWITCH beside this process. Args: node: its name; current: its link, None when down."""

    def __init__(self, node: str, current: Callable[[], Link | None]) -> None:
        self._node = node
        self._current = current

    def link(self, node: str) -> Link | None:
        """See Switches."""
        if node != self._node:
            raise KeyError(node)
        return self._current()


class LiveChannel:
    """One leg. Its methods raise CallEnded when it is gone, Unavailable when FreeSWITCH cannot be asked,
    Unanswered when it was told and does not answer, Unprocessable when it refuses.

    Attributes: node, uuid: see CallControlId.
    """

    __slots__ = ("_link", "node", "uuid")

    def __init__(self, link: Link, node: str, uuid: str) -> None:
        self._link = link
        self.node = node
        self.uuid = uuid

    def beside(self, uuid: str) -> LiveChannel:
        """Return another leg of the same FreeSWITCH."""
        return LiveChannel(self._link, self.node, uuid)

    def run(self, *commands: Command, timeout_s: float = REPLY_TIMEOUT_S) -> list[str]:
        """Send commands in one write and wait for all of them; return what they said, "" for nothing.

        All are sent before the first is answered: one that is refused does not keep back those behind it.
        """
        return [reply_of(reply, timeout_s) for reply in self.post(*commands)]

    def post(self, *commands: Command) -> list[PendingReply]:
        """Send commands in one write without waiting."""
        try:
            return self._link.post(*commands)
        except LinkLost as exc:
            raise Unavailable("FreeSWITCH cannot be reached now; nothing was done.") from exc

    def api(self, name: str, arg: str = "", *, timeout_s: float = REPLY_TIMEOUT_S) -> str:
        """Run `name <uuid> arg` and return its output."""
        return self.run(self.of(name, arg), timeout_s=timeout_s)[0]

    def of(self, name: str, arg: str = "") -> Command:
        """Return the API command `name <uuid> arg`, to be run with others."""
        return built(lambda: command.api(name, f"{self.uuid} {arg}".rstrip(" ")))

    def executing(
        self, app: str, arg: str = "", *, lock: bool = False, expand: bool = False, event_uuid: str = ""
    ) -> Command:
        """Return the command that runs an application on the leg, to be run with others.

        Args: as for esl.command.execute; event_uuid: comes back on CHANNEL_EXECUTE_COMPLETE as
        Application-UUID, fresh unless given.
        """
        uuid = event_uuid or new_identifier()
        return built(
            lambda: command.execute(app, arg, event_uuid=uuid, lock=lock, expand=expand, uuid=self.uuid)
        )

    def execute(self, app: str, arg: str = "", *, lock: bool = False, expand: bool = False) -> None:
        """Have the leg run an application; returns when FreeSWITCH has taken the order, not when it is
        done.
        """
        self.run(self.executing(app, arg, lock=lock, expand=expand))

    def setting(self, variables: Mapping[str, str]) -> Command:
        """Return the command that sets channel variables at once, to be run with others.

        Args: variables: an empty value removes its variable; `packed` hides what uuid_setvar would read.
        """
        pairs = []
        for name, value in variables.items():
            if not _PLAIN.match(value):
                raise ValueError(f"{name}: a value that has to be packed")
            pairs.append(f"{name}={value}")
        return self.of("uuid_setvar_multi", ";".join(pairs))

    def assigning(self, name: str, value: str) -> Command:
        """Return the command that gives one channel variable any text, to be run with others.

        A value with `${` in it would be expanded by whoever reads it: its `$` is kept as `%24`, which events
        give back as `$` (esl.quoting.assignment does the same).
        """
        return built(
            lambda: command.api(
                "uuid_setvar", f"{self.uuid} {name} {quoting.word(value.replace('${', '%24{'))}"
            )
        )

    def set(self, variables: Mapping[str, str]) -> None:
        """Set channel variables at once."""
        self.run(self.setting(variables))

    def get(self, name: str) -> str:
        """Return a channel variable, "" for one that is not set."""
        return value_of(self.api("uuid_getvar", name))

    def snapshot(self) -> Snapshot:
        """Return all that FreeSWITCH knows of the leg now; some 10 kB and one round trip."""
        return Snapshot(Event(self.api("uuid_dump").encode("utf-8", "surrogateescape")))


def channel_of(switches: Switches, node: str, uuid: str) -> LiveChannel:
    """Return a leg. Raises: CallEnded: its FreeSWITCH is none of ours (any more); Unavailable: it is away."""
    try:
        link = switches.link(node)
    except KeyError as exc:
        raise CallEnded from exc
    if link is None:
        raise Unavailable("FreeSWITCH cannot be reached now; nothing was done.")
    return LiveChannel(link, node, uuid)


def reply_of(reply: PendingReply, timeout_s: float = REPLY_TIMEOUT_S) -> str:
    """Return what a command said, with failures as the API tells them."""
    try:
        return reply.get(timeout_s).text
    except CommandRefused as exc:
        if exc.reply.startswith(_GONE):
            raise CallEnded from exc
        raise invalid("", f"FreeSWITCH refused: {exc.reply}") from exc
    except (LinkLost, ReplyTimeout) as exc:
        raise Unanswered from exc


def value_of(answer: str) -> str:
    """Return what uuid_getvar said of a variable."""
    return "" if answer == "_undef_" else answer


def built(build: Callable[[], Command]) -> Command:
    """Build a command; a value that would break out of it is the client's fault."""
    try:
        return build()
    except BadCommand as exc:
        raise invalid("", f"A value that cannot be given to FreeSWITCH: {exc}") from exc


def packed(value: Any) -> str:
    """Return any JSON value as a text that every reader of FreeSWITCH leaves alone."""
    text = json.dumps(value, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def unpacked(text: str) -> Any:
    """Return what was packed, None for a text that nothing was packed into."""
    try:
        return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None
