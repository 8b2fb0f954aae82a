"""callflows deliveries: what waits, what arrived, what could not be delivered; and another try."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from config.redaction import without_credentials
from service.console import console
from service.options import load_settings, settings_option
from service.outbox_file import outbox_of
from service.period import age, shown
from storage.outbox_delivery import Delivery, DeliveryState
from storage.outbox_ledger import DestinationCounts, OutboxCounts

STATES = click.Choice([state.value for state in DeliveryState])

destination_option = click.option(
    "--destination", help="Only those to one destination, named as `list --destinations` shows it."
)


def described(delivery: Delivery) -> dict[str, Any]:
    """Return a delivery as JSON-ready data without its secrets: of URLs the credentials, of headers all."""
    data = asdict(delivery)
    parameters = dict(delivery.parameters)
    if isinstance(parameters.get("url"), str):
        parameters["url"] = without_credentials(parameters["url"])
    if isinstance(parameters.get("headers"), dict):
        parameters["headers"] = dict.fromkeys(parameters["headers"], "(hidden)")
    return {**data, "parameters": parameters}


@click.group(help="List, show and retry deliveries of recordings.")
def COMMAND() -> None:  # noqa: N802 - found by this name
    """Deliveries in the outbox."""


@COMMAND.command("list")
@settings_option
@click.option("--state", type=STATES, help="Only those in this state.")
@click.option("--recording", help="Only those of one recording, by its id.")
@destination_option
@click.option("--before", type=click.IntRange(1), help="Only those with a lower id: the next page.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="The newest so many."
)
@click.option("--destinations", is_flag=True, help="A line for each destination instead, with how it is.")
@click.option("--json", "as_json", is_flag=True, help="JSON, one object a line.")
def list_(
    settings_file: str | None,
    *,
    state: str | None,
    recording: str | None,
    destination: str | None,
    before: int | None,
    limit: int,
    destinations: bool,
    as_json: bool,
) -> None:
    """List deliveries, the newest first."""
    with outbox_of(load_settings(settings_file)) as outbox:
        if destinations:
            _tell_destinations(outbox.destinations(), as_json=as_json)
            return
        wanted = DeliveryState(state) if state else None
        deliveries = outbox.list(
            state=wanted, recording_id=recording, key=destination, before_id=before, limit=limit
        )
        counts = outbox.counts()
    if as_json:
        for delivery in deliveries:
            click.echo(json.dumps(described(delivery)))
    else:
        _tell_deliveries(deliveries, counts)


def _tell_deliveries(deliveries: Sequence[Delivery], counts: OutboxCounts) -> None:
    table = Table("id", "state", "recording", "name", "to", "tries", "next try", "last error", box=None)
    for one in deliveries:
        row = (
            str(one.id),
            one.state.value,
            one.recording_id,
            escape(one.name),
            escape(one.key),
            str(one.attempts),
            shown(one.next_attempt_at),
            escape(one.last_error),
        )
        table.add_row(*row)
    console().print(table)
    click.echo(
        f"{counts.pending} pending, {counts.delivering} under way, "
        f"{counts.delivered} delivered, {counts.dead} dead"
    )


def _tell_destinations(found: Sequence[DestinationCounts], *, as_json: bool) -> None:
    if as_json:
        for one in found:
            click.echo(json.dumps(asdict(one)))
        return
    now_s = time.time()
    columns = (
        "destination",
        "pending",
        "under way",
        "delivered",
        "dead",
        "waits for",
        "last success",
        "last error",
    )
    table = Table(*columns, box=None)
    for one in found:
        table.add_row(
            escape(one.key),
            str(one.pending),
            str(one.delivering),
            str(one.delivered),
            str(one.dead),
            age(now_s - one.waiting_since) if one.waiting_since is not None else "",
            shown(one.delivered_at),
            escape(one.last_error),
        )
    console().print(table)


@COMMAND.command()
@settings_option
@click.argument("delivery_id", type=int)
def show(settings_file: str | None, delivery_id: int) -> None:
    """Show one delivery with every attempt, as JSON."""
    with outbox_of(load_settings(settings_file)) as outbox:
        click.echo(json.dumps(described(outbox.show(delivery_id)), indent=2))


@COMMAND.command()
@settings_option
@click.argument("delivery_ids", type=int, nargs=-1)
@click.option("--dead", is_flag=True, help="All dead letters.")
@destination_option
def retry(
    settings_file: str | None, delivery_ids: tuple[int, ...], *, dead: bool, destination: str | None
) -> None:
    """Make deliveries due now; a running engine takes them up within a second."""
    if bool(delivery_ids) == dead:
        raise click.UsageError("say which: ids of deliveries, or --dead for all dead letters")
    if destination is not None and not dead:
        raise click.UsageError("--destination goes with --dead")
    with outbox_of(load_settings(settings_file)) as outbox:
        if dead:
            click.echo(f"{outbox.retry_dead(destination)} dead letters are due again")
            return
        settled = [str(number) for number in delivery_ids if not outbox.retry(number)]
    if settled:
        raise click.ClickException(f"under way or settled already: {', '.join(settled)}")
