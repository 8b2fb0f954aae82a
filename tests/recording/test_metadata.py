"""The document of a recording is Kazoo's, with an object of ours in it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from recording.metadata import Circumstances, document
from recording.outcome import EndedBy, RecordingOutcome, Verdict
from tests.recording.samples import ACCOUNT_ID, MP3, RECORDING_ID, STARTED_AT_US, UUID, WAV, ticket

OUTCOME = RecordingOutcome(
    recording_id=RECORDING_ID,
    document_id=f"202611-{RECORDING_ID}",
    ended_by=EndedBy.HANGUP,
    verdict=Verdict.OK,
    raw_cause="success-silence",
    duration_ms=3_220,
    size_bytes=4096,
    sha256="ab" * 32,
    channels=2,
    sample_rate_hz=8000,
    started_at_us=STARTED_AT_US,
)
ENDED_AT_S = STARTED_AT_US / 1e6 + 3.24
AROUND = Circumstances(
    "x.mp3", ENDED_AT_S, {"Owner-ID": "ada", "Account-ID": ACCOUNT_ID}, "node1", ENDED_AT_S + 1
)


def test_fields_are_kazoos() -> None:
    """Every public field of Kazoo's schema that has a value, in Kazoo's units, and its private ones."""
    one = ticket(replace(MP3, origin="callflow : main", url="https://u:p@a.example/in?token=x"))
    found = document(one, OUTCOME, AROUND)
    start = STARTED_AT_US // 1_000_000 + 62_167_219_200
    assert found.pop("callflows")["recording_id"] == RECORDING_ID
    assert found == {
        "_id": f"202611-{RECORDING_ID}",
        "name": "x.mp3",
        "description": "recording x.mp3",
        "content_type": "audio/mpeg",
        "media_type": "mp3",
        "media_source": "recorded",
        "source_type": "media_recording",
        "from": "1555@a.example",
        "direction": "inbound",
        "start": start,
        "duration": 3,
        "duration_ms": 3220,
        "caller_id_name": "Ada",
        "caller_id_number": "1555",
        "call_id": UUID,
        "cdr_id": f"202611-{UUID}",
        "owner_id": "ada",
        "origin": "callflow : main",
        "url": "https://***@a.example/in?token=***",
        "custom_channel_vars": {"Owner-ID": "ada", "Account-ID": ACCOUNT_ID},
        "pvt_type": "call_recording",
        "pvt_account_id": ACCOUNT_ID,
        "pvt_account_db": f"account%2F{ACCOUNT_ID[:2]}%2F{ACCOUNT_ID[2:4]}%2F{ACCOUNT_ID[4:]}-202611",
        "pvt_created": start + 4,
        "pvt_modified": start + 4,
        "pvt_vsn": "1",
        "pvt_node": "node1",
    }


def test_public_fields_are_those_of_kazoos_schema() -> None:
    """Nothing is invented beside our own object."""
    known = {
        "call_id", "callee_id_name", "callee_id_number", "caller_id_name", "caller_id_number", "cdr_id",
        "content_type", "custom_channel_vars", "description", "direction", "duration", "duration_ms", "from",
        "interaction_id", "media_source", "media_type", "name", "origin", "owner_id", "request",
        "source_type", "start", "to", "url",
    }  # fmt: skip
    public = {name for name in document(ticket(), OUTCOME, AROUND) if not name.startswith(("_", "pvt_"))}
    assert public - known == {"callflows"}


def test_what_it_is_worth_is_told() -> None:
    """Why it ended, the verdict with its reasons and the checksum are in our object."""
    outcome = replace(OUTCOME, verdict=Verdict.DEGRADED, reasons=("nothing is heard in it",))
    ours = document(ticket(), outcome, AROUND)["callflows"]
    assert (ours["ended_by"], ours["verdict"], ours["reasons"]) == (
        "hangup",
        "degraded",
        ["nothing is heard in it"],
    )
    assert (ours["sha256"], ours["raw_cause"], ours["channels"]) == ("ab" * 32, "success-silence", 2)


def test_start_is_reckoned_back_when_it_was_not_heard() -> None:
    """Kazoo's own way: the end less the length."""
    found = document(ticket(), replace(OUTCOME, started_at_us=0), AROUND)
    assert found["start"] == int(ENDED_AT_S - 3.22) + 62_167_219_200


def test_cdr_is_that_of_the_month_in_which_it_ended() -> None:
    """A recording over the end of a month is filed under its start, and names the later month's record."""
    found = document(ticket(), OUTCOME, replace(AROUND, ended_at_s=ENDED_AT_S + 86_400 * 20))
    assert (found["_id"][:6], found["cdr_id"][:6]) == ("202611", "202612")


@pytest.mark.parametrize("account_id", ["", "../x"])
def test_call_without_account_has_no_database(account_id: str) -> None:
    """An id that can be no account's makes no database name."""
    found = document(ticket(WAV, account_id=account_id), OUTCOME, AROUND)
    assert "pvt_account_db" not in found


def test_document_is_json() -> None:
    """It goes into the outbox and into stores as JSON."""
    assert json.loads(json.dumps(document(ticket(), OUTCOME, AROUND)))
