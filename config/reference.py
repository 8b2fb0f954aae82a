"""The reference of everything that can be configured, made from the declarations themselves."""

from __future__ import annotations

import json
import textwrap
from itertools import groupby

from config.catalogue import discover
from config.category import Category, ConfigKey
from config.declaration import SettingKey, section_doc
from config.kinds import toml_literal
from config.settings import SETTING_KEYS, Settings

_SAMPLE_WIDTH = 96


def settings_table() -> str:
    """Return a Markdown table of all settings: name, default, what is allowed, variable, reason."""
    rows = [
        f"| `{key.dotted}` | `{_default(key)}` | {_cell(key.declared.kind.expected)} | `{key.variable}` "
        f"| {_cell(key.declared.doc)} |"
        for key in SETTING_KEYS
    ]
    head = "| Setting | Default | Allowed | Environment | What and why |\n|---|---|---|---|---|"
    return "\n".join([head, *rows]) + "\n"


def sample_toml() -> str:
    """Return a settings file with every key at its default, each with its explanation above it."""
    parts = [
        "# Settings of callflows. Every key may be left out; the values here are the defaults.",
        "# CALLFLOWS_<SECTION>_<KEY> in the environment overrides a key, CALLFLOWS_<SECTION>_<KEY>_FILE",
        "# names a file that holds its value.",
    ]
    for section, keys in groupby(SETTING_KEYS, key=lambda key: key.section):
        parts += ["", f"# {section_doc(Settings, section)}", f"[{section}]"]
        for key in keys:
            explanation = f"{key.declared.doc} Must be {key.declared.kind.expected}."
            parts += textwrap.wrap(
                explanation,
                _SAMPLE_WIDTH,
                initial_indent="# ",
                subsequent_indent="# ",
                break_on_hyphens=False,
            )
            parts.append(f"{key.name} = {_default(key)}")
    return "\n".join(parts) + "\n"


def categories_table() -> str:
    """Return a heading and a table for each category of system_config, by name."""
    categories = discover()
    parts = []
    for name in categories.names():
        category = categories.category(name)
        parts.append(f"### `{name}`\n\n{category.doc}\n\n{category_table(category)}")
    return "\n".join(parts)


def category_table(category: Category) -> str:
    """Return a Markdown table of a category of system_config: key, default, what is allowed, what it does."""
    rows = [
        f"| `{key.dotted}` | {_category_default(key)} | {_cell(' '.join((key.kind, key.unit)).strip())} "
        f"| {_cell(key.doc)}{' (Kazoo only, no effect here)' if key.is_kazoo_only else ''} |"
        for key in category.keys
    ]
    head = "| Key | Default | Allowed | What it does |\n|---|---|---|---|"
    return "\n".join([head, *rows]) + "\n"


def _default(key: SettingKey) -> str:
    default = key.declared.default
    return toml_literal(list(default) if isinstance(default, tuple) else default)


def _category_default(key: ConfigKey) -> str:
    return "none" if key.default is None else _cell(f"`{json.dumps(key.default, ensure_ascii=False)}`")


def _cell(text: str) -> str:
    """Keep text within its cell: a bar would begin the next one."""
    return text.replace("|", r"\|").replace("\n", " ")
