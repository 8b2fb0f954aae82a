"""Tells whether an attachment is still the one that was delivered, by what the store says of it.

The store's digest (MD5) is compared as long as the file is here. After that its revision tells as much: an
attachment that was put again has a `revpos` behind the revision that was verified.

Source: CouchDB, attachment stubs (`length`, `digest`, `revpos`).
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from storage.destination import Media, Receipt
from storage.document import DocumentStore
from storage.errors import MediaDamaged, NotFound
from storage.media import MediaStream

_REVISION = re.compile(r"\brev (?P<counter>[1-9][0-9]{0,8})-")
"""A receipt's detail, where it tells the document's revision."""


def holds(store: DocumentStore, place: tuple[str, str, str], media: Media, receipt: Receipt) -> bool:
    """Whether a store still has media that were delivered to it. Args: place: database, document, attachment.

    Raises: StoreUnavailable: it cannot be asked.
    """
    database, doc_id, name = place
    try:
        document = store.get(database, doc_id)
    except NotFound:
        return False
    attachments = document.get("_attachments")
    stub = attachments.get(name) if isinstance(attachments, dict) else None
    if not isinstance(stub, dict) or stub.get("length") != media.size_bytes:
        return False
    with suppress(MediaDamaged):  # released, as a rule
        return not _tells_md5(stub) or stub["digest"] == f"md5-{_md5_of(media)}"
    return not _is_newer(stub, receipt)


def _tells_md5(stub: dict[str, Any]) -> bool:
    """Whether a stub's digest is of the attachment itself; a compressed one's is of what is compressed."""
    return str(stub.get("digest", "")).startswith("md5-") and "encoding" not in stub


def _md5_of(media: Media) -> str:
    with MediaStream(media, with_md5=True) as stream:
        for _ in stream:
            pass
        return stream.md5_base64


def _is_newer(stub: dict[str, Any], receipt: Receipt) -> bool:
    """Whether an attachment was put after the revision that was verified; False where nobody can say."""
    revpos = stub.get("revpos")
    verified = _REVISION.search(receipt.detail)
    return isinstance(revpos, int) and verified is not None and revpos > int(verified["counter"])
