"""The views over an account's documents of call control. Kazoo has none of these; names and maps are our
own.
"""

from __future__ import annotations

from storage.document import Document
from storage.names import DatabaseKind
from storage.view import Rows, View, is_live, items

_ACCOUNT = frozenset({DatabaseKind.ACCOUNT})


def _connection_numbers(document: Document) -> Rows:
    if not is_live(document, "connection"):
        return []
    return [(number, None) for number in items(document.get("numbers"))]


_CONNECTION_NUMBERS = """function (doc) {
  if (doc.pvt_type !== "connection" || doc.pvt_deleted || !doc.numbers || !doc.numbers.forEach) { return; }
  doc.numbers.forEach(function (number) { emit(number, null); });
}"""


def _connections(document: Document) -> Rows:
    return [(document.get("_id"), None)] if is_live(document, "connection") else []


_CONNECTIONS = """function (doc) {
  if (doc.pvt_type === "connection" && !doc.pvt_deleted) { emit(doc._id, null); }
}"""


def _media_names(document: Document) -> Rows:
    name = document.get("name")
    return [(name, None)] if is_live(document, "media") and isinstance(name, str) else []


_MEDIA_NAMES = """function (doc) {
  if (doc.pvt_type === "media" && !doc.pvt_deleted && typeof doc.name === "string") { emit(doc.name, null); }
}"""


VIEWS = (
    View("connections/listing_by_number", _ACCOUNT, _connection_numbers, _CONNECTION_NUMBERS),
    View("connections/listing", _ACCOUNT, _connections, _CONNECTIONS),
    View("callcontrol_media/listing_by_name", _ACCOUNT, _media_names, _MEDIA_NAMES),
)
