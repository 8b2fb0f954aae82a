"""callflows deliveries: what waits, what arrived, what could not be delivered; and another try."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from config.redaction import without_credentials
from service.options import load_settings, settings_option
from storage.outbox import Outbox
from storage.outbox_delivery import Delivery, DeliveryState

STATES = click.Choice([state.value for state in DeliveryState])


@contextmanager
def outbox_of(settings_file: str | None) -> Iterator[Outbox]:
    """Open the outbox of the settings; a running engine may have it open at the same time."""
    outbox = Outbox(load_settings(settings_file).outbox.path)
    try:
        yield outbox
    finally:
        outbox.close()


def moment(epoch_s: float | None) -> str:
    """Return a time for people, in UTC; "" for none."""
    if epoch_s is None:
        return ""
    return datetime.fromtimestamp(epoch_s, UTC).isoformat(sep=" ", timespec="seconds")


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
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="The newest so many."
)
@click.option("--json", "as_json", is_flag=True, help="JSON, one object a line.")
def list_(settings_file: str | None, state: str | None, limit: int, *, as_json: bool) -> None:
    """List deliveries, the newest first."""
    with outbox_of(settings_file) as outbox:
        wanted = DeliveryState(state) if state else None
        deliveries = outbox.list(state=wanted, limit=limit)
        counts = outbox.counts()
    if as_json:
        for delivery in deliveries:
            click.echo(json.dumps(described(delivery)))
        return
    table = Table("id", "state", "recording", "name", "to", "tries", "next try", "last error", box=None)
    for one in deliveries:
        next_try = moment(one.next_attempt_at) if one.state is DeliveryState.PENDING else ""
        attempts = str(one.attempts)
        row = (
            str(one.id),
            one.state.value,
            one.recording_id,
            one.name,
            one.key,
            attempts,
            next_try,
            one.last_error,
        )
        table.add_row(*row)
    Console().print(table)
    click.echo(
        f"{counts.pending} pending, {counts.delivering} under way, "
        f"{counts.delivered} delivered, {counts.dead} dead"
    )


@COMMAND.command()
@settings_option
@click.argument("delivery_id", type=int)
def show(settings_file: str | None, delivery_id: int) -> None:
    """Show one delivery with every attempt, as JSON."""
    with outbox_of(settings_file) as outbox:
        click.echo(json.dumps(described(outbox.show(delivery_id)), indent=2))


@COMMAND.command()
@settings_option
@click.argument("delivery_ids", type=int, nargs=-1)
@click.option("--dead", is_flag=True, help="All dead letters.")
def retry(settings_file: str | None, delivery_ids: tuple[int, ...], *, dead: bool) -> None:
    """Make deliveries due now; a running engine takes them up within a second."""
    if bool(delivery_ids) == dead:
        raise click.UsageError("say which: ids of deliveries, or --dead for all dead letters")
    with outbox_of(settings_file) as outbox:
        if dead:
            click.echo(f"{outbox.retry_dead()} dead letters are due again")
            return
        settled = [str(number) for number in delivery_ids if not outbox.retry(number)]
    if settled:
        raise click.ClickException(f"under way or settled already: {', '.join(settled)}")
