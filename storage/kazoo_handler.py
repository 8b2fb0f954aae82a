"""Says in Kazoo's words where a handler has an attachment, so that a cluster's own tools can fetch it.

| handler | what its entry holds |
|---|---|
| s3 | S3: bucket and key, as an Erlang term in Base64; url |
| all others | url |

Kazoo puts its keys and secrets into such terms. These have none: Kazoo takes what is missing from the plan
that is in force, as long as that names the same bucket. (Of Azure and Google it takes nothing from there, so
what is stored through those is fetched by their own tools.)
Source: Kazoo kzs_attachments (attachment_handler_jobj), kz_att_s3 (encode_retrieval, decode_retrieval,
merge_params); Erlang's external term format.
"""

from __future__ import annotations

import base64
import struct
from typing import Any

_VERSION = b"\x83"
_SMALL_TUPLE = b"\x68"
_MAP = b"\x74"
_ATOM = b"\x77"
_BINARY = b"\x6d"


def entry(handler: str, location: str) -> dict[str, dict[str, Any]]:
    """Return the `handler` object of an attachment.

    Args: handler: Kazoo's name, such as s3; location: of the receipt, without credentials.
    """
    told: dict[str, Any] = {"url": location}
    if handler == "s3" and location.startswith("s3://"):
        bucket, _, key = location.removeprefix("s3://").partition("/")
        told["S3"] = base64.b64encode(_retrieval(bucket, key)).decode()
    return {f"kz_att_{handler}": told}


def _retrieval(bucket: str, key: str) -> bytes:
    """Return the term `{#{bucket => Bucket}, Key}`."""
    settings = _MAP + struct.pack(">I", 1) + _atom("bucket") + _binary(bucket)
    return _VERSION + _SMALL_TUPLE + bytes((2,)) + settings + _binary(key)


def _atom(name: str) -> bytes:
    return _ATOM + bytes((len(name),)) + name.encode()


def _binary(text: str) -> bytes:
    content = text.encode("utf-8", "replace")
    return _BINARY + struct.pack(">I", len(content)) + content
