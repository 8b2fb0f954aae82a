"""Where settings come from: a TOML file and environment variables, read into values and faults.

Nothing here raises: a fault is a sentence that begins with the place it stands at, and all of them are
gathered, so that one start shows everything there is to mend. Values are never repeated in a fault.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from config.declaration import ENVIRONMENT_PREFIX, FILE_SUFFIX, SettingKey

OWN_VARIABLES = frozenset({"CALLFLOWS_SETTINGS"})
"""Variables of the command line itself, which are no settings."""

MAX_SECRET_FILE_BYTES = 65536
"""More than any secret; keeps a `..._FILE` that names a device or a log from filling memory."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one source said.

    Attributes: values: by key, checked; faults: sentences, each beginning with its place.
    """

    values: dict[SettingKey, Any] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def take(self, key: SettingKey, place: str, parse: Callable[[Any], Any], raw: object) -> None:
        """Keep a parsed value, or the fault that parsing found."""
        try:
            self.values[key] = parse(raw)
        except ValueError as exc:
            self.faults.append(f"{place}: must be {exc}")


def read_file(path: Path, keys: Sequence[SettingKey]) -> Reading:
    """Read a TOML file of settings."""
    reading = Reading()
    document = _parsed(path, reading)
    sections = {key.section for key in keys}
    for section, content in document.items():
        if section not in sections:
            hint = _section_hint(section, content, keys)
            reading.faults.append(f"{path}: unknown section [{section}]{hint}")
        elif not isinstance(content, dict):
            reading.faults.append(f"{path}: {section} must be a section, [{section}]")
        else:
            _read_section(reading, path, section, content, keys)
    return reading


def read_environment(environ: Mapping[str, str], keys: Sequence[SettingKey]) -> Reading:
    """Read the variables CALLFLOWS_<SECTION>_<KEY> and CALLFLOWS_<SECTION>_<KEY>_FILE."""
    reading = Reading()
    known = {key.variable: key for key in keys}
    for name in sorted(environ):
        if not name.startswith(ENVIRONMENT_PREFIX) or name in OWN_VARIABLES:
            continue
        plain_name = name.removesuffix(FILE_SUFFIX)
        if name in known:
            reading.take(known[name], name, known[name].declared.kind.from_text, environ[name])
        elif plain_name not in known:
            reading.faults.append(f"{name}: unknown variable{_hint(name, known)}")
        elif plain_name in environ:
            reading.faults.append(f"{name}: {plain_name} is set as well; one of them is enough")
        else:
            _read_value_file(reading, name, environ[name], known[plain_name])
    return reading


def _parsed(path: Path, reading: Reading) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode())
    except OSError as exc:
        reading.faults.append(f"{path}: cannot be read ({exc.strerror or exc})")
    except UnicodeDecodeError as exc:
        reading.faults.append(f"{path}: is not UTF-8 (byte {exc.start})")
    except tomllib.TOMLDecodeError as exc:
        reading.faults.append(f"{path}: is not TOML ({exc})")
    except RecursionError:
        reading.faults.append(f"{path}: is nested too deeply")
    return {}


def _read_section(
    reading: Reading, path: Path, section: str, content: Mapping[str, Any], keys: Sequence[SettingKey]
) -> None:
    known = {key.name: key for key in keys if key.section == section}
    for name, raw in content.items():
        place = f"{path}: {section}.{name}"
        if name in known:
            reading.take(known[name], place, known[name].declared.kind.from_toml, raw)
        else:
            hint = _hint(name, known) or _elsewhere_hint(name, keys)
            reading.faults.append(f"{place}: unknown key{hint}")


def _read_value_file(reading: Reading, name: str, path: str, key: SettingKey) -> None:
    try:
        with Path(path).open("rb") as file:
            content = file.read(MAX_SECRET_FILE_BYTES + 1)
        if len(content) > MAX_SECRET_FILE_BYTES:
            reading.faults.append(f"{name}: {path} has more than {MAX_SECRET_FILE_BYTES} bytes")
            return
        text = content.decode()
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8, or no path"
        reading.faults.append(f"{name}: {path} cannot be read ({reason})")
        return
    # Editors end a file with a line break that is not part of the secret; only that one is cut.
    reading.take(key, name, key.declared.kind.from_text, text.removesuffix("\n").removesuffix("\r"))


def _hint(name: str, known: Iterable[str]) -> str:
    nearest = get_close_matches(name.upper(), {each.upper(): each for each in known}, n=1)
    return f"; the nearest is {_as_written(nearest[0], known)}" if nearest else ""


def _as_written(upper: str, known: Iterable[str]) -> str:
    return next(each for each in known if each.upper() == upper)


def _elsewhere_hint(name: str, keys: Sequence[SettingKey]) -> str:
    places = [f"[{key.section}] {key.name}" for key in keys if key.name == name]
    return f"; there is {' and '.join(places)}" if places else ""


def _section_hint(section: str, content: object, keys: Sequence[SettingKey]) -> str:
    if not isinstance(content, dict):
        return _elsewhere_hint(section, keys) or _hint(section, {key.section for key in keys})
    return _hint(section, {key.section for key in keys})
