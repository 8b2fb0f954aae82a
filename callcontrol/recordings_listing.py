"""One page of an account's recordings: documents of its months, and what waits on this host, as one list.

The newest come first, by the time that is filtered by, else by their creation. Nothing is read but the page:
how many documents go before it is counted. What waits is few, and its keys are at hand, so each one's place
among the documents is found by counting, too (a bisection: a dozen counts on a page far back, none on the
first).

Filters that no single range of keys answers are held against the documents, from the newest on, up to a bound
of how many are looked at; as long as there may be more, there is another page.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import islice

from callcontrol.errors import BAD_REQUEST, Fault, Unprocessable
from callcontrol.recordings_index import Index, fits, indexes_of
from callcontrol.recordings_months import Held, Months, Rows
from callcontrol.recordings_query import Wanted
from callcontrol.recordings_waiting import Waiting, WaitingRecordings, document_of
from storage.document import Document, DocumentStore
from storage.outbox import Outbox
from storage.views_recordings import recording_id_of

CHUNK = 200
MAX_LOOKED_AT = 10_000
"""Documents that are read for one page, where they must be: some seconds, in which calls go on."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recording. Attributes: document: its own, or what it would say; place: `<database>/<id>` of that
    document where it is in the store, "" elsewhere.
    """

    document: Document
    place: str = ""

    @property
    def recording_id(self) -> str:
        """32 hex digits."""
        return recording_id_of(self.document)


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a list. `total`: of the list, or more than can be on this page where nobody counted."""

    items: list[Recorded]
    total: int


class Listing:
    """Finds recordings. Args: store: months are asked straight through its cache; outbox: of this host."""

    def __init__(self, store: DocumentStore, outbox: Outbox) -> None:
        self._store = store
        self._outbox = outbox
        self._waiting = WaitingRecordings(outbox)

    def page(self, account_id: str, wanted: Wanted, number: int, size: int) -> Page:
        """Return a page of an account's recordings. Args: number: from 1.

        Raises: StoreUnavailable; Unprocessable: too many would have to be looked at for it.
        """
        if wanted.nothing:
            return Page([], 0)
        months = Months(self._store, account_id)
        rows = min((months.rows(index) for index in indexes_of(wanted)), key=lambda each: each.total)
        index = rows.index
        waiting = self._waiting.listed(account_id, wanted, index)
        skip = (number - 1) * size
        if index.is_whole:
            return self._counted(rows, waiting, index, skip, size)
        found = list(islice(self._one_by_one(rows, waiting, wanted, index), skip + size + 1))
        return Page(found[skip : skip + size], len(found))

    def find(self, account_id: str, recording_id: str) -> Recorded | None:
        """Return one of an account's recordings, None when it has none of that id, or not yet.

        Raises: StoreUnavailable.
        """
        entry = self._outbox.register.get(recording_id)
        if entry is None:
            held = Months(self._store, account_id).find(recording_id)
            return Recorded(held.document, held.place) if held is not None else None
        document = document_of(entry)
        if entry.row.expected.account_id != account_id or document is None:
            return None
        held = Months(self._store, account_id).find(recording_id, entry.row.expected.document_id)
        return Recorded(held.document, held.place) if held is not None else Recorded(document)

    def _counted(self, rows: Rows, waiting: list[Waiting], index: Index, skip: int, size: int) -> Page:
        total = rows.total + len(waiting)
        if skip >= total:
            return Page([], total)

        def before(position: int) -> int:
            """Return how many of those that wait stand before a position of the list."""
            if not waiting or not position:
                return 0
            return bisect_left(
                range(len(waiting)), position, key=lambda at: at + rows.newer_than(waiting[at].time)
            )

        first, last = before(skip), before(min(skip + size, total))
        held = rows.page(skip - first, min(skip + size, total) - last - (skip - first))
        return Page(self._together(held, waiting[first:last], waiting, index), total)

    def _together(
        self, held: list[Held], part: list[Waiting], waiting: list[Waiting], index: Index
    ) -> list[Recorded]:
        """Return a page in order. A document whose media are still on their way stands once."""
        twice = {one.recording_id for one in waiting}
        documents = self._waiting.documents([one.recording_id for one in part if one.document is None])
        told = [(one.time, one.document or documents.get(one.recording_id)) for one in part]
        ours = [(time, Recorded(document)) for time, document in told if document is not None]
        theirs = [
            (index.time_of(one.document), Recorded(one.document, one.place))
            for one in held
            if recording_id_of(one.document) not in twice
        ]
        ordered = sorted([*ours, *theirs], key=lambda each: each[0], reverse=True) if ours else theirs
        return [one for _, one in ordered if one.recording_id]

    def _one_by_one(
        self, rows: Rows, waiting: list[Waiting], wanted: Wanted, index: Index
    ) -> Iterator[Recorded]:
        """Yield what is wanted. Raises: Unprocessable: too much had to be looked at."""
        twice = {one.recording_id for one in waiting}

        def fitting() -> Iterator[tuple[float, Recorded]]:
            for looked_at, one in enumerate(rows.all(CHUNK)):
                if looked_at == MAX_LOOKED_AT:
                    raise too_many()
                if fits(one.document, wanted) and recording_id_of(one.document) not in twice:
                    yield index.time_of(one.document), Recorded(one.document, one.place)

        ours = ((one.time, Recorded(one.document)) for one in waiting if one.document is not None)
        for _, one in merge(ours, fitting(), key=lambda each: each[0], reverse=True):
            if one.recording_id:
                yield one


def too_many() -> Unprocessable:
    """Return the error for filters that leave too much to be looked at."""
    detail = (
        f"More than {MAX_LOOKED_AT} recordings would have to be looked at one by one. "
        "Add filter[created_at], or filter by less at a time."
    )
    return Unprocessable(Fault(BAD_REQUEST, detail, parameter="filter"))
