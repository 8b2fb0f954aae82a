"""The recordings of an account as its months' documents have them, page by page.

A month is one database. Its recordings are never read through: a page is a range of a view, and how many
there are the server knows. Months come the newest first, and within each the newest recordings (one
that lasts over the end of a month stays with those of its beginning).

In a database that Kazoo made our view is missing. Without a filter its own listing serves; with one, rows
come of a scan, once (storage.couchdb_scan).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

import gevent.pool

from callcontrol.recordings_index import Index, bounds
from callcontrol.recordings_query import Span
from config.gregorian import UNIX_EPOCH_S
from storage import names
from storage.document import Document, DocumentStore, ViewRow
from storage.errors import BadDocument, BadName, NotFound, StoreError
from storage.views_recordings import LISTING, recording_id_of

KAZOOS = "recordings/crossbar_listing"
"""Of all recordings by their creation, in every month's database that Kazoo or we made."""

TIMES_US = ("started", "ended")
"""Indexes whose times are epoch microseconds; of others they are Gregorian seconds."""

MAX_SKIP = 400
"""Rows that a server may pass over for a page; CouchDB 3 takes a tenth of a second for that."""

AT_ONCE = 8
"""Months that are asked at the same time."""

ALWAYS = Span()

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Held:
    """A recording's document, and the database it is in."""

    database: str
    document: Document

    @property
    def place(self) -> str:
        """As links name it (recording.link_archive)."""
        return f"{self.database}/{self.document['_id']}"


@dataclass(frozen=True, slots=True)
class _Month:
    """What of a month is in an index: its view, and how many rows."""

    database: str
    view: str
    count: int = 0


class Months:
    """An account's documents in one store. Raises, from every method: StoreUnavailable."""

    def __init__(self, store: DocumentStore, account_id: str) -> None:
        self._store = store
        self._account_id = account_id

    def find(self, recording_id: str, document_id: str = "") -> Held | None:
        """Return a recording's document, None when no month has it, or it was deleted.

        Args: document_id: where that is known, so that no month has to be searched.
        """
        if document_id:
            return self._get(document_id, recording_id)
        for database in self.databases():
            month = names.month_of(database)
            held = self._get(f"{month}-{recording_id}", recording_id)
            if held is not None:
                return held
        return self._named_otherwise(recording_id)

    def databases(self, span: Span = ALWAYS, unix_per_s: float = 0) -> list[str]:
        """Return the months there are, the newest first. Args: span: only those that may have such times;
        unix_per_s: how many of its units a second has, 0 for Gregorian seconds.
        """
        prefix = f"{names.account_db(self._account_id)}-"
        found = [name for name in self._store.databases(prefix) if names.account_of(name) == self._account_id]
        first, last = _month(span.low, unix_per_s, "000000"), _month(span.high, unix_per_s, "999999")
        # A recording is in the month it was asked for; that it is over may be in the next.
        first = _before(first)
        return [name for name in reversed(found) if first <= (names.month_of(name) or "") <= last]

    def rows(self, index: Index) -> Rows:
        """Return the rows of an index."""
        per_s = 1e6 if index.what in TIMES_US else 0
        return Rows(self._store, index, self.databases(index.span, per_s))

    def _get(self, document_id: str, recording_id: str) -> Held | None:
        try:
            database = names.database_of_document(self._account_id, document_id)
            document = self._store.get(database, document_id)
        except (NotFound, BadName, BadDocument):
            return None
        is_it = recording_id_of(document) == recording_id and document.get("pvt_type") == "call_recording"
        return Held(database, document) if is_it and not document.get("pvt_deleted") else None

    def _named_otherwise(self, recording_id: str) -> Held | None:
        """Find one whose document has a name of its own (`media_id`), where no scan is needed for it."""
        start, end = bounds(["id", recording_id], Span())
        for database in self.databases():
            try:
                rows = self._store.page(database, LISTING, start=start, end=end, limit=1, scan=False)
            except NotFound:
                continue
            if rows and rows[0].document is not None:
                return Held(database, rows[0].document)
        return None


class Rows:
    """The rows of one index over some months, the newest first, counted at once."""

    def __init__(self, store: DocumentStore, index: Index, databases: list[str]) -> None:
        self._store = store
        self.index = index
        self._months = [one for one in _each(self._counted, databases) if one.count]

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(month.count for month in self._months)

    def newer_than(self, time: float) -> int:
        """Return how many have a later time."""
        return sum(_each(lambda month: self._later(month, time), self._months))

    def page(self, skip: int, limit: int) -> list[Held]:
        """Return some of them."""
        found: list[Held] = []
        for month in self._months:
            if skip >= month.count:
                skip -= month.count
                continue
            wanted = min(limit - len(found), month.count - skip)
            found += self._page(month, skip, wanted)
            skip = 0
            if len(found) >= limit:
                break
        return found

    def all(self, chunk: int) -> Iterator[Held]:
        """Yield them one after the other, read some at a time."""
        for month in self._months:
            for skip in range(0, month.count, chunk):
                yield from self._page(month, skip, chunk)

    def _counted(self, database: str) -> _Month:
        is_all = self.index.what == "all"
        for view, scan in ((LISTING, not is_all), (KAZOOS, True)):
            month = _Month(database, view)
            try:
                return replace(month, count=self._count(month, self.index.span, scan=scan))
            except NotFound:  # Kazoo's database, or one that was deleted this moment
                if not is_all:
                    break
        return _Month(database, LISTING)

    def _count(self, month: _Month, span: Span, *, scan: bool = True) -> int:
        if span.low > span.high:  # which CouchDB refuses
            return 0
        start, end = bounds(self._prefix(month), span)
        return self._store.count(month.database, month.view, start=start, end=end, scan=scan)

    def _page(self, month: _Month, skip: int, limit: int) -> list[Held]:
        span, skip = self._nearer(month, skip)
        start, end = bounds(self._prefix(month), span)
        try:
            rows: list[ViewRow] = self._store.page(
                month.database, month.view, start=start, end=end, skip=skip, limit=limit
            )
        except NotFound:
            return []
        return [Held(month.database, row.document) for row in rows if row.document is not None]

    def _nearer(self, month: _Month, skip: int) -> tuple[Span, int]:
        """Return a span that begins nearer to a place in a month, and how many rows to pass over there.

        A server passes over rows one by one, but counts them at once: some twenty counts find a time that has
        about so many rows after it.
        """
        span = self.index.span
        if skip <= MAX_SKIP:
            return span, skip
        newest = self._time_of_newest(month)
        if newest is None:
            return span, skip
        step = 1_000_000 if self.index.what in TIMES_US else 1
        near, far = 0, 1  # so many steps before the newest: at most, and more than, `skip` rows are later
        passed = 0
        while (later := self._later(month, newest - far * step)) <= skip:
            near, passed, far = far, later, far * 2
        while far - near > 1 and skip - passed > MAX_SKIP:
            middle = (near + far) // 2
            later = self._later(month, newest - middle * step)
            near, far, passed = (middle, far, later) if later <= skip else (near, middle, passed)
        return replace(span, high=min(span.high, newest - near * step)), skip - passed

    def _later(self, month: _Month, time: float) -> int:
        """Return how many rows of a month are after a time."""
        after = math.nextafter(time, math.inf)
        return self._count(month, replace(self.index.span, low=max(self.index.span.low, after)))

    def _time_of_newest(self, month: _Month) -> int | None:
        start, end = bounds(self._prefix(month), self.index.span)
        try:
            rows = self._store.page(month.database, month.view, start=start, end=end, limit=1)
        except NotFound:
            return None
        place = len(self._prefix(month))
        time = rows[0].key[place] if rows and isinstance(rows[0].key, list) else None
        return math.floor(time) + 1 if isinstance(time, int | float) else None

    def _prefix(self, month: _Month) -> list[str]:
        return [self.index.what, self.index.value] if month.view == LISTING else []


def _each(work: Callable[[T], R], items: list[T]) -> list[R]:
    """Do something with each item, some at a time. Raises: StoreError, the first there is."""

    def done(item: T) -> R | StoreError:
        try:
            return work(item)
        except StoreError as exc:
            return exc

    if len(items) < 2:
        return [work(item) for item in items]
    results: list[R | StoreError] = gevent.pool.Pool(AT_ONCE).map(done, items)
    found: list[R] = []
    for result in results:
        if isinstance(result, StoreError):
            raise result
        found.append(result)
    return found


def _month(time: float, unix_per_s: float, otherwise: str) -> str:
    """Return the month of a time as YYYYMM; `otherwise` of one that is open, or beyond any calendar."""
    try:
        seconds = time / unix_per_s if unix_per_s else time - UNIX_EPOCH_S
        found = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return otherwise
    return f"{found.year:04}{found.month:02}"


def _before(month: str) -> str:
    year, number = int(month[:4]), int(month[4:])
    if number <= 1:
        return f"{max(0, year - 1):04}12"
    return f"{year:04}{number - 1:02}"
