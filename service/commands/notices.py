"""callflows notices: webhooks and status callbacks that wait, arrived, or were given up; and another try."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from service.console import console
from service.options import load_settings, settings_option
from service.outbox_file import outbox_of
from service.period import shown
from storage.notice import Notice, NoticeState
from storage.notice_ledger import NoticeCounts, Wanted

STATES = click.Choice([state.value for state in NoticeState])

receiver_option = click.option(
    "--receiver", default="", help="Only those to one receiver, named as `list` shows it."
)


def described(notice: Notice, *, with_body: bool) -> dict[str, Any]:
    """Return a notice as JSON-ready data; the URLs have lost their secrets already."""
    data = asdict(notice)
    if not with_body:
        del data["body"], data["history"]
    return data


@click.group(help="List, show and retry webhooks and status callbacks.")
def COMMAND() -> None:  # noqa: N802 - found by this name
    """Notices in the outbox."""


@COMMAND.command("list")
@settings_option
@click.option("--state", type=STATES, help="Only those in this state.")
@click.option("--stream", default="", help="Only those of one stream: a call's webhooks, say, in order.")
@click.option("--account", default="", help="Only those of one account.")
@click.option("--kind", default="", help="Only those of one kind, such as call.hangup.")
@receiver_option
@click.option("--before", type=click.IntRange(1), help="Only those with a lower id: the next page.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="The newest so many."
)
@click.option("--json", "as_json", is_flag=True, help="JSON, one object a line.")
def list_(
    settings_file: str | None,
    *,
    state: str | None,
    stream: str,
    account: str,
    kind: str,
    receiver: str,
    before: int | None,
    limit: int,
    as_json: bool,
) -> None:
    """List notices, the newest first."""
    chosen = NoticeState(state) if state else None
    wanted = Wanted(chosen, stream=stream, account_id=account, kind=kind, key=receiver, before_id=before)
    with outbox_of(load_settings(settings_file)) as outbox:
        found = outbox.notices.list(wanted, limit)
        counts = outbox.notices.counts()
    if as_json:
        for notice in found:
            click.echo(json.dumps(described(notice, with_body=False)))
    else:
        _tell(found, counts)


def _tell(found: Sequence[Notice], counts: NoticeCounts) -> None:
    table = Table("id", "state", "kind", "stream", "receiver", "tries", "next try", "last error", box=None)
    for one in found:
        table.add_row(
            str(one.id),
            one.state.value,
            escape(one.kind),
            escape(one.stream),
            escape(one.key),
            str(one.attempts),
            shown(one.next_attempt_at),
            escape(one.last_error),
        )
    console().print(table)
    click.echo(
        f"{counts.pending} pending, {counts.delivering} under way, "
        f"{counts.delivered} delivered, {counts.dead} dead"
    )


@COMMAND.command()
@settings_option
@click.argument("notice", type=int)
def show(settings_file: str | None, notice: int) -> None:
    """Show one notice with its body and every request made for it, as JSON."""
    with outbox_of(load_settings(settings_file)) as outbox:
        click.echo(json.dumps(described(outbox.notices.show(notice), with_body=True), indent=2))


@COMMAND.command()
@settings_option
@click.argument("notices", type=int, nargs=-1)
@click.option("--dead", is_flag=True, help="All dead letters.")
@receiver_option
def retry(settings_file: str | None, notices: tuple[int, ...], *, dead: bool, receiver: str) -> None:
    """Make notices due now; a running engine takes them up within a second."""
    if bool(notices) == dead:
        raise click.UsageError("say which: ids of notices, or --dead for all dead letters")
    if receiver and not dead:
        raise click.UsageError("--receiver goes with --dead")
    with outbox_of(load_settings(settings_file)) as outbox:
        if dead:
            click.echo(f"{outbox.notices.retry_dead(receiver)} dead letters are due again")
            return
        settled = [str(number) for number in notices if not outbox.notices.retry(number)]
    if settled:
        raise click.ClickException(f"under way or delivered already: {', '.join(settled)}")
