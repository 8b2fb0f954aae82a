"""What an action is given: the call it is run for, and everything around it that it may use.

Actions never see a socket, a database or a settings file; whatever they need is asked for here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from callflows.action import WILDCARD, Next, Step
from callflows.document import Flow, Node
from callflows.library import Library
from callflows.lookup import Found, Lookup
from callflows.media import ACCOUNTS, Audience, MediaCatalogue
from calls.call import Call
from calls.ending import CallEnd
from calls.program import Program
from config.configuration import Configuration, Configured
from recording.call_recorder import CallRecorder
from storage.document import Document
from storage.names import account_db

MAX_WALKED = 200
"""Actions named in the line a call leaves in the log."""

Handler = Callable[[CallEnd | None], None]


@dataclass(frozen=True, slots=True)
class Facilities:
    """What all calls share.

    Attributes: media_dir: where FreeSWITCH writes what callers record into documents; programs: other
    languages, by name (calls.program).
    """

    library: Library
    lookup: Lookup
    media: MediaCatalogue
    config: Configuration
    recorder: CallRecorder
    media_dir: Path
    programs: Mapping[str, Program] = field(default_factory=dict)


@dataclass(slots=True)
class Kvs:
    """What a call remembers from action to action (reference section 1.9)."""

    flow_id: str = ""
    flow_name: str = ""
    capture_group: str = ""
    capture_groups: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    no_match: bool = False
    last_action: str = ""
    old_action: str = ""
    owner_id: str = ""
    recordings: list[str] = field(default_factory=list)
    recording_follow_transfer: bool = True


class FlowRun:
    """One run of callflows on one call.

    Attributes: call; facilities: see there; account_id: of the call; kvs: see there; node, flow: where the
    run is; walked: the actions run so far; continue_on_destroy: whether nodes are run after hangup too.
    """

    __slots__ = (
        "_config",
        "_handlers",
        "account_id",
        "call",
        "continue_on_destroy",
        "facilities",
        "flow",
        "kvs",
        "node",
        "walked",
        "walked_count",
    )

    def __init__(self, call: Call, facilities: Facilities, flow: Flow) -> None:
        self.call = call
        self.facilities = facilities
        self.account_id = call.account_id
        self.kvs = Kvs(flow_id=flow.doc_id, flow_name=flow.name, owner_id=call.identity.owner_id)
        self.flow = flow
        self.node = flow.root
        self.walked: list[str] = []
        self.walked_count = 0
        self.continue_on_destroy = False
        self._config: Configured | None = None
        self._handlers: list[Handler] | None = None

    # -- where to go ----------------------------------------------------------------------------------

    def attempt(self, key: str) -> Next | None:
        """Return the way to exactly this child, None when it is absent or empty: no other is tried."""
        child = self.node.children.get(key)
        return None if child is None or child.is_empty else Next(Step.ENTER, node=child)

    def peek(self, key: str) -> Node | None:
        """Return the node `continue_to(key)` would come to, None for none."""
        children = self.node.children
        return children.get(key) or children.get(WILDCARD)

    def has_child(self, key: str) -> bool:
        """Whether the node has a child of that key, be it empty."""
        return key in self.node.children

    @property
    def is_wildcard_empty(self) -> bool:
        """Whether nothing stands on `_`."""
        child = self.node.children.get(WILDCARD)
        return child is None or child.is_empty

    def branch(self, callflow_id: str) -> Next | None:
        """Return the way into another callflow of the account, None when there is no such document.

        Raises: StoreUnavailable.
        """
        flow = self.facilities.lookup.flow(callflow_id, self.account_id)
        return None if flow is None else Next(Step.BRANCH, flow=flow)

    def lookup(self, number: str) -> Found | None:
        """Return what a number leads to in the account. Raises: StoreUnavailable."""
        return self.facilities.lookup.find(number, self.account_id)

    def enter_found(self, found: Found) -> Next:
        """Return the way into what a lookup found, its captures noted."""
        self.kvs.capture_group = found.capture_group
        self.kvs.capture_groups = found.capture_groups
        return Next(Step.BRANCH, flow=found.flow)

    # -- what to know ---------------------------------------------------------------------------------

    def config(self, category: str, *path: str) -> Any:
        """Return a configuration value in force for this account."""
        return self.configured.get(category, *path)

    @property
    def configured(self) -> Configured:
        """The configuration as this account sees it."""
        if self._config is None:
            self._config = self.facilities.config.for_account(self.account_id)
        return self._config

    def document(self, doc_id: str) -> Document | None:
        """Return a document of the account, None when it is not there. Raises: StoreUnavailable."""
        if not doc_id:
            return None
        return self.facilities.library.find(account_db(self.account_id), doc_id)

    @property
    def account(self) -> Document:
        """The account's document, empty when there is none. Raises: StoreUnavailable."""
        return self.facilities.library.find(ACCOUNTS, self.account_id) or self.document(self.account_id) or {}

    @property
    def recorder(self) -> CallRecorder:
        """The recorder of all calls."""
        return self.facilities.recorder

    @property
    def language(self) -> str:
        """The call's language, else that of the caller's device, its owner, the account, the configuration.

        Raises: StoreUnavailable.
        """
        if self.call.language:
            return self.call.language
        device = self.document(self.call.identity.authorizing_id)
        owner = self.document(self.kvs.owner_id)
        for document in (device, owner, self.account):
            language = (document or {}).get("language")
            if isinstance(language, str) and language:
                return language
        return str(self.config("media", "default_language"))

    @property
    def audience(self) -> Audience:
        """For whom media are looked up. Raises: StoreUnavailable."""
        return Audience(
            account_id=self.account_id,
            language=self.language,
            default_language=str(self.config("media", "default_language")),
            http_cache=bool(self.config("ecallmgr", "use_http_cache")),
        )

    # -- what to do when it is over -------------------------------------------------------------------

    def at_end(self, handler: Handler) -> None:
        """Run `handler` once the channel is gone, with how it ended; the same handler only once.

        Not run when the channel lives on elsewhere. It must not need the channel.
        """
        if self._handlers is None:
            self._handlers = []
        if handler not in self._handlers:
            self._handlers.append(handler)

    def take_handlers(self) -> list[Handler]:
        """Return the handlers in the order they were added, and keep none."""
        handlers, self._handlers = self._handlers or [], None
        return handlers

    def moved(self, node: Node, flow: Flow) -> None:
        """Note where the run is now (the engine's affair)."""
        self.node, self.flow = node, flow

    def launched(self, module: str) -> None:
        """Note that an action is run (the engine's affair)."""
        self.kvs.old_action, self.kvs.last_action = self.kvs.last_action, module
        self.walked_count += 1
        if len(self.walked) < MAX_WALKED:
            self.walked.append(module)
