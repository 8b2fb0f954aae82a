"""What is counted, under which names."""

from __future__ import annotations

from pathlib import Path

from prometheus_client import generate_latest

from callflows.runner import CallReport
from calls.cause import HangupCause, Termination
from recording.audit import Standing
from recording.outcome import EndedBy, RecordingOutcome, Verdict
from recording.register import RegisterStats
from service.metrics import Metrics
from storage.disk_guard import Level, Place, PlaceState, Room
from storage.errors import StoreUnavailable
from storage.outbox_worker import WorkerStats


def text_of(metrics: Metrics) -> str:
    """Scrape."""
    return generate_latest(metrics.registry).decode()


def stats() -> WorkerStats:
    """Return an outbox's numbers."""
    return WorkerStats(
        pending=1,
        delivering=2,
        delivered=3,
        dead=4,
        oldest_unsettled_s=5.5,
        in_flight=0,
        destinations_down=6,
        attempts_total=0,
        failures_total=0,
        delivered_bytes_total=0,
    )


def test_calls_are_counted_by_verdict() -> None:
    """One call is one."""
    metrics = Metrics()
    report = CallReport("u", "acme", "f", Termination.SUCCESS, HangupCause.NORMAL_CLEARING, 1.0, (), ())
    metrics.call_ended(report)
    assert 'callflows_calls_total{verdict="success"} 1.0' in text_of(metrics)


def test_recordings_are_counted_by_how_they_ended() -> None:
    """Begun, ended, and not taken by the outbox are three counters."""
    metrics = Metrics()
    metrics.recording_started()
    metrics.recording_finished(RecordingOutcome("r", "202611-r", EndedBy.TIME_LIMIT, Verdict.OK))
    metrics.recording_handover_failed()
    text = text_of(metrics)
    assert "callflows_recordings_started_total 1.0" in text
    assert 'callflows_recordings_total{ended_by="time_limit",verdict="ok"} 1.0' in text
    assert "callflows_recording_handovers_failed_total 1.0" in text


def test_gauges_are_asked_at_each_scrape() -> None:
    """Live calls and the outbox are told as they are now."""
    metrics, live = Metrics(), [1]
    metrics.live_calls(lambda: live[0])
    metrics.deliveries(stats)
    assert "callflows_live_calls 1.0" in text_of(metrics)
    live[0] = 7
    text = text_of(metrics)
    assert "callflows_live_calls 7.0" in text
    for state, count in {"pending": 1, "delivering": 2, "delivered": 3, "dead": 4}.items():
        assert f'callflows_deliveries{{state="{state}"}} {count}.0' in text
    assert "callflows_deliveries_oldest_unsettled_seconds 5.5" in text
    assert "callflows_destinations_down 6.0" in text


def test_an_outbox_that_cannot_be_read_does_not_spoil_the_scrape() -> None:
    """Its gauges are absent then, the others are there."""

    def broken() -> WorkerStats:
        raise StoreUnavailable("the outbox cannot be used: disk full")

    metrics = Metrics()
    metrics.live_calls(lambda: 1)
    metrics.deliveries(broken)
    text = text_of(metrics)
    assert "callflows_live_calls 1.0" in text
    assert "callflows_deliveries{" not in text


def test_the_register_and_its_gaps_are_told() -> None:
    """Notes that could not be written, and recordings that are missing."""
    metrics = Metrics()
    metrics.register(lambda: RegisterStats(9, 1, 2, 3), lambda: {Standing.MISSING: 4, Standing.FAILED: 0})
    text = text_of(metrics)
    assert "callflows_register_writes_failed_total 2.0" in text
    assert "callflows_register_notes_lost_total 1.0" in text
    assert "callflows_register_notes_waiting 3.0" in text
    assert 'callflows_recording_gaps{kind="missing"} 4.0' in text
    assert 'callflows_recording_gaps{kind="failed"} 0.0' in text


def test_disks_are_told_by_place() -> None:
    """Room and level; a place that cannot be measured has its last level only."""
    metrics = Metrics()
    states = {
        "recordings": PlaceState(Place("recordings", Path("/r")), Level.CRITICAL, Room(5, 1000)),
        "outbox": PlaceState(Place("outbox", Path("/o")), Level.LOW, None, "stale handle"),
    }
    metrics.disks(lambda: states)
    text = text_of(metrics)
    assert 'callflows_disk_free_bytes{place="recordings"} 5.0' in text
    assert 'callflows_disk_free_ratio{place="recordings"} 0.005' in text
    assert 'callflows_disk_level{place="recordings"} 2.0' in text
    assert 'callflows_disk_level{place="outbox"} 1.0' in text
    assert 'callflows_disk_free_bytes{place="outbox"}' not in text


def test_requests_of_call_control_are_told_by_page_and_status() -> None:
    """How many, and how long they took."""
    metrics = Metrics()
    for status, took_s in ((200, 0.004), (200, 0.03), (422, 0.001)):
        metrics.api_answered("hangup", status, took_s)
    text = text_of(metrics)
    assert 'callflows_api_request_seconds_count{page="hangup",status="200"} 2.0' in text
    assert 'callflows_api_request_seconds_bucket{le="0.005",page="hangup",status="200"} 1.0' in text
    assert 'callflows_api_request_seconds_count{page="hangup",status="422"} 1.0' in text
