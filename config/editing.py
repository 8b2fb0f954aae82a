"""Changes to documents of system_config, as functions from document to document; saving is the caller's."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from config.category import is_private
from config.errors import ConfigError
from config.source import ACCOUNT_DOCUMENT_PREFIX, Document


def new_document(category: str) -> Document:
    """Return an empty document of a category, as Kazoo would begin it."""
    return {"_id": category, "pvt_type": "config"}


def new_account_document(category: str) -> Document:
    """Return an empty document of an account's own values of a category."""
    return {"_id": ACCOUNT_DOCUMENT_PREFIX + category, "pvt_type": "account_config"}


def with_value(document: Document, section: str, path: Sequence[str], value: Any) -> Document:
    """Return a copy of a document in which one key of one section has a value; all else is as it was.

    Args: document: unchanged by this, its `_rev` is kept; section: `default`, a zone's or a node's name, ""
    for an account's document; path: of the key; value: JSON, checked by the caller (Categories.parse_value).
    Raises: ConfigError: the section or path cannot be one, or leads through something that is no object.
    """
    category = str(document.get("_id", ""))
    steps = [*([section] if section else []), *path]
    dotted = ".".join(steps)
    if not path or not all(steps) or is_private(steps[0]):
        raise ConfigError(category, dotted, "is no section and key")
    changed = copy.deepcopy(document)
    place = changed
    for step in steps[:-1]:
        inner = place.get(step)
        if inner is None:
            inner = place[step] = {}
        if not isinstance(inner, dict):
            raise ConfigError(category, dotted, f"{step} is no JSON object in the document; mend that first")
        place = inner
    place[steps[-1]] = copy.deepcopy(value)
    return changed
