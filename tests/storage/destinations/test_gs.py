"""Delivery to Google's store: by HMAC keys and by service account."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from google.auth import jwt
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.destination import Media, Receipt
from storage.destinations import gs
from storage.destinations.gs import GoogleDestination
from storage.errors import AddressRefused, DeliveryFailed, MediaDamaged
from tests.storage.object_store import KEY_ID, SECRET, s3_judge
from tests.storage.receiver import Answer, Received, Receiver, context_of, loopback, media_of, serving

CONTENT = b"ID3" + bytes(range(256)) * 1500
MD5 = base64.b64encode(hashlib.md5(CONTENT).digest()).decode()
NAME = "call_recording_1.mp3"
METADATA = {"_id": "202611-ab", "pvt_account_id": "acc"}
HMAC = {"access_key": KEY_ID, "secret": SECRET}


@pytest.fixture
def media(tmp_path: Path) -> Media:
    """A finished recording of a few blocks."""
    return media_of(tmp_path / "a.mp3", CONTENT)


@pytest.fixture(scope="module")
def private_key() -> str:
    """A service account's private key, as Google's JSON has it."""
    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def destination(**options: Any) -> GoogleDestination:
    """One with short deadlines."""
    return GoogleDestination(context_of(response_timeout_s=0.5, stall_timeout_s=0.5, **options))


def wanted(receiver: Receiver, **parameters: Any) -> dict[str, Any]:
    """Parameters that lead to a receiver."""
    found = {
        "url": "gs://calls/in/",
        "host": "127.0.0.1",
        "port": receiver.port,
        "scheme": "http",
        **parameters,
    }
    assert destination().validate(found) == []
    return found


def deliver(receiver: Receiver, media: Media, **parameters: Any) -> Receipt:
    """Deliver to a receiver."""
    return destination().deliver(media, METADATA, wanted(receiver, **parameters))


def account(receiver: Receiver, private_key: str, path: str = "/token") -> dict[str, Any]:
    """The key of a service account whose tokens a receiver gives."""
    return {
        "type": "service_account",
        "client_email": "rec@example.iam.gserviceaccount.com",
        "private_key_id": "1",
        "private_key": private_key,
        "token_uri": receiver.url(path),
    }


def test_hmac_keys_sign_the_object(media: Media) -> None:
    """As S3 does it, for the region auto; the bucket is in the path."""
    kept: dict[str, Received] = {}
    with serving() as receiver:
        receiver.judge = s3_judge(kept, region="auto")
        receipt = deliver(receiver, media, **HMAC)
    assert list(kept) == [f"127.0.0.1:{receiver.port}/calls/in/{NAME}"]
    assert receipt.location == f"gs://calls/in/{NAME}"
    assert receiver.requests[0].sha256 == media.sha256


def test_a_documents_url_carries_the_key(media: Media) -> None:
    """Credentials before the bucket."""
    kept: dict[str, Received] = {}
    with serving() as receiver:
        receiver.judge = s3_judge(kept, region="auto", secret="plain")
        deliver(
            receiver, media, url=f"gs://{KEY_ID}:plain@calls/?host=127.0.0.1&port={receiver.port}&scheme=http"
        )
    assert len(kept) == 1


def tokens(kept: list[Received], *, first: str = "t1") -> Any:
    """Judge requests as Google does: a token for a signed claim, an object for a token."""

    def judge(received: Received) -> Answer:
        if received.target == "/token":
            claim = jwt.decode(parse_qs(received.body.decode())["assertion"][0], verify=False)
            assert claim["scope"] == "https://www.googleapis.com/auth/devstorage.read_write"
            token = {"access_token": first, "expires_in": 3600, "token_type": "Bearer"}
            return Answer(200, {"Content-Type": "application/json"}, json.dumps(token).encode())
        if received.headers.get("authorization") != "Bearer t1":
            return Answer(401, body=b"<Error><Code>AuthenticationRequired</Code></Error>")
        kept.append(received)
        return Answer(200, {"x-goog-hash": f"crc32c=AAAAAA==,md5={MD5}"})

    return judge


def test_a_service_account_gets_a_token_and_keeps_it(media: Media, private_key: str) -> None:
    """One token for two objects; the MD5 that the store tells is compared."""
    kept: list[Received] = []
    with serving() as receiver:
        receiver.judge = tokens(kept)
        google = destination()
        parameters = wanted(receiver, service_account_secret=account(receiver, private_key))
        receipt = google.deliver(media, METADATA, parameters)
        google.deliver(media, METADATA, parameters)
    assert receipt == Receipt(f"gs://calls/in/{NAME}", "same MD5")
    assert [request.target for request in receiver.requests].count("/token") == 1
    assert kept[0].sha256 == media.sha256


def test_a_token_that_is_not_taken_is_forgotten(media: Media, private_key: str) -> None:
    """The next attempt asks for another."""
    with serving() as receiver:
        receiver.judge = tokens([], first="stale")
        google = destination()
        parameters = wanted(receiver, service_account_secret=account(receiver, private_key))
        with pytest.raises(DeliveryFailed, match="AuthenticationRequired"):
            google.deliver(media, METADATA, parameters)
        receiver.judge = tokens([])
        google.deliver(media, METADATA, parameters)


def test_a_refused_token_is_told_without_the_key(media: Media, private_key: str) -> None:
    """Nothing is sent then."""
    answer = Answer(400, {"Content-Type": "application/json"}, b'{"error": "invalid_grant"}')
    with serving(answer) as receiver, pytest.raises(DeliveryFailed, match="no token") as caught:
        deliver(receiver, media, service_account_secret=account(receiver, private_key))
    assert not caught.value.retryable
    assert "PRIVATE" not in str(caught.value)


def test_tokens_are_not_fetched_from_inside(media: Media, private_key: str) -> None:
    """A key names the place to ask; it is judged like any other."""
    google = destination(policy=loopback("10.0.0.0/8"))
    with serving() as receiver:
        parameters = {"url": "gs://calls/", "service_account_secret": account(receiver, private_key)}
        with pytest.raises(AddressRefused, match="allow_networks"):
            google.deliver(media, METADATA, parameters)
    assert receiver.requests == []


@pytest.mark.parametrize("key", ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"])
def test_a_key_that_is_none_is_final(media: Media, key: str) -> None:
    """It is told, and nobody is asked."""
    with serving() as receiver, pytest.raises(DeliveryFailed, match="cannot be used") as caught:
        deliver(receiver, media, service_account_secret=account(receiver, key))
    assert not caught.value.retryable
    assert receiver.requests == []


def test_another_md5_is_another_object(media: Media) -> None:
    """What the store says it has is compared."""
    answer = Answer(200, {"x-goog-hash": "md5=AAAAAAAAAAAAAAAAAAAAAA=="})
    with serving(answer) as receiver, pytest.raises(DeliveryFailed, match="another MD5") as caught:
        deliver(receiver, media, **HMAC)
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("status", "code", "retryable"),
    [
        (403, "AccessDenied", False),
        (404, "NoSuchBucket", False),
        (429, "SlowDown", True),
        (503, "ServiceUnavailable", True),
        (307, "TemporaryRedirect", False),
    ],
)
def test_what_each_answer_means(media: Media, status: int, code: str, retryable: bool) -> None:
    """By its status; the store's own word is passed on."""
    answer = Answer(status, {}, f"<Error><Code>{code}</Code></Error>".encode())
    with serving(answer) as receiver, pytest.raises(DeliveryFailed, match=code) as caught:
        deliver(receiver, media, **HMAC)
    assert (caught.value.status, caught.value.retryable) == (status, retryable)


@pytest.mark.parametrize(
    ("status", "size", "holds"), [(200, "SIZE", True), (200, "7", False), (404, "0", False), (403, "0", None)]
)
def test_the_copy_is_found_again_until_it_changes(
    media: Media, status: int, size: str, holds: bool | None
) -> None:
    """By its size; what may not be asked is not known."""
    length = str(media.size_bytes) if size == "SIZE" else size
    with serving(Answer(status, {"Content-Length": length})) as receiver:
        parameters = {
            "url": "gs://calls/in/",
            "host": "127.0.0.1",
            "port": receiver.port,
            "scheme": "http",
            **HMAC,
        }
        if holds is None:
            with pytest.raises(DeliveryFailed, match="403"):
                DESTINATION.holds(media, METADATA, parameters, Receipt(""))
        else:
            assert DESTINATION.holds(media, METADATA, parameters, Receipt("")) == holds
    assert receiver.requests[0].method == "HEAD"


def test_damaged_media_is_not_delivered(media: Media) -> None:
    """The request is never completed."""
    media.path.write_bytes(CONTENT[:-1] + b"x")
    with serving() as receiver, pytest.raises(MediaDamaged):
        deliver(receiver, media, **HMAC)


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [
        ({}, "scheme"),
        ({"url": "gs://calls/"}, "no key"),
        ({"url": "gs://calls/", "service_account_secret": "{}"}, "JSON object"),
        ({"url": "gs://k:s@calls/?region=x"}, "'region'"),
        ({"url": "gs://k:s@calls/", "oauth_doc_id": "x"}, "oauth_doc_id: unknown"),
    ],
)
def test_faults_of_a_target_are_named(parameters: dict[str, Any], fault: str) -> None:
    """Each bad parameter yields exactly one sentence."""
    faults = DESTINATION.validate(parameters)
    assert len(faults) == 1
    assert fault in faults[0]


@settings(max_examples=50)
@given(
    st.dictionaries(
        st.sampled_from(sorted(gs.PARAMETERS)),
        st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists)
        | st.dictionaries(st.text(), st.text()),
    )
)
def test_any_parameters_are_judged_without_a_crash(parameters: dict[str, Any]) -> None:
    """Targets come from documents; judging them raises nothing."""
    assert all(isinstance(fault, str) for fault in DESTINATION.validate(parameters))


DESTINATION = GoogleDestination(context_of())
