"""The secret that all processes of an installation share: what they sign, each of them takes for true."""

from __future__ import annotations

from config.settings import Settings
from storage.outbox import Outbox

NAME = "http"


def shared_secret(settings: Settings, outbox: Outbox) -> str:
    """Return `http.secret`, or the one that is made at the first start and kept in the outbox' file."""
    return settings.http.secret or outbox.secret(NAME)
