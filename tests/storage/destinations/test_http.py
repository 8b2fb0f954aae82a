"""Delivery by HTTP: what arrives, and what each answer means."""

from __future__ import annotations

import base64
import json
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.destination import Media
from storage.destinations.http import HttpDestination
from storage.errors import AddressRefused, DeliveryFailed, MediaDamaged
from tests.storage.receiver import Answer, Receiver, context_of, loopback, media_of, serving

CONTENT = b"ID3" + bytes(range(256)) * 1500
METADATA = {"_id": "202611-ab", "call_id": "abc", "from": "1@a", "pvt_account_id": "acc", "name": "x.mp3"}
FACTS = "from=1%40a&call_id=abc&account_id=acc&recording_id=202611-ab"


@pytest.fixture
def media(tmp_path: Path) -> Media:
    """A finished recording of a few blocks."""
    return media_of(tmp_path / "a.mp3", CONTENT)


def deliver(receiver: Receiver, media: Media, url: str | None = None, **parameters: Any) -> Any:
    """Deliver to a receiver with short deadlines."""
    destination = HttpDestination(context_of(response_timeout_s=0.5, stall_timeout_s=0.5))
    wanted = {"url": url or receiver.url("/in"), **parameters}
    assert destination.validate(wanted) == []
    return destination.deliver(media, METADATA, wanted)


@pytest.mark.parametrize("method", ["put", "post", "PUT"])
def test_the_file_arrives_whole_under_its_url(media: Media, method: str) -> None:
    """Body, length, type, digest and query are those of the recording; the receipt says where it is."""
    with serving(Answer(201)) as receiver:
        receipt = deliver(receiver, media, method=method)
    (request,) = receiver.requests
    assert (request.method, request.sha256, request.size) == (method.upper(), media.sha256, media.size_bytes)
    assert request.target == f"/in/call_recording_1.mp3?{FACTS}"
    assert request.headers["content-type"] == "audio/mpeg"
    assert request.headers["content-length"] == str(media.size_bytes)
    assert "transfer-encoding" not in request.headers
    digest = base64.b64encode(bytes.fromhex(media.sha256)).decode()
    assert request.headers["content-digest"] == f"sha-256=:{digest}:"
    assert receipt.location == receiver.url(f"/in/call_recording_1.mp3?{FACTS}")
    assert receipt.detail == "201 Told"


def test_an_empty_file_is_sent_as_no_bytes(tmp_path: Path) -> None:
    """With a length of 0, not as a chunked body."""
    with serving() as receiver:
        deliver(receiver, media_of(tmp_path / "a.mp3", b""))
    assert receiver.requests[0].headers["content-length"] == "0"
    assert "transfer-encoding" not in receiver.requests[0].headers


def test_fields_and_headers_of_the_target_are_used(media: Media) -> None:
    """Fields given replace those of the metadata; headers are sent along."""
    with serving() as receiver:
        deliver(receiver, media, fields={"a": "b c"}, headers={"X-Token": "t"})
    assert receiver.requests[0].target == "/in/call_recording_1.mp3?a=b%20c"
    assert receiver.requests[0].headers["x-token"] == "t"


def test_credentials_of_the_url_authenticate_and_do_not_show(media: Media) -> None:
    """Basic authentication, and a receipt without it."""
    with serving() as receiver:
        receipt = deliver(receiver, media, receiver.url("/in").replace("://", "://user:p%C3%A4ss@"))
    expected = base64.b64encode("user:päss".encode()).decode()
    assert receiver.requests[0].headers["authorization"] == f"Basic {expected}"
    assert "user" not in receipt.location


def test_a_form_holds_the_metadata_and_the_file(media: Media) -> None:
    """multipart: public fields as JSON under the document's id, the file under its name, length declared."""
    with serving() as receiver:
        deliver(receiver, media, method="post", multipart=True)
    (request,) = receiver.requests
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    assert request.size == int(request.headers["content-length"])
    # the receiver keeps the beginning only, and so closes the form itself
    boundary = request.headers["content-type"].split("boundary=")[1]
    message = BytesParser().parsebytes(head + request.body + f"\r\n--{boundary}--\r\n".encode())
    facts, file = message.get_payload()
    assert facts.get_param("name", header="content-disposition") == "202611-ab"
    assert json.loads(facts.get_payload()) == {"call_id": "abc", "from": "1@a", "name": "x.mp3"}
    assert file.get_filename() == "call_recording_1.mp3"
    assert file.get_content_type() == "audio/mpeg"
    assert file.get_payload(decode=True)[:50_000] == CONTENT[:50_000]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 40_000])
def test_a_form_may_hold_the_file_in_base64(tmp_path: Path, size: int) -> None:
    """Across all blocks as one text, its length declared beforehand."""
    content = CONTENT[:size]
    with serving() as receiver:
        deliver(receiver, media_of(tmp_path / "b.mp3", content), method="post", multipart=True, base64=True)
    (request,) = receiver.requests
    assert request.size == int(request.headers["content-length"])
    boundary = request.headers["content-type"].split("boundary=")[1].encode()
    file = request.body.split(b"--" + boundary)[2].partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")
    assert file == base64.b64encode(content)


def test_a_file_of_many_blocks_is_one_text_in_base64(media: Media) -> None:
    """No padding stands between them."""
    with serving() as receiver:
        deliver(receiver, media, multipart=True, base64=True)
    (request,) = receiver.requests
    assert request.size == int(request.headers["content-length"])
    assert base64.b64encode(CONTENT)[:30_000] in request.body


def test_a_plain_body_is_never_in_base64(media: Media) -> None:
    """As Kazoo does it: the option is the form's."""
    with serving() as receiver:
        deliver(receiver, media, base64=True)
    assert receiver.requests[0].sha256 == media.sha256


FIELDS = [{"arg": "account_id"}, {"field": "owner_id"}, {"arg": "attachment"}]


@pytest.mark.parametrize(
    ("path", "parameters", "target"),
    [
        ("/in/", {"field_list": FIELDS}, "/in/acc/call_recording_1.mp3"),
        ("/in", {"field_list": FIELDS, "field_separator": "-"}, "/in/acc-call_recording_1.mp3"),
        ("/in", {"field_list": FIELDS, "folder_path": "/a b/"}, "/in/a%20b/acc/call_recording_1.mp3"),
        ("/in?name=", {"field_list": FIELDS}, "/in?name=acc/call_recording_1.mp3"),
        ("/in", {"folder_path": "f"}, "/in/f/call_recording_1.mp3"),
        ("/in", {"field_list": [{"field": "from"}, {"const": "../x"}]}, "/in/1%40a/x"),
    ],
)
def test_a_plan_names_the_copy(media: Media, path: str, parameters: dict[str, Any], target: str) -> None:
    """Behind the URL's path, or behind its query; nothing climbs."""
    with serving() as receiver:
        deliver(receiver, media, receiver.url(path), fields={}, **parameters)
    assert receiver.requests[0].target == target


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("multipart", [False, True])
def test_the_whole_file_is_sent_again_along_a_redirect(media: Media, status: int, multipart: bool) -> None:
    """Method and body are kept, the body read afresh."""
    with serving(Answer(status, {"Location": "/moved"}), Answer(200)) as receiver:
        receipt = deliver(receiver, media, multipart=multipart)
    first, second = receiver.requests
    assert (second.method, second.target, second.sha256) == ("PUT", "/moved", first.sha256)
    assert second.size >= media.size_bytes
    assert receipt.location == receiver.url("/moved")


@pytest.mark.parametrize(
    ("status", "retryable"),
    [
        (400, False),
        (401, False),
        (403, False),
        (404, False),
        (405, False),
        (408, True),
        (409, False),
        (413, False),
        (425, True),
        (429, True),
        (500, True),
        (502, True),
        (503, True),
        (504, True),
        (507, True),
        (300, False),
        (304, False),
        (302, False),
    ],
)
def test_what_each_status_means(media: Media, status: int, retryable: bool) -> None:
    """2xx is stored; these are not, and this says which may change their mind (302: without a Location)."""
    answer = Answer(status, body=b"" if status == 304 else b"no\x1b[31m room\n")
    with serving(answer) as receiver, pytest.raises(DeliveryFailed) as caught:
        deliver(receiver, media)
    assert (caught.value.status, caught.value.retryable) == (status, retryable)
    assert str(caught.value).startswith(f"answered {status} Told")
    assert "\x1b" not in str(caught.value)
    if status != 304:
        assert "room" in str(caught.value)


def test_a_retry_after_is_passed_on(media: Media) -> None:
    """How long the destination wants to be left alone is the outbox's to honour."""
    with serving(Answer(503, {"Retry-After": "120"})) as receiver, pytest.raises(DeliveryFailed) as caught:
        deliver(receiver, media)
    assert caught.value.retry_after_s == 120.0


@pytest.mark.parametrize(
    "answer",
    [Answer(hangs=True), Answer(cut_after=100_000), Answer(cut_after=0), Answer(hangs=True, early=True)],
    ids=["silent", "cut within the body", "cut at once", "not reading"],
)
def test_failures_on_the_way_are_worth_another_attempt(tmp_path: Path, answer: Answer) -> None:
    """Silence after the body, a cut within it, a peer that takes nothing: none is stored, none is final."""
    media = media_of(tmp_path / "a.mp3", bytes(16 * 1024 * 1024))
    with serving(answer) as receiver, pytest.raises(DeliveryFailed) as caught:
        deliver(receiver, media)
    assert caught.value.retryable


def test_a_success_before_the_body_was_sent_is_none(tmp_path: Path) -> None:
    """A server that says 200 to a fraction of the file does not have the file."""
    media = media_of(tmp_path / "a.mp3", bytes(16 * 1024 * 1024))
    with serving(Answer(200, early=True)) as receiver, pytest.raises(DeliveryFailed) as caught:
        deliver(receiver, media)
    assert caught.value.retryable


def test_a_refusal_before_the_body_was_sent_counts(tmp_path: Path) -> None:
    """413 to a long body is heard although the connection is closed on us."""
    media = media_of(tmp_path / "a.mp3", bytes(300_000))
    with serving(Answer(413, early=True)) as receiver, pytest.raises(DeliveryFailed) as caught:
        deliver(receiver, media)
    assert caught.value.status in (413, None)  # None: the reset overtook the answer, then it is tried again
    assert caught.value.retryable == (caught.value.status is None)


@pytest.mark.parametrize("change", ["gone", "cut", "altered"])
def test_damaged_media_is_not_delivered(media: Media, change: str) -> None:
    """The receiver gets no complete request of a file that is not what was measured."""
    if change == "gone":
        media.path.unlink()
    elif change == "cut":
        media.path.write_bytes(CONTENT[:-1000])
    else:
        media.path.write_bytes(CONTENT[:-1] + b"x")
    with serving() as receiver:
        with pytest.raises(MediaDamaged):
            deliver(receiver, media)
        if change != "gone":
            receiver.wait_for(lambda: receiver.requests)
            assert receiver.requests[0].size < media.size_bytes


def test_private_addresses_are_not_delivered_to(media: Media) -> None:
    """Without an entry in allow_networks a document cannot send a recording inside."""
    destination = HttpDestination(context_of(policy=loopback("10.0.0.0/8")))
    with serving() as receiver, pytest.raises(AddressRefused, match="allow_networks"):
        destination.deliver(media, METADATA, {"url": receiver.url()})
    assert receiver.requests == []


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [
        ({}, "scheme"),
        ({"url": "http://h/", "method": "patch"}, "method"),
        ({"url": "http://h/", "headers": {"Host": "x"}}, "set by the delivery itself"),
        ({"url": "http://h/", "headers": {"content-LENGTH": "1"}}, "set by the delivery itself"),
        ({"url": "http://h/", "headers": {"X": "a\r\nY: b"}}, "no header may"),
        ({"url": "http://h/", "headers": {"X Y": "a"}}, "no header name"),
        ({"url": "http://h/", "headers": {"X": "€"}}, "no header may"),
        ({"url": "http://h/", "headers": {"X": 1}}, "map names to text"),
        ({"url": "http://h/", "headers": ["X"]}, "map names to text"),
        ({"url": "http://h/", "fields": {"a": 1}}, "map names to text"),
        ({"url": "http://h/", "multipart": "yes"}, "multipart"),
        ({"url": "http://h/", "base64": 1}, "base64"),
        ({"url": "http://h/", "field_list": "all"}, "field_list"),
        ({"url": "http://h/", "verb": "put"}, "verb: unknown"),
        ({"url": 5}, "scheme"),
    ],
)
def test_faults_of_a_target_are_named(parameters: dict[str, Any], fault: str) -> None:
    """Each bad parameter yields exactly one sentence."""
    faults = HttpDestination(context_of()).validate(parameters)
    assert len(faults) == 1
    assert fault in faults[0]


@given(
    st.dictionaries(
        st.sampled_from(["url", "method", "headers", "multipart", "fields", "else"]),
        st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists)
        | st.dictionaries(st.text(), st.text()),
    )
)
def test_any_parameters_are_judged_without_a_crash(parameters: dict[str, Any]) -> None:
    """Targets come from documents; judging them raises nothing."""
    assert all(isinstance(fault, str) for fault in DESTINATION.validate(parameters))


DESTINATION = HttpDestination(context_of())
