"""Recordings by Telnyx' own client: listed, looked at, downloaded, deleted, and never another account's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs
from telnyx import (
    APIStatusError,
    AuthenticationError,
    NotFoundError,
    PermissionDeniedError,
    Telnyx,
    UnprocessableEntityError,
)
from telnyx.types.recording_response_data import RecordingResponseData

from callcontrol.token import Scope
from recording import audit
from recording.audit import Standing
from service.auditing import Auditor
from storage.destination import Receipt, Target
from storage.errors import StoreUnavailable
from storage.names import modb
from storage.outbox_delivery import DeliveryState
from storage.register_row import Expected, Fate, Settled
from storage.tombstone import is_tombstone
from tests.callcontrol.recordings_place import NOON_S, Library

DAY_S = 86_400.0


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A host with recordings in a folder."""
    made = Library(tmp_path)
    yield made
    made.close()


def errors_of(refused: pytest.ExceptionInfo[APIStatusError]) -> list[dict[str, Any]]:
    """What an answer says is wrong."""
    return list(refused.value.response.json()["errors"])


def get(library: Library, client: Telnyx, recording_id: str) -> RecordingResponseData:
    """A recording as the client has it."""
    found = client.recordings.retrieve(recording_id).data
    assert found is not None
    return found


def test_every_field_of_the_model(library: Library) -> None:
    """A recording is told whole, typed as the client has it, and its links give it in both formats."""
    client = library.client(Scope.LISTEN)
    document = library.document(
        ours={"tags": {"call_session_id": "session-1", "connection_id": "crm"}},
        origin="call control : record_start",
    )
    recording_id = library.stored(document)
    one = get(library, client, recording_id)
    urls = one.download_urls
    assert urls is not None
    assert one.model_dump(by_alias=True, exclude={"download_urls"}) == {
        "id": recording_id,
        "record_type": "recording",
        "call_control_id": library.id_of("leg-1"),
        "call_leg_id": "leg-1",
        "call_session_id": "session-1",
        "channels": "dual",
        "conference_id": None,
        "connection_id": "crm",
        "created_at": "2026-11-23T12:00:00.000000Z",
        "updated_at": "2026-11-23T12:00:00.000000Z",
        "duration_millis": 5000,
        "from": "+15550100",
        "to": "+15550199",
        "initiated_by": "StartCallRecordingAPI",
        "recording_started_at": "2026-11-23T11:59:50.000000Z",
        "recording_ended_at": "2026-11-23T11:59:55.000000Z",
        "source": "call",
        "status": "completed",
    }
    wav = httpx.get(str(urls.wav))
    assert (wav.status_code, wav.headers["content-type"]) == (200, "audio/wav")
    assert wav.content == (library.root / "sound.wav").read_bytes()
    mp3 = httpx.get(str(urls.mp3))
    assert (mp3.status_code, mp3.headers["content-type"]) == (200, "audio/mpeg")
    assert httpx.get(str(urls.wav).replace("wav", "mp3")).status_code == 403
    (listed,) = client.recordings.list()
    assert listed.id == recording_id


def test_the_client_walks_all_pages(library: Library) -> None:
    """Over three months and what waits on this host, the newest first, each once; the count is right."""
    client = library.client(Scope.LISTEN)
    expected = []
    for days in (70, 40, 35, 12, 11, 10, 1):
        document = library.document(NOON_S - days * DAY_S)
        expected.append(library.saved(document))
    waiting = [
        library.taken(library.document(), Target("http", {"url": "http://a.test/in"})) for _ in range(2)
    ]
    page = client.recordings.list(page_size=2)
    assert page.meta is not None
    raw = page.meta.model_dump()
    assert raw == {"page_number": 1, "page_size": 2, "total_pages": 5, "total_results": 9}
    found = [one.id for one in page]
    assert found[2:] == expected[::-1]
    assert sorted(str(one) for one in found[:2]) == sorted(waiting)
    times = [str(one.created_at) for one in client.recordings.list(page_size=3)]
    assert times == sorted(times, reverse=True)
    assert client.recordings.list(page_number=99).data == []


FILTERS: list[tuple[dict[str, Any], list[int]]] = [
    ({"call_leg_id": "leg-2"}, [2]),
    ({"call_session_id": "leg-1"}, [1]),
    ({"call_session_id": "s"}, [3, 4]),
    ({"connection_id": "crm"}, [3]),
    ({"connection_id": "CRM"}, []),
    ({"from": "+1"}, [2, 3]),
    ({"from": "+1", "to": "+2"}, [2]),
    ({"sip_call_id": "c@a"}, [4]),
    ({"conference_id": "x"}, []),
    ({"conference_region": "US"}, []),
    ({"created_at": {"gte": "2026-11-23T12:00:00Z"}}, [3, 4]),
    ({"created_at": {"lte": "2026-11-22T12:00:00+00:00"}}, [1, 2]),
    ({"created_at": {"gte": "2026-11-22", "lte": "2026-11-23T00:00:00Z"}}, [2]),
    ({"created_at": {"gte": "2026-11-23T00:00:00Z", "lte": "2026-11-22T00:00:00Z"}}, []),
    ({"start_time": {"gte": "2026-11-23T11:59:50.000Z"}}, [3, 4]),
    ({"end_time": {"lte": "2026-11-21T11:59:55Z"}}, [1]),
    ({"start_time": {"lte": "2026-11-22T12:00:00Z"}, "from": "+1"}, [2]),
    ({"created_at": {"gte": "2026-11-22"}, "from": "+1"}, [2, 3]),
]


@pytest.mark.parametrize(("filters", "numbers"), FILTERS)
def test_every_filter(library: Library, filters: dict[str, Any], numbers: list[int]) -> None:
    """As the client's parameters have them, alone and together."""
    client = library.client(Scope.LISTEN)
    fill(library)
    assert sorted(int(str(one.id), 16) for one in client.recordings.list(filter=filters)) == numbers  # type: ignore[arg-type]


def fill(library: Library) -> None:
    """Four recordings: of two days before, the day before, and two of that day, one of which waits here."""
    library.saved(library.document(NOON_S - 2 * DAY_S))
    library.saved(library.document(NOON_S - DAY_S, caller_id_number="+1", callee_id_number="+2"))
    tags = {"call_session_id": "s", "connection_id": "crm"}
    library.saved(library.document(ours={"tags": tags}, caller_id_number="+1"))
    late = library.document(ours={"tags": {"call_session_id": "s"}, "sip_call_id": "c@a"})
    library.taken(late, Target("http", {"url": "http://a.test/in"}))


def test_by_its_call_control_id(library: Library) -> None:
    """Which names a leg; another account's id names none, and neither does what is no id."""
    client = library.client(Scope.LISTEN)
    fill(library)

    def found(call_control_id: str) -> list[str | None]:
        return [
            one.call_leg_id for one in client.recordings.list(filter={"call_control_id": call_control_id})
        ]

    assert found(library.id_of("leg-2")) == ["leg-2"]
    assert found("v3:nonsense") == []
    theirs = library.id_of("leg-2")
    library.account_id = "f" * 32
    assert library.id_of("leg-2") != theirs
    assert found(library.id_of("leg-2")) == []


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("filter[colour]=red", "filter[colour]"),
        ("filter[created_at]=2026-11-23", "filter[created_at]"),
        ("filter[created_at][gte]=yesterday", "filter[created_at][gte]"),
        ("filter[from]=", "filter[from]"),
        ("page[size]=251", "page[size]"),
        ("page[size]=0", "page[size]"),
        ("page[number]=0", "page[number]"),
        ("page[number]=x", "page[number]"),
    ],
)
def test_what_is_wrong_with_a_query_is_told(library: Library, query: str, parameter: str) -> None:
    """With the parameter; a filter that is not known is not passed over in silence."""
    headers = {"Authorization": f"Bearer {library.key(Scope.LISTEN)}"}
    refused = httpx.get(f"{library.url}/v2/recordings?{query}", headers=headers)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["source"] == {"parameter": parameter}


def test_what_is_delivered_elsewhere_is_listed_and_had(library: Library) -> None:
    """No document tells of a folder: while the outbox knows it, it is listed and read back from there."""
    client = library.client(Scope.LISTEN)
    recording_id = library.taken(library.document(), Target("folder", {"directory": ""}), keep_s=3600)
    library.deliver()
    original = library.outbox.recording(recording_id).media.path
    content = original.read_bytes()
    original.unlink()
    library.outbox.released(recording_id)
    (one,) = client.recordings.list()
    assert one.id == recording_id
    assert one.download_urls is not None
    assert httpx.get(str(one.download_urls.wav)).content == content


def test_what_is_delivered_twice_is_listed_once(library: Library) -> None:
    """While its document is there and its media are on their way; from then on by its document."""
    client = library.client(Scope.LISTEN)
    document = library.document()
    recording_id = library.taken(document, library.local(document))
    library.saved(document)
    assert [one.id for one in client.recordings.list()] == [recording_id]
    library.deliver()
    assert [one.id for one in client.recordings.list()] == [recording_id]
    library.forget(recording_id)
    assert [one.id for one in client.recordings.list()] == [recording_id]
    assert httpx.get(str(get(library, client, recording_id).download_urls.wav)).status_code == 200  # type: ignore[union-attr]


def test_kazoos_own_recordings_are_listed(library: Library) -> None:
    """A document without anything of ours; its id is the recording's."""
    client = library.client(Scope.LISTEN)
    document = library.document()
    theirs = {name: value for name, value in document.items() if name != "callflows"}
    theirs |= {"start": document["pvt_created"] - 60, "duration": 7, "call_id": "kazoos-leg"}
    library.stored({**theirs, "callflows": {"recording_id": document["callflows"]["recording_id"]}})
    database = modb(library.account_id, "202611")
    library.store.save(database, {**library.store.get(database, document["_id"]), "callflows": {}})
    (one,) = client.recordings.list()
    assert (one.call_leg_id, one.call_control_id, one.initiated_by) == ("kazoos-leg", None, "RecordVerb")
    assert one.recording_started_at == "2026-11-23T11:59:00.000000Z"


def test_kept_here_is_listed_too(library: Library) -> None:
    """What no rule of storage sends anywhere stays on this host, and is served from there."""
    client = library.client(Scope.LISTEN)
    path = library.recordings / "20261123" / f"{'a' * 32}.wav"
    path.write_bytes(b"RIFF")
    expected = Expected(
        "a" * 32, NOON_S, f"202611-{'a' * 32}", "c", "leg", library.account_id, "swml : record"
    )
    settled = Settled(expected, Fate.KEPT, started_at=NOON_S, duration_ms=1000, path=str(path))
    library.outbox.register.write([settled])
    (one,) = client.recordings.list()
    assert (one.id, one.call_leg_id, one.initiated_by) == ("a" * 32, "leg", "RecordVerb")
    client = library.client(Scope.ADMIN)
    client.recordings.delete("a" * 32)
    assert not path.exists()


def test_deleting_removes_every_copy(library: Library) -> None:
    """Media, document and file are gone; links answer 410, the client 404, and the audit calls it no gap."""
    client = library.client()
    document = library.document()
    targets = (library.local(document), Target("folder", {"directory": ""}))
    recording_id = library.taken(document, *targets, keep_s=3600)
    library.deliver()
    path = library.outbox.recording(recording_id).media.path
    copy = library.root / "delivered" / "call.wav"
    was = get(library, client, recording_id)
    assert was.download_urls is not None
    link = str(was.download_urls.mp3)
    assert (path.exists(), copy.exists(), httpx.get(link).status_code) == (True, True, 200)
    with capture_logs() as logs:
        gone = client.recordings.delete(recording_id).data
    assert gone is not None
    assert (gone.id, gone.call_leg_id) == (recording_id, was.call_leg_id)
    assert gone.download_urls is not None
    assert gone.download_urls.mp3 is None
    assert (path.exists(), copy.exists(), httpx.get(link).status_code) == (False, False, 410)
    assert list((library.recordings / "links").glob("*")) == []
    left = library.store.get(modb(library.account_id, "202611"), document["_id"])
    assert is_tombstone(left)
    assert "+15550100" not in json.dumps(left)
    with pytest.raises(NotFoundError, match="deleted"):
        client.recordings.retrieve(recording_id)
    with pytest.raises(NotFoundError):
        client.recordings.delete(recording_id)
    assert list(client.recordings.list()) == []
    entry = library.outbox.register.get(recording_id)
    assert entry is not None
    auditor = Auditor(library.outbox, library.recordings)
    assert audit.judge(entry, auditor.circumstances()).standing is Standing.DELETED
    key_id = entry.row.deleted_by.removeprefix("API key ")
    assert left["callflows"]["deleted_by"] == entry.row.deleted_by
    told = [one for one in logs if one["event"] in ("recording_accessed", "recording_deleted")]
    assert [one["event"] for one in told] == ["recording_accessed", "recording_deleted"]
    assert (told[0]["key_id"], told[0]["action"], told[0]["recording_id"]) == (key_id, "delete", recording_id)


def test_deleting_what_another_host_recorded(library: Library, tmp_path: Path) -> None:
    """Its document is enough; the host that still has the file gives it away no more."""
    client = library.client()
    document = library.document()
    recording_id = library.stored(document)
    here = library.links.url(
        recording_id, "wav", place=f"{modb(library.account_id, '202611')}/{document['_id']}"
    )
    assert httpx.get(here).status_code == 200
    client.recordings.delete(recording_id)
    assert httpx.get(here).status_code == 410
    entry = library.outbox.register.get(recording_id)
    assert entry is not None
    assert (entry.row.fate, entry.row.expected.account_id) == (Fate.DELETED, library.account_id)


def test_what_cannot_be_removed_is_told(library: Library) -> None:
    """A web server took it; that is said, and the recording is gone from here."""
    client = library.client()
    recording_id = library.taken(library.document(), Target("http", {"url": "http://a.test/in"}))
    job = library.outbox.claim("test", 60.0)
    assert job is not None
    library.outbox.succeeded(job, Receipt("http://a.test/in"))
    answer = client.recordings.with_raw_response.delete(recording_id).json()
    assert answer["meta"]["remaining_copies"] == ["its copy at http:a.test cannot be removed from here"]
    assert list(client.recordings.list()) == []


def test_what_is_under_way_is_not_deleted(library: Library) -> None:
    """Neither what is recorded nor what is being delivered; what waits is held back and deleted."""
    client = library.client()
    live = Expected("b" * 32, NOON_S, account_id=library.account_id)
    library.outbox.register.write([live])
    with pytest.raises(UnprocessableEntityError, match="still recorded"):
        client.recordings.delete(live.recording_id)
    with pytest.raises(NotFoundError, match="not finished"):
        client.recordings.retrieve(live.recording_id)
    waiting = library.taken(library.document(), Target("http", {"url": "http://a.test/in"}))
    job = library.outbox.claim("test", 60.0)
    assert job is not None
    with pytest.raises(UnprocessableEntityError, match="delivered at this moment"):
        client.recordings.delete(waiting)
    library.outbox.failed(job, "503", retryable=True)
    client.recordings.delete(waiting)
    assert library.outbox.list() == []


def test_a_deletion_that_is_cut_off_is_asked_for_again(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that is away leaves a dead letter that says so; the second time it comes to its end."""
    client = library.client()
    document = library.document()
    targets = (Target("folder", {"directory": ""}), Target("http", {"url": "http://a.test/in"}))
    recording_id = library.taken(document, *targets)
    job = library.outbox.claim("test", 60.0)
    assert job is not None
    folder = library.destinations["folder"]
    if job.target.kind != "folder":
        library.outbox.failed(job, "503", retryable=True)
        job = library.outbox.claim("test", 60.0)
        assert job is not None
    library.outbox.succeeded(job, folder.deliver(job.media, job.metadata, job.target.parameters))

    def away(*_: Any) -> str:
        raise StoreUnavailable("the disk is away")

    with monkeypatch.context() as broken:
        broken.setattr(type(folder), "delete_copy", away)
        with pytest.raises(APIStatusError) as refused:
            client.recordings.delete(recording_id)
    assert refused.value.status_code == 503
    (dead,) = library.outbox.list(DeliveryState.DEAD)
    assert "being deleted" in dead.last_error
    client.recordings.delete(recording_id)
    assert list((library.root / "delivered").glob("*.wav")) == []


def test_deleting_many(library: Library) -> None:
    """All or none: one that is not there keeps the others; a repeated wish is no failure."""
    client = library.client()
    ids = [library.stored(library.document()) for _ in range(3)]
    with pytest.raises(UnprocessableEntityError) as refused:
        client.recordings.actions.delete(ids=[*ids, "f" * 32, "no id"])
    told = [(one["code"], one["source"]["pointer"]) for one in errors_of(refused)]
    assert told == [("10005", "/ids/3"), ("10005", "/ids/4")]
    assert len(client.recordings.list().data) == 3
    for _ in range(2):
        assert client.recordings.actions.delete(ids=ids[:2]).status == "ok"
    assert [one.id for one in client.recordings.list()] == ids[2:]
    dashed = f"{ids[2][:8]}-{ids[2][8:12]}-{ids[2][12:16]}-{ids[2][16:20]}-{ids[2][20:]}".upper()
    assert client.recordings.actions.delete(ids=[dashed, ids[2]]).status == "ok"
    for wrong in ([], ["a"] * 101):
        with pytest.raises(UnprocessableEntityError):
            client.recordings.actions.delete(ids=wrong)


def test_nobody_reaches_another_accounts_recordings(library: Library) -> None:
    """Neither lists, nor looks, nor deletes: whether documents or what waits here."""
    mallory = library.client(account_id="c0ffee" * 5 + "00")
    ids = [
        library.stored(library.document()),
        library.taken(library.document(), Target("http", {"url": "http://a.test/in"})),
    ]
    assert list(mallory.recordings.list()) == []
    assert list(mallory.recordings.list(filter={"call_leg_id": "leg-1"})) == []
    for recording_id in ids:
        for ask in (mallory.recordings.retrieve, mallory.recordings.delete):
            with pytest.raises(NotFoundError):
                ask(recording_id)
    with pytest.raises(UnprocessableEntityError):
        mallory.recordings.actions.delete(ids=ids)
    ours = library.client()
    assert len(ours.recordings.list().data) == 2


def test_each_page_needs_its_scope(library: Library) -> None:
    """Looking needs listen, deleting admin; a key for something else opens neither, and none nothing."""
    recording_id = library.stored(library.document())
    listening, recording = library.client(Scope.LISTEN), library.client(Scope.RECORD, Scope.CONTROL)
    assert get(library, listening, recording_id).id == recording_id
    for ask in (
        lambda: listening.recordings.delete(recording_id),
        lambda: listening.recordings.actions.delete(ids=[recording_id]),
        lambda: listening.recording_transcriptions.delete(recording_id),
        recording.recordings.list,
        lambda: recording.recordings.retrieve(recording_id),
        lambda: recording.recordings.delete(recording_id),
        recording.recording_transcriptions.list,
    ):
        with pytest.raises(PermissionDeniedError):
            ask()
    nobody = Telnyx(api_key="KEYnone", base_url=f"{library.url}/v2", max_retries=0)
    with nobody, pytest.raises(AuthenticationError):
        nobody.recordings.list()


def test_each_access_leaves_its_key_in_the_log(library: Library) -> None:
    """Looking and downloading; a list does not."""
    client = library.client(Scope.LISTEN)
    recording_id = library.stored(library.document())
    with capture_logs() as logs:
        client.recordings.list()
        assert not [one for one in logs if one["event"] == "recording_accessed"]
        one = get(library, client, recording_id)
        httpx.get(str(one.download_urls.wav))  # type: ignore[union-attr]
    (looked,) = [line for line in logs if line["event"] == "recording_accessed"]
    (served,) = [line for line in logs if line["event"] == "recording_served"]
    assert looked["key_id"] == served["asked_by"] == client.api_key[3:15]


@pytest.mark.parametrize("recording_id", ["f" * 32, "x", "..%2F..%2Fetc", "a" * 5000, "%00"])
def test_what_is_no_recording_is_not_found(library: Library, recording_id: str) -> None:
    """Whatever is asked for in its place."""
    headers = {"Authorization": f"Bearer {library.key()}"}
    for method in ("GET", "DELETE"):
        answer = httpx.request(method, f"{library.url}/v2/recordings/{recording_id}", headers=headers)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "10005")
