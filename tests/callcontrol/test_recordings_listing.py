"""Lists hold against a model: whatever there is, whatever is asked for, on every store."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import gevent
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from callcontrol import recordings_listing, recordings_months
from callcontrol.call_control_id import CallControlIds
from callcontrol.errors import Unprocessable
from callcontrol.recordings_index import Index, fits, indexes_of
from callcontrol.recordings_listing import Listing
from callcontrol.recordings_query import RecordingQuery, Span, Wanted, plain_id, wanted_recordings
from callcontrol.token import Scope
from config.gregorian import UNIX_EPOCH_S
from storage.destination import Target
from storage.document import Document
from storage.names import account_db, encode, modb
from storage.open_store import open_store
from storage.views_recordings import LISTING, ended_us_of, has_transcript, recording_id_of, started_us_of
from tests.callcontrol.recordings_place import NOON_S, Library

ELSEWHERE = Target("http", {"url": "http://a.test/in"})
WORDS = ("a", "b", "c")
DAYS = st.integers(0, 75)


@st.composite
def described(draw: st.DrawFn) -> dict[str, Any]:
    """A recording: when, of whom, and whether it waits on this host."""
    said = {"text": "x", "failed": draw(st.sampled_from(["", "why"]))}
    return {
        "days": draw(DAYS),
        "waits": draw(st.booleans()),
        "facts": {
            "caller_id_number": draw(st.sampled_from(WORDS)),
            "callee_id_number": draw(st.sampled_from(WORDS)),
            "duration_ms": draw(st.sampled_from([0, 1_000, 600_000])),
        },
        "ours": {
            "uuid": draw(st.sampled_from(WORDS)),
            "sip_call_id": draw(st.sampled_from(["", *WORDS])),
            "tags": {"connection_id": draw(st.sampled_from(["", *WORDS]))},
            "transcript": draw(st.sampled_from([None, said])),
        },
    }


def span(unit: Callable[[int], int]) -> st.SearchStrategy[Span]:
    """From some day to some day, either open; also one that ends before it begins."""
    days = st.none() | DAYS
    return st.tuples(days, days).map(
        lambda each: Span(
            *(
                edge if day is None else unit(day)
                for day, edge in zip(each, (float("-inf"), float("inf")), strict=True)
            )
        )
    )


def created(days: int) -> int:
    """Gregorian seconds so many days ago."""
    return int(NOON_S) - days * 86_400 + UNIX_EPOCH_S


def microseconds(days: int) -> int:
    """Epoch microseconds of the same, ten seconds before."""
    return (int(NOON_S) - days * 86_400 - 10) * 1_000_000


WANTED = st.builds(
    Wanted,
    exact=st.dictionaries(
        st.sampled_from(["leg", "session", "connection", "from", "to", "sip"]),
        st.sampled_from(WORDS),
        max_size=2,
    ),
    created=st.just(Span()) | span(created),
    started=st.just(Span()) | span(microseconds),
    ended=st.just(Span()) | span(microseconds),
    transcribed=st.booleans(),
)


def index_of(wanted: Wanted) -> Index:
    """Any of the ranges that hold what is wanted: they are in the same order."""
    return indexes_of(wanted)[0]


@contextmanager
def library_of(root: Path, url: str = "") -> Iterator[Library]:
    """A host."""
    library = Library(root, url)
    try:
        yield library
    finally:
        library.close()


def put(library: Library, one: dict[str, Any]) -> Document:
    """Have a recording; return its document as it is to be listed."""
    created_s = NOON_S - one["days"] * 86_400
    document = library.document(created_s, one["ours"], **one["facts"])
    if one["waits"]:
        library.outbox._clock = library.outbox.register._clock = lambda: created_s
        library.taken(document, ELSEWHERE)
    else:
        library.saved(document)
    return document


def check(library: Library, there: list[Document], wanted: Wanted, size: int) -> None:
    """Walk a list, and compare it with all there is."""
    listing = Listing(library.store, library.outbox)
    expected = {recording_id_of(one): one for one in there if fits(one, wanted)}
    index = index_of(wanted)
    found: list[Document] = []
    for number in count(1):
        page = listing.page(library.account_id, wanted, number, size)
        found += [one.document for one in page.items]
        assert len(page.items) <= size
        if index.is_whole:
            assert page.total == len(expected)
        pages = -(-page.total // size)
        if number >= pages:
            break
        assert len(page.items) == size  # nobody walks over empty pages
    assert sorted(recording_id_of(one) for one in found) == sorted(expected)
    times = [index.time_of(one) for one in found]
    assert times == sorted(times, reverse=True)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(
    there=st.lists(described(), max_size=9),
    wanted=st.lists(WANTED, min_size=1, max_size=4),
    size=st.integers(1, 6),
    most=st.sampled_from([0, 1, 400]),
)
def test_lists_are_what_the_filters_say(
    tmp_path_factory: pytest.TempPathFactory,
    there: list[dict[str, Any]],
    wanted: list[Wanted],
    size: int,
    most: int,
) -> None:
    """Each recording that fits is listed once, the newest first, on full pages, and counted right.

    However many rows the server may pass over.
    """
    with (
        library_of(tmp_path_factory.mktemp("library")) as library,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(recordings_months, "MAX_SKIP", most)
        documents = [put(library, one) for one in there]
        for each in wanted:
            check(library, documents, each, size)


def some(library: Library) -> list[Document]:
    """Recordings enough for pages, of three months."""
    shapes = [
        {
            "days": days,
            "waits": days % 5 == 0,
            "facts": {"caller_id_number": WORDS[days % 3], "callee_id_number": WORDS[days % 2]},
            "ours": {
                "uuid": WORDS[days % 2],
                "tags": {"connection_id": WORDS[days % 3]},
                "transcript": {"text": "x", "failed": ""} if days % 4 == 0 else None,
            },
        }
        for days in range(0, 60, 3)
    ]
    return [put(library, one) for one in shapes]


QUESTIONS = (
    Wanted(),
    Wanted(created=Span(created(40), created(5))),
    Wanted({"leg": "a"}),
    Wanted({"from": "b", "to": "a"}),
    Wanted({"connection": "c"}, created=Span(created(50))),
    Wanted(started=Span(microseconds(30))),
    Wanted(ended=Span(high=microseconds(30)), transcribed=True),
    Wanted(transcribed=True),
)


@pytest.fixture(params=["pouchdb_url", "couchdb_url"])
def couch(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Library]:
    """A host on a server of documents; its databases go at the end."""
    url = request.getfixturevalue(request.param)
    with library_of(tmp_path, url) as library:
        yield library
        drop(library, url)


def drop(library: Library, url: str) -> None:
    """Delete the databases of an account."""
    for database in library.store.databases(account_db(library.account_id)):
        httpx.delete(f"{url}/{encode(database)}").raise_for_status()


@pytest.mark.couch
@pytest.mark.timeout(300)
def test_lists_on_servers_of_documents(couch: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same on express-pouchdb and on CouchDB, where views and counts are the server's."""
    monkeypatch.setattr(recordings_months, "MAX_SKIP", 1)
    documents = some(couch)
    for wanted in QUESTIONS:
        check(couch, documents, wanted, 4)


@pytest.mark.couch
@pytest.mark.timeout(300)
def test_the_whole_way_on_servers_of_documents(couch: Library) -> None:
    """Delivered, listed by the client, had, forgotten by its host, had all the same, deleted."""
    client = couch.client(Scope.ADMIN)
    document = couch.document(ours={"transcript": {"text": "hello", "failed": ""}})
    recording_id = couch.taken(document, couch.local(document))
    couch.deliver()
    assert [one.id for one in client.recordings.list()] == [recording_id]
    couch.forget(recording_id)
    (one,) = client.recordings.list(filter={"from": "+15550100"})
    assert one.download_urls is not None
    assert httpx.get(str(one.download_urls.wav)).status_code == 200
    assert client.recording_transcriptions.delete(recording_id).data is not None
    assert list(client.recording_transcriptions.list()) == []
    assert client.recordings.delete(recording_id).data is not None
    assert list(client.recordings.list()) == []
    assert httpx.get(str(one.download_urls.wav)).status_code == 410


@pytest.mark.couch
@pytest.mark.timeout(120)
def test_a_month_that_kazoo_made(couchdb_url: str, tmp_path: Path) -> None:
    """Without our view its own listing serves where nothing is filtered, and a scan where something is."""
    with library_of(tmp_path, couchdb_url) as library:
        documents = some(library)
        for month in ("202611", "202610", "202609"):
            _remove_design(couchdb_url, modb(library.account_id, month))
        fresh = Library.__new__(Library)
        fresh.__dict__ |= {**library.__dict__, "store": open_store(couchdb_url)}
        for wanted in QUESTIONS[:4]:
            check(fresh, documents, wanted, 5)
        fresh.store.close()
        drop(library, couchdb_url)


def _remove_design(url: str, database: str) -> None:
    """Take our view out of a database, as if Kazoo had made it."""
    there = f"{url}/{encode(database)}/_design/{LISTING.split('/', maxsplit=1)[0]}"
    rev = httpx.get(there).json()["_rev"]
    httpx.delete(there, params={"rev": rev}).raise_for_status()


def test_too_much_to_look_at_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Filters that no range of keys answers look at so many documents and no more; a range has no bound."""
    monkeypatch.setattr(recordings_listing, "MAX_LOOKED_AT", 5)
    with library_of(tmp_path) as library:
        for _ in range(7):
            library.saved(library.document(caller_id_number="a"))
        listing = Listing(library.store, library.outbox)
        with pytest.raises(Unprocessable, match="looked at one by one"):
            listing.page(library.account_id, Wanted({"from": "a"}, started=Span(1e18)), 1, 10)
        assert listing.page(library.account_id, Wanted({"from": "a"}), 2, 5).total == 7
        first = listing.page(library.account_id, Wanted({"from": "a"}, started=Span(0.0)), 1, 3)
        assert (len(first.items), first.total) == (3, 4)


def test_the_hub_goes_on_meanwhile(tmp_path: Path) -> None:
    """A month of some thousand recordings in a folder is listed without a stall that a call would notice."""
    with library_of(tmp_path) as library:
        library.store.create_database(modb(library.account_id, "202611"))
        directory = next((tmp_path / "documents").rglob("*202611"))
        for _ in range(2_000):
            document = library.document()
            (directory / f"{document['_id']}.json").write_text(json.dumps(document))
        late: list[float] = []
        gc.freeze()  # what the test run itself holds is not for an engine to look through
        ticking = gevent.spawn(_tick, late)
        listing = Listing(library.store, library.outbox)
        assert listing.page(library.account_id, Wanted(), 1, 20).total == 2_000
        assert len(listing.page(library.account_id, Wanted({"leg": "leg-7"}), 1, 20).items) == 1
        ticking.kill()
        gc.unfreeze()
        assert max(late) < 0.5


def _tick(late: list[float]) -> None:
    while True:
        began = time.monotonic()
        gevent.sleep(0.005)
        late.append(time.monotonic() - began - 0.005)


@given(
    st.dictionaries(
        st.sampled_from([str(one.data_key) for one in RecordingQuery().fields.values()])
        | st.text(max_size=20),
        st.text(max_size=30)
        | st.datetimes().map(lambda when: when.isoformat())
        | st.integers(-5, 300).map(str),
        max_size=5,
    )
)
def test_any_query_is_read_or_refused(query: dict[str, str]) -> None:
    """Whatever stands in it, by marshmallow's own error alone; what is read can be asked for."""
    try:
        data = RecordingQuery().load(query)
    except ValidationError:
        return
    wanted = wanted_recordings(data, CallControlIds(b"x"), "acc")
    assert indexes_of(wanted)
    assert not any(name.startswith("filter[") and name not in _known() for name in query)


def _known() -> set[str]:
    return {str(one.data_key) for one in RecordingQuery().fields.values()}


@given(st.text(max_size=40))
def test_ids_are_plain(text: str) -> None:
    """32 hex digits, however they are written, or nothing."""
    plain = plain_id(text)
    assert plain == "" or (len(plain) == 32 and plain_id(plain.upper()) == plain)


@given(st.builds(lambda one: one, WANTED))
def test_an_index_is_all_that_is_asked_for_or_says_so(wanted: Wanted) -> None:
    """What a whole index leaves unsaid is nothing."""
    index = index_of(wanted)
    parts = len(wanted.exact) + wanted.transcribed
    parts += (not wanted.started.is_open) + (not wanted.ended.is_open)
    if parts == 0 or (parts == 1 and (wanted.created.is_open or index.what not in ("started", "ended"))):
        assert index.is_whole
    if parts > 1:
        assert not index.is_whole
    assert replace(index, is_whole=True).what in {"all", "transcript", "started", "ended", *wanted.exact}


def test_what_has_no_times_fits_no_times() -> None:
    """A recording whose beginning is not known is in no span of beginnings, nor of ends."""
    document = {"pvt_type": "call_recording", "callflows": {"recording_id": "x"}}
    assert (started_us_of(document), ended_us_of(document), has_transcript(document)) == (0, 0, False)
    assert fits(document, Wanted())
    assert not fits(document, Wanted(started=Span(high=1e18)))
    assert not fits(document, Wanted(ended=Span(low=-1e18)))
