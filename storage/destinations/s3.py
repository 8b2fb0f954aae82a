"""Delivers to Amazon S3, and to stores that speak its language.

| parameter | |
|---|---|
| url | `s3://bucket/folder/`; in documents with `access:secret@` before the bucket, and the options below in its query |
| access_key, secret | the key |
| region | default: the one the store tells, us-east-1 for stores that tell none |
| host, port, scheme | of another store than Amazon's |
| bucket_access_method | vhost: `bucket.host`; path: `host/bucket`; auto (default): vhost at Amazon where the bucket's name can be a host's, path elsewhere |
| field_list, field_separator, folder_path | name the copy as a storage plan does (storage.plan_path) |

One PUT, its body's SHA-256 signed and given as checksum: the store keeps what was sent or nothing. A store that
tells the checksum of what it has is compared with.
Source: Amazon S3 API reference (PutObject); Kazoo kz_att_s3.
"""  # noqa: E501 - lines of a table

from __future__ import annotations

import base64
import re
from typing import Any, BinaryIO

from storage import extras, http_answer, object_place, plan_path
from storage.destination import DestinationContext, Media, Receipt
from storage.errors import DeliveryFailed, ExchangeFailed, NotFound
from storage.guarded_http import GuardedHttp, Reply
from storage.media import MediaStream
from storage.object_place import ObjectPlace
from storage.remote_stream import PIECE_TERMS, in_pieces, piece_of, range_header

KIND = "s3"
OPTIONS = frozenset(("region", "bucket_access_method"))
PARAMETERS = (
    frozenset(("url", "method", "access_key", "secret"))
    | object_place.ENDPOINT
    | OPTIONS
    | plan_path.PARAMETERS
)
FIRST_REGION = "us-east-1"
MAX_BYTES = 5 * 1024**3
"""What one PUT may carry."""

RETRYABLE_CODES = frozenset(
    ("InternalError", "OperationAborted", "RequestTimeout", "RequestTimeTooSkewed", "SlowDown")
)
"""Worth another attempt whatever their status; a clock that is off gets set."""

_CODE = re.compile(rb"<Code>([A-Za-z0-9.]{1,64})</Code>")
_REGION = re.compile(r"[a-z0-9-]{1,40}\Z")
_HOST_LABEL = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]\Z")


def parse(parameters: dict[str, Any]) -> ObjectPlace:
    """Read a place in S3. Raises: ValueError: a sentence about what is wrong with it."""
    place = object_place.place_of(parameters, "s3", key_name="access_key", options=OPTIONS)
    if not place.secret:
        raise ValueError("url: has no key for the bucket (s3://access:secret@bucket/folder/)")
    return place


class S3Destination:
    """Buckets that documents named."""

    def __init__(self, context: DestinationContext) -> None:
        self._http = GuardedHttp(
            context.addresses,
            connect_timeout_s=context.connect_timeout_s,
            stall_timeout_s=context.stall_timeout_s,
            response_timeout_s=context.response_timeout_s,
            ca_file=context.ca_file,
        )
        self._regions: dict[str, str] = {}
        self._signing = extras.loaded(KIND, "storage.s3_signing")

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
        """Put the object. Raises: DeliveryFailed, AddressRefused, MediaDamaged, StoreUnavailable."""
        if media.size_bytes > MAX_BYTES:
            raise DeliveryFailed(f"more than the {MAX_BYTES} bytes of one object", retryable=False)
        place = parse(parameters)
        key = place.folders + plan_path.segments_of(parameters, metadata, media.name)
        region = place.options.get("region") or self._regions.get(place.bucket, "")
        reply = self._put(place, key, media, region)
        told = reply.headers.get("x-amz-bucket-region", "")
        if reply.status in (301, 307, 400) and not place.host and told != region and _REGION.match(told):
            self._regions[place.bucket] = told
            reply = self._put(place, key, media, told)
        if not 200 <= reply.status < 300:
            code = _code(reply)
            raise http_answer.refused(reply, code, retryable=code in RETRYABLE_CODES)
        return Receipt(place.shown(key), _proof(reply, media))

    def holds(
        self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any], receipt: Receipt
    ) -> bool:
        """Whether an object of this size, and checksum where one is told, is there. Raises: StoreError."""
        del receipt
        place = parse(parameters)
        key = place.folders + plan_path.segments_of(parameters, metadata, media.name)
        reply = self._ask("HEAD", place, key, {"x-amz-checksum-mode": "ENABLED"})
        if reply.status == 404:
            return False
        if reply.status != 200:
            raise http_answer.refused(reply)
        checksum = reply.headers.get("x-amz-checksum-sha256", "")
        size = reply.headers.get("content-length", "")
        return size == str(media.size_bytes) and checksum in ("", _checksum(media))

    def open_copy(
        self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any], receipt: Receipt
    ) -> BinaryIO:
        """Return the object, which is asked for in pieces. Raises: NotFound; StoreError."""
        del receipt
        place = parse(parameters)
        key = place.folders + plan_path.segments_of(parameters, metadata, media.name)

        def fetch(start: int, end: int) -> bytes:
            reply = self._ask("GET", place, key, {"Range": range_header(start, end)})
            if reply.status == 404:
                raise NotFound(place.bucket, media.name)
            if reply.status not in (200, 206):
                raise http_answer.refused(reply, _code(reply))
            return piece_of(reply)

        return in_pieces(media.size_bytes, fetch)

    def delete_copy(
        self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any], receipt: Receipt
    ) -> str:
        """Delete the object; a bucket with versions keeps the former ones. Raises: StoreError."""
        del receipt
        place = parse(parameters)
        key = place.folders + plan_path.segments_of(parameters, metadata, media.name)
        reply = self._ask("DELETE", place, key, {})
        if reply.status not in (200, 204, 404):
            raise http_answer.refused(reply, _code(reply))
        return ""

    def _ask(self, method: str, place: ObjectPlace, key: tuple[str, ...], headers: dict[str, str]) -> Reply:
        """Ask for an object, in another region if the store says that its bucket is there."""
        region = place.options.get("region") or self._regions.get(place.bucket, "")
        reply = self._asked(method, place, key, headers, region)
        told = reply.headers.get("x-amz-bucket-region", "")
        if reply.status in (301, 307, 400) and not place.host and told != region and _REGION.match(told):
            self._regions[place.bucket] = told
            reply = self._asked(method, place, key, headers, told)
        return reply

    def _asked(
        self, method: str, place: ObjectPlace, key: tuple[str, ...], headers: dict[str, str], region: str
    ) -> Reply:
        url = _url(place, key, region)
        signer = self._signing.SigningKey(place.key_id, place.secret, region or FIRST_REGION)
        signed = self._signing.signed(signer, method, url, headers, self._signing.NO_BODY_SHA256)
        try:
            return self._http.exchange(method, url, headers=signed, max_redirects=0, terms=PIECE_TERMS)
        except ExchangeFailed as exc:
            raise DeliveryFailed(str(exc), retryable=exc.retryable) from exc

    def _put(self, place: ObjectPlace, key: tuple[str, ...], media: Media, region: str) -> Reply:
        url = _url(place, key, region)
        headers = {"Content-Type": media.content_type, "x-amz-checksum-sha256": _checksum(media)}
        signer = self._signing.SigningKey(place.key_id, place.secret, region or FIRST_REGION)
        signed = self._signing.signed(signer, "PUT", url, headers, media.sha256)
        try:
            return self._http.exchange(
                "PUT", url, headers=signed, body=lambda: MediaStream(media), max_redirects=0
            )
        except ExchangeFailed as exc:
            raise DeliveryFailed(str(exc), retryable=exc.retryable) from exc


def _url(place: ObjectPlace, key: tuple[str, ...], region: str) -> str:
    """Return the URL of an object, in one of the two ways of naming its bucket."""
    host = f"s3.{region}.amazonaws.com" if region else "s3.amazonaws.com"
    method = place.options.get("bucket_access_method", "auto")
    if method == "auto":
        method = "path" if place.host or not _HOST_LABEL.match(place.bucket) else "vhost"
    if method == "path":
        return f"{place.endpoint(host)}/{place.bucket}/{object_place.encoded(key)}"
    scheme, _, rest = place.endpoint(host).partition("://")
    return f"{scheme}://{place.bucket}.{rest}/{object_place.encoded(key)}"


def _checksum(media: Media) -> str:
    return base64.b64encode(bytes.fromhex(media.sha256)).decode()


def _proof(reply: Reply, media: Media) -> str:
    told = reply.headers.get("x-amz-checksum-sha256", "")
    if told and told != _checksum(media):
        raise DeliveryFailed("has it with another SHA-256", retryable=True)
    return "same SHA-256" if told else f"{reply.status}, SHA-256 signed"


def _code(reply: Reply) -> str | None:
    """Return the store's own word for what is wrong, None when there is none."""
    found = _CODE.search(reply.body)
    return found.group(1).decode() if found else None


DESTINATION = S3Destination
