"""What a cache holds: answers of a store by question, counted, weighed, the longest unused dropped first."""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from storage.document import Document, ViewRow
from storage.errors import NotFound

MAX_ENTRIES = 100_000
"""A thousand accounts of a hundred documents that calls have asked for."""

MAX_BYTES = 256 * 1024 * 1024
"""Of JSON; in memory it takes some three times that. A server that runs FreeSWITCH can spare it."""

VIEW = "_view"
"""First part of a view's question; no document id begins with an underscore."""

Question = tuple[str, ...]
"""Within one database: (document id,) or (VIEW, name, arguments as JSON)."""

Answer = Document | list[ViewRow] | NotFound


@dataclass(slots=True)
class Entry:
    """One answer.

    Attributes: is_stale: no longer to be relied on, and still better than none; is_ours: stale by a change
    of this process's own, which then must see it: only a store that is away excuses the old answer.
    """

    answer: Answer
    size_bytes: int
    fetched_at: float
    is_stale: bool = False
    is_ours: bool = False


class Entries:
    """The answers of one store, over all databases."""

    def __init__(self, max_entries: int = MAX_ENTRIES, max_bytes: int = MAX_BYTES) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._by_use: OrderedDict[tuple[str, Question], Entry] = OrderedDict()
        self._of_database: dict[str, set[Question]] = {}
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._by_use)

    def find(self, database: str, question: Question) -> Entry | None:
        """Return an entry, which thereby is the latest used."""
        entry = self._by_use.get((database, question))
        if entry is not None:
            self._by_use.move_to_end((database, question))
        return entry

    def put(self, database: str, question: Question, answer: Answer, *, is_stale: bool = False) -> None:
        """Keep an answer, and make room for it."""
        self.remove(database, question)
        entry = Entry(answer, _size_of(answer), time.monotonic(), is_stale)
        self._by_use[database, question] = entry
        self._of_database.setdefault(database, set()).add(question)
        self.size_bytes += entry.size_bytes
        while len(self._by_use) > self._max_entries or self.size_bytes > self._max_bytes:
            self.remove(*next(iter(self._by_use)))

    def remove(self, database: str, question: Question) -> None:
        """Drop an entry, if it is there."""
        entry = self._by_use.pop((database, question), None)
        if entry is not None:
            self.size_bytes -= entry.size_bytes
            questions = self._of_database[database]
            questions.discard(question)
            if not questions:
                del self._of_database[database]

    def remove_database(self, database: str) -> None:
        """Drop all of a database."""
        for question in list(self._of_database.get(database, ())):
            self.remove(database, question)

    def spoil(self, database: str, doc_id: str, *, is_ours: bool = False) -> None:
        """Mark stale what a change of one document may have changed: it, and every view of its database.

        Args: doc_id: "" when anything may have changed; is_ours: whether this process made the change.
        """
        for question in self._of_database.get(database, ()):
            if not doc_id or question[0] in (doc_id, VIEW):
                entry = self._by_use[database, question]
                entry.is_stale = True
                entry.is_ours = entry.is_ours or is_ours


def _size_of(answer: Answer) -> int:
    if isinstance(answer, NotFound):
        return 100
    if isinstance(answer, dict):
        return len(json.dumps(answer))
    return sum(len(json.dumps([row.key, row.value, row.document])) for row in answer) + 100


def view_question(name: str, **arguments: Any) -> Question:
    """Return the question a view is cached by."""
    return (VIEW, name, json.dumps(arguments, sort_keys=True))
