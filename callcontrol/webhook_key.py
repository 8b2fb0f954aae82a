"""The key that webhooks are signed with, and the headers by which a receiver knows us.

The key is made of the secret that all processes share, so every one of them signs alike and nothing more has
to be kept. Signed is the Unix time, `|`, and the body as it is sent; receivers refuse times more than five
minutes off, so each request is signed anew, and says in its `meta` which attempt it is and where it goes.
Source: Ed25519 (RFC 8032); the verifier of Telnyx' own Python package (webhooks.unwrap).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from storage.notice import Sending

SIGNER = "telnyx"
"""What notices name it by."""

SIGNATURE_HEADER = "telnyx-signature-ed25519"
TIMESTAMP_HEADER = "telnyx-timestamp"

_PURPOSE = b"callflows webhook signature"


class WebhookKey:
    """Signs webhooks; calling it satisfies storage.notice.Signer. Args: secret: as of call control ids."""

    def __init__(self, secret: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(hmac.digest(secret, _PURPOSE, hashlib.sha256))

    @property
    def public(self) -> str:
        """The public key in base64, as clients are configured with it."""
        raw = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return base64.b64encode(raw).decode()

    def __call__(self, sending: Sending) -> tuple[bytes, Mapping[str, str]]:
        """Return the body and the headers of one request."""
        told = json.loads(sending.body)
        told["meta"] = meta(sending.url, sending.attempt)
        body = json.dumps(told, separators=(",", ":")).encode("ascii")
        return body, self.headers(body, sending.unix_time)

    def headers(self, body: bytes, unix_time: int) -> Mapping[str, str]:
        """Return the headers of a body that is sent now."""
        signature = self._key.sign(f"{unix_time}|".encode() + body)
        return {
            SIGNATURE_HEADER: base64.b64encode(signature).decode(),
            TIMESTAMP_HEADER: str(unix_time),
        }


def meta(url: str, attempt: int = 1) -> dict[str, Any]:
    """Return what an envelope says of its own journey."""
    return {"attempt": attempt, "delivered_to": url}
