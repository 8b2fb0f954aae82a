"""Object stores that check signatures with their makers' own libraries, and keep what is put into them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.storage.receiver import Answer, Received

KEY_ID = "AKIDEXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

Judge = Callable[[Received], Answer | None]


def s3_judge(kept: dict[str, Received], *, region: str = "us-east-1", secret: str = SECRET) -> Judge:
    """Judge requests as S3 does: the signature, the region, the body's digest; keep what is good."""

    def judge(received: Received) -> Answer | None:
        told = _fields(received.headers.get("authorization", ""))
        key_id, date, asked_region, service, _ = told.get("Credential", "////").split("/")
        if asked_region != region:
            return Answer(400, {"x-amz-bucket-region": region}, _error("AuthorizationHeaderMalformed"))
        names = told["SignedHeaders"].split(";")
        if key_id != KEY_ID or told["Signature"] != _signature(received, names, service, region, secret):
            return Answer(403, body=_error("SignatureDoesNotMatch"))
        assert date == received.headers["x-amz-date"][:8]
        assert {"host", "x-amz-content-sha256", "x-amz-date"} <= set(names)
        if received.headers["x-amz-content-sha256"] != received.sha256:
            return Answer(400, body=_error("XAmzContentSHA256Mismatch"))
        kept[f"{received.headers['host']}{unquote(received.target)}"] = received
        checksum = received.headers.get("x-amz-checksum-sha256")
        return Answer(200, {"x-amz-checksum-sha256": checksum} if checksum else {})

    return judge


def _fields(authorization: str) -> dict[str, str]:
    _, _, rest = authorization.partition(" ")
    return dict(part.strip().partition("=")[::2] for part in rest.split(","))


def _signature(received: Received, names: list[str], service: str, region: str, secret: str) -> str:
    """Sign a request as it came once more, from its signed headers alone."""
    url = f"http://{received.headers['host']}{received.target}"
    headers = {name: received.headers[name] for name in names}
    request = AWSRequest(method=received.method, url=url, headers=headers)
    request.context["timestamp"] = received.headers["x-amz-date"]
    request.context["payload_signing_enabled"] = True

    class Known(S3SigV4Auth):
        def payload(self, request: AWSRequest) -> str:
            return str(received.headers["x-amz-content-sha256"])

        def headers_to_sign(self, request: AWSRequest) -> object:
            return request.headers

    signer = Known(Credentials(KEY_ID, secret), service, region)
    canonical = signer.canonical_request(request)
    return str(signer.signature(signer.string_to_sign(request, canonical), request))


def _error(code: str) -> bytes:
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no &amp; no</Message></Error>".encode()


def azure_judge(kept: dict[str, bytes], account: str, key: str) -> Judge:
    """Judge requests as Azure does: the shared key's signature and the MD5; keep blobs that are committed."""
    from azure.core.pipeline import PipelineContext, PipelineRequest
    from azure.core.pipeline.transport import HttpRequest
    from azure.storage.blob._shared.authentication import SharedKeyCredentialPolicy

    staged: dict[str, Received] = {}

    def judge(received: Received) -> Answer | None:
        headers = {name.title(): value for name, value in received.headers.items() if name != "authorization"}
        headers = {n.lower() if n.lower().startswith("x-ms-") else n: v for n, v in headers.items()}
        request = HttpRequest(received.method, f"http://{received.headers['host']}{received.target}", headers)
        SharedKeyCredentialPolicy(account, key).on_request(PipelineRequest(request, PipelineContext(None)))
        if request.headers["Authorization"] != received.headers.get("authorization"):
            return Answer(403, {"x-ms-error-code": "AuthenticationFailed"})
        parts = urlsplit(received.target)
        if parse_qs(parts.query)["comp"] == ["block"]:
            md5 = received.headers.get("content-md5")
            if len(received.body) == received.size and md5 != _md5(received.body):
                return Answer(400, {"x-ms-error-code": "Md5Mismatch"})
            staged[parts.path] = received
            return Answer(201)
        kept[unquote(parts.path)] = staged[parts.path].body
        return Answer(201, {"ETag": '"0x8D"', "Last-Modified": "Fri, 20 Nov 2026 12:01:00 GMT"})

    return judge


def _md5(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content).digest()).decode()
