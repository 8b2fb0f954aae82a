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
from calls.errors import CallError
from esl import loop
from esl.errors import EslError
from esl.event import Event

SUBCLASS = "conference::maintenance"
_UUID = re.compile(r"[A-Za-z0-9-]{1,64}\Z")
TIMEOUT_S = 8 * 86_400.0
"""No conference lasts longer."""


class Happening(StrEnum):
    """What is told of this member and its conference; the values are FreeSWITCH's actions."""

    JOINED = "add-member"
    LEFT = "del-member"
    MUTED = "mute-member"
    UNMUTED = "unmute-member"
    HELD = "hold-member"
    UNHELD = "unhold-member"
    SPEAKS = "start-talking"
    SILENT = "stop-talking"


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


class _Member:
    """A call within a conference, as the conference's events tell it."""

    def __init__(self, call: Call, seat: Seat, coached: str, tell: Tell | None) -> None:
        self._call, self._seat, self._coached, self._tell = call, seat, coached, tell
        self._id = ""
        self.has_joined = self.is_last = False
        self.conference_id = ""

    def hear(self, event: Event) -> None:
        """Take an event of ours."""
        action = event.get("Action") or ""
        if event.subclass != SUBCLASS or event.get("Conference-Name") != self._seat.room:
            return
        if action == Happening.JOINED:
            self.has_joined = True
            self._id = event.get("Member-ID") or ""
            self.conference_id = event.get("Conference-Unique-ID") or ""
            if self._coached:
                loop.spawn(self._relate_present)
        elif action == Happening.LEFT:
            self.is_last = event.get("Conference-Size") == "0"
        if self._tell is not None and action in Happening.__members__.values():
            self._tell(Happening(action), event)

    def hear_others(self, event: Event) -> None:
        """Take an event of the conference: who comes later must not hear a coach either."""
        member = event.get("Member-ID") or ""
        if event.get("Action") == Happening.JOINED and member not in ("", self._id, self._coached):
            self._relate(member)

    def _relate_present(self) -> None:
        """Tell FreeSWITCH of everybody who is there already. Runs in a greenlet of its own."""
        try:
            listed = self._call.api("conference", f"{self._seat.room} list")
        except EslError as exc:
            self._call.log.warning("coach_heard_by_all", reason=str(exc))
            return
        for line in listed.splitlines():
            member = line.partition(";")[0]
            if member.isdigit() and member not in (self._id, self._coached):
                self._relate(member)

    def _relate(self, member: str) -> None:
        if self._id:
            line = f"{self._seat.room} relate {self._id} {member} nospeak"
            self._call.submit_api("conference", line)
