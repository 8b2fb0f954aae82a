"""The root of every error of ours, and the errors of this package.

CallflowsError
|- SettingsError              a setting of this process is unusable
|- ConfigError                a system_config key is unknown, or its value unusable
|- ConfigSourceUnavailable    the store of system_config cannot be asked now
|- ConfigDocumentBroken       a system_config document is there, but is no JSON object
|- RegistryError              ours: a file in a package of actions, methods, ... is none
(EslError, StoreError, CallError, CallflowError, RecordingError: errors.py of their packages)
"""

from __future__ import annotations


class CallflowsError(Exception):
    """Anything this project raises on purpose; facts are attributes, the message is one sentence."""


class SettingsError(CallflowsError):
    """A settings file or environment variable cannot be used; every fault is named in `faults`."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("; ".join(faults))


class ConfigError(CallflowsError):
    """A system_config key or value cannot be used.

    Attributes: category: its document; path: dotted path inside; reason: what is wrong with it.
    """

    def __init__(self, category: str, path: str, reason: str) -> None:
        self.category = category
        self.path = path
        self.reason = reason
        where = f"system_config/{category} {path}".rstrip()
        super().__init__(f"{where}: {reason}")


class ConfigSourceUnavailable(CallflowsError):
    """The store does not answer; what was read before stays in force, and it is asked again."""


class ConfigDocumentBroken(CallflowsError):
    """The store answers, but what it holds under that name is no JSON object; only an edit mends it."""


class RegistryError(CallflowsError):
    """A file is not what its package is there for (config.discovery), or has a name twice."""
