"""The views over an account's documents: callflows, lists, mailboxes, directories, parking.

Source: the design documents of Kazoo's account databases (names and keys; the maps are our own).
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from storage.document import Document
from storage.names import DatabaseKind
from storage.view import Rows, View, is_live, items, members, picked, text, truthy

_ACCOUNT = frozenset({DatabaseKind.ACCOUNT})

_ENTRY_FIELDS = (
    "capture_group_key",
    "capture_group_length",
    "name",
    "number",
    "pattern",
    "prefix",
    "regexp",
    "type",
)

_LEADING_INTEGER = re.compile(r"\s*([+-]?[0-9]{1,30})")
"""What JavaScript's parseInt takes from the front of a text; 30 digits hold any mailbox there will be."""


def _callflow_rows(field: str, document: Document) -> Rows:
    if not is_live(document, "callflow"):
        return []
    name = document.get("name")
    value = {"name": name if truthy(name) else document.get("_id")}
    return [(item, value) for item in items(document.get(field))]


def _callflow_map(field: str) -> str:
    return f"""function (doc) {{
  if (doc.pvt_type !== "callflow" || doc.pvt_deleted || !doc.{field} || !doc.{field}.forEach) {{ return; }}
  doc.{field}.forEach(function (item) {{ emit(item, {{name: doc.name || doc._id}}); }});
}}"""


def _mailbox_number(document: Document) -> Rows:
    return [(document.get("mailbox"), None)] if is_live(document, "vmbox") else []


_MAILBOX_NUMBER = """function (doc) {
  if (doc.pvt_type === "vmbox" && !doc.pvt_deleted) { emit(doc.mailbox, null); }
}"""


def _mailbox_integer(document: Document) -> Rows:
    if not is_live(document, "vmbox"):
        return []
    mailbox = document.get("mailbox")
    if isinstance(mailbox, int | float) and not isinstance(mailbox, bool):
        return [(int(mailbox), None)]
    found = _LEADING_INTEGER.match(text(mailbox))
    return [(int(found[1]) if found else None, None)]


_MAILBOX_INTEGER = """function (doc) {
  var kind = typeof doc.mailbox;
  if (doc.pvt_type !== "vmbox" || doc.pvt_deleted) { return; }
  emit(kind === "string" || kind === "number" ? parseInt(doc.mailbox, 10) : null, null);
}"""


def _list_entries(document: Document) -> Rows:
    if is_live(document, "list_entry"):
        return [(document.get("list_id"), picked(document, _ENTRY_FIELDS))]
    if not is_live(document, "list"):
        return []
    return [
        (document.get("_id"), _embedded_entry(document, key, members(entry)))
        for key, entry in members(document.get("entries")).items()
    ]


def _embedded_entry(document: Document, key: str, entry: dict[str, Any]) -> dict[str, Any]:
    """Kazoo before 4.0 kept a list's entries within the list, under other names."""
    row: dict[str, Any] = {"capture_group_key": key}
    if "length" in document:
        row["capture_group_length"] = document["length"]
    for field in ("name", "number"):
        chosen = f"cid_{field}" if truthy(entry.get(f"cid_{field}")) else field
        row.update({field: entry[chosen]} if chosen in entry else {})
    return row | picked(entry, ("pattern", "prefix", "regexp", "type"))


_LIST_ENTRIES = """function (doc) {
  var key, entry;
  if (doc.pvt_deleted) { return; }
  if (doc.pvt_type === "list_entry") {
    emit(doc.list_id, {
      capture_group_key: doc.capture_group_key, capture_group_length: doc.capture_group_length,
      name: doc.name, number: doc.number, pattern: doc.pattern, prefix: doc.prefix, regexp: doc.regexp,
      type: doc.type
    });
  } else if (doc.pvt_type === "list" && doc.entries && typeof doc.entries === "object") {
    if (doc.entries.forEach) { return; }
    for (key in doc.entries) {
      entry = doc.entries[key] || {};
      emit(doc._id, {
        capture_group_key: key, capture_group_length: doc.length,
        name: entry.cid_name || entry.name, number: entry.cid_number || entry.number,
        pattern: entry.pattern, prefix: entry.prefix, regexp: entry.regexp, type: entry.type
      });
    }
  }
}"""


def _first_truthy(document: Document, *fields: str) -> Any:
    return next((document[field] for field in fields if truthy(document.get(field))), None)


def _prefix_in_list(document: Document) -> Rows:
    wanted = _first_truthy(document, "number", "prefix")
    if not is_live(document, "list_entry") or wanted is None:
        return []
    return [([document.get("list_id"), wanted], None)]


_PREFIX_IN_LIST = """function (doc) {
  var wanted = doc.number || doc.prefix;
  if (doc.pvt_type === "list_entry" && !doc.pvt_deleted && wanted) { emit([doc.list_id, wanted], null); }
}"""


def _regexps_in_list(document: Document) -> Rows:
    wanted = _first_truthy(document, "regexp", "pattern")
    return (
        [(document.get("list_id"), wanted)] if is_live(document, "list_entry") and wanted is not None else []
    )


_REGEXPS_IN_LIST = """function (doc) {
  var wanted = doc.regexp || doc.pattern;
  if (doc.pvt_type === "list_entry" && !doc.pvt_deleted && wanted) { emit(doc.list_id, wanted); }
}"""


def _directory_users(document: Document) -> Rows:
    if not is_live(document):
        return []
    directories = members(document.get("directories"))
    return [([directory, document.get("_id")], callflow) for directory, callflow in directories.items()]


_DIRECTORY_USERS = """function (doc) {
  var directory, all = doc.directories;
  if (doc.pvt_deleted || !all || typeof all !== "object" || all.forEach) { return; }
  for (directory in all) { emit([directory, doc._id], all[directory]); }
}"""


def _parked_calls(document: Document) -> Rows:
    return [(document.get("_id"), None)] if _is_parked(document) else []


def _parked_call(document: Document) -> Rows:
    return [(members(document["slot"]).get("Call-ID"), None)] if _is_parked(document) else []


def _is_parked(document: Document) -> bool:
    return is_live(document, "parked_call") and truthy(document.get("slot"))


def _parked_map(key: str) -> str:
    return f"""function (doc) {{
  if (doc.pvt_type === "parked_call" && !doc.pvt_deleted && doc.slot) {{ emit({key}, null); }}
}}"""


VIEWS = (
    View(
        "callflows/listing_by_number",
        _ACCOUNT,
        partial(_callflow_rows, "numbers"),
        _callflow_map("numbers"),
    ),
    View(
        "callflows/listing_by_pattern",
        _ACCOUNT,
        partial(_callflow_rows, "patterns"),
        _callflow_map("patterns"),
    ),
    View("attributes/mailbox_number", _ACCOUNT, _mailbox_number, _MAILBOX_NUMBER),
    View("lists/entries", _ACCOUNT, _list_entries, _LIST_ENTRIES),
    View("lists/match_prefix_in_list", _ACCOUNT, _prefix_in_list, _PREFIX_IN_LIST),
    View("lists/regexps_in_list", _ACCOUNT, _regexps_in_list, _REGEXPS_IN_LIST),
    View("vmboxes/listing_by_mailbox", _ACCOUNT, _mailbox_integer, _MAILBOX_INTEGER),
    View("directories/users_listing", _ACCOUNT, _directory_users, _DIRECTORY_USERS),
    View("parking/parked_calls", _ACCOUNT, _parked_calls, _parked_map("doc._id")),
    View("parking/parked_call", _ACCOUNT, _parked_call, _parked_map('doc.slot["Call-ID"]')),
)
