"""Documents by URL: what is sent, what is accepted, what is said of the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from storage.address import AddressPolicy
from swml.document import Script
from swml.errors import BadDocument, DocumentNotFetched
from swml.fetching import Fetcher
from swml.finding import Finding
from swml.web import Web
from tests.storage.receiver import Answer, loopback, serving

YAML = b"version: 1.0.0\nsections: {main: [answer: {}]}\n"


def read(text: str, url: str) -> Script:
    """A script that remembers its text as the name of a section."""
    if text == "bad":
        raise BadDocument([Finding("is bad")])
    return Script({text: ()}, url=url)


@contextmanager
def fetching(policy: AddressPolicy | None = None, **options: Any) -> Iterator[Fetcher]:
    """A fetcher that may reach this host."""
    web = Web(policy or loopback(), longest_s=5.0)
    yield Fetcher(web, read, **{"timeout_s": 1.0, "max_bytes": 1000, **options})
    web.close()


def text_of(script: Script) -> str:
    """What was fetched."""
    return next(iter(script.sections))


@pytest.mark.parametrize(
    "content_type",
    ["application/yaml", "application/json", "text/x-yaml", "text/plain", "application/octet-stream", ""],
)
def test_a_document_is_fetched_by_post(content_type: str) -> None:
    """The call's data go there as JSON; what the server calls the document matters little."""
    answer = Answer(200, {"Content-Type": content_type} if content_type else {}, YAML)
    with serving(answer) as receiver, fetching() as fetcher:
        script = fetcher.fetch(receiver.url("/a"), {"call": {"from": "+1"}, "vars": {"x": None}})
    assert (text_of(script), script.url) == (YAML.decode(), receiver.url("/a"))
    (request,) = receiver.requests
    assert (request.method, request.headers["content-type"]) == ("POST", "application/json")
    assert json.loads(request.body) == {"call": {"from": "+1"}, "vars": {"x": None}}
    assert "yaml" in request.headers["accept"]


def test_the_post_is_repeated_at_the_place_it_was_moved_to() -> None:
    """The data are needed there; the script knows where it came from in the end."""
    moved = Answer(302, {"Location": "/b"})
    with serving(moved, Answer(200, body=YAML)) as receiver, fetching() as fetcher:
        script = fetcher.fetch(receiver.url("/a"), {"call": {}})
    assert [one.body for one in receiver.requests] == [b'{"call": {}}'] * 2
    assert script.url == receiver.url("/b")


def test_html_that_is_none_is_a_document() -> None:
    """Some frameworks call all text that."""
    with serving(Answer(200, {"Content-Type": "text/html"}, YAML)) as receiver, fetching() as fetcher:
        assert text_of(fetcher.fetch(receiver.url(), {})) == YAML.decode()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(404, body=YAML), "answered 404"),
        (Answer(500), "answered 500"),
        (Answer(200, body=b" \n"), "empty"),
        (Answer(200, body=b"x" * 1001), "larger than 1000 bytes"),
        (Answer(200, {"Content-Type": "audio/wav"}, b"RIFF"), "audio/wav"),
        (Answer(200, {"Content-Type": "text/html"}, b"<!DOCTYPE html>"), "for people"),
        (Answer(200, {"Content-Encoding": "gzip"}, b"x"), "compressed"),
        (Answer(200, {"Content-Type": "text/plain; charset=zip"}, b"x"), "charset"),
        (Answer(hangs=True), "not done within 1 s"),
        (Answer(200, {"Content-Length": "900"}, trickles=True), "not done within 1 s"),
        (Answer(200, cut_after=1), "without an answer"),
        (Answer(302, {"Location": "ftp://host/"}), "unusable"),
    ],
)
def test_what_is_no_document_is_said(answer: Answer, reason: str) -> None:
    """With the URL, but not with what is secret in it."""
    with serving(answer) as receiver, fetching() as fetcher:
        url = receiver.url("/doc?key=k").replace("://", "://u:secret@")
        with pytest.raises(DocumentNotFetched, match=reason) as refused:
            fetcher.fetch(url, {})
    assert f"127.0.0.1:{receiver.port}/doc" in str(refused.value)
    assert not {"secret", "key=k"} & {word for word in ("secret", "key=k") if word in str(refused.value)}


def test_private_hosts_give_no_documents() -> None:
    """Unless the operator lists them."""
    with serving() as receiver, fetching(AddressPolicy()) as fetcher:
        with pytest.raises(DocumentNotFetched, match="loopback"):
            fetcher.fetch(receiver.url(), {})
        assert receiver.requests == []


def test_a_bad_document_is_refused_as_such() -> None:
    """With its findings."""
    with serving(Answer(200, body=b"bad")) as receiver, fetching() as fetcher, pytest.raises(BadDocument):
        fetcher.fetch(receiver.url(), {})
