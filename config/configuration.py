"""Configuration as those see it who only read it: system_config, and what accounts have over it."""

from __future__ import annotations

from typing import Any, Protocol


class Configured(Protocol):
    """Configuration as one account sees it."""

    def get(self, category: str, *path: str) -> Any:
        """Return the value in force; never raises for a key its category has."""


class Configuration(Protocol):
    """system_config, and what accounts have of their own over it."""

    def for_account(self, account_id: str) -> Configured:
        """Return it as that account sees it."""
