"""Signs requests to S3 and what speaks its language, by botocore (an optional extra).

The library signs and nothing else: it opens no connection and reads no body. The body's digest is known
beforehand and becomes part of the signature, so the far end refuses any other body.
Source: AWS Signature Version 4, as botocore.auth has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

NO_BODY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""The digest of nothing, for requests without a body."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """Who signs, and for which region."""

    key_id: str
    secret: str = field(repr=False)
    region: str


class _KnownPayload(S3SigV4Auth):
    """The library's signer, told the body's digest instead of reading the body."""

    def __init__(self, key: SigningKey, sha256: str) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            Credentials(key.key_id, key.secret), "s3", key.region
        )
        self._sha256 = sha256

    def payload(self, request: AWSRequest) -> str:
        """Return the digest that is signed."""
        del request
        return self._sha256


def signed(key: SigningKey, method: str, url: str, headers: Mapping[str, str], sha256: str) -> dict[str, str]:
    """Return the headers of a request, its signature among them.

    Args: url: as it will be sent, percent-encoded; sha256: of the body, in hex.
    """
    request = AWSRequest(method=method, url=url, headers=dict(headers))
    _KnownPayload(key, sha256).add_auth(request)  # type: ignore[no-untyped-call]
    return {str(name): str(value) for name, value in request.headers.items()}
