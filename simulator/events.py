"""Events: their names, their headers, and the bus that carries them to every connected controller.

Source: FreeSWITCH switch_event.c (EVENT_NAMES, switch_event_prep_for_delivery), mod_event_socket.c
(event_handler).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from simulator.clock import Clock
from simulator.wire import Headers, HeaderValue, flat

_EVENT_NAMES_LIST = (
    "CUSTOM CLONE CHANNEL_CREATE CHANNEL_DESTROY CHANNEL_STATE CHANNEL_CALLSTATE CHANNEL_ANSWER "
    "CHANNEL_HANGUP CHANNEL_HANGUP_COMPLETE CHANNEL_EXECUTE CHANNEL_EXECUTE_COMPLETE CHANNEL_HOLD "
    "CHANNEL_UNHOLD CHANNEL_BRIDGE CHANNEL_UNBRIDGE CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA "
    "CHANNEL_OUTGOING CHANNEL_PARK CHANNEL_UNPARK CHANNEL_APPLICATION CHANNEL_ORIGINATE CHANNEL_UUID API "
    "LOG INBOUND_CHAN OUTBOUND_CHAN STARTUP SHUTDOWN PUBLISH UNPUBLISH TALK NOTALK SESSION_CRASH "
    "MODULE_LOAD MODULE_UNLOAD DTMF MESSAGE PRESENCE_IN NOTIFY_IN PRESENCE_OUT PRESENCE_PROBE "
    "MESSAGE_WAITING MESSAGE_QUERY ROSTER CODEC BACKGROUND_JOB DETECTED_SPEECH DETECTED_TONE "
    "PRIVATE_COMMAND HEARTBEAT TRAP ADD_SCHEDULE DEL_SCHEDULE EXE_SCHEDULE RE_SCHEDULE RELOADXML NOTIFY "
    "PHONE_FEATURE PHONE_FEATURE_SUBSCRIBE SEND_MESSAGE RECV_MESSAGE REQUEST_PARAMS CHANNEL_DATA GENERAL "
    "COMMAND SESSION_HEARTBEAT CLIENT_DISCONNECTED SERVER_DISCONNECTED SEND_INFO RECV_INFO "
    "RECV_RTCP_MESSAGE SEND_RTCP_MESSAGE CALL_SECURE NAT RECORD_START RECORD_STOP PLAYBACK_START "
    "PLAYBACK_STOP CALL_UPDATE FAILURE SOCKET_DATA MEDIA_BUG_START MEDIA_BUG_STOP CONFERENCE_DATA_QUERY "
    "CONFERENCE_DATA CALL_SETUP_REQ CALL_SETUP_RESULT CALL_DETAIL DEVICE_STATE TEXT "
    "SHUTDOWN_REQUESTED ALL"
)
EVENT_NAMES = frozenset(_EVENT_NAMES_LIST.split())
# What `myevents` subscribes to: no recording events among them.
_MY_EVENTS_LIST = (
    "CHANNEL_ANSWER CHANNEL_APPLICATION CHANNEL_BRIDGE CHANNEL_CREATE CHANNEL_DATA CHANNEL_DESTROY "
    "CHANNEL_EXECUTE CHANNEL_EXECUTE_COMPLETE CHANNEL_HANGUP CHANNEL_HANGUP_COMPLETE CHANNEL_ORIGINATE "
    "CHANNEL_UUID CHANNEL_OUTGOING CHANNEL_PARK CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_STATE "
    "CHANNEL_UNBRIDGE CHANNEL_UNPARK DETECTED_SPEECH DTMF NOTALK TALK"
)
MY_EVENTS = frozenset(_MY_EVENTS_LIST.split())


@dataclass(slots=True)
class Event:
    """One event. `own` are the headers that belong to it alone, for logs and scripts."""

    name: str
    headers: Headers = field(default_factory=list)
    body: str = ""
    subclass: str = ""
    own: dict[str, str] = field(default_factory=dict)
    uuid: str = ""

    def get(self, name: str) -> str | None:
        """The first header of that name, whatever its case."""
        wanted = name.lower()
        return next((flat(value) for key, value in self.headers if key.lower() == wanted), None)


class Subscriber(Protocol):
    """A connection that may want events."""

    def wants(self, event: Event) -> bool:
        """Whether this event passes its subscriptions and filters."""

    def deliver(self, event: Event) -> None:
        """Send it."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which switch this claims to be."""

    hostname: str = "simulated"
    ipv4: str = "192.0.2.2"
    ipv6: str = "fd00::2"
    core_uuid: str = field(default_factory=lambda: str(uuid.uuid4()))


class Bus:
    """Numbers events and hands them to subscribers.

    A subscriber that filters on a channel's Unique-ID is looked up by it, so that an event costs what its
    own channel's listeners cost, however many calls there are.
    """

    def __init__(self, clock: Clock, identity: Identity) -> None:
        self._clock = clock
        self._identity = identity
        self._sequence = 0
        self._everywhere: list[Subscriber] = []
        self._by_channel: dict[str, list[Subscriber]] = {}

    def subscribe(self, subscriber: Subscriber, channels: frozenset[str] | None) -> None:
        """Deliver to this subscriber events of these channels, None for all; replaces what it had."""
        self.unsubscribe(subscriber)
        if channels is None:
            self._everywhere.append(subscriber)
        for channel in channels or ():
            self._by_channel.setdefault(channel, []).append(subscriber)

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Deliver nothing more to it."""
        if subscriber in self._everywhere:
            self._everywhere.remove(subscriber)
        for channel in [key for key, found in self._by_channel.items() if subscriber in found]:
            self._by_channel[channel].remove(subscriber)
            if not self._by_channel[channel]:
                del self._by_channel[channel]

    def core_headers(self, name: str, where: tuple[str, str] = ("mod_event_socket.c", "")) -> Headers:
        """The headers every event begins with; takes the next sequence number."""
        self._sequence += 1
        epoch_us = self._clock.epoch_us()
        moment = datetime.fromtimestamp(epoch_us / 1e6, tz=UTC)
        me = self._identity
        return [
            ("Event-Name", name),
            ("Core-UUID", me.core_uuid),
            ("FreeSWITCH-Hostname", me.hostname),
            ("FreeSWITCH-Switchname", me.hostname),
            ("FreeSWITCH-IPv4", me.ipv4),
            ("FreeSWITCH-IPv6", me.ipv6),
            ("Event-Date-Local", moment.strftime("%Y-%m-%d %H:%M:%S")),
            ("Event-Date-GMT", moment.strftime("%a, %d %b %Y %H:%M:%S GMT")),
            ("Event-Date-Timestamp", str(epoch_us)),
            ("Event-Calling-File", where[0]),
            ("Event-Calling-Function", where[1]),
            ("Event-Calling-Line-Number", "1"),
            ("Event-Sequence", str(self._sequence)),
        ]

    def fire(self, event: Event) -> None:
        """Hand an event, core headers included, to whoever wants it."""
        for subscriber in (*self._everywhere, *self._by_channel.get(event.uuid, ())):
            if subscriber.wants(event):
                subscriber.deliver(event)

    def announce(self, name: str, headers: Headers, *, body: str = "", subclass: str = "") -> None:
        """Fire an event that belongs to no channel: a background job, a custom event."""
        own: list[tuple[str, HeaderValue]] = self.core_headers(name)
        if subclass:
            own.append(("Event-Subclass", subclass))
        self.fire(Event(name, own + headers, body=body, subclass=subclass))
