"""Delivery to Azure: what the store gets, by which signature, and what its answers mean."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.destination import Media, Receipt
from storage.destinations import azure
from storage.destinations.azure import AzureDestination, _account_url, parse
from storage.errors import AddressRefused, DeliveryFailed, MediaDamaged
from tests.storage.object_store import azure_judge
from tests.storage.receiver import Answer, Receiver, context_of, loopback, media_of, serving

CONTENT = b"ID3" + bytes(range(200)) * 300
NAME = "call_recording_1.mp3"
ACCOUNT = "devstoreaccount1"
KEY = base64.b64encode(b"a key of an account" * 3).decode()
METADATA = {"_id": "202611-ab", "pvt_account_id": "acc"}


@pytest.fixture
def media(tmp_path: Path) -> Media:
    """A finished recording."""
    return media_of(tmp_path / "a.mp3", CONTENT)


def deliver(receiver: Receiver, media: Media, url: str = "az://calls/in/", **parameters: Any) -> Receipt:
    """Deliver to a receiver with short deadlines, by the key of a plan unless another is given."""
    destination = AzureDestination(context_of(response_timeout_s=0.5, stall_timeout_s=0.5))
    endpoint = {"host": "127.0.0.1", "port": receiver.port, "scheme": "http"}
    wanted = {"url": url, "account": ACCOUNT, "secret": KEY, **endpoint, **parameters}
    assert destination.validate(wanted) == []
    return destination.deliver(media, METADATA, wanted)


def test_the_blob_is_signed_and_whole(media: Media) -> None:
    """Staged with its MD5, then committed under its name, with its type; the receipt shows no key."""
    kept: dict[str, bytes] = {}
    with serving() as receiver:
        receiver.judge = azure_judge(kept, ACCOUNT, KEY)
        receipt = deliver(receiver, media)
    assert kept == {f"/{ACCOUNT}/calls/in/{NAME}": CONTENT}
    staged, committed = receiver.requests
    assert (staged.sha256, staged.headers["content-length"]) == (media.sha256, str(media.size_bytes))
    assert committed.headers["x-ms-blob-content-type"] == "audio/mpeg"
    assert committed.headers["x-ms-blob-content-md5"] == staged.headers["content-md5"]
    assert receipt.location == f"az://calls/in/{NAME}"
    assert receipt.detail.startswith("same MD5")


@pytest.mark.parametrize("scheme", ["az", "azure"])
def test_a_documents_url_carries_account_and_key(media: Media, scheme: str) -> None:
    """Before the container, percent-encoded; the endpoint in the query."""
    kept: dict[str, bytes] = {}
    with serving() as receiver:
        receiver.judge = azure_judge(kept, ACCOUNT, KEY)
        query = f"host=127.0.0.1&port={receiver.port}&scheme=http"
        url = f"{scheme}://{ACCOUNT}:{quote(KEY, safe='')}@calls/a%20b?{query}"
        destination = AzureDestination(context_of())
        assert destination.validate({"url": url, "method": "put"}) == []
        destination.deliver(media, METADATA, {"url": url})
    assert list(kept) == [f"/{ACCOUNT}/calls/a b/{NAME}"]


@pytest.mark.parametrize("name", ["a b+c%.mp3", "ü~(1)!'*.mp3", "a;b&c=d@e,f.mp3"])
def test_any_name_is_signed_as_it_is_sent(tmp_path: Path, name: str) -> None:
    """What is encoded on the way is encoded in the signature, in the same way."""
    kept: dict[str, bytes] = {}
    with serving() as receiver:
        receiver.judge = azure_judge(kept, ACCOUNT, KEY)
        receipt = deliver(receiver, media_of(tmp_path / "a", CONTENT, name=name))
    assert [key.partition("/calls/in/")[2] for key in kept] == [receipt.location.partition("/in/")[2]]


def test_a_wrong_key_is_final_and_not_told(media: Media) -> None:
    """The store's own word for it is passed on."""
    with serving() as receiver:
        receiver.judge = azure_judge({}, ACCOUNT, KEY)
        with pytest.raises(DeliveryFailed, match="AuthenticationFailed") as caught:
            deliver(receiver, media, secret=base64.b64encode(b"wrong").decode())
    assert (caught.value.status, caught.value.retryable) == (403, False)


def test_the_endpoint_is_the_accounts_unless_another_is_named() -> None:
    """Emulators are asked by address, with the account in the path."""
    secret = quote(KEY, safe="")
    own = parse({"url": f"az://acc:{secret}@calls/"})
    cloud = parse({"url": f"az://acc:{secret}@calls/?host=acc.blob.core.chinacloudapi.cn"})
    emulator = parse({"url": f"az://acc:{secret}@calls/?host=127.0.0.1&port=10000&scheme=http"})
    assert _account_url(own) == "https://acc.blob.core.windows.net"
    assert _account_url(cloud) == "https://acc.blob.core.chinacloudapi.cn"
    assert _account_url(emulator) == "http://127.0.0.1:10000/acc"


@pytest.mark.parametrize(
    ("status", "code", "retryable"),
    [
        (400, "Md5Mismatch", True),
        (400, "InvalidHeaderValue", False),
        (403, "AuthorizationFailure", False),
        (404, "ContainerNotFound", False),
        (413, "RequestBodyTooLarge", False),
        (500, "OperationTimedOut", True),
        (503, "ServerBusy", True),
        (307, "Moved", False),
    ],
)
def test_what_each_answer_means(media: Media, status: int, code: str, retryable: bool) -> None:
    """By its status or the store's own word; the library's own retries are off."""
    answer = Answer(status, {"x-ms-error-code": code, "Retry-After": "7"})
    with serving(answer) as receiver, pytest.raises(DeliveryFailed, match=code) as caught:
        deliver(receiver, media)
    assert (caught.value.status, caught.value.retryable) == (status, retryable)
    assert caught.value.retry_after_s == 7.0
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [Answer(hangs=True), Answer(cut_after=30_000), Answer(cut_after=0)],
    ids=["silent", "cut", "at once"],
)
def test_failures_on_the_way_are_worth_another_attempt(media: Media, answer: Answer) -> None:
    """None is stored, none is final."""
    with serving(answer) as receiver, pytest.raises(DeliveryFailed) as caught:
        deliver(receiver, media)
    assert caught.value.retryable


def test_an_endless_answer_is_cut(media: Media) -> None:
    """A store cannot fill the memory, or the time."""
    media = media_of(media.path, b"short")
    with serving(Answer(500, {"Content-Length": "999999"}, trickles=True)) as receiver:
        destination = AzureDestination(context_of(connect_timeout_s=0.2, response_timeout_s=0.1))
        endpoint = {"host": "127.0.0.1", "port": receiver.port, "scheme": "http"}
        with pytest.raises(DeliveryFailed) as caught:
            destination.deliver(
                media, METADATA, {"url": "az://calls/", "account": ACCOUNT, "secret": KEY, **endpoint}
            )
    assert caught.value.retryable


def test_private_addresses_are_not_delivered_to(media: Media) -> None:
    """A plan's or a document's host cannot send a recording inside."""
    destination = AzureDestination(context_of(policy=loopback("10.0.0.0/8")))
    with serving() as receiver, pytest.raises(AddressRefused, match="allow_networks"):
        destination.deliver(
            media,
            METADATA,
            {"url": f"az://calls/?host=127.0.0.1&port={receiver.port}", "account": ACCOUNT, "secret": KEY},
        )
    assert receiver.requests == []


@pytest.mark.parametrize(
    ("status", "size", "holds"), [(200, "SIZE", True), (200, "7", False), (404, "0", False), (403, "0", None)]
)
def test_the_copy_is_found_again_until_it_changes(
    media: Media, status: int, size: str, holds: bool | None
) -> None:
    """By its size; what may not be asked is not known."""
    length = str(media.size_bytes) if size == "SIZE" else size
    with serving(Answer(status, {"Content-Length": length, "x-ms-blob-type": "BlockBlob"})) as receiver:
        parameters = {
            "url": "az://calls/in/",
            "host": "127.0.0.1",
            "port": receiver.port,
            "scheme": "http",
            "account": ACCOUNT,
            "secret": KEY,
        }
        if holds is None:
            with pytest.raises(DeliveryFailed, match="403"):
                DESTINATION.holds(media, METADATA, parameters, Receipt(""))
        else:
            assert DESTINATION.holds(media, METADATA, parameters, Receipt("")) == holds
    assert receiver.requests[0].method == "HEAD"


def test_damaged_media_is_not_delivered(media: Media) -> None:
    """It is found before anything is sent."""
    media.path.write_bytes(CONTENT[:-1] + b"x")
    with serving() as receiver, pytest.raises(MediaDamaged):
        deliver(receiver, media)
    assert receiver.requests == []


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [
        ({}, "scheme"),
        ({"url": "az://calls/"}, "no key"),
        ({"url": "az://account:c2VjcmV0@-/"}, "bucket"),
        ({"url": "az://A_B:c2VjcmV0@calls/"}, "account"),
        ({"url": "az://account:not base64@calls/"}, "blank"),
        ({"url": "az://account:notbase64@calls/"}, "base64"),
        ({"url": "az://account:c2VjcmV0@calls/?region=x"}, "'region'"),
        ({"url": "az://account:c2VjcmV0@calls/", "key": "x"}, "key: unknown"),
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
        st.sampled_from(sorted(azure.PARAMETERS)),
        st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists)
        | st.builds("az://account:{}@{}/{}?{}".format, st.text(), st.text(), st.text(), st.text()),
    )
)
def test_any_parameters_are_judged_without_a_crash(parameters: dict[str, Any]) -> None:
    """Targets come from documents; judging them raises nothing."""
    assert all(isinstance(fault, str) for fault in DESTINATION.validate(parameters))


DESTINATION = AzureDestination(context_of())
