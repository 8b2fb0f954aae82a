"""What is left of a recording's document when the recording was deleted: that there was one.

The document is kept under its id, softly deleted as Kazoo's are, without media and without anything about the
call: so that another engine of the cluster that still has the recording on its disk, or its document on its
way, does not put it back, and links say what became of it.
"""

from __future__ import annotations

import time
from typing import Any

from config.gregorian import to_gregorian_s
from storage.document import Document, DocumentStore
from storage.errors import Conflict, NotFound
from storage.view import members, text

ATTEMPTS = 5
"""At a document that others save at the same moment."""

_KEPT = ("_id", "_rev", "pvt_type", "pvt_account_id", "pvt_account_db", "pvt_created")


def is_tombstone(document: Document) -> bool:
    """Whether this is what is left of a recording that was deleted."""
    return bool(members(document.get("callflows")).get("deleted_at"))


def bury(store: DocumentStore, database: str, doc_id: str, *, by: str = "") -> bool:
    """Leave nothing of a recording's document but its tombstone. Args: by: who wished it.

    Returns: whether there was one. Raises: Conflict, after retries; StoreUnavailable.
    """
    for _ in range(ATTEMPTS):
        try:
            document = store.get(database, doc_id)
            if not is_tombstone(document) or (by and not members(document["callflows"]).get("deleted_by")):
                store.save(database, _tombstone(document, by))
        except NotFound:
            return False
        except Conflict:
            continue
        return True
    raise Conflict(database, doc_id)


def _tombstone(document: Document, by: str) -> Document:
    now_s = time.time()
    known = members(document.get("callflows"))
    ours: dict[str, Any] = {"deleted_at": known.get("deleted_at") or int(now_s), "deleted_by": by}
    recording_id = text(known.get("recording_id"))
    return {
        **{name: document[name] for name in _KEPT if name in document},
        "pvt_deleted": True,
        "pvt_modified": to_gregorian_s(now_s),
        "callflows": {**({"recording_id": recording_id} if recording_id else {}), **ours},
    }
