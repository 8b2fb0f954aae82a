"""Call control of one engine process: its keys, its pages and its webhooks, put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from flask import Blueprint
from flask_smorest import Blueprint as SmorestBlueprint

from callcontrol import api, description, dial_pages, playing_events, recordings
from callcontrol.access import Access, Observer
from callcontrol.call_control_id import CallControlIds
from callcontrol.channel import Link, OneSwitch
from callcontrol.connections import Connections
from callcontrol.dial import Dial
from callcontrol.dialling import Dialler
from callcontrol.facilities import Facilities, RecordingLinks
from callcontrol.gathering_following import GatherFollowing
from callcontrol.holding import Holding
from callcontrol.playing_media import SoundFinder
from callcontrol.rate_limit import RateLimit
from callcontrol.recording_events import RecordingWebhooks
from callcontrol.registry import discover
from callcontrol.teller import Teller
from callcontrol.telling import Telling
from callcontrol.tokens import TokenBook
from callcontrol.unfinished import Told, unfinished
from callcontrol.webhook_key import SIGNER, WebhookKey
from callcontrol.webhooks import Notices, Webhooks
from config.address import Address
from config.sections import CallControl as CallControlSettings
from recording.leg_recorder import LegRecorder
from recording.parameters import AccountsConfiguration
from service.call_recordings import Recordings, recording_pages
from service.call_watch import CallWatch
from storage.document import DocumentStore
from storage.notice import Signer


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What call control needs of the engine.

    Attributes: secret: what ids and webhooks are signed with, shared by all processes; node: the FreeSWITCH
    beside this process; link: the inbound connection to it, None while there is none; event_socket, password:
    of that FreeSWITCH, for a connection that hears of calls, None for none; recordings: where they are;
    observe: hears of each request.
    """

    config: AccountsConfiguration
    store: DocumentStore
    notices: Notices
    recorder: LegRecorder
    links: RecordingLinks
    link: Callable[[], Link | None]
    secret: str
    node: str
    sounds: SoundFinder
    recordings: Recordings
    observe: Observer = lambda *_: None
    event_socket: Address | None = None
    password: str = ""
    told: Told | None = None


class CallControl:
    """Attributes: recordings: tells of recordings, an observer's sink of the recorder; facilities: what
    commands, and whoever tells of calls, are given; teller: tells of calls, what is told being registered
    here; program: what a callflow brings calls under control by; blueprints: the pages; signers: for the
    outbox' worker.
    """

    def __init__(self, settings: CallControlSettings, around: Surroundings) -> None:
        secret = around.secret.encode()
        connections = Connections(around.store)
        webhooks = Webhooks(around.notices, connections)
        self.recordings = RecordingWebhooks(webhooks, around.links)
        self.tokens = TokenBook(around.store)
        self.signers: Mapping[str, Signer] = {SIGNER: WebhookKey(secret)}
        self.facilities = Facilities(
            config=around.config,
            ids=CallControlIds(secret),
            switches=OneSwitch(around.node, around.link),
            connections=connections,
            webhooks=webhooks,
            recorder=around.recorder,
            links=around.links,
            node=around.node,
            sounds=around.sounds,
        )
        self.teller = Teller(webhooks, self.facilities.ids, around.node)
        Telling(self.teller, self.facilities.switches, around.node)
        playing_events.register(self.teller)
        self.gathers = GatherFollowing(self.teller, self.facilities.switches, around.node)
        self.program = Holding(connections, webhooks, self.teller, self.facilities.ids, around.node)
        self.watch = self._watch(around)  # asks for the events that somebody has registered for by now
        commands = discover()
        limit = RateLimit(settings.rate_per_s, settings.burst)
        scopes = api.scopes_of(commands) | dial_pages.SCOPES | recordings.SCOPES
        access = Access(self.tokens, limit, scopes, around.observe)
        pages = (
            *api.blueprints(commands, self.facilities, access),
            self._dial_pages(access),
            *recording_pages(around.recordings, around.store, self.facilities.ids, around.links, access),
        )
        self.blueprints: tuple[Blueprint, ...] = (
            *pages,
            description.pages(description.describe(pages)),
        )

    def start(self) -> None:
        """Begin to follow the keys, and to tell of calls; returns at once."""
        self.tokens.start()
        self.teller.start()
        if self.watch:
            self.watch.start()

    def stop(self) -> None:
        """Follow them no longer; what was heard is told first."""
        if self.watch:
            self.watch.stop()
        self.teller.stop()
        self.tokens.stop()

    def _dial_pages(self, access: Access) -> SmorestBlueprint:
        dial = Dial(self.facilities, Dialler(self.teller, self.facilities.ids, self.facilities.node))
        return dial_pages.blueprint(dial, self.facilities, self.teller.roll, access)

    def _watch(self, around: Surroundings) -> CallWatch | None:
        if around.event_socket is None:
            return None
        told, ids, node = around.told, self.facilities.ids, around.node
        connections = self.facilities.connections
        remembered = partial(unfinished, told, ids, connections, node) if told is not None else tuple
        return CallWatch(around.event_socket, around.password, node, self.teller, remembered)
