"""From a verified recording to the outbox: what is handed over, by which name, what goes and what stays."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gevent
import pytest
from structlog.testing import capture_logs

from recording import handover
from recording.finisher import Ending
from recording.handover import HandOver, Receivers
from recording.journal import Journal
from recording.manifest import Manifest
from recording.outcome import EndedBy, RecordingOutcome, Verdict
from recording.request import AudioFormat, RecordingRequest
from recording.storage_rules import StorageRules
from recording.ticket import Ticket
from storage.errors import NotFound, StoreUnavailable
from storage.outbox import Outbox
from storage.outbox_delivery import StoredRecording
from storage.plan import NO_PLAN, StoragePlan
from tests.recording.house import STORED, Count
from tests.recording.samples import ACCOUNT_ID, RECORDING_ID, STARTED_AT_US, UUID, WAV, Values, ticket

CONTENT = b"RIFF and so on"


class Plans:
    """No plans, from a store that may be away."""

    def __init__(self) -> None:
        self.away = 0
        self.plan = NO_PLAN

    def of(self, account_id: str) -> StoragePlan:
        """Answer, if it can."""
        if self.away:
            self.away -= 1
            raise StoreUnavailable(f"no answer about {account_id}")
        return self.plan


class Notes:
    """A register that remembers."""

    def __init__(self) -> None:
        self.rules: list[tuple[str, str]] = []

    def expected(self, ticket: Ticket) -> None:
        """Nothing of that is told here."""

    def settled(self, ticket: Ticket, outcome: RecordingOutcome, rule: str, reason: str) -> None:
        """Remember why."""
        assert reason
        self.rules.append((ticket.name.recording_id, rule))


@dataclass
class Desk:
    """A hand-over with everything behind it."""

    root: Path
    outbox: Outbox
    journal: Journal
    plans: Plans
    notes: Notes
    tally: Count
    config: Values
    hand_over: HandOver

    def file(self, name: str) -> Path:
        """A file of the recording."""
        path = self.root / "20261120" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(CONTENT)
        return path

    def settle(self, of: Ticket, **facts: Any) -> bool:
        """Settle a recording that ended well, unless `facts` say otherwise."""
        self.journal.note(Manifest(of))
        path = facts.get("path")
        outcome = RecordingOutcome(
            recording_id=RECORDING_ID,
            document_id=of.document_id,
            ended_by=EndedBy.STOPPED,
            verdict=Verdict.OK,
            size_bytes=len(CONTENT) if path else 0,
            sha256=hashlib.sha256(CONTENT).hexdigest() if path else "",
            started_at_us=STARTED_AT_US,
        )
        return self.hand_over.settle(Ending(of), replace(outcome, **facts))

    def manifests(self) -> list[str]:
        """What is not safe yet."""
        self.journal.flush()
        return [one.ticket.name.recording_id for one in self.journal.pending()]

    def stored(self) -> StoredRecording:
        """What the outbox has."""
        return self.outbox.recording(RECORDING_ID)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """One whose recordings stay in the account's month, and that does not wait long."""
    monkeypatch.setattr(handover, "RETRY_FIRST_S", 0.01)
    monkeypatch.setattr(handover, "RETRY_LAST_S", 0.02)
    outbox, journal = Outbox(tmp_path / "outbox.sqlite"), Journal(tmp_path)
    plans, notes, tally, config = Plans(), Notes(), Count(), Values(STORED)
    rules = StorageRules(config, plans)
    receivers = Receivers(outbox, journal, tally, rules, "node1", register=notes)
    yield Desk(tmp_path, outbox, journal, plans, notes, tally, config, HandOver(tmp_path, receivers))
    journal.close()
    outbox.close()


def test_what_is_delivered_is_the_product_and_what_it_was_made_of_goes(desk: Desk) -> None:
    """After the outbox has it; some of the rest may be gone already."""
    one = ticket(replace(WAV, format=AudioFormat.MP4, media_name="../talk.mp4"))
    product, capture = desk.file(f"{RECORDING_ID}.mp4"), desk.file(f"{RECORDING_ID}.wav")
    gone = product.with_name("gone.wav")
    assert desk.settle(one, path=product, leftovers=(capture, gone, product))
    stored = desk.stored()
    assert (stored.media.path, stored.media.name) == (product, "talk.mp4")
    assert stored.media.content_type == "audio/mp4"
    assert stored.metadata["media_type"] == "mp4"
    assert product.exists()
    assert not capture.exists()
    assert desk.manifests() == []
    assert desk.notes.rules == [(RECORDING_ID, "local")]


def test_a_capture_that_could_not_be_worked_on_is_called_what_it_is(desk: Desk) -> None:
    """A WAV is not named and announced as the MP4 it was to become."""
    one = ticket(replace(WAV, format=AudioFormat.MP4, media_name="talk"))
    capture = desk.file(f"{RECORDING_ID}.wav")
    desk.settle(one, path=capture, verdict=Verdict.DEGRADED, reasons=("it could not be processed",))
    stored = desk.stored()
    assert (stored.media.name, stored.media.content_type) == ("talk.wav", "audio/wav")
    assert (stored.metadata["content_type"], stored.metadata["media_type"]) == ("audio/wav", "wav")
    assert capture.exists()


@pytest.mark.parametrize(
    ("is_first", "name"),
    [(True, f"call_recording_{UUID}.wav"), (False, f"call_recording_{UUID}_{RECORDING_ID}.wav")],
)
def test_at_a_url_the_file_has_kazoos_name(desk: Desk, is_first: bool, name: str) -> None:
    """One dot before the extension; further recordings of a call do not replace the first."""
    request = replace(WAV, url="http://a.example/in", media_name="mine")
    desk.settle(ticket(request, is_first=is_first), path=desk.file(f"{RECORDING_ID}.wav"))
    assert desk.stored().media.name == name
    assert desk.notes.rules == [(RECORDING_ID, "url")]


def test_an_outbox_that_cannot_take_it_now_is_asked_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until it has it nothing is deleted and the manifest stays."""
    capture, product = desk.file(f"{RECORDING_ID}.wav"), desk.file(f"{RECORDING_ID}.mp3")
    seen: list[tuple[bool, list[str]]] = []
    enqueue = desk.outbox.enqueue

    def full(*arguments: Any, **facts: Any) -> bool:
        if len(seen) < 2:
            seen.append((capture.exists(), desk.manifests()))
            raise StoreUnavailable("disk full")
        return enqueue(*arguments, **facts)

    monkeypatch.setattr(desk.outbox, "enqueue", full)
    desk.settle(ticket(), path=product, leftovers=(capture,))
    assert seen == [(True, [RECORDING_ID])] * 2
    assert desk.tally.failures == 2
    assert not capture.exists()
    assert desk.stored().media.path == product


def test_a_store_that_cannot_say_where_is_waited_for(desk: Desk) -> None:
    """A CouchDB that is down at the end of a call costs nothing but time, and is told of."""
    desk.plans.away = 3
    with capture_logs() as logs:
        assert desk.settle(ticket(), path=desk.file(f"{RECORDING_ID}.wav"))
    told = [line for line in logs if line["event"] == "recording_destination_not_known"]
    assert [line["next_try_in_s"] for line in told] == [0.01, 0.02, 0.02]
    assert desk.stored().recording_id == RECORDING_ID


def test_an_engine_that_dies_while_it_waits_leaves_everything(desk: Desk) -> None:
    """File and manifest are there for the next one."""
    desk.plans.away = 10**9
    capture = desk.file(f"{RECORDING_ID}.wav")
    waiting = gevent.spawn(desk.settle, ticket(), path=capture)
    with gevent.Timeout(5):
        while not desk.tally.failures:
            gevent.sleep(0.005)
    waiting.kill()
    assert capture.exists()
    assert desk.manifests() == [RECORDING_ID]
    with pytest.raises(NotFound):
        desk.stored()


def test_what_is_discarded_leaves_no_file(desk: Desk) -> None:
    """Capture and leftovers, and nobody is asked where it should have gone."""
    desk.plans.away = 1
    capture, other = desk.file(f"{RECORDING_ID}.wav"), desk.file("other.wav")
    assert not desk.settle(ticket(), verdict=Verdict.DISCARDED, leftovers=(other,))
    assert not capture.exists()
    assert not other.exists()
    assert desk.manifests() == []
    assert desk.plans.away == 1
    assert desk.notes.rules == [(RECORDING_ID, "discarded")]


def test_a_failed_recording_stays_where_it_is(desk: Desk) -> None:
    """For somebody to look at."""
    capture = desk.file(f"{RECORDING_ID}.wav")
    assert not desk.settle(ticket(), verdict=Verdict.FAILED, path=capture)
    assert capture.exists()
    assert desk.notes.rules == [(RECORDING_ID, "failed")]


def test_what_cannot_be_read_now_is_not_forgotten(desk: Desk) -> None:
    """Its manifest brings it back."""
    desk.settle(ticket(), verdict=Verdict.FAILED, is_inaccessible=True)
    assert desk.manifests() == [RECORDING_ID]


def test_a_recording_that_goes_nowhere_stays_and_is_told_of(desk: Desk) -> None:
    """With the product, what it was made of stays as well: nobody else has it."""
    desk.config.table["media", "store_recordings"] = False
    capture, product = desk.file(f"{RECORDING_ID}.wav"), desk.file(f"{RECORDING_ID}.mp3")
    with capture_logs() as logs:
        assert not desk.settle(ticket(), path=product, leftovers=(capture,))
    assert product.exists()
    assert capture.exists()
    (line,) = (line for line in logs if line["event"] == "recording_finished")
    assert (line["log_level"], line["storage"]) == ("warning", "nowhere")


@pytest.mark.parametrize(
    ("request_", "in_force", "kinds"),
    [
        (replace(WAV, url="gopher://a.example/"), {}, ["unusable"]),
        (WAV, {"plan": StoragePlan(fault="handler dropbox: no")}, ["plan"]),
        (WAV, {"host": "couch.example"}, ["couchdb"]),
        (replace(WAV, media_id="mine"), {}, ["local"]),
    ],
)
def test_each_rules_targets_reach_the_outbox(
    desk: Desk, request_: RecordingRequest, in_force: dict[str, Any], kinds: list[str]
) -> None:
    """Also those that will become dead letters: the recording is kept and somebody learns why."""
    desk.plans.plan = in_force.get("plan", NO_PLAN)
    desk.config.table["media", "third_party_bigcouch_host"] = in_force.get("host")
    desk.settle(ticket(request_), path=desk.file(f"{RECORDING_ID}.wav"))
    deliveries = desk.outbox.list()
    assert [one.kind for one in deliveries] == kinds
    assert {one.document_id for one in deliveries} == {request_.media_id or f"202611-{RECORDING_ID}"}
    assert {one.account_id for one in deliveries} == {ACCOUNT_ID}
