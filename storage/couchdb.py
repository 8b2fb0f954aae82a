"""Documents in CouchDB, BigCouch or anything that speaks as CouchDB 1.x does; an existing Kazoo database too.

Databases bear Kazoo's names. Nothing is written to a database that somebody else made but the documents we
are told to save: where a view is missing there, it is answered by a scan (storage.couchdb_scan).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import couchdb3
from couchdb3.utils import check_response

from storage.couchdb_feed import CouchFollowing
from storage.couchdb_link import CouchAddress, CouchLink, escaped
from storage.couchdb_media import open_media, put_media
from storage.couchdb_scan import Scans
from storage.document import Change, Document, ViewRow
from storage.errors import BadName, Conflict, NotFound
from storage.names import check_attachment, check_database, check_doc_id, decode, kind_of
from storage.revision import checked
from storage.views import VIEWS, design_documents, is_ours

PAGE = 500
"""Documents fetched at once when all are asked for: some hundred kilobytes to some megabytes."""

VIEW_MISSING_S = 60.0
"""How long a view that was not there is not asked for again."""


class _ViewMissing(NotFound):
    """The database is there, and lacks the view."""


class CouchStore:
    """A DocumentStore over a CouchDB. Args: link: to it, where the address alone makes the wrong one."""

    def __init__(self, address: CouchAddress, link: CouchLink | None = None) -> None:
        self._link = link or CouchLink(address)
        self._followings: set[CouchFollowing] = set()
        self._scans = Scans(self.all_documents, self.get, self.follow)
        self._missing_views: dict[tuple[str, str], float] = {}

    def get(self, database: str, doc_id: str) -> Document:
        """See DocumentStore.get."""
        place = self._database(database)
        check_doc_id(doc_id)
        with self._link.asked(database, doc_id):
            return dict(place.get(escaped(doc_id), check=True))

    def save(self, database: str, document: Document) -> Document:
        """See DocumentStore.save."""
        place, copy = self._database(database), checked(document)
        with self._link.asked(database, copy["_id"]):
            # by POST: couchdb3 would put the id into the path as it is
            _, _, rev = place.create(copy)
        self._scans.changed(database, copy["_id"])
        return {**copy, "_rev": rev}

    def delete(self, database: str, doc_id: str, rev: str) -> None:
        """See DocumentStore.delete."""
        place = self._database(database)
        check_doc_id(doc_id)
        try:
            with self._link.asked(database, doc_id):
                place.delete(escaped(doc_id), rev)
        except Conflict:
            self.get(database, doc_id)  # NotFound is the better answer where it is one; servers differ
            raise
        self._scans.changed(database, doc_id)

    def view(
        self,
        database: str,
        view: str,
        *,
        key: Any = None,
        start: Any = None,
        end: Any = None,
        include_docs: bool = False,
    ) -> list[ViewRow]:
        """See DocumentStore.view."""
        ask: dict[str, Any] = {"key": key, "startkey": start, "endkey": end}
        try:
            found = self._asked(database, view, ask, include_docs=include_docs)
        except _ViewMissing:
            return self._scans.rows(database, view, key, start, end, include_docs=include_docs)
        return _rows(found, include_docs=include_docs)

    def page(
        self,
        database: str,
        view: str,
        *,
        start: Any = None,
        end: Any = None,
        skip: int = 0,
        limit: int,
        scan: bool = True,
    ) -> list[ViewRow]:
        """See DocumentStore.page."""
        ask: dict[str, Any] = {"startkey": end, "endkey": start}
        try:
            found = self._asked(
                database, view, ask, include_docs=True, descending=True, skip=skip, limit=limit
            )
        except _ViewMissing:
            if not scan:
                raise
            return self._scans.page(database, view, start, end, skip=skip, limit=limit)
        return _rows(found, include_docs=True)

    def count(
        self, database: str, view: str, *, start: Any = None, end: Any = None, scan: bool = True
    ) -> int:
        """See DocumentStore.count. A view that nobody has counted is asked where its ends are."""
        ask: dict[str, Any] = {"startkey": start, "endkey": end}
        try:
            if view in VIEWS and VIEWS[view].is_counted:
                rows = self._asked(database, view, ask, reduce=True).rows
                return int(rows[0].value or 0) if rows else 0
            return self._offset(database, view, end, is_end=True) - self._offset(database, view, start)
        except _ViewMissing:
            if not scan:
                raise
            return self._scans.count(database, view, start, end)

    def _offset(self, database: str, view: str, key: Any, *, is_end: bool = False) -> int:
        """Return how many rows go before those of a key, and those with it if a range ends there."""
        found = self._asked(database, view, {"startkey": key}, limit=0)
        if key is None:
            return int(found.total_rows or 0) if is_end else 0
        return int(found.offset or 0) + (len(self._asked(database, view, {"key": key}).rows) if is_end else 0)

    def _asked(
        self, database: str, view: str, ask: dict[str, Any], *, reduce: bool = False, **options: Any
    ) -> couchdb3.ViewResult:
        """Ask the server for rows of a view. Raises: NotFound: no such database; _ViewMissing."""
        place = self._database(database)
        if self._missing_views.get((database, view), 0.0) >= time.monotonic():
            raise _ViewMissing(database, f"_view/{view}")
        design, _, name = view.partition("/")
        keys: Any = {each: json.dumps(value) for each, value in ask.items() if value is not None}
        try:
            with self._link.asked(database, f"_view/{view}"):
                # by default Kazoo's listing_by_prompt, and counted views of ours, are reduced
                return place.view(escaped(design), escaped(name), reduce=reduce, **options, **keys)
        except NotFound as exc:
            self._info(database)
            self._missing_views[database, view] = time.monotonic() + VIEW_MISSING_S
            raise _ViewMissing(database, f"_view/{view}") from exc

    def all_documents(self, database: str) -> Iterator[Document]:
        """See DocumentStore.all_documents."""
        place = self._database(database)
        last: str | None = None
        while True:
            ask: Any = {"startkey": json.dumps(last), "skip": 1} if last is not None else {}
            with self._link.asked(database):
                rows = place.all_docs(include_docs=True, limit=PAGE, **ask).rows
            yield from (dict(row.doc) for row in rows if row.doc and not row.id.startswith("_design/"))
            if len(rows) < PAGE:
                return
            last = rows[-1].id

    def databases(self, prefix: str = "") -> list[str]:
        """See DocumentStore.databases. The server's own (`_users`) are left out."""
        # CouchDB 1.x lists all of them, whatever it is asked
        ask: Any = {"startkey": json.dumps(prefix), "endkey": json.dumps(f"{prefix}\ufff0")}
        with self._link.asked("_all_dbs"):
            listed = self._link.server().all_dbs(**(ask if prefix else {}))
        return sorted(name for name in map(_known, listed) if name and name.startswith(prefix))

    def create_database(self, database: str) -> None:
        """See DocumentStore.create_database. Views go into databases that are empty or furnished by us."""
        place = self._database(database)
        with self._link.asked(database):
            response = self._link.client.put(self._link.url(database))
            is_new = response.status_code != 412
            if is_new:
                check_response(response)
        if is_new or self._info(database)["doc_count"] == 0 or self._is_furnished(place, database):
            self._furnish(place, database)

    def put_attachment(
        self, database: str, doc_id: str, name: str, content_type: str, source: BinaryIO, size_bytes: int
    ) -> Document:
        """See DocumentStore.put_attachment."""
        self._database(database)
        check_doc_id(doc_id)
        check_attachment(name)
        document = put_media(self._link, (database, doc_id, name), content_type, source, size_bytes)
        self._scans.changed(database, doc_id)
        return document

    def open_attachment(self, database: str, doc_id: str, name: str) -> BinaryIO:
        """See DocumentStore.open_attachment. The stream is the server's answer as it arrives."""
        self._database(database)
        check_doc_id(doc_id)
        return open_media(self._link, database, doc_id, check_attachment(name))

    def follow(self, database: str, on_change: Callable[[Change], None]) -> CouchFollowing:
        """See DocumentStore.follow. One greenlet and one connection each."""
        self._database(database)
        following = CouchFollowing(self._link, database, on_change, self._followings.discard)
        self._followings.add(following)
        following.start()
        return following

    def ping(self) -> None:
        """See DocumentStore.ping."""
        with self._link.asked(""):
            self._link.server().info()

    def close(self) -> None:
        """See DocumentStore.close."""
        self._scans.close()
        for following in list(self._followings):
            following.stop()
        self._link.close()

    def _database(self, database: str) -> couchdb3.Database:
        return self._link.database(check_database(database))

    def _info(self, database: str) -> dict[str, Any]:
        """Return what the server says of a database. Raises: NotFound."""
        with self._link.asked(database):
            return dict(self._database(database).info())

    def _is_furnished(self, place: couchdb3.Database, database: str) -> bool:
        """Whether a database has a design document of ours: then it is one we made."""
        return any(
            is_ours(self._design(place, database, design["_id"]))
            for design in design_documents(kind_of(database))
        )

    def _furnish(self, place: couchdb3.Database, database: str) -> None:
        """Install our design documents, but for those that somebody else has written."""
        for design in design_documents(kind_of(database)):
            there = self._design(place, database, design["_id"])
            if there and (not is_ours(there) or there["views"] == design["views"]):
                continue
            try:
                with self._link.asked(database, design["_id"]):
                    place.create({**design, "_rev": there["_rev"]} if there else design)
            except Conflict:  # another process of ours is at the same
                continue

    def _design(self, place: couchdb3.Database, database: str, doc_id: str) -> Document:
        """Return a design document, {} if there is none."""
        try:
            with self._link.asked(database, doc_id):
                return dict(place.get(doc_id, check=True))
        except NotFound:
            return {}


def _rows(found: couchdb3.ViewResult, *, include_docs: bool) -> list[ViewRow]:
    rows = [
        ViewRow(row.key, row.value, row.id, dict(row.doc) if include_docs and row.doc else None)
        for row in found.rows
    ]
    # a document deleted between index and answer has none
    return [row for row in rows if row.document is not None] if include_docs else rows


def _known(name: str) -> str | None:
    """Return the slash form of a database a server lists, None for those that are not ours to name."""
    try:
        return decode(name)
    except BadName:
        return None
