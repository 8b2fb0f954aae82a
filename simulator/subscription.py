"""What one controller wants to hear: event names, subclasses, filters. State and replies, no IO.

Source: FreeSWITCH mod_event_socket.c (parse_command: event, nixevent, noevents, filter, myevents;
event_handler).
"""

from __future__ import annotations

import re

from simulator.events import EVENT_NAMES, MY_EVENTS, Event

_UUID = re.compile(r"[0-9a-fA-F-]{36}")


class Subscription:
    """Of one connection. `own_uuid` is the channel that `myevents` narrows it to, "" for none."""

    def __init__(self) -> None:
        self.format = "plain"
        self.listening = False
        self.own_uuid = ""
        self._events: set[str] = set()
        self._subclasses: set[str] = set()
        self._filters: list[tuple[str, str]] = []

    def passes(self, event: Event) -> bool:
        """Whether subscription, filters and myevents let the event through."""
        if not self.listening:
            return False
        everything = "ALL" in self._events
        if event.name not in self._events and not everything:
            return False
        named = event.subclass if event.name == "CUSTOM" and not everything else ""
        if named and named not in self._subclasses:
            return False
        if not self._passes_filters(event):
            return False
        return not self.own_uuid or self.own_uuid in (event.uuid, event.get("Job-Owner-UUID"))

    def channels(self) -> frozenset[str] | None:
        """The only channels whose events can pass; None when that cannot be told."""
        if self.own_uuid:
            return frozenset([self.own_uuid])
        if self._filters and all(_selects_channel(*entry) for entry in self._filters):
            return frozenset(pattern for _, pattern in self._filters)
        return None

    def event(self, rest: str) -> str:
        """`event plain|json NAME…`; what follows CUSTOM are subclasses."""
        words = rest.split()
        if words and words[0].lower() in ("plain", "json", "xml"):
            self.format = "json" if words[0].lower() == "json" else "plain"
            words = words[1:]
        names, subclasses = _sort(words)
        if not names:
            return "-ERR no keywords supplied"
        self._events |= names
        self._subclasses |= subclasses
        self.listening = True
        return f"+OK event listener enabled {self.format}"

    def nixevent(self, rest: str) -> str:
        """`nixevent NAME…`; CUSTOM itself stays, its subclasses go."""
        names, subclasses = _sort(rest.split())
        if not names:
            return "-ERR no keywords supplied"
        if "ALL" in names:
            self._events.clear()
        elif "ALL" in self._events:
            self._events = set(EVENT_NAMES) - {"ALL"}
        self._events -= names - {"CUSTOM"}
        self._subclasses -= subclasses
        self.listening = True
        return "+OK events nixed"

    def noevents(self) -> str:
        """`noevents`."""
        if not self.listening:
            return "-ERR not listening for events"
        self.listening = False
        self._events.clear()
        self._subclasses.clear()
        return "+OK no longer listening for events"

    def filter(self, rest: str) -> str:
        """`filter [add] Header value`, `filter delete Header [value]`, `filter delete all`."""
        first, _, value = rest.partition(" ")
        if first.lower() == "delete" and value:
            name, _, pattern = value.partition(" ")
            self._filters = [entry for entry in self._filters if not _deletes(name, pattern, entry)]
            return f"+OK filter deleted. [{name}][{pattern}]"
        if first.lower() == "add":
            first, _, value = value.partition(" ")
        if not value:
            return "-ERR invalid syntax"
        self._filters.append((first, value))
        return f"+OK filter added. [{first}]=[{value}]"

    def my_events(self, rest: str, uuid: str) -> str:
        """`myevents` for the channel `uuid`: everything but recording events."""
        if self.own_uuid:
            return "-ERR aready enabled."
        self.own_uuid = uuid
        self._events |= MY_EVENTS
        self.listening = True
        if "json" in rest.lower():
            self.format = "json"
        return "+OK Events Enabled"

    def _passes_filters(self, event: Event) -> bool:
        """Any positive filter lets through, any negative one holds back."""
        passed = not self._filters
        for name, pattern in self._filters:
            value = event.get(name)
            if value is None:
                continue
            wanted = pattern.lstrip("+- ")
            negative = "-" in pattern[: len(pattern) - len(wanted)]
            if not _matches(value, wanted):
                continue
            if negative:
                return False
            passed = True
        return passed


def _sort(words: list[str]) -> tuple[set[str], set[str]]:
    """Known event names, and the subclasses that follow CUSTOM."""
    names: set[str] = set()
    subclasses: set[str] = set()
    for word in words:
        if "CUSTOM" in names:
            subclasses.add(word)
        elif word.upper() in EVENT_NAMES:
            names.add(word.upper())
    return names, subclasses


def _deletes(name: str, pattern: str, entry: tuple[str, str]) -> bool:
    if name.lower() == "all":
        return True
    return entry[0].lower() == name.lower() and (not pattern or entry[1] == pattern)


def _selects_channel(name: str, pattern: str) -> bool:
    return name.lower() == "unique-id" and _UUID.fullmatch(pattern) is not None


def _matches(value: str, pattern: str) -> bool:
    """How a filter compares: whole and whatever the case, or as a regular expression between slashes."""
    if not pattern.startswith("/"):
        return value.lower() == pattern.lower()
    try:
        return re.search(pattern.strip("/"), value) is not None
    except re.error:
        return False
