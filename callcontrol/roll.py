"""Who is live: the legs that are told of, as last heard; those that ended lately are remembered as such.

Held by each process for itself, out of what FreeSWITCH tells all of them. It is no memory anything depends
on: a process that starts fills it from FreeSWITCH (callcontrol.reconciling).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from callcontrol.leg import Leg

MAX_ENDED = 20_000
"""Legs that ended, kept apart from those never heard of, so that a late event does not make them live."""


class Roll:
    """The legs, by uuid."""

    def __init__(self) -> None:
        self._live: dict[str, Leg] = {}
        self._ended: OrderedDict[str, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._live)

    def __iter__(self) -> Iterator[Leg]:
        """Go through the live ones, in the order they were first heard in."""
        return iter(tuple(self._live.values()))

    def live(self, uuid: str) -> Leg | None:
        """Return a live leg, None for one that is not (known to be)."""
        return self._live.get(uuid)

    def has_ended(self, uuid: str) -> bool:
        """Whether a leg is known to be over."""
        return uuid in self._ended

    def is_known(self, uuid: str) -> bool:
        """Whether a leg was ever heard of."""
        return uuid in self._live or uuid in self._ended

    def put(self, leg: Leg) -> bool:
        """Note how a leg stands; return whether it is new."""
        is_new = leg.leg_id not in self._live
        self._live[leg.leg_id] = leg
        return is_new

    def end(self, uuid: str) -> Leg | None:
        """Note that a leg is over; return how it stood last, None for one that was not live."""
        self._ended[uuid] = None
        if len(self._ended) > MAX_ENDED:
            self._ended.popitem(last=False)
        return self._live.pop(uuid, None)
