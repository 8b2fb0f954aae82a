"""Options that several commands share: the settings file."""

from __future__ import annotations

import os
from pathlib import Path

import click

from config.settings import Settings, load

settings_option = click.option(
    "--settings",
    "settings_file",
    type=click.Path(dir_okay=False),
    help="TOML file with the settings; every key may also come from the environment.",
)


def load_settings(settings_file: str | None) -> Settings:
    """Return the settings of this process. Raises: SettingsError with every fault in them."""
    return load(Path(settings_file) if settings_file else None, os.environ)
