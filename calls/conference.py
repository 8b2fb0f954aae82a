"""Joins a call to a conference of FreeSWITCH, and waits until it leaves it or the conference ends.

Who waits for whom is FreeSWITCH's own doing: a conference that begins with somebody who does not start it
has `wait-mod`, and starts when somebody comes who does (`moderator`); whoever is to end it has `endconf`.
What is set for the whole conference (music, size) is set by whoever makes it. A coach is heard by one member
only: it is told apart from every other one, now and as they come.
Source: FreeSWITCH mod_conference.c (conference_function), conference_member.c (conference_member_add,
conference_member_del), conference_api.c (conference_api_sub_relate), conference_event.c.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from calls.call import Call
from calls.errors import CallError, CallGone
from esl import loop
from esl.errors import EslError
from esl.event import Event

SUBCLASS = "conference::maintenance"
_UUID = re.compile(r"[A-Za-z0-9-]{1,64}\Z")
TIMEOUT_S = 8 * 86_400.0
"""No conference lasts longer."""

SETTLE_S = 2.0
"""From a hangup to leaving the conference; FreeSWITCH takes a block of sound for it."""


class Happening(StrEnum):
    """What is told of this member and its conference; the values are FreeSWITCH's actions, but for STARTED:
    this member came, and the conference waited for it, or was made by it.
    """

    JOINED = "add-member"
    STARTED = "started"
    LEFT = "del-member"
    MUTED = "mute-member"
    UNMUTED = "unmute-member"
    HELD = "hold-member"
    UNHELD = "unhold-member"
    SPEAKS = "start-talking"
    SILENT = "stop-talking"


_ACTIONS = frozenset(each.value for each in Happening) - {Happening.STARTED.value}


@dataclass(frozen=True, slots=True)
class Seat:
    """How a call takes part.

    Attributes: room: the conference's name within FreeSWITCH (calls.room); profile: FreeSWITCH's; starts,
    ends: whether the conference begins with it, and ends when it leaves; enter_sound, exit_sound: heard by
    all, "" for FreeSWITCH's own, which has none unless its profile says so; music: while waiting; coached:
    uuid of the only call that is to hear this one, "" for all.
    """

    room: str
    profile: str = "default"
    is_muted: bool = False
    starts: bool = True
    ends: bool = False
    enter_sound: str = ""
    exit_sound: str = ""
    music: str = ""
    max_members: int = 0
    coached: str = ""


@dataclass(frozen=True, slots=True)
class Sitting:
    """How it went. Attributes: has_joined; conference_id: FreeSWITCH's, "" when it was never joined; is_last:
    nobody was left when this one went.
    """

    has_joined: bool
    conference_id: str = ""
    is_last: bool = False


class NotCoachable(CallError):
    """The call that is to be coached is in no such conference."""


Tell = Callable[[Happening, Event], None]


def join(call: Call, seat: Seat, tell: Tell | None = None) -> Sitting:
    """Join a conference, answering the call, and wait until that is over; the call is ours again then.

    Args: tell: told, in the hub, what happens to this member; must not wait.
    Raises: NotCoachable; CallGone: the call ended; CallLeft: it was moved elsewhere meanwhile.
    """
    coached = _member(call, seat.coached, seat.room) if seat.coached else ""
    member = _Member(call, seat, coached, tell)
    call.set(_variables(seat))
    marks = [("Conference-Name", seat.room)] if coached else []
    call.follow(marks, member.hear_others, [f"CUSTOM {SUBCLASS}"])
    unsubscribe = call.on("CUSTOM", member.hear)
    try:
        line = f"{seat.room}@{seat.profile}+flags{{{'|'.join(_flags(seat))}}}"
        # Without the lock: what is started or stopped meanwhile (recordings) is not to wait for the end.
        call.completed(call.submit("conference", line), TIMEOUT_S)
    except CallGone:
        call.wait_until(lambda: member.has_left or not member.has_joined, SETTLE_S)
        raise
    finally:
        unsubscribe()
        call.unfollow(marks)
    if call.end is not None:  # the conference's end and the call's come together
        raise call.end.error()
    return Sitting(member.has_joined, member.conference_id, member.is_last)


def _flags(seat: Seat) -> list[str]:
    flags = ["moderator"] if seat.starts else ["wait-mod"]
    flags += ["endconf"] if seat.ends else []
    return [*flags, "mute"] if seat.is_muted else flags


def _variables(seat: Seat) -> dict[str, str]:
    return {
        "hangup_after_conference": "false",
        "conference_enter_sound": seat.enter_sound,
        "conference_exit_sound": seat.exit_sound,
        "conference_moh_sound": seat.music,
        "conference_max_members": str(seat.max_members) if seat.max_members else "",
    }


def _member(call: Call, uuid: str, room: str) -> str:
    """Return the member that another call is in a conference. Raises: NotCoachable."""
    if not _UUID.match(uuid):
        raise NotCoachable(f"{uuid[:64]!r} names no call")
    try:
        found = call.api("uuid_getvar", f"{uuid} conference_name")
        member = call.api("uuid_getvar", f"{uuid} conference_member_id")
    except EslError as exc:
        raise NotCoachable(f"call {uuid}: {exc}") from exc
    if found != room or not member.isdigit():
        raise NotCoachable(f"call {uuid} is not in that conference")
    return member


def _members(listed: str) -> dict[str, list[str]]:
    """Return the flags of members, by their ids. Source: mod_conference.c, conference_list."""
    rows = [line.split(";") for line in listed.splitlines()]
    return {row[0]: row[5].split("|") for row in rows if row[0].isdigit() and len(row) > 5}


class _Member:
    """A call within a conference, as the conference's events tell it."""

    def __init__(self, call: Call, seat: Seat, coached: str, tell: Tell | None) -> None:
        self._call, self._seat, self._coached, self._tell = call, seat, coached, tell
        self._id = ""
        self.has_joined = self.has_left = self.is_last = False
        self.conference_id = ""

    def hear(self, event: Event) -> None:
        """Take an event of ours."""
        action = event.get("Action") or ""
        if event.subclass != SUBCLASS or event.get("Conference-Name") != self._seat.room:
            return
        if self._tell is not None and action in _ACTIONS:
            self._tell(Happening(action), event)
        if action == Happening.JOINED:
            self.has_joined = True
            self._id = event.get("Member-ID") or ""
            self.conference_id = event.get("Conference-Unique-ID") or ""
            if self._coached or self._seat.starts:
                loop.spawn(self._look_around, event)
        elif action == Happening.LEFT:
            self.has_left = True
            self.is_last = event.get("Conference-Size") == "0"

    def hear_others(self, event: Event) -> None:
        """Take an event of the conference: who comes later must not hear a coach either."""
        member = event.get("Member-ID") or ""
        if event.get("Action") == Happening.JOINED and member not in ("", self._id, self._coached):
            self._relate(member)

    def _look_around(self, joined: Event) -> None:
        """Look who is there already. Runs in a greenlet of its own."""
        try:
            listed = self._call.api("conference", f"{self._seat.room} list")
        except EslError as exc:
            self._call.log.warning("conference_not_listed", reason=str(exc))
            return
        others = _members(listed)
        others.pop(self._id, None)
        if self._coached:
            for member in others.keys() - {self._coached}:
                self._relate(member)
        has_waited = not any("moderator" in flags for flags in others.values())
        if self._tell is not None and self._seat.starts and has_waited:
            self._tell(Happening.STARTED, joined)

    def _relate(self, member: str) -> None:
        if self._id:
            line = f"{self._seat.room} relate {self._id} {member} nospeak"
            self._call.submit_api("conference", line)
