"""The settings of this process, from one TOML file and the environment.

Everything about the system as a whole stands in system_config instead (config.system) and is followed
live; what stands here is read once, at the start.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from config.address import MAX_PORT
from config.declaration import SettingKey, declared_keys
from config.errors import SettingsError
from config.kinds import DocumentsUrl
from config.redaction import without_credentials
from config.sections import CallControl, Documents, FreeSwitch, Http, Log, Outbox, Service, Swml
from config.sources import Reading, read_environment, read_file

HIDDEN = "(hidden)"


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of a process, checked."""

    freeswitch: FreeSwitch = field(default_factory=FreeSwitch)
    documents: Documents = field(default_factory=Documents)
    outbox: Outbox = field(default_factory=Outbox)
    http: Http = field(default_factory=Http)
    swml: Swml = field(default_factory=Swml)
    callcontrol: CallControl = field(default_factory=CallControl)
    service: Service = field(default_factory=Service)
    log: Log = field(default_factory=Log)


SETTING_KEYS = declared_keys(Settings)
"""Every setting, in the order of the reference."""


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read the settings: defaults, then the file over them, then the environment over both.

    Args: path: a TOML file, None for none; environ: os.environ, of which CALLFLOWS_* is read.
    Raises: SettingsError: with every fault of both, each saying where it stands.
    """
    file = read_file(path, SETTING_KEYS) if path else Reading()
    environment = read_environment(environ, SETTING_KEYS)
    settings = _assemble(file.values | environment.values)
    faults = file.faults + environment.faults or _conflicts(settings)
    if faults:
        raise SettingsError(faults)
    return settings


def shown(settings: Settings) -> dict[str, str]:
    """Return every setting in force as text that may be logged: secrets hidden, by `section.key`."""
    return {key.dotted: _shown(key, _value(settings, key)) for key in SETTING_KEYS}


def _assemble(values: Mapping[SettingKey, Any]) -> Settings:
    sections = {}
    for section in dataclasses.fields(Settings):
        chosen = {key.name: value for key, value in values.items() if key.section == section.name}
        sections[section.name] = cast("type[Any]", section.default_factory)(**chosen)
    return Settings(**sections)


def _value(settings: Settings, key: SettingKey) -> object:
    return getattr(getattr(settings, key.section), key.name)


def _shown(key: SettingKey, value: object) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return ", ".join(str(each) for each in value)
    if isinstance(key.declared.kind, DocumentsUrl):
        return without_credentials(str(value))
    return HIDDEN if key.declared.secret else str(value)


def _conflicts(settings: Settings) -> list[str]:
    """Return what is wrong with values that are good each by itself."""
    faults = []
    listen, http = settings.freeswitch.listen, settings.http.listen
    if http == listen and listen.port:
        faults.append(f"freeswitch.listen and http.listen must differ, both are {listen}")
    own = settings.http.own_ports(settings.service.processes)
    for name, taken in (("freeswitch.listen", listen), ("http.listen", http)):
        if taken is not None and taken.port in own:
            last = own[-1]
            faults.append(f"http.own_port: processes answer at {own[0]} to {last}, where {name} {taken} is")
    if own and own[-1] > MAX_PORT:
        faults.append(f"http.own_port: {own[0]} is too high a port for {len(own)} processes")
    low, critical = settings.outbox.disk_low_percent, settings.outbox.disk_critical_percent
    if low and critical > low:
        faults.append(f"outbox.disk_critical_percent {critical} must not be above disk_low_percent {low}")
    recordings, delivered = settings.freeswitch.recordings_dir, settings.outbox.local_dir
    if delivered.is_relative_to(recordings) or recordings.is_relative_to(delivered):
        faults.append(
            f"outbox.local_dir {delivered} and freeswitch.recordings_dir {recordings} must not lie within "
            "each other: finished recordings are deleted from the latter"
        )
    return faults
