"""Delivers by HTTP PUT or POST, as Kazoo does to the `url` of a recording.

| parameter | |
|---|---|
| url | http or https; user and password in it become basic authentication |
| method | put (default) or post |
| headers | sent to that host alone, never along a redirect to another |
| multipart | true: a form of two parts, the metadata as JSON and the file (Kazoo's send_multipart) |
| base64 | true: the file in the form is in base64 (Kazoo's base64_encode_data, which a plain body is not) |
| fields | query fields to append; default: the facts of section 3.6; {} for none |
| field_list, field_separator, folder_path | name the copy as a storage plan does (storage.plan_path) |

Any 2xx is stored. 408, 425, 429 and 5xx are worth another attempt, and a Retry-After is passed on; other
answers are final. What is sent is proved beforehand (storage.media) and declared by Content-Digest. When
an answer is lost on its way the file is sent again, under the same name and `recording_id`: a receiver of
POSTs tells repetitions by them.
Source: reference section 3.6; RFC 9110 sections 10.2.3 and 15; RFC 9530 (Content-Digest).
"""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from typing import Any

from storage import http_answer, http_url, plan_path, recording_url
from storage.destination import DestinationContext, Media, Receipt
from storage.errors import DeliveryFailed, ExchangeFailed
from storage.file_name import safe_file_name
from storage.guarded_http import Body, GuardedHttp
from storage.media import MediaStream

METHODS = ("put", "post")
PARAMETERS = frozenset(("url", "method", "headers", "multipart", "base64", "fields")) | plan_path.PARAMETERS

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}\Z")
_HEADER_VALUE = re.compile(r"[\x20-\x7e\x80-\xff\t]{0,4096}\Z")
_OURS = frozenset(
    (
        "host",
        "content-length",
        "content-type",
        "content-digest",
        "transfer-encoding",
        "connection",
        "expect",
        "te",
    )
)
"""Headers that frame the request; one from a document would let it write a second request."""


class HttpDestination:
    """PUT or POST to a URL that a document gave."""

    def __init__(self, context: DestinationContext) -> None:
        self._http = GuardedHttp(
            context.addresses,
            connect_timeout_s=context.connect_timeout_s,
            stall_timeout_s=context.stall_timeout_s,
            response_timeout_s=context.response_timeout_s,
            ca_file=context.ca_file,
        )

    def validate(self, parameters: dict[str, Any]) -> list[str]:
        """Return every fault of the parameters; see the table at the top."""
        faults = [f"{name}: unknown parameter" for name in sorted(parameters.keys() - PARAMETERS)]
        try:
            http_url.parse(str(parameters.get("url", "")))
        except ValueError as exc:
            faults.append(str(exc))
        if str(parameters.get("method", "put")).lower() not in METHODS:
            faults.append("method: must be put or post")
        faults += _header_faults(parameters.get("headers", {}))
        faults += [
            f"{name}: must be true or false"
            for name in ("multipart", "base64")
            if not isinstance(parameters.get(name, False), bool)
        ]
        if not _is_text_map(parameters.get("fields") or {}):
            faults.append("fields: must map names to text")
        return faults + plan_path.faults_of(parameters)

    def deliver(self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any]) -> Receipt:
        """Send the file; the copy is verified by the answer to a request that could not have been cut.

        Raises: DeliveryFailed, AddressRefused, MediaDamaged, StoreUnavailable.
        """
        url = _url(media, metadata, parameters)
        form = None
        if parameters.get("multipart"):
            form = _Form(media, metadata, in_base64=parameters.get("base64", False))
        try:
            reply = self._http.exchange(
                str(parameters.get("method", "put")),
                url,
                headers=form.headers if form else _file_headers(media),
                private_headers=parameters.get("headers") or {},
                body=form.open if form else lambda: MediaStream(media),
            )
        except ExchangeFailed as exc:
            raise DeliveryFailed(str(exc), retryable=exc.retryable) from exc
        if not 200 <= reply.status < 300:
            raise http_answer.refused(reply)
        return Receipt(reply.url, f"{reply.status} {reply.reason}".strip())


def _url(media: Media, metadata: Mapping[str, Any], parameters: Mapping[str, Any]) -> str:
    """Return where one recording goes: by its own name, or by a plan's."""
    url, extra = str(parameters["url"]), parameters.get("fields")
    facts = recording_url.fields(metadata) if extra is None else extra
    if plan_path.is_planned(parameters) or parameters.get("folder_path"):
        return recording_url.build_at(url, plan_path.segments_of(parameters, metadata, media.name), facts)
    return recording_url.build(url, media.name, facts)


def _file_headers(media: Media) -> dict[str, str]:
    digest = base64.b64encode(bytes.fromhex(media.sha256)).decode()
    return {"Content-Type": media.content_type, "Content-Digest": f"sha-256=:{digest}:"}


class _FormBody:
    """A form's bytes in order: what stands before the file, the file, what stands after it."""

    def __init__(self, before: bytes, stream: MediaStream, after: bytes, *, in_base64: bool) -> None:
        size = (len(stream) + 2) // 3 * 4 if in_base64 else len(stream)
        self._length = self._left = len(before) + size + len(after)
        self._blocks = chain((before,), _in_base64(stream) if in_base64 else stream, (after,))
        self._rest = b""
        self.complete = False

    def __len__(self) -> int:
        return self._length

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, b"" at the end."""
        self._rest = self._rest or next(self._blocks, b"")
        taken, self._rest = self._rest[:size], self._rest[size:]
        self._left -= len(taken)
        self.complete = self._left == 0
        return taken


def _in_base64(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Encode block by block, as if all were one."""
    rest = b""
    for block in blocks:
        rest += block
        whole = len(rest) - len(rest) % 3
        if whole:
            yield base64.b64encode(rest[:whole])
        rest = rest[whole:]
    if rest:
        yield base64.b64encode(rest)


class _Form:
    """One multipart/form-data request: the metadata's public fields as JSON, then the file."""

    def __init__(self, media: Media, metadata: Mapping[str, Any], *, in_base64: bool) -> None:
        self._media = media
        self._in_base64 = in_base64
        boundary = uuid.uuid4().hex
        public = {key: value for key, value in metadata.items() if not key.startswith(("_", "pvt_"))}
        document_id, name = _quoted(str(metadata.get("_id", "metadata"))), _quoted(safe_file_name(media.name))
        self._before = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{document_id}"\r\n'
            f"Content-Type: application/json\r\n\r\n{json.dumps(public)}\r\n"
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n'
            f"Content-Type: {media.content_type}\r\n\r\n"
        ).encode("utf-8", "replace")
        self._after = f"\r\n--{boundary}--\r\n".encode()
        self.headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}

    @contextmanager
    def open(self) -> Iterator[Body]:
        """Open the body afresh."""
        with MediaStream(self._media) as stream:
            yield _FormBody(self._before, stream, self._after, in_base64=self._in_base64)


def _quoted(name: str) -> str:
    """Escape a form's field name as browsers do (WHATWG HTML, multipart form data)."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _header_faults(headers: Any) -> list[str]:
    if not _is_text_map(headers or {}):
        return ["headers: must map names to text"]
    faults = []
    for name, value in (headers or {}).items():
        if not _HEADER_NAME.match(name):
            faults.append(f"headers: {name[:40]!r} is no header name")
        elif name.lower() in _OURS:
            faults.append(f"headers: {name} is set by the delivery itself")
        elif not _HEADER_VALUE.match(value):
            faults.append(f"headers: the value of {name} holds what no header may")
    return faults


def _is_text_map(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(key, str) and isinstance(text, str) for key, text in value.items()
    )


DESTINATION = HttpDestination
