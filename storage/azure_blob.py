"""Puts a blob into Azure's store, by azure-storage-blob (an optional extra).

The library signs and speaks the protocol, over connections of ours. A block that was staged is nothing
anybody sees until it is committed: what is cut off leaves no blob.
Source: Azure Storage REST API (Put Block, Put Block List).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import BlobBlock, BlobClient, ContentSettings

from storage.errors import DeliveryFailed
from storage.guarded_http import USUAL, GuardedHttp, Reply, Terms
from storage.guarded_session import GuardedSession
from storage.http_answer import refused
from storage.media import MediaStream
from storage.remote_stream import PIECE_BYTES, PIECE_TERMS

BLOCK_ID = "0"
RETRYABLE_CODES = frozenset(("OperationTimedOut", "InternalError", "ServerBusy", "Md5Mismatch"))


@dataclass(frozen=True, slots=True)
class Blob:
    """Where one blob goes, and who puts it there. `account_url` has no path, but for emulators'."""

    account_url: str
    account: str
    key: str = field(repr=False)
    container: str
    name: str


def put(
    http: GuardedHttp, blob: Blob, stream: MediaStream, content_type: str, md5: bytes
) -> Mapping[str, Any]:
    """Stage and commit a blob. Args: md5: of the whole; the store compares, and keeps it.

    Returns: what the store says of the blob (etag, ...).
    Raises: DeliveryFailed, ExchangeFailed, AddressRefused, what reading the stream raises.
    """
    with _told():
        client = _client(http, blob)
        client.stage_block(
            BLOCK_ID,
            stream,
            length=len(stream),
            transactional_content_md5=bytearray(md5),
            logging_enable=False,
        )
        settings = ContentSettings(content_type=content_type, content_md5=bytearray(md5))
        return client.commit_block_list([BlobBlock(BLOCK_ID)], content_settings=settings)


def size(http: GuardedHttp, blob: Blob) -> int | None:
    """Return the size of a blob, None when there is none. Raises: as `put`."""
    with _told():
        try:
            return int(_client(http, blob).get_blob_properties().size)
        except ResourceNotFoundError:
            return None


def read(http: GuardedHttp, blob: Blob, start: int, end: int) -> bytes | None:
    """Return some bytes of a blob, None when there is none. Raises: as `put`."""
    with _told():
        try:
            return bytes(_client(http, blob, PIECE_TERMS).download_blob(start, end - start).readall())
        except ResourceNotFoundError:
            return None


def delete(http: GuardedHttp, blob: Blob) -> None:
    """Delete a blob, if it is there, with its snapshots. Raises: as `put`."""
    with _told():
        try:
            _client(http, blob).delete_blob(delete_snapshots="include")
        except ResourceNotFoundError:
            return


def _client(http: GuardedHttp, blob: Blob, terms: Terms = USUAL) -> BlobClient:
    return BlobClient(
        blob.account_url,
        blob.container,
        blob.name,
        credential=AzureNamedKeyCredential(blob.account, blob.key),
        transport=RequestsTransport(
            session=GuardedSession(http, terms), session_owner=False, use_env_settings=False
        ),
        retry_total=0,
        max_single_get_size=PIECE_BYTES,
        max_chunk_get_size=PIECE_BYTES,
    )


@contextmanager
def _told() -> Iterator[None]:
    """Put what the library says into our words."""
    try:
        yield
    except HttpResponseError as exc:
        raise _refusal(exc) from exc
    except (AzureError, ValueError) as exc:
        raise DeliveryFailed(f"cannot be asked: {type(exc).__name__}", retryable=False) from exc


def _refusal(answer: HttpResponseError) -> DeliveryFailed:
    if answer.status_code is None:
        return DeliveryFailed("its answer was cut off", retryable=True)
    told: Any = getattr(answer, "error_code", None) or ""  # the store's word, which the library adds later
    code = str(getattr(told, "value", told))
    response: Any = answer.response
    headers = {name.lower(): text for name, text in response.headers.items()} if response is not None else {}
    reply = Reply("", answer.status_code, str(answer.reason or ""), headers, b"")
    return refused(reply, code, retryable=code in RETRYABLE_CODES)
