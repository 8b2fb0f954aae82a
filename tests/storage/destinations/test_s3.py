"""Delivery to S3: what the store gets, by which signature, and what its answers mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.destination import Media, Receipt
from storage.destinations import s3
from storage.destinations.s3 import S3Destination, _url, parse
from storage.errors import AddressRefused, DeliveryFailed, MediaDamaged
from tests.storage.object_store import KEY_ID, SECRET, s3_judge
from tests.storage.receiver import Answer, Received, Receiver, context_of, loopback, media_of, serving

CONTENT = b"ID3" + bytes(range(256)) * 1500
NAME = "call_recording_1.mp3"
METADATA = {"_id": "202611-ab", "pvt_account_id": "acc", "pvt_account_db": "account%2Fab%2Fcd%2Fef-202611"}


@pytest.fixture
def media(tmp_path: Path) -> Media:
    """A finished recording of a few blocks."""
    return media_of(tmp_path / "a.mp3", CONTENT)


def deliver(receiver: Receiver, media: Media, url: str = "s3://calls/in/", **parameters: Any) -> Receipt:
    """Deliver to a receiver with short deadlines, by keys of a plan unless others are given."""
    destination = S3Destination(context_of(response_timeout_s=0.5, stall_timeout_s=0.5))
    endpoint = {"host": "127.0.0.1", "port": receiver.port, "scheme": "http"}
    wanted = {"url": url, "access_key": KEY_ID, "secret": SECRET, **endpoint, **parameters}
    assert destination.validate(wanted) == []
    return destination.deliver(media, METADATA, wanted)


def test_the_object_is_signed_and_whole(media: Media) -> None:
    """Another store's bucket is in the path; signature and digests are good; the receipt shows no key."""
    kept: dict[str, Received] = {}
    with serving() as receiver:
        receiver.judge = s3_judge(kept)
        receipt = deliver(receiver, media)
    (request,) = kept.values()
    assert list(kept) == [f"127.0.0.1:{receiver.port}/calls/in/{NAME}"]
    assert (request.method, request.sha256) == ("PUT", media.sha256)
    assert request.headers["content-type"] == "audio/mpeg"
    assert request.headers["content-length"] == str(media.size_bytes)
    assert receipt == Receipt(f"s3://calls/in/{NAME}", "same SHA-256")


def test_a_documents_url_carries_key_and_options(media: Media) -> None:
    """Credentials before the bucket, percent-encoded; the endpoint in the query."""
    kept: dict[str, Received] = {}
    with serving() as receiver:
        receiver.judge = s3_judge(kept, region="eu-central-1")
        query = f"host=127.0.0.1&port={receiver.port}&scheme=http&region=eu-central-1"
        url = f"s3://{KEY_ID}:{quote(SECRET, safe='')}@calls/a%20b?{query}"
        destination = S3Destination(context_of())
        assert destination.validate({"url": url, "method": "put"}) == []
        receipt = destination.deliver(media, METADATA, {"url": url})
    assert receipt.location == f"s3://calls/a b/{NAME}"
    assert len(kept) == 1


@pytest.mark.parametrize("name", ["a b+c%.mp3", "ü~(1)!'*.mp3", "a;b&c=d@e,f.mp3"])
def test_any_name_is_signed_as_it_is_sent(tmp_path: Path, name: str) -> None:
    """What is encoded on the way is encoded in the signature, in the same way."""
    kept: dict[str, Received] = {}
    with serving() as receiver:
        receiver.judge = s3_judge(kept)
        receipt = deliver(receiver, media_of(tmp_path / "a", CONTENT, name=name))
    assert [key.partition("/calls/in/")[2] for key in kept] == [receipt.location.partition("/in/")[2]]


def test_a_plan_names_the_copy(media: Media) -> None:
    """As Kazoo does: values of fields are encoded, and stay so as a part of the key."""
    kept: dict[str, Received] = {}
    fields = [{"arg": "db"}, {"group": [{"arg": "id"}, {"const": "_"}, {"arg": "attachment"}]}]
    with serving() as receiver:
        receiver.judge = s3_judge(kept)
        receipt = deliver(receiver, media, field_list=fields, folder_path="/base")
    key = f"in/base/account%2Fab%2Fcd%2Fef-202611/202611-ab_{NAME}"
    assert receipt.location == f"s3://calls/{key}"
    assert list(kept) == [f"127.0.0.1:{receiver.port}/calls/{key}"]


def test_a_wrong_secret_is_final_and_not_told(media: Media) -> None:
    """The store's own word for it is passed on."""
    with serving() as receiver:
        receiver.judge = s3_judge({})
        with pytest.raises(DeliveryFailed, match="SignatureDoesNotMatch") as caught:
            deliver(receiver, media, secret="wrong")
    assert (caught.value.status, caught.value.retryable) == (403, False)


@pytest.mark.parametrize(
    ("bucket", "options", "url"),
    [
        ("calls", "", "https://calls.s3.amazonaws.com/a/n"),
        ("calls", "region=eu-west-1", "https://calls.s3.eu-west-1.amazonaws.com/a/n"),
        (
            "calls",
            "region=eu-west-1&bucket_access_method=path",
            "https://s3.eu-west-1.amazonaws.com/calls/a/n",
        ),
        ("calls.example.com", "", "https://s3.amazonaws.com/calls.example.com/a/n"),
        ("Calls", "", "https://s3.amazonaws.com/Calls/a/n"),
        ("calls", "host=minio.test&port=9000", "https://minio.test:9000/calls/a/n"),
        ("calls", "host=minio.test&bucket_access_method=auto", "https://minio.test/calls/a/n"),
        ("calls", "host=minio.test&scheme=http&bucket_access_method=vhost", "http://calls.minio.test/a/n"),
    ],
)
def test_how_the_bucket_is_named(bucket: str, options: str, url: str) -> None:
    """Before the host or in the path."""
    place = parse({"url": f"s3://k:s@{bucket}/a?{options}"})
    assert _url(place, ("a", "n"), place.options.get("region", "")) == url


def test_a_store_that_tells_another_region_is_asked_there(
    media: Media, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once told, the region of a bucket is remembered."""
    kept: dict[str, Received] = {}
    with serving() as receiver:
        receiver.judge = s3_judge(kept, region="eu-north-1")
        monkeypatch.setattr(s3, "_url", lambda place, key, region: receiver.url("/x"))
        destination = S3Destination(context_of())
        parameters = {"url": "s3://calls/", "access_key": KEY_ID, "secret": SECRET}
        destination.deliver(media, METADATA, parameters)
        destination.deliver(media, METADATA, parameters)
    assert len(receiver.requests) == 3


@pytest.mark.parametrize(
    ("status", "code", "retryable"),
    [
        (400, "RequestTimeout", True),
        (400, "EntityTooLarge", False),
        (403, "AccessDenied", False),
        (403, "RequestTimeTooSkewed", True),
        (404, "NoSuchBucket", False),
        (409, "OperationAborted", True),
        (429, "TooManyRequests", True),
        (503, "SlowDown", True),
        (507, "XMinioStorageFull", True),
        (301, "PermanentRedirect", False),
    ],
)
def test_what_each_answer_means(media: Media, status: int, code: str, retryable: bool) -> None:
    """By its status or the store's own word; redirects are not followed, for the signature is for one URL."""
    answer = Answer(
        status, {"Location": "http://127.0.0.1:1/"}, f"<Error><Code>{code}</Code></Error>".encode()
    )
    with serving(answer) as receiver, pytest.raises(DeliveryFailed, match=code) as caught:
        deliver(receiver, media)
    assert (caught.value.status, caught.value.retryable) == (status, retryable)
    assert len(receiver.requests) == 1


def test_another_checksum_is_another_object(media: Media) -> None:
    """What the store says it has is compared."""
    with (
        serving(Answer(200, {"x-amz-checksum-sha256": "AAAA"})) as receiver,
        pytest.raises(DeliveryFailed, match="another SHA-256") as caught,
    ):
        deliver(receiver, media)
    assert caught.value.retryable


def test_a_store_without_checksums_is_believed(media: Media) -> None:
    """The digest was signed: the receipt says that much."""
    with serving(Answer(200)) as receiver:
        assert deliver(receiver, media).detail == "200, SHA-256 signed"


@pytest.mark.parametrize(
    "answer",
    [Answer(hangs=True), Answer(cut_after=100_000), Answer(cut_after=0)],
    ids=["silent", "cut", "at once"],
)
def test_failures_on_the_way_are_worth_another_attempt(media: Media, answer: Answer) -> None:
    """None is stored, none is final."""
    with serving(answer) as receiver, pytest.raises(DeliveryFailed) as caught:
        deliver(receiver, media)
    assert caught.value.retryable


def test_private_addresses_are_not_delivered_to(media: Media) -> None:
    """A plan's or a document's host cannot send a recording inside."""
    destination = S3Destination(context_of(policy=loopback("10.0.0.0/8")))
    with serving() as receiver, pytest.raises(AddressRefused, match="allow_networks"):
        destination.deliver(media, METADATA, {"url": f"s3://k:s@calls/?host=127.0.0.1&port={receiver.port}"})
    assert receiver.requests == []


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
            "url": "s3://calls/in/",
            "host": "127.0.0.1",
            "port": receiver.port,
            "scheme": "http",
            "access_key": KEY_ID,
            "secret": SECRET,
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
        deliver(receiver, media)


def test_what_one_put_cannot_carry_is_final(media: Media) -> None:
    """It would be refused after all of it was sent."""
    huge = Media(media.path, "audio/wav", s3.MAX_BYTES + 1, media.sha256, "a.wav")
    with serving() as receiver, pytest.raises(DeliveryFailed) as caught:
        deliver(receiver, huge)
    assert not caught.value.retryable
    assert receiver.requests == []


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [
        ({}, "scheme"),
        ({"url": "s3://calls/"}, "no key"),
        ({"url": "s3://k@calls/"}, "one without the other"),
        ({"url": "s3://k:s@-/"}, "bucket"),
        ({"url": "s3://k:s@calls:80/"}, "port"),
        ({"url": "s3://k:s@calls/#x"}, "fragment"),
        ({"url": "s3://k:s@calls/a/../b"}, "leads elsewhere"),
        ({"url": "s3://k:s@calls/?regoin=x"}, "'regoin'"),
        ({"url": "s3://k:s@calls/?region=a/b"}, "region"),
        ({"url": "s3://k:s@calls/?host=a/b"}, "host"),
        ({"url": "s3://k:s@calls/?host=a&host=b"}, "twice"),
        ({"url": "s3://k:s@calls/?port=0"}, "port"),
        ({"url": "s3://k:s@calls/?scheme=ftp"}, "scheme"),
        ({"url": "s3://k:s@calls/", "bucket_access_method": "dns"}, "bucket_access_method"),
        ({"url": "s3://k:s@calls/", "secret": "a\nb"}, "secret"),
        ({"url": "s3://k:s@calls/", "verb": "put"}, "verb: unknown"),
        ({"url": "s3://k:s@calls/", "field_list": [{"arg": "x"}]}, "field_list"),
    ],
)
def test_faults_of_a_target_are_named(parameters: dict[str, Any], fault: str) -> None:
    """Each bad parameter yields exactly one sentence."""
    faults = DESTINATION.validate(parameters)
    assert len(faults) == 1
    assert fault in faults[0]


@given(
    st.dictionaries(
        st.sampled_from(sorted(s3.PARAMETERS)),
        st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists)
        | st.dictionaries(st.text(), st.text())
        | st.builds("s3://k:s@{}/{}?{}".format, st.text(), st.text(), st.text()),
    )
)
def test_any_parameters_are_judged_without_a_crash(parameters: dict[str, Any]) -> None:
    """Targets come from documents; judging them raises nothing."""
    assert all(isinstance(fault, str) for fault in DESTINATION.validate(parameters))


DESTINATION = S3Destination(context_of())
