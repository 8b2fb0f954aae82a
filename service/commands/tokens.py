"""callflows tokens: the API keys of call control, and the key its webhooks are verified with."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from callcontrol import tokens
from callcontrol.token import Scope, Token, new_token
from callcontrol.webhook_key import WebhookKey
from service.commands.config import store_of
from service.console import console
from service.options import load_settings, settings_option
from service.outbox_file import outbox_of
from service.period import shown
from service.secret import shared_secret
from storage.errors import NotFound
from storage.names import is_account_id

DAY_S = int(timedelta(days=1).total_seconds())
SCOPES = click.Choice([scope.value for scope in Scope])


@click.group(help="Make, list and revoke API keys of call control.")
def COMMAND() -> None:  # noqa: N802 - found by this name
    """API keys."""


@COMMAND.command()
@settings_option
@click.option("--account", required=True, help="The account whose calls and recordings it reaches.")
@click.option(
    "--scope",
    "scopes",
    type=SCOPES,
    multiple=True,
    required=True,
    help="What it may do; may be given again.",
)
@click.option("--name", default="", help="For people: whose it is, or what for.")
@click.option("--days", type=click.IntRange(1, 36_500), help="Valid for so long; without it until revoked.")
def add(
    settings_file: str | None, account: str, scopes: tuple[str, ...], name: str, days: int | None
) -> None:
    """Make an API key and print it. It is kept hashed: nobody can print it again."""
    if not is_account_id(account):
        raise click.UsageError("--account: neither 32 hex digits nor a short name")
    now_s = int(time.time())
    text, kept = new_token(
        account,
        [Scope(scope) for scope in scopes],
        name=name,
        created_at=now_s,
        expires_at=now_s + days * DAY_S if days else 0,
    )
    with store_of(load_settings(settings_file)) as store:
        tokens.keep(store, kept)
    click.echo(text)
    click.echo(f"id {kept.id}; running engines know it within two seconds", err=True)


@COMMAND.command("list")
@settings_option
@click.option("--account", default="", help="Only those of one account.")
@click.option("--json", "as_json", is_flag=True, help="JSON, one object a line.")
def list_(settings_file: str | None, *, account: str, as_json: bool) -> None:
    """List API keys by their ids; the keys themselves are not kept."""
    with store_of(load_settings(settings_file)) as store:
        found = [one for one in tokens.all_tokens(store) if account in ("", one.account_id)]
    found.sort(key=lambda one: (one.account_id, one.created_at, one.id))
    if as_json:
        for one in found:
            click.echo(json.dumps(_described(one)))
        return
    table = Table("id", "account", "scopes", "name", "made", "expires", box=None)
    for one in found:
        table.add_row(
            one.id,
            escape(one.account_id),
            " ".join(sorted(one.scopes)),
            escape(one.name),
            shown(float(one.created_at)),
            _expiry(one),
        )
    console().print(table)


@COMMAND.command()
@settings_option
@click.argument("token_id")
def revoke(settings_file: str | None, token_id: str) -> None:
    """Revoke the API key of this id; running engines refuse it within two seconds."""
    with store_of(load_settings(settings_file)) as store:
        try:
            tokens.revoke(store, token_id)
        except NotFound as exc:
            raise click.ClickException(f"there is no API key with the id {token_id!r}") from exc
    click.echo(f"{token_id} is revoked")


@COMMAND.command()
@settings_option
def key(settings_file: str | None) -> None:
    """Print the public key (Ed25519, base64) that clients verify webhooks with."""
    settings = load_settings(settings_file)
    with outbox_of(settings) as outbox:
        click.echo(WebhookKey(shared_secret(settings, outbox).encode()).public)


def _described(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "account_id": token.account_id,
        "scopes": sorted(token.scopes),
        "name": token.name,
        "created_at": token.created_at,
        "expires_at": token.expires_at or None,
        "is_valid": token.is_valid(time.time()),
    }


def _expiry(token: Token) -> str:
    if not token.expires_at:
        return "never"
    return shown(float(token.expires_at)) if token.is_valid(time.time()) else "expired"
