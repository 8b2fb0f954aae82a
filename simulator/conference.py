"""Conferences: members hear each other, a moderator is waited for, whoever is to end it ends it.

Law: a conference is made by its first member and is gone with its last. One that begins with `wait-mod` is
silent, but for music, until a `moderator` comes. Each member's own thread sits in it; a member that is told
to go leaves at the next edge of its grid.
Source: FreeSWITCH mod_conference.c (conference_function), conference_member.c, conference_event.c.
"""

from __future__ import annotations

from simulator import signalling
from simulator.core import Core
from simulator.session import Session
from simulator.sound import open_sound
from simulator.timeline import Relay, Sound

SUBCLASS = "conference::maintenance"


class Member:
    """A leg in a conference. Attributes: is_muted; unheard_by: members that do not hear it; is_leaving."""

    def __init__(self, session: Session, number: int, flags: frozenset[str]) -> None:
        self.session = session
        self.number = number
        self.flags = flags
        self.is_muted = "mute" in flags
        self.is_leaving = False
        self.unheard_by: set[int] = set()
        self.hears: dict[int, Sound] = {}
        self.music: Sound | None = None


class Conference:
    """One conference."""

    def __init__(self, core: Core, name: str, session: Session, flags: frozenset[str]) -> None:
        self.core = core
        self.name = name
        self.uuid = core.new_uuid()
        self.members: list[Member] = []
        self.waits = "wait-mod" in flags and "moderator" not in flags
        self.music = session.channel.get("conference_moh_sound") or ""
        limit = session.channel.get("conference_max_members") or ""
        self.limit = int(limit) if limit.isdecimal() else 0
        core.bus.announce(
            "CUSTOM", [("Conference-Name", name), ("Action", "conference-create")], subclass=SUBCLASS
        )

    @property
    def is_full(self) -> bool:
        """Whether nobody more may join."""
        return bool(self.limit) and len(self.members) >= self.limit

    def sit(self, member: Member) -> None:
        """Let a member take part until it goes. Called by its own thread."""
        session = member.session
        self.members.append(member)
        if "moderator" in member.flags:
            self.waits = False
        session.channel.set("conference_name", self.name)
        session.channel.set("conference_member_id", str(member.number))
        self._tell(member, "add-member")
        self.arrange()
        while session.ready and not member.is_leaving and not session.take_interrupt():
            session.run_commands()
            while session.digits:
                session.take_digit()
            session.wait(over=lambda: member.is_leaving)
        self._leave(member)

    def _leave(self, member: Member) -> None:
        self.members.remove(member)
        self._silence(member)
        self._tell(member, "del-member")
        if "endconf" in member.flags:
            self.end()
        self.arrange()
        if not self.members:
            self.core.conferences.pop(self.name, None)
            headers = [("Conference-Name", self.name), ("Action", "conference-destroy")]
            self.core.bus.announce("CUSTOM", [*headers], subclass=SUBCLASS)

    def end(self) -> None:
        """Send everybody away."""
        for member in list(self.members):
            self.dismiss(member)

    def dismiss(self, member: Member) -> None:
        """Send a member away; FreeSWITCH hangs it up unless told not to."""
        member.is_leaving = True
        wish = (member.session.channel.get("hangup_after_conference") or "true").lower()
        if wish != "false":
            member.session.hangup("NORMAL_CLEARING")
        member.session.stir()

    def mute(self, member: Member, *, is_muted: bool) -> None:
        """Let a member be heard, or not."""
        member.is_muted = is_muted
        self._tell(member, "mute-member" if is_muted else "unmute-member")
        self.arrange()

    def relate(self, number: int, other: int, *, is_heard: bool) -> bool:
        """Let one member be heard by another, or not; False when one of them is not there."""
        members = {member.number: member for member in self.members}
        if number not in members or other not in members:
            return False
        change = members[number].unheard_by.discard if is_heard else members[number].unheard_by.add
        change(other)
        self.arrange()
        return True

    def arrange(self) -> None:
        """Let everybody hear whom it is to hear from now on."""
        is_music = self.waits or len(self.members) == 1
        for member in self.members:
            heard, clock = member.session.heard, member.session.clock
            now = member.session.slots.nearest(clock.now())
            wanted = (
                {} if self.waits else {one.number: one for one in self.members if self._hears(member, one)}
            )
            for number in [number for number in member.hears if number not in wanted]:
                heard.end(member.hears.pop(number), now)
            for number in wanted.keys() - member.hears.keys():
                member.hears[number] = heard.begin(Relay(wanted[number].session.said, now), now)
            if is_music and self.music and member.music is None:
                source = open_sound(member.session, self.music)
                member.music = heard.begin(source, now) if source is not None else None
            elif not is_music and member.music is not None:
                heard.end(member.music, now)
                member.music = None

    def _hears(self, member: Member, other: Member) -> bool:
        return other is not member and not other.is_muted and member.number not in other.unheard_by

    def _silence(self, member: Member) -> None:
        now = member.session.slots.nearest(member.session.clock.now())
        for sound in (*member.hears.values(), member.music):
            if sound is not None:
                member.session.heard.end(sound, now)

    def _tell(self, member: Member, action: str) -> None:
        member.session.note("conference", f"{self.name}: {action}")
        member.session.fire(
            "CUSTOM",
            [
                ("Conference-Name", self.name),
                ("Conference-Size", str(len(self.members))),
                ("Conference-Unique-ID", self.uuid),
                ("Speak", "false" if member.is_muted else "true"),
                ("Hold", "false"),
                ("Member-ID", str(member.number)),
                ("Member-Type", "moderator" if "moderator" in member.flags else "member"),
                ("Action", action),
            ],
            subclass=SUBCLASS,
        )


def conference(session: Session, data: str) -> None:
    """`conference <name>[@<profile>][+flags{<flag>|…}]`."""
    where, _, listed = data.partition("+flags{")
    name = where.partition("+")[0].rpartition("@")[0] or where.partition("+")[0]
    flags = frozenset(listed.partition("}")[0].replace(",", "|").split("|")) - {""}
    signalling.pre_answer(session)
    signalling.answer(session)
    core = session.core
    found = core.conferences.get(name)
    if found is None:
        found = core.conferences[name] = Conference(core, name, session, flags)
    if found.is_full:
        session.note("conference", f"{name} is full")
        return
    core.members_made += 1
    found.sit(Member(session, core.members_made, flags))
