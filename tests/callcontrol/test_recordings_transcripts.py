"""Transcriptions by Telnyx' own client: listed, read and deleted, wherever they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from telnyx import NotFoundError, UnprocessableEntityError

from callcontrol.token import Scope
from storage.destination import Target
from storage.names import modb
from tests.callcontrol.recordings_place import NOON_S, Library

SAID = {"engine": "google", "language": "en-US", "text": "left: hello\nright: hi", "failed": ""}
FAILED = {**SAID, "text": "", "failed": "it took longer than 1800 s"}


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A host with recordings in a folder."""
    made = Library(tmp_path)
    yield made
    made.close()


def test_every_field_of_the_model(library: Library) -> None:
    """Its id is its recording's, and its text is what was said."""
    client = library.client(Scope.LISTEN)
    recording_id = library.saved(library.document(ours={"transcript": SAID}))
    with capture_logs() as logs:
        found = client.recording_transcriptions.retrieve(recording_id).data
    assert found is not None
    assert found.model_dump() == {
        "id": recording_id,
        "record_type": "recording_transcription",
        "recording_id": recording_id,
        "created_at": "2026-11-23T12:00:00.000000Z",
        "updated_at": "2026-11-23T12:00:00.000000Z",
        "duration_millis": 5000,
        "status": "completed",
        "transcription_text": "left: hello\nright: hi",
    }
    (told,) = [one for one in logs if one["event"] == "recording_accessed"]
    assert (told["action"], "hello" in str(told)) == ("retrieve_transcription", False)


def test_only_what_was_made_out_is_listed(library: Library) -> None:
    """Page by page; neither recordings without one, nor those whose transcript failed."""
    client = library.client(Scope.LISTEN)
    ids = [
        library.saved(library.document(NOON_S - days * 86_400, ours={"transcript": SAID}))
        for days in (40, 2, 1)
    ]
    library.saved(library.document())
    failed = library.saved(library.document(ours={"transcript": FAILED}))
    document = library.document(ours={"transcript": SAID})
    ids.append(library.taken(document, Target("http", {"url": "http://a.test/in"})))
    assert [one.id for one in client.recording_transcriptions.list(page_size=2)] == ids[::-1]
    page = client.recording_transcriptions.list(filter={"created_at": {"lte": "2026-11-21T12:00:00Z"}})
    assert [one.id for one in page] == ids[1::-1]
    for recording_id, expected in ((ids[1], [ids[1]]), (failed, []), ("no id", [])):
        page = client.recording_transcriptions.list(filter={"recording_id": recording_id})
        assert [one.id for one in page] == expected
    with pytest.raises(NotFoundError, match="no transcription"):
        client.recording_transcriptions.retrieve(failed)


def test_deleting_one_leaves_the_recording(library: Library) -> None:
    """What was said is gone, from its document and from what is still to be delivered."""
    client = library.client()
    document = library.document(ours={"transcript": SAID})
    recording_id = library.stored(document)
    gone = client.recording_transcriptions.delete(recording_id).data
    assert gone is not None
    assert gone.transcription_text == SAID["text"]
    assert "hello" not in str(library.store.get(modb(library.account_id, "202611"), document["_id"]))
    assert list(client.recording_transcriptions.list()) == []
    with pytest.raises(NotFoundError):
        client.recording_transcriptions.delete(recording_id)
    assert client.recordings.retrieve(recording_id).data is not None
    waiting = library.document(ours={"transcript": SAID})
    client.recording_transcriptions.delete(library.taken(waiting, library.local(waiting)))
    library.deliver()
    stored = library.store.get(modb(library.account_id, "202611"), waiting["_id"])
    assert stored["callflows"]["transcript"] is None


def test_one_that_travels_is_not_deleted(library: Library) -> None:
    """Else it would arrive all the same."""
    client = library.client()
    document = library.document(ours={"transcript": SAID})
    recording_id = library.taken(document, library.local(document))
    assert library.outbox.claim("test", 60.0)
    with pytest.raises(UnprocessableEntityError, match="at this moment"):
        client.recording_transcriptions.delete(recording_id)


def test_nobody_reads_what_was_said_in_another_account(library: Library) -> None:
    """Neither by its id, nor in a list."""
    mallory: Any = library.client(account_id="c0ffee" * 5 + "00")
    recording_id = library.saved(library.document(ours={"transcript": SAID}))
    assert list(mallory.recording_transcriptions.list()) == []
    assert list(mallory.recording_transcriptions.list(filter={"recording_id": recording_id})) == []
    for ask in (mallory.recording_transcriptions.retrieve, mallory.recording_transcriptions.delete):
        with pytest.raises(NotFoundError):
            ask(recording_id)
