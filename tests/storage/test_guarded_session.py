"""The session that libraries speak HTTP through."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from storage.address import AddressPolicy
from storage.errors import AddressRefused, ExchangeFailed
from storage.guarded_http import MAX_REPLY_BYTES, GuardedHttp
from storage.guarded_session import GuardedSession
from tests.storage.receiver import Answer, loopback, serving


def session(policy: AddressPolicy | None = None) -> GuardedSession:
    """One with short deadlines."""
    return GuardedSession(
        GuardedHttp(policy or loopback(), connect_timeout_s=1.0, stall_timeout_s=0.5, response_timeout_s=0.5)
    )


@pytest.fixture
def guarded() -> Iterator[GuardedSession]:
    """One that may reach this host."""
    with session() as opened:
        yield opened


@pytest.mark.parametrize("data", [b"content", "content"])
def test_requests_and_answers_pass_through(guarded: GuardedSession, data: str | bytes) -> None:
    """Method, headers and body out; status, headers and body back."""
    with serving(Answer(202, {"X-Told": "y"}, b'{"a": 1}')) as receiver:
        response = guarded.request(
            "PUT", receiver.url("/x"), headers={"X-Asked": b"z"}, data=data, timeout=99
        )
    (request,) = receiver.requests
    assert (request.method, request.target, request.headers["x-asked"]) == ("PUT", "/x", "z")
    assert request.body == b"content"
    assert (response.status_code, response.headers["x-told"], response.json()) == (202, "y", {"a": 1})


def test_an_answer_without_body_may_tell_a_length(guarded: GuardedSession) -> None:
    """As answers to HEAD do."""
    with serving(Answer(200, {"Content-Length": "7"})) as receiver:
        response = guarded.request("HEAD", receiver.url())
    assert (response.headers["content-length"], response.content) == ("7", b"")


def test_redirects_are_answers(guarded: GuardedSession) -> None:
    """Credentials of a library go to the place it asked and no further."""
    with serving(Answer(302, {"Location": "/elsewhere"})) as receiver:
        assert guarded.request("GET", receiver.url()).status_code == 302
    assert len(receiver.requests) == 1


def test_an_answer_is_cut_at_its_limit(guarded: GuardedSession) -> None:
    """A library cannot be made to take gigabytes."""
    with serving(Answer(200, {"Transfer-Encoding": "identity"}, b"x" * (MAX_REPLY_BYTES + 9))) as receiver:
        response = guarded.request("GET", receiver.url())
    response.raw.enforce_content_length = False
    assert len(response.raw.read()) == MAX_REPLY_BYTES


def test_what_we_refuse_the_library_cannot_do() -> None:
    """Addresses and deadlines are ours, in our words."""
    with serving(Answer(hangs=True)) as receiver:
        with session(loopback("10.0.0.0/8")) as strict, pytest.raises(AddressRefused):
            strict.request("GET", receiver.url())
        assert receiver.requests == []
        with session() as patient, pytest.raises(ExchangeFailed, match="timed out"):
            patient.request("GET", receiver.url(), timeout=99)
