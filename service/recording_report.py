"""Recordings and audits as they are told: JSON-ready data for machines, tables for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from recording.audit import Judged, Standing
from recording.naming import JOURNAL_DIRECTORY, is_recording_id
from recording.survey import Found, Survey
from recording.ticket import MAX_MANIFEST_BYTES
from service.auditing import Findings, Verified
from service.period import age, shown
from storage.outbox import Outbox
from storage.register_row import Entry, Wanted

LISTED = 50
"""Gaps and files that a table shows; --json has all."""

MEANINGS: Mapping[Standing, str] = {
    Standing.STORED: "every copy verified",
    Standing.ABSENT: "verified once, and no longer at its destination",
    Standing.DAMAGED: "its file is gone or changed before delivery",
    Standing.DEAD_LETTER: "given up: callflows deliveries list --state dead",
    Standing.UNDER_WAY: "waiting or being delivered",
    Standing.KEPT: "on this host, by a rule of storage",
    Standing.DISCARDED: "by rule: too short, never answered or bridged",
    Standing.FAILED: "no usable audio",
    Standing.LIVE: "being recorded, or to be finished",
    Standing.MISSING: "nobody knows what became of it",
    Standing.DELETED: "at somebody's wish, who may",
}


def summary(one: Judged, now_s: float) -> dict[str, Any]:
    """Return one recording as a flat object; times in epoch seconds."""
    row, expected = one.entry.row, one.entry.row.expected
    return {
        "recording_id": row.recording_id,
        "document_id": expected.document_id,
        "account_id": expected.account_id,
        "call_id": expected.call_id,
        "uuid": expected.uuid,
        "origin": expected.origin,
        "state": one.standing.value,
        "cause": one.cause,
        "requested_at": expected.requested_at,
        "age_s": round(one.age_s(now_s), 3),
        "started_at": row.started_at,
        "settled_at": row.settled_at,
        "deleted_at": row.deleted_at,
        "deleted_by": row.deleted_by,
        "ended_by": row.ended_by,
        "verdict": row.verdict,
        "reasons": list(row.reasons),
        "duration_ms": row.duration_ms,
        "size_bytes": row.size_bytes,
        "rule": row.rule,
        "rule_reason": row.rule_reason,
    }


def full(one: Judged, outbox: Outbox, recordings_dir: Path, now_s: float) -> dict[str, Any]:
    """Return all that is known of one recording, without secrets."""
    entry = one.entry
    return {
        **summary(one, now_s),
        "limit_s": entry.row.expected.limit_s,
        "owner": entry.row.expected.owner,
        "deliveries": [_delivery(outbox, delivery.id) for delivery in entry.deliveries],
        "manifest": manifest(recordings_dir, entry.row.recording_id),
        "files": files(recordings_dir, entry),
        "metadata": entry.stored.metadata if entry.stored else None,
    }


def on_disk_only(name: str, recordings_dir: Path) -> list[dict[str, Any]]:
    """Return what the disk alone knows of a recording, by its id or document id; [] for nothing."""
    recording_id = name.rpartition("-")[2]
    if not is_recording_id(recording_id):
        return []
    of_it = [
        one for batch in Survey(recordings_dir).media() for one in batch if one.recording_id == recording_id
    ]
    noted = manifest(recordings_dir, recording_id)
    if not of_it and noted is None:
        return []
    return [{"recording_id": recording_id, "state": None, "manifest": noted, "files": [*map(_file, of_it)]}]


def manifest(recordings_dir: Path, recording_id: str) -> dict[str, Any] | None:
    """Return what a recording's manifest says of it, None when there is none; never its URL."""
    if not is_recording_id(recording_id):
        return None
    path = recordings_dir / JOURNAL_DIRECTORY / f"{recording_id}.json"
    try:
        with path.open("rb") as source:
            data = json.loads(source.read(MAX_MANIFEST_BYTES))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as exc:
        return {"path": str(path), "unreadable": type(exc).__name__}
    facts = data if isinstance(data, dict) else {}
    told = {name: facts.get(name) for name in ("asked", "started_at_us", "owner")}
    return {"path": str(path), **told}


def files(recordings_dir: Path, entry: Entry) -> list[dict[str, Any]]:
    """Return the files of a recording that are on this disk."""
    path = entry.media_path
    directory = path.parent if path is not None else None
    if directory is None or not directory.is_relative_to(recordings_dir):
        return []
    found = Survey(recordings_dir).of(entry.row.recording_id, directory)
    return [_file(one) for one in found]


def audit_data(findings: Findings, wanted: Wanted) -> dict[str, Any]:
    """Return an audit as one JSON-ready object."""
    audit = findings.audit
    return {
        "since": _bound(wanted.since),
        "until": _bound(wanted.until),
        "account_id": wanted.account_id,
        "now": audit.now_s,
        **audit.data(),
        "listed_gaps": [summary(one, audit.now_s) for one in audit.gaps],
        "orphans": [_file(one) for one in findings.orphans],
        "old_manifests": [_file(one) for one in findings.old_manifests],
        "verified": _verified(findings.verified),
    }


def print_audit(findings: Findings, console: Console) -> None:
    """Print an audit for people: the figures first, then what somebody has to look at."""
    audit = findings.audit
    table = Table(box=None, show_header=False)
    for standing, meaning in MEANINGS.items():
        told = meaning
        if standing is Standing.UNDER_WAY and audit.oldest_under_way_s:
            told = f"{meaning}, the oldest for {age(audit.oldest_under_way_s)}"
        table.add_row(standing.value.replace("_", " "), str(audit.counts[standing]), told)
    console.print(table)
    stored = audit.counts[Standing.STORED]
    figure = "nothing was to be stored"
    if audit.completeness is not None:
        figure = f"{percent(stored, audit.expected)} % ({stored} of {audit.expected})"
    console.print(f"completeness: {figure}; {audit.gap_count} gaps", highlight=False)
    if findings.verified is not None:
        _print_verified(findings.verified, console)
    _print_gaps(findings, console)
    _print_files("media nobody knows of", findings.orphans, audit.now_s, console)
    _print_files("manifests nobody could settle", findings.old_manifests, audit.now_s, console)


def percent(part: int, whole: int) -> str:
    """Return a share with two decimals, rounded down: only what is complete is 100.00."""
    hundredths = part * 10_000 // whole
    return f"{hundredths // 100}.{hundredths % 100:02}"


def _print_gaps(findings: Findings, console: Console) -> None:
    gaps, now_s = findings.audit.gaps, findings.audit.now_s
    if not gaps:
        return
    for one in gaps[:LISTED]:
        expected = one.entry.row.expected
        standing = one.standing.value.replace("_", " ")
        who = f"{expected.recording_id}  account {expected.account_id}  call {expected.call_id}"
        when = f"{shown(expected.requested_at)}, {age(one.age_s(now_s))} ago"
        console.print(f"{standing}: {escape(who)}  {when}\n  {escape(one.cause)}", highlight=False)
    _print_rest(findings.audit.gap_count, console)


def _print_files(title: str, found: tuple[Found, ...], now_s: float, console: Console) -> None:
    if not found:
        return
    console.print(f"{title}: {len(found)}", highlight=False)
    for one in found[:LISTED]:
        facts = f"{one.size_bytes} bytes, {age(now_s - one.modified_at)} old"
        console.print(f"  {escape(str(one.path))}  {facts}", highlight=False)
    _print_rest(len(found), console)


def _print_rest(count: int, console: Console) -> None:
    if count > LISTED:
        console.print(f"  and {count - LISTED} more; --json lists them", highlight=False)


def _print_verified(verified: Verified, console: Console) -> None:
    not_asked = sum(verified.not_asked.values())
    told = f"copies asked for: {verified.there} there, {verified.absent} absent, {not_asked} not asked"
    console.print(told, highlight=False)
    for reason, count in verified.not_asked.most_common(LISTED):
        console.print(f"  {count} not asked: {escape(reason)}", highlight=False)


def _verified(verified: Verified | None) -> dict[str, Any] | None:
    if verified is None:
        return None
    return {"there": verified.there, "absent": verified.absent, "not_asked": dict(verified.not_asked)}


def _delivery(outbox: Outbox, delivery_id: int) -> dict[str, Any]:
    return asdict(outbox.show(delivery_id))


def _file(one: Found) -> dict[str, Any]:
    return {
        "path": str(one.path),
        "recording_id": one.recording_id,
        "size_bytes": one.size_bytes,
        "modified_at": one.modified_at,
    }


def _bound(epoch_s: float) -> float | None:
    return epoch_s if abs(epoch_s) != float("inf") else None
