"""A ConfigSource in memory, whose store can go away, break and be slow."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from gevent.event import Event

from config.errors import ConfigDocumentBroken, ConfigSourceUnavailable
from config.system import SystemConfig

DEADLINE_S = 5.0


class MemorySource:
    """Documents in a dictionary.

    Attributes: is_down: nothing can be read or followed; broken: documents that are no JSON objects;
    raising: what reading a document raises; gate: reads wait until it is set; entered, left: a read has
    begun, and passed the gate; reads: how often each was read; followers: callbacks by database.
    """

    def __init__(self) -> None:
        self.documents: dict[tuple[str, str], dict[str, Any]] = {}
        self.is_down = False
        self.broken: set[tuple[str, str]] = set()
        self.raising: dict[tuple[str, str], Exception] = {}
        self.gate = Event()
        self.gate.set()
        self.entered = Event()
        self.left = Event()
        self.reads: Counter[tuple[str, str]] = Counter()
        self.followers: dict[str, list[Callable[[str], None]]] = {}

    def read(self, database: str, doc_id: str) -> dict[str, Any] | None:
        """Return a copy of a document as it was when the read began."""
        name = (database, doc_id)
        self.reads[name] += 1
        found = copy.deepcopy(self.documents.get(name))
        self.entered.set()
        assert self.gate.wait(DEADLINE_S)
        self.left.set()
        if self.is_down:
            raise ConfigSourceUnavailable("connection refused")
        if name in self.raising:
            raise self.raising[name]
        if name in self.broken:
            raise ConfigDocumentBroken("is no JSON (line 3)")
        return found

    def follow(self, database: str, on_change: Callable[[str], None]) -> Callable[[], None]:
        """Keep a callback until it is stopped."""
        if self.is_down:
            raise ConfigSourceUnavailable("connection refused")
        callbacks = self.followers.setdefault(database, [])
        callbacks.append(on_change)
        return lambda: callbacks.remove(on_change)

    def account_database(self, account_id: str) -> str | None:
        """Name databases as a folder does."""
        return f"account/{account_id}" if account_id.isalnum() else None

    def put(self, database: str, doc_id: str, document: dict[str, Any] | None) -> None:
        """Save (None: delete) a document and tell the followers."""
        if document is None:
            self.documents.pop((database, doc_id), None)
        else:
            self.documents[database, doc_id] = copy.deepcopy(document)
        self.tell(database, doc_id)

    def tell(self, database: str, doc_id: str) -> None:
        """Tell the followers of a change."""
        for callback in list(self.followers.get(database, [])):
            callback(doc_id)


@pytest.fixture
def source() -> MemorySource:
    """An empty store."""
    return MemorySource()


@pytest.fixture
def started(source: MemorySource) -> Iterator[Callable[..., SystemConfig]]:
    """Makes a SystemConfig on the store, started, with the node and zone of most tests."""
    made = []

    def make(**options: Any) -> SystemConfig:
        config = SystemConfig(
            source,
            **{
                "node": "fs1",
                "zone": "west",
                "retry_pauses_s": (0.01, 0.02),
                "account_wait_s": 1.0,
                **options,
            },
        )
        made.append(config)
        config.start(wait_s=DEADLINE_S)
        return config

    yield make
    for config in made:
        config.stop()


@pytest.fixture
def edit(source: MemorySource) -> Callable[..., None]:
    """Saves a document and waits until it is in force."""

    def save(config: SystemConfig, database: str, doc_id: str, document: dict[str, Any] | None) -> None:
        source.put(database, doc_id, document)
        assert config.settle(DEADLINE_S)

    return save


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    """What is logged during a test."""
    with structlog.testing.capture_logs() as entries:
        yield entries
