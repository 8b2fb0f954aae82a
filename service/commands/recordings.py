"""callflows recordings: which were asked for, what became of each, their media, and what is missing."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from config.settings import Settings
from recording.audit import Judged, Standing
from recording.outcome import Verdict
from service import media_copy, recording_report
from service.auditing import Auditor
from service.console import console
from service.destinations import destinations_of
from service.options import load_settings, settings_option
from service.outbox_file import outbox_of
from service.period import EXPECTED, age, moment, shown
from storage.errors import NotFound
from storage.file_name import safe_file_name
from storage.open_store import open_store
from storage.outbox import Outbox
from storage.register_row import Entry, Wanted

since_option = click.option(
    "--since", callback=moment, help=f"Asked for from here on: {EXPECTED.removeprefix('a ')}."
)
until_option = click.option("--until", callback=moment, help="Asked for before this; as --since.")
account_option = click.option("--account", help="Of one account.")


@contextmanager
def _auditor(settings: Settings, outbox: Outbox, *, with_destinations: bool = False) -> Iterator[Auditor]:
    if not with_destinations:
        yield Auditor(outbox, settings.freeswitch.recordings_dir)
        return
    store = open_store(settings.documents.url, cache=False)
    try:
        yield Auditor(outbox, settings.freeswitch.recordings_dir, destinations_of(settings, store))
    finally:
        store.close()


@click.group(help="List, show, fetch and audit recordings.")
def COMMAND() -> None:  # noqa: N802 - found by this name
    """Recordings in the register."""


@COMMAND.command("list")
@settings_option
@since_option
@until_option
@account_option
@click.option("--call", help="Of one call, by its call id or channel.")
@click.option("--verdict", type=click.Choice([one.value for one in Verdict]), help="Only those found so.")
@click.option("--state", type=click.Choice([one.value for one in Standing]), help="Only those that stand so.")
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="The newest so many."
)
@click.option("--json", "as_json", is_flag=True, help="JSON, one object a line.")
def list_(settings_file: str | None, *, state: str | None, limit: int, as_json: bool, **which: Any) -> None:
    """List recordings, the newest first."""
    settings = load_settings(settings_file)
    with outbox_of(settings) as outbox, _auditor(settings, outbox) as auditor:
        around = auditor.circumstances()
        entries = outbox.register.entries(_wanted(**which), newest_first=True)
        judged = (auditor.judge(entry, around) for entry in entries)
        rows = list(islice((one for one in judged if state in (None, one.standing.value)), limit))
    if as_json:
        for one in rows:
            click.echo(json.dumps(recording_report.summary(one, around.now_s)))
        return
    table = Table(
        "asked for", "recording", "account", "call", "state", "verdict", "ended by", "length", box=None
    )
    for one in rows:
        table.add_row(*_row(one))
    console().print(table)


@COMMAND.command()
@settings_option
@click.argument("name", metavar="ID")
def show(settings_file: str | None, name: str) -> None:
    """Show all that is known of the recordings that ID names, as a JSON array, the newest first.

    ID: a recording id, a document id, a call id or a channel.
    """
    settings = load_settings(settings_file)
    recordings_dir = settings.freeswitch.recordings_dir
    with outbox_of(settings) as outbox, _auditor(settings, outbox) as auditor:
        around = auditor.circumstances()
        found = outbox.register.find(name)
        judged = [auditor.judge(entry, around) for entry in found]
        reports = [recording_report.full(one, outbox, recordings_dir, around.now_s) for one in judged]
        reports = reports or recording_report.on_disk_only(name, recordings_dir)
    if not reports:
        raise NotFound("register", name)
    click.echo(json.dumps(reports, indent=2))


@COMMAND.command()
@settings_option
@click.argument("name", metavar="ID")
@click.option("--output", help="Where to; - for standard output. Default: here, under the recording's name.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def get(settings_file: str | None, name: str, output: str | None, *, force: bool) -> None:
    """Fetch the media of one recording: from this disk while it is here, else from where it was delivered."""
    settings = load_settings(settings_file)
    store = open_store(settings.documents.url, cache=False)
    try:
        with outbox_of(settings) as outbox:
            entry = _only(outbox.register.find(name), name)
            target = output or _default_name(entry)
            destinations = destinations_of(settings, store)
            source, size_bytes = media_copy.fetch(entry, outbox, destinations, target, force=force)
    finally:
        store.close()
    click.echo(f"{target}: {size_bytes} bytes from {source.place}", err=True)


@COMMAND.command()
@settings_option
@since_option
@until_option
@account_option
@click.option("--verify", is_flag=True, help="Ask the destinations whether their copies are still there.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def audit(settings_file: str | None, *, verify: bool, as_json: bool, **which: Any) -> None:
    """Compare every recording that should exist with what is stored; exit 1 when there is a gap."""
    settings = load_settings(settings_file)
    wanted = _wanted(**which)
    with outbox_of(settings) as outbox, _auditor(settings, outbox, with_destinations=verify) as auditor:
        findings = auditor.run(wanted, verify=verify)
    if as_json:
        click.echo(json.dumps(recording_report.audit_data(findings, wanted)))
    else:
        recording_report.print_audit(findings, console())
    sys.exit(0 if findings.is_clean else 1)


def _wanted(
    since: float | None = None,
    until: float | None = None,
    account: str | None = None,
    call: str | None = None,
    verdict: str | None = None,
) -> Wanted:
    if since is not None and until is not None and since >= until:
        raise click.UsageError("--since must be before --until")
    return Wanted(
        since=float("-inf") if since is None else since,
        until=float("inf") if until is None else until,
        account_id=account,
        call=call,
        verdict=verdict,
    )


def _only(found: Any, name: str) -> Entry:
    """Return the one recording that is meant. Raises: NotFound, UsageError: there are several."""
    if not found:
        raise NotFound("register", name)
    if len(found) > 1:
        ids = ", ".join(entry.row.recording_id for entry in found[:10])
        raise click.UsageError(f"{name} has {len(found)} recordings; say which: {ids}")
    entry: Entry = found[0]
    return entry


def _default_name(entry: Entry) -> str:
    if entry.stored is not None:
        return safe_file_name(entry.stored.media.name)
    return Path(entry.row.path).name or entry.row.recording_id


def _row(one: Judged) -> tuple[str, ...]:
    row = one.entry.row
    length = age(row.duration_ms / 1000) if row.duration_ms else ""
    expected = row.expected
    return (
        shown(expected.requested_at),
        row.recording_id,
        expected.account_id,
        expected.call_id,
        one.standing.value.replace("_", " "),
        row.verdict,
        row.ended_by.replace("_", " "),
        length,
    )
