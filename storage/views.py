"""The views of Kazoo's design documents that this project asks for: which there are, and where they belong.

Each is defined once (storage.views_account, views_callcontrol, ...), as a Python function beside its
JavaScript map. The Python one answers in a folder, and on a CouchDB that lacks the view; the JavaScript
one is installed in databases that this project creates. A design document written by anyone else is
never touched: on an existing Kazoo database the views are Kazoo's own, with the same keys.
"""

from __future__ import annotations

from storage import views_account, views_callcontrol, views_endpoint, views_recordings, views_shared
from storage.document import Document
from storage.errors import NotFound
from storage.names import DatabaseKind
from storage.view import View

MARK = "written_by"
"""The field of a design document by which we know our own again..."""

MARK_VALUE = "callflows"
"""...and what it says."""

VIEWS: dict[str, View] = {
    view.name: view
    for view in (
        *views_account.VIEWS,
        *views_callcontrol.VIEWS,
        *views_endpoint.VIEWS,
        *views_recordings.VIEWS,
        *views_shared.VIEWS,
    )
}
"""Every view by its name, `design/view`."""


def known_view(database: str, name: str) -> View:
    """Return a view by name. Raises: NotFound, since neither this project nor the server has it."""
    try:
        return VIEWS[name]
    except KeyError as exc:
        raise NotFound(database, f"_view/{name}") from exc


def views_of(kind: DatabaseKind) -> list[View]:
    """Return the views that belong into a kind of database."""
    return [view for view in VIEWS.values() if kind in view.kinds]


def design_documents(kind: DatabaseKind) -> list[Document]:
    """Return the design documents for a new database of a kind, without revisions."""
    designs: dict[str, Document] = {}
    for view in views_of(kind):
        design, name = view.name.split("/")
        document = designs.setdefault(
            design,
            {"_id": f"_design/{design}", "language": "javascript", MARK: MARK_VALUE, "views": {}},
        )
        document["views"][name] = {"map": view.javascript} | ({"reduce": "_count"} if view.is_counted else {})
    return list(designs.values())


def is_ours(design_document: Document) -> bool:
    """Whether a design document was installed by this project, and so may be replaced by it."""
    return design_document.get(MARK) == MARK_VALUE
