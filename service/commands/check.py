"""callflows check: a real round trip to FreeSWITCH, the store and the destinations."""

from __future__ import annotations

import sys

import click

from service.checkup import Checkup
from service.options import load_settings, settings_option


@click.command(help="Reach FreeSWITCH, the document store and the destinations; exit 1 when one fails.")
@settings_option
@click.option(
    "--url", "urls", multiple=True, help="Also send a synthetic recording to this URL; may be repeated."
)
def COMMAND(settings_file: str | None, urls: tuple[str, ...]) -> None:  # noqa: N802 - found by this name
    """Check each part and print one line for it."""
    is_good = True
    for result in Checkup(load_settings(settings_file)).run(urls):
        click.echo(f"{'ok  ' if result.is_good else 'FAIL'}  {result.part:<16} {result.detail}")
        is_good = is_good and result.is_good
    sys.exit(0 if is_good else 1)
