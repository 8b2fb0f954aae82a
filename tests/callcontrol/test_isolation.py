"""Every page there is: closed without a key, to keys without its scope, and to everybody else's keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from callcontrol.registry import discover
from callcontrol.token import Scope, new_token
from callcontrol.tokens import keep
from storage.open_store import open_store
from tests.callcontrol.pages import BODIES, Page, pages_of, scope_of
from tests.callcontrol.place import Place
from tests.recording.samples import ACCOUNT_ID
from tests.waiting import eventually

OTHER = "b" * 32


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One for all: nothing here changes it."""
    opened = Place(Path(tmp_path_factory.mktemp("isolation")))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def pages(place: Place) -> list[Page]:
    """All of them."""
    return pages_of(place.api)


@pytest.fixture(scope="module")
def description(place: Place) -> dict[str, Any]:
    """The API's description."""
    told: dict[str, Any] = httpx.get(f"{place.api.url}/openapi.json").json()
    return told


def test_every_page_is_described(pages: list[Page], description: dict[str, Any]) -> None:
    """None is served that is not described, and none is described that is not served."""
    served = {(page.path, page.method.lower()) for page in pages}
    told = {
        (path, method)
        for path, methods in description["paths"].items()
        for method in methods
        if method != "parameters"
    }
    assert served == told
    assert {page.name for page in pages} >= set(discover())


def test_these_tests_send_what_pages_need(pages: list[Page], description: dict[str, Any]) -> None:
    """Else a page would be refused for its parameters, and its door would not be tried."""
    for page in pages:
        body = description["paths"][page.path][page.method.lower()].get("requestBody", {})
        for content in body.get("content", {}).values():
            schema = description["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
            assert set(schema.get("required", ())) <= set(BODIES.get(page.name, {})), page


def test_no_page_is_open(place: Place, pages: list[Page]) -> None:
    """Not without a key, nor with one that was made up, changed, revoked or is over."""
    revoked, kept = new_token(ACCOUNT_ID, [Scope.ADMIN])
    over = new_token(ACCOUNT_ID, [Scope.ADMIN], expires_at=1)
    store = open_store(place.documents.as_uri(), cache=False)
    keep(store, over[1])
    store.close()
    key = place.key()
    changed = key[:-1] + ("A" if key[-1] != "A" else "B")
    eventually(lambda: over[1].id in place.api.control.tokens._known, what="the token that is over")
    for page in pages:
        for wrong in ("", revoked, changed, over[0], kept.digest, key + "A", key[:-1], key.lower()):
            answer = page.ask(place.api, wrong)
            assert answer.status_code == 401, (page, wrong)
            assert answer.json()["errors"][0]["code"] == "10009"


def test_every_page_needs_its_scope(place: Place, pages: list[Page], description: dict[str, Any]) -> None:
    """A key with any other scope is refused, whatever the request; one with this, or with admin, is not."""
    keys = {scope: place.key(scope) for scope in Scope}
    for page in pages:
        needed = scope_of(page, description)
        for scope, key in keys.items():
            answer = page.ask(place.api, key)
            is_refused = answer.status_code == 403
            assert is_refused == (scope not in {needed, Scope.ADMIN}), (page, scope, answer.text)


def test_no_page_reaches_another_account(place: Place, pages: list[Page]) -> None:
    """Its calls are not there for others, and nothing happens to them; nor is anything told of them."""
    call = place.call()
    call_control_id = place.id_of(call)
    place.write({"_id": "c1", "pvt_type": "connection", "webhook_event_url": "http://192.0.2.1/"})
    assert call_control_id
    key = place.key(account_id=OTHER)
    before = dict(call.session.channel.variables)
    for page in pages:
        answer = page.ask(place.api, key, call_control_id=call_control_id, connection_id="c1")
        if "{call_control_id}" in page.path:
            assert answer.status_code == 404, (page, answer.text)
        else:
            assert answer.status_code < 500, (page, answer.text)
            assert answer.status_code >= 400 or not answer.json()["data"], (page, answer.text)
        assert call.uuid not in answer.text
    assert dict(call.session.channel.variables) == before
    assert not call.recordings
    assert not call.wait_ended(0)
