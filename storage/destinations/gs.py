"""Delivers to Google's object store.

| parameter | |
|---|---|
| url | `gs://bucket/folder/`; in documents with `access:secret@` (HMAC keys) before the bucket |
| access_key, secret | HMAC keys of the store's interoperability |
| service_account_secret | instead of them: the key of a service account, the object Google gives as JSON |
| host, port, scheme | of another endpoint than storage.googleapis.com |
| field_list, field_separator, folder_path | name the copy as a storage plan does (storage.plan_path) |

One PUT of the XML API. With HMAC keys the body's SHA-256 is signed; in any case the MD5 the store tells of what it
has is compared.
Source: Cloud Storage XML API (PUT Object, HMAC keys); Kazoo kz_att_google_storage.
"""  # noqa: E501 - a line of a table

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from storage import extras, http_answer, object_place, plan_path
from storage.destination import DestinationContext, Media, Receipt
from storage.errors import DeliveryFailed, ExchangeFailed, NotFound
from storage.guarded_http import Body, GuardedHttp, Reply
from storage.media import MediaStream
from storage.object_place import ObjectPlace
from storage.remote_stream import PIECE_TERMS, in_pieces, piece_of, range_header

KIND = "gs"
PARAMETERS = (
    frozenset(("url", "method", "access_key", "secret", "service_account_secret"))
    | object_place.ENDPOINT
    | plan_path.PARAMETERS
)
HOST = "storage.googleapis.com"
REGION = "auto"
MAX_BYTES = 5 * 1024**4
"""What one object may hold, in one PUT or more."""

_MD5 = re.compile(r"(?:^|[,\s])md5=([A-Za-z0-9+/]{22}==)")
_CODE = re.compile(rb"<Code>([A-Za-z0-9.]{1,64})</Code>")


def parse(parameters: dict[str, Any]) -> ObjectPlace:
    """Read a place at Google. Raises: ValueError: a sentence about what is wrong with it."""
    place = object_place.place_of(parameters, "gs", key_name="access_key")
    account = parameters.get("service_account_secret")
    if account is not None and not isinstance(account, dict):
        raise ValueError("service_account_secret: must be the JSON object of a service account's key")
    if not place.secret and not account:
        raise ValueError("url: has no key for the bucket (gs://access:secret@bucket/folder/)")
    return place


@dataclass(frozen=True, slots=True)
class _Request:
    """What is to be authorized. Attributes: sha256: of the body, in hex."""

    method: str
    url: str
    headers: dict[str, str]
    sha256: str


class GoogleDestination:
    """Buckets that documents named."""

    def __init__(self, context: DestinationContext) -> None:
        self._http = GuardedHttp(
            context.addresses,
            connect_timeout_s=context.connect_timeout_s,
            stall_timeout_s=context.stall_timeout_s,
            response_timeout_s=context.response_timeout_s,
            ca_file=context.ca_file,
        )
        self._signing = extras.loaded(KIND, "storage.s3_signing")
        tokens = extras.loaded(KIND, "storage.google_token")
        self._tokens = tokens.TokenSource(self._http) if tokens else None

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
        place = parse(parameters)
        account = None if place.secret else parameters["service_account_secret"]
        key = place.folders + plan_path.segments_of(parameters, metadata, media.name)
        url = f"{place.endpoint(HOST)}/{place.bucket}/{object_place.encoded(key)}"
        md5 = _Digest(media)
        put = _Request("PUT", url, {"Content-Type": media.content_type}, media.sha256)
        try:
            headers = self._authorized(place, account, put)
            reply = self._http.exchange("PUT", url, headers=headers, body=md5.open, max_redirects=0)
        except ExchangeFailed as exc:
            raise DeliveryFailed(str(exc), retryable=exc.retryable) from exc
        if not 200 <= reply.status < 300:
            raise self._refused(reply, account)
        return Receipt(place.shown(key), _proof(reply, md5.told))

    def holds(
        self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any], receipt: Receipt
    ) -> bool:
        """Whether an object of this size is there. Raises: StoreError."""
        del receipt
        reply = self._ask("HEAD", media, metadata, parameters, {})
        if reply is None:
            return False
        return reply.headers.get("content-length", "") == str(media.size_bytes)

    def open_copy(
        self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any], receipt: Receipt
    ) -> BinaryIO:
        """Return the object, which is asked for in pieces. Raises: NotFound; StoreError."""
        del receipt

        def fetch(start: int, end: int) -> bytes:
            reply = self._ask("GET", media, metadata, parameters, {"Range": range_header(start, end)})
            if reply is None:
                raise NotFound(parse(parameters).bucket, media.name)
            return piece_of(reply)

        return in_pieces(media.size_bytes, fetch)

    def delete_copy(
        self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any], receipt: Receipt
    ) -> str:
        """Delete the object; a bucket with versions keeps the former ones. Raises: StoreError."""
        del receipt
        self._ask("DELETE", media, metadata, parameters, {})
        return ""

    def _ask(
        self,
        method: str,
        media: Media,
        metadata: dict[str, Any],
        parameters: dict[str, Any],
        headers: dict[str, str],
    ) -> Reply | None:
        """Ask for an object. Returns: None when it is not there. Raises: DeliveryFailed."""
        place = parse(parameters)
        account = None if place.secret else parameters["service_account_secret"]
        key = place.folders + plan_path.segments_of(parameters, metadata, media.name)
        url = f"{place.endpoint(HOST)}/{place.bucket}/{object_place.encoded(key)}"
        asked = _Request(method, url, headers, self._signing.NO_BODY_SHA256)
        try:
            signed = self._authorized(place, account, asked)
            reply = self._http.exchange(method, url, headers=signed, max_redirects=0, terms=PIECE_TERMS)
        except ExchangeFailed as exc:
            raise DeliveryFailed(str(exc), retryable=exc.retryable) from exc
        if reply.status == 404:
            return None
        if reply.status not in (200, 204, 206):
            raise self._refused(reply, account)
        return reply

    def _authorized(
        self, place: ObjectPlace, account: dict[str, Any] | None, request: _Request
    ) -> dict[str, str]:
        """Return a request's headers, signed or with a token."""
        if account is None:
            key = self._signing.SigningKey(place.key_id, place.secret, REGION)
            signed: dict[str, str] = self._signing.signed(
                key, request.method, request.url, request.headers, request.sha256
            )
            return signed
        assert self._tokens is not None, "validate says what is missing"
        return {**request.headers, "Authorization": self._tokens.authorization(account)}

    def _refused(self, reply: Reply, account: dict[str, Any] | None) -> DeliveryFailed:
        if account is not None and reply.status == 401 and self._tokens is not None:
            self._tokens.forget(account)
        code = _CODE.search(reply.body)
        return http_answer.refused(reply, code.group(1).decode() if code else None)


class _Digest:
    """The media as a body, and the MD5 of what was sent."""

    def __init__(self, media: Media) -> None:
        self._media = media
        self.told = ""

    @contextmanager
    def open(self) -> Iterator[Body]:
        """Open the body afresh."""
        with MediaStream(self._media, with_md5=True) as stream:
            yield stream
            self.told = stream.md5_base64


def _proof(reply: Reply, sent: str) -> str:
    told = _MD5.search(reply.headers.get("x-goog-hash", ""))
    if told and told.group(1) != sent:
        raise DeliveryFailed("has it with another MD5", retryable=True)
    return "same MD5" if told else f"{reply.status}"


DESTINATION = GoogleDestination
