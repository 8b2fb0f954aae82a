"""Connections: which numbers belong to which client program, and where its webhooks go.

Each is a document of its account, `pvt_type` "connection", with the names that Telnyx gives the fields of a
call control application.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import structlog
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from callcontrol.field import WebUrl
from callcontrol.validation import sentences
from storage.document import Document, DocumentStore
from storage.errors import BadDocument, BadName, NotFound
from storage.names import account_db, document_id_fault

DOCUMENT_TYPE = "connection"
BY_NUMBER = "connections/listing_by_number"

log = structlog.get_logger(__name__)


class ConnectionSchema(Schema):
    """What a connection's document says; fields of other programs are left alone."""

    class Meta:
        """Documents carry more than we know."""

        unknown = EXCLUDE

    application_name = fields.String(
        load_default="", validate=validate.Length(max=255), metadata={"description": "For people."}
    )
    active = fields.Boolean(load_default=True, metadata={"description": "false: no webhooks, no new calls."})
    webhook_event_url = WebUrl("Where webhooks go.", required=True)
    webhook_event_failover_url = WebUrl(
        "Where a webhook goes that the first address does not take.", load_default=None, allow_none=True
    )
    webhook_api_version = fields.String(
        load_default="2", validate=validate.OneOf(["2"]), metadata={"description": "The format of webhooks."}
    )
    numbers = fields.List(
        fields.String(validate=validate.Length(1, 64)),
        load_default=list,
        validate=validate.Length(max=10_000),
        metadata={"description": "Numbers whose calls it is told of, as callflows have them."},
    )
    caller_id_number = fields.String(
        load_default="",
        validate=validate.Length(max=64),
        metadata={"description": "Shown where a call it makes names no `from`."},
    )


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection. Attributes: as of ConnectionSchema; failover_url: "" for none."""

    id: str
    account_id: str
    name: str
    url: str
    failover_url: str
    numbers: tuple[str, ...]
    is_active: bool = True
    caller_id_number: str = ""


class Connections:
    """Finds connections. Args: store: cached, since every webhook asks."""

    def __init__(self, store: DocumentStore) -> None:
        self._store = store
        self._read: dict[tuple[str, str], tuple[str, Connection | None]] = {}

    def of_id(self, account_id: str, connection_id: str) -> Connection | None:
        """Return an account's connection, None when it has none of that id. Raises: StoreUnavailable."""
        if document_id_fault(connection_id):
            return None
        try:
            document = self._store.get(account_db(account_id), connection_id)
        except (NotFound, BadName, BadDocument):
            return None
        return self._known(account_id, document)

    def of_number(self, account_id: str, number: str) -> Connection | None:
        """Return the active connection that owns a number; of several the first by id.

        Raises: StoreUnavailable.
        """
        if not number:
            return None
        try:
            rows = self._store.view(account_db(account_id), BY_NUMBER, key=number, include_docs=True)
        except (NotFound, BadName):
            return None
        found = (self._known(account_id, row.document) for row in rows if row.document is not None)
        return next((one for one in found if one is not None and one.is_active), None)

    def owns(self, account_id: str, number: str) -> bool:
        """Whether an active connection of the account owns a number. Raises: StoreUnavailable."""
        return self.of_number(account_id, number) is not None

    def _known(self, account_id: str, document: Document) -> Connection | None:
        """Read a document once for each of its revisions."""
        key, revision = (account_id, str(document.get("_id"))), str(document.get("_rev"))
        known = self._read.get(key)
        if known is None or known[0] != revision:
            if len(self._read) >= 10_000:
                self._read.clear()
            known = self._read[key] = (revision, read_connection(account_id, document))
        return known[1]


def read_connection(account_id: str, document: Document) -> Connection | None:
    """Return the connection that a document is, None for another document or a faulty one (which is told)."""
    if document.get("pvt_type") != DOCUMENT_TYPE or document.get("pvt_deleted"):
        return None
    try:
        data: dict[str, Any] = _SCHEMA.load(document)
    except ValidationError as exc:
        log.warning("connection_faulty", account_id=account_id, id=document.get("_id"), faults=exc.messages)
        return None
    return Connection(
        id=str(document["_id"]),
        account_id=account_id,
        name=data["application_name"],
        url=data["webhook_event_url"],
        failover_url=data["webhook_event_failover_url"] or "",
        numbers=tuple(data["numbers"]),
        is_active=data["active"],
        caller_id_number=data["caller_id_number"],
    )


def faults_of(document: Document) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a connection's document: the path of each fault, and a sentence."""
    for path, sentence in sentences(_SCHEMA.validate(document)):
        yield ".".join(path), sentence


_SCHEMA = ConnectionSchema()
