"""Masks every recording of one call while something is said or keyed in that must not be kept.

Recordings that begin meanwhile are masked as they begin (recording.care looks at the roster's guards). It is
lifted once, by whoever comes first: the end of what it was put on for, or its time limit.
"""

from __future__ import annotations

from recording.roster import Roster


class Guard:
    """One mask over all recordings of a channel.

    Attributes: why: shown in the timelines.
    """

    __slots__ = ("_is_on", "_reason", "_roster", "_uuid", "why")

    def __init__(self, roster: Roster, uuid: str, why: str) -> None:
        self._roster = roster
        self._uuid = uuid
        self.why = why
        self._is_on = False
        self._reason = why

    def put_on(self) -> None:
        """Mask; returns at once."""
        guards = self._roster.guards(self._uuid)
        same = sum(reason.startswith(self.why) for reason in guards)
        self._reason = f"{self.why} ({same + 1})" if same else self.why  # one guard within another
        guards.append(self._reason)
        self._is_on = True
        for recording in self._roster.of(self._uuid):
            recording.mask(self._reason)

    def lift(self) -> bool:
        """Unmask; returns at once. Returns: whether it was still on."""
        if not self._is_on:
            return False
        self._is_on = False
        guards = self._roster.guards(self._uuid)
        if self._reason in guards:
            guards.remove(self._reason)
        self._roster.unguarded(self._uuid)
        for recording in self._roster.of(self._uuid):
            recording.unmask(self._reason)
        return True
