"""Storage plans: where documents of `system_data` say that an account's recordings are kept.

| document | whose |
|---|---|
| system | the system's: what holds for everybody |
| the one that `pvt_plan_id` of the account's names | a plan that the system or a reseller offers |
| the account's id | the account's own |

Later ones are laid over earlier ones, object by object, key by key. An account without a document has the
system's plan. Within `plan.modb`, what `types.call_recording` says goes before what stands beside it. A plan
says two things: in which CouchDB the documents are (`connection`, "local" for this system's own), and which
handler has the media (`attachments.handler`, none for the same CouchDB; `stub` true for both). It is read for
each recording, through the store's cache.

Where Kazoo would crash (a handler or a connection that is not there), the plan has a fault: the recording is
kept, and its dead letter says so. Source: Kazoo kzs_plan (fetch_account_dataplan_merged,
dataplan_type_match_by_classification), kz_dataconfig, kz_couch_util; reference section 3.7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from config.address import parse_address
from storage.destination import Target
from storage.document import Document, DocumentStore
from storage.errors import BadDocument, BadName, NotFound
from storage.plan_handlers import UnusableHandler, target_of

DATABASE = "system_data"
SYSTEM = "system"
PLAN_ID = "pvt_plan_id"
DOCUMENT_TYPE = "call_recording"
LOCAL = "local"
DRIVERS = ("", "kazoo_couch")
COUCHDB_PORT = 5984
MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where the media go when not into CouchDB.

    Attributes: handler: Kazoo's name of it; name: what its owner calls it, for people; target: see
    storage.destination; keeps_copy: they go into CouchDB as well.
    """

    handler: str
    target: Target
    name: str = ""
    keeps_copy: bool = False


@dataclass(frozen=True, slots=True)
class StoragePlan:
    """What the plans say of recordings.

    Attributes: connection: its name, "local" for this system's own; couchdb: parameters of another CouchDB
    (url, user, password), None for this system's own; elsewhere: None when media and documents are together;
    fault: why it cannot be used, "" when it can.
    """

    connection: str = LOCAL
    couchdb: Mapping[str, str] | None = None
    elsewhere: Elsewhere | None = None
    fault: str = ""

    @property
    def decides(self) -> bool:
        """Whether this is a plan at all: Kazoo's default, everything local, is none."""
        return bool(self.fault or self.couchdb or self.elsewhere)

    @property
    def described(self) -> str:
        """In words, without secrets."""
        documents = "this system's CouchDB"
        if self.couchdb is not None:
            documents = f"CouchDB at {self.couchdb['url']} (connection {self.connection})"
        if self.elsewhere is None:
            return f"documents and media in {documents}"
        named = f" ({self.elsewhere.name})" if self.elsewhere.name else ""
        copy = ", and a copy beside the documents" if self.elsewhere.keeps_copy else ""
        return f"documents in {documents}, media by {self.elsewhere.handler}{named}{copy}"


NO_PLAN = StoragePlan()
"""Kazoo's default: everything here, if anywhere."""


class Plans:
    """Reads storage plans. Args: documents: this system's document store."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents

    def of(self, account_id: str) -> StoragePlan:
        """Return the plan for an account's recordings. Raises: StoreUnavailable."""
        try:
            own = self._document(account_id)
            named = own.get(PLAN_ID)
            offered = self._document(named) if isinstance(named, str) and named else {}
            return resolve(laid_over(self._document(SYSTEM), offered, own))
        except (BadDocument, BadName) as exc:
            return StoragePlan(fault=f"a document of {DATABASE} cannot be read: {exc}")

    def _document(self, doc_id: str) -> Document:
        try:
            return self._documents.get(DATABASE, doc_id)
        except NotFound:
            return {}


def laid_over(*documents: Mapping[str, Any]) -> dict[str, Any]:
    """Merge documents, the later ones over the earlier ones; null takes away. Nothing is changed in place."""
    merged: dict[str, Any] = {}
    for document in documents:
        merged = _merged(merged, document, MAX_DEPTH)
    return merged


def _merged(under: Any, over: Mapping[str, Any], depth: int) -> dict[str, Any]:
    result: dict[str, Any] = dict(under) if isinstance(under, dict) else {}
    for key, value in over.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and depth:
            result[key] = _merged(result.get(key), value, depth - 1)
        else:
            result[key] = value
    return result


def resolve(document: Mapping[str, Any]) -> StoragePlan:
    """Return what a merged document says of recordings; what it says wrongly becomes the fault."""
    modb = _object(_object(document.get("plan")).get("modb"))
    of_type = _object(_object(modb.get("types")).get(DOCUMENT_TYPE))
    connection = of_type.get("connection", modb.get("connection", LOCAL))
    attachments = {**_object(modb.get("attachments")), **_object(of_type.get("attachments"))}
    try:
        couchdb = _couchdb(connection, _object(document.get("connections")))
        elsewhere = _elsewhere(attachments, _object(document.get("attachments")))
    except UnusableHandler as exc:
        return StoragePlan(fault=str(exc))
    return StoragePlan(str(connection), couchdb, elsewhere)


def faults_of(document: Mapping[str, Any]) -> list[str]:
    """Return every fault of one document of system_data by itself, as sentences: for checks beforehand."""
    faults = []
    for name, entry in sorted(_object(document.get("attachments")).items()):
        try:
            target_of(str(_object(entry).get("handler", "")), _object(_object(entry).get("settings")))
        except UnusableHandler as exc:
            faults.append(f"attachments.{_shown(name)}: {exc}")
    connections = _object(document.get("connections"))
    for name in sorted(connections):
        try:
            _couchdb(name, connections)
        except UnusableHandler as exc:
            faults.append(f"connections.{_shown(name)}: {exc}")
    return faults


def _elsewhere(attachments: Mapping[str, Any], handlers: Mapping[str, Any]) -> Elsewhere | None:
    handler_id = attachments.get("handler")
    if handler_id in (None, ""):
        return None
    entry = _object(handlers.get(str(handler_id)))
    if not entry:
        raise UnusableHandler(f"the plan's handler {_shown(handler_id)} is not among its attachments")
    settings = {**_object(entry.get("settings")), **_object(attachments.get("params"))}
    handler = str(entry.get("handler", ""))
    return Elsewhere(
        handler=handler,
        target=target_of(handler, settings),
        name=_shown(entry.get("name", "")) if entry.get("name") else "",
        keeps_copy=attachments.get("stub") is True,
    )


def _couchdb(connection: Any, connections: Mapping[str, Any]) -> dict[str, str] | None:
    """Return url, user and password of a named CouchDB, None for this system's own."""
    if connection == LOCAL:
        return None
    entry = _object(connections.get(str(connection)))
    if not entry:
        raise UnusableHandler(f"the plan's connection {_shown(connection)} is not among its connections")
    if entry.get("driver", "") not in DRIVERS:
        raise UnusableHandler(f"connection {_shown(connection)}: its driver is not kazoo_couch")
    settings = _object(entry.get("settings"))
    credentials = {**settings, **_object(settings.get("credentials"))}
    host, port = str(settings.get("ip") or settings.get("host") or ""), settings.get("port", COUCHDB_PORT)
    try:
        address = parse_address(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    except ValueError as exc:
        raise UnusableHandler(f"connection {_shown(connection)}: ip and port must be {exc}") from exc
    is_tls = "https" in (entry.get("protocol"), settings.get("protocol")) or settings.get("ssl") is True
    return {
        "url": f"{'https' if is_tls else 'http'}://{address}",
        "user": str(credentials.get("username", "")),
        "password": str(credentials.get("password", "")),
    }


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _shown(text: Any) -> str:
    """Return a text from a document as a message may have it."""
    return "".join(one if one.isprintable() else " " for one in str(text)[:60])
