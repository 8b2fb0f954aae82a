"""Says which optional libraries a destination needs, and whether they are there.

A kind whose library is missing still has its module: a target of it is refused with a sentence that names
what to install, where documents are checked and again where a delivery would have been made.
"""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import Any

NEEDS = {
    "sftp": ("sftp", "paramiko"),
    "s3": ("s3", "botocore"),
    "azure": ("azure", "azure.storage.blob"),
    "gs": ("google", "botocore", "google.auth"),
}
"""By kind: the extra of the package, and the modules it brings."""


def missing(kind: str) -> str:
    """Return a sentence naming what to install for a kind of destination, "" when nothing is missing."""
    extra, *modules = NEEDS.get(kind, ("",))
    absent = [module for module in modules if not _is_there(module)]
    if not absent:
        return ""
    return f"{kind}: needs {' and '.join(absent)}, which this system lacks: install callflows[{extra}]"


def loaded(kind: str, module: str) -> Any:
    """Import the module of ours that calls a kind's library, None when that is missing.

    It is done once, when destinations are made: an import takes 100 ms of the hub, which is free then.
    """
    return None if missing(kind) else importlib.import_module(module)


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of the package it would be in
        return False
