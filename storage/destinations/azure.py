"""Delivers to Azure's blob storage.

| parameter | |
|---|---|
| url | `az://container/folder/`; in documents with `account:key@` before the container, and the options below in its query |
| account, secret | the storage account and its key |
| host, port, scheme | of another endpoint than `<account>.blob.core.windows.net`; on an address, the account is the path's beginning, as emulators want it |
| field_list, field_separator, folder_path | name the copy as a storage plan does (storage.plan_path) |

The media are one staged block, whose MD5 the store compares, and then committed under their name.
Source: Azure Storage REST API; Kazoo kz_att_azure.
"""  # noqa: E501 - lines of a table

from __future__ import annotations

import base64
import re
from binascii import Error as NotBase64
from ipaddress import ip_address
from typing import Any, BinaryIO

from storage import extras, object_place, plan_path
from storage.deadline import attempt_limit
from storage.destination import DestinationContext, Media, Receipt
from storage.errors import DeliveryFailed, ExchangeFailed, NotFound
from storage.guarded_http import GuardedHttp
from storage.media import MediaStream
from storage.object_place import ObjectPlace
from storage.remote_stream import in_pieces

KIND = "azure"
PARAMETERS = frozenset(("url", "method", "account", "secret")) | object_place.ENDPOINT | plan_path.PARAMETERS
MAX_BYTES = 4000 * 1024**2
"""What one block may hold."""

_ACCOUNT = re.compile(r"[a-z0-9]{3,24}\Z")


def parse(parameters: dict[str, Any]) -> ObjectPlace:
    """Read a place in Azure. Raises: ValueError: a sentence about what is wrong with it."""
    place = object_place.place_of(parameters, "az", key_name="account")
    if not place.secret:
        raise ValueError("url: has no key for the container (az://account:key@container/folder/)")
    if not _ACCOUNT.match(place.key_id):
        raise ValueError("account: is no name of a storage account")
    try:
        base64.b64decode(place.secret, validate=True)
    except NotBase64 as exc:
        raise ValueError("secret: is not base64, as account keys are") from exc
    return place


class AzureDestination:
    """Containers that documents named."""

    def __init__(self, context: DestinationContext) -> None:
        self._context = context
        self._http = GuardedHttp(
            context.addresses,
            connect_timeout_s=context.connect_timeout_s,
            stall_timeout_s=context.stall_timeout_s,
            response_timeout_s=context.response_timeout_s,
            ca_file=context.ca_file,
        )
        self._store = extras.loaded(KIND, "storage.azure_blob")

    def validate(self, parameters: dict[str, Any]) -> list[str]:
        """Return every fault of the parameters; see the table at the top."""
        faults = [f"{name}: unknown parameter" for name in sorted(parameters.keys() - PARAMETERS)]
        try:
            parse(parameters)
        except ValueError as exc:
            faults.append(str(exc))
        faults += plan_path.faults_of(parameters)
        return faults + [fault for fault in (extras.missing(KIND),) if fault]

    def deliver(self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any]) -> Receipt:
        """Put the blob. Raises: DeliveryFailed, AddressRefused, MediaDamaged, StoreUnavailable."""
        if media.size_bytes > MAX_BYTES:
            raise DeliveryFailed(f"more than the {MAX_BYTES} bytes of one block", retryable=False)
        place = parse(parameters)
        key = place.folders + plan_path.segments_of(parameters, metadata, media.name)
        blob = self._store.Blob(_account_url(place), place.key_id, place.secret, place.bucket, "/".join(key))
        md5 = _md5(media)
        try:
            with attempt_limit(self._context, media.size_bytes), MediaStream(media) as stream:
                told = self._store.put(self._http, blob, stream, media.content_type, md5)
        except ExchangeFailed as exc:
            raise DeliveryFailed(str(exc), retryable=exc.retryable) from exc
        return Receipt(place.shown(key), f"same MD5, etag {told.get('etag', '')}")

    def holds(
        self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any], receipt: Receipt
    ) -> bool:
        """Whether a blob of this size is there. Raises: StoreError."""
        del receipt
        blob = self._blob(media, metadata, parameters)
        try:
            with attempt_limit(self._context, 0):
                return bool(self._store.size(self._http, blob) == media.size_bytes)
        except ExchangeFailed as exc:
            raise DeliveryFailed(str(exc), retryable=exc.retryable) from exc

    def open_copy(
        self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any], receipt: Receipt
    ) -> BinaryIO:
        """Return the blob, which is asked for in pieces. Raises: NotFound; StoreError."""
        del receipt
        blob = self._blob(media, metadata, parameters)

        def fetch(start: int, end: int) -> bytes:
            try:
                piece: bytes | None = self._store.read(self._http, blob, start, end)
            except ExchangeFailed as exc:
                raise DeliveryFailed(str(exc), retryable=exc.retryable) from exc
            if piece is None:
                raise NotFound(parse(parameters).bucket, media.name)
            return piece

        return in_pieces(media.size_bytes, fetch)

    def delete_copy(
        self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any], receipt: Receipt
    ) -> str:
        """Delete the blob; an account with soft deletion keeps it for a while. Raises: StoreError."""
        del receipt
        try:
            with attempt_limit(self._context, 0):
                self._store.delete(self._http, self._blob(media, metadata, parameters))
        except ExchangeFailed as exc:
            raise DeliveryFailed(str(exc), retryable=exc.retryable) from exc
        return ""

    def _blob(self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any]) -> Any:
        place = parse(parameters)
        key = place.folders + plan_path.segments_of(parameters, metadata, media.name)
        return self._store.Blob(_account_url(place), place.key_id, place.secret, place.bucket, "/".join(key))


def _account_url(place: ObjectPlace) -> str:
    url = place.endpoint(f"{place.key_id}.blob.core.windows.net")
    return f"{url}/{place.key_id}" if _is_address(place.host) else url


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _md5(media: Media) -> bytes:
    """Digest a file beforehand: the store compares what it got before it has it."""
    with MediaStream(media, with_md5=True) as stream:
        for _ in stream:
            pass
        return base64.b64decode(stream.md5_base64)


DESTINATION = AzureDestination
