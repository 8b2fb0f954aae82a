"""A category of system_config: its keys, as its marshmallow schema declares them, and what a section holds.

A category's document has sections (`default`, a zone's name, a node's name), a section has keys, and a key
may be a group of keys. Every key is read by itself, so that one bad value spoils no other.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema, ValidationError
from marshmallow.fields import Field

from config.errors import ConfigError
from config.fields import META_DOC, META_FLAGS, META_KIND, META_UNIT, GroupField

KeyPath = tuple[str, ...]
ANY_NAME = "*"
"""The part of a path that stands for every name its schema does not know."""


@dataclass(frozen=True, slots=True, eq=False)
class ConfigKey:
    """One key of a category, as declared.

    Attributes: path: from the section down, `*` for any name; field: reads and checks its values.
    """

    category: str
    path: KeyPath
    field: Field[Any]

    @property
    def dotted(self) -> str:
        """The path as text."""
        return ".".join(self.path)

    @property
    def default(self) -> Any:
        """A fresh copy of what is in force when no document says otherwise."""
        return copy.deepcopy(self.field.load_default)

    @property
    def doc(self) -> str:
        """What the key does, for the operator."""
        return str(self.field.metadata[META_DOC])

    @property
    def kind(self) -> str:
        """What its values may be, limits included."""
        return str(self.field.metadata[META_KIND])

    @property
    def unit(self) -> str:
        """The unit of its numbers, "" for none."""
        return str(self.field.metadata[META_UNIT])

    @property
    def is_secret(self) -> bool:
        """Whether values are never shown."""
        return self._has("secret")

    @property
    def is_kazoo_only(self) -> bool:
        """Whether it steers a part of Kazoo that has no counterpart here."""
        return self._has("kazoo_only")

    def _has(self, flag: str) -> bool:
        return bool(self.field.metadata[META_FLAGS].get(flag, False))

    def read(self, raw: object) -> Any:
        """Return the value a document gives. Raises: ConfigError: with the reason."""
        try:
            return self.field.deserialize(raw)
        except ValidationError as exc:
            raise ConfigError(self.category, self.dotted, _first_message(exc.messages)) from exc

    def stored(self, value: Any) -> Any:
        """Return a value of this key as Kazoo's documents spell it."""
        return self.field.serialize(self.path[-1], {self.path[-1]: value})


@dataclass(frozen=True, slots=True)
class BadValue:
    """A value in a document that cannot be used: what it is, and why."""

    raw: object
    reason: str


@dataclass(frozen=True, slots=True)
class SectionReading:
    """What one section of a document says.

    Attributes: values: good ones by path; bad: by path, () for the section itself; unknown: paths no schema
    knows.
    """

    values: dict[KeyPath, Any] = field(default_factory=dict)
    bad: dict[KeyPath, BadValue] = field(default_factory=dict)
    unknown: list[KeyPath] = field(default_factory=list)


class Category:
    """The keys of one document of system_config, from its marshmallow schema.

    Args: name: the document's id; schema: declares the keys by the functions of config.fields; doc: what the
    category is about.
    """

    def __init__(self, name: str, schema: type[Schema], doc: str) -> None:
        self.name = name
        self.doc = doc
        self._schema = schema()
        self.keys = tuple(_walk(name, self._schema, ()))
        self._by_path = {key.path: key for key in self.keys}
        self._groups = {key.path[:length] for key in self.keys for length in range(len(key.path))}

    def find(self, path: KeyPath) -> ConfigKey | None:
        """Return the key at a path, None when there is none (or a group)."""
        return self._by_path.get(path) or self._by_path.get(self._general(path))

    def is_group(self, path: KeyPath) -> bool:
        """Whether a path leads to keys instead of a value; () is the whole category."""
        return path in self._groups or self._general(path) in self._groups

    def children(self, path: KeyPath) -> list[str]:
        """Return the names within a group that the schema knows, in the order of their declaration."""
        group = self._general(path)
        inside = [
            key.path for key in self.keys if key.path[: len(group)] == group and len(key.path) > len(group)
        ]
        return [name for name in dict.fromkeys(each[len(group)] for each in inside) if name != ANY_NAME]

    def read_section(self, raw: object) -> SectionReading:
        """Read what a document holds in one section (of an account's document: all of it).

        `None` (in JSON null) stands for nothing wherever it appears, as in Kazoo. Names that begin with `_`
        or `pvt_` are the store's own and are passed over.
        """
        reading = SectionReading()
        self._read_group(reading, raw, ())
        return reading

    def _read_group(self, reading: SectionReading, raw: object, path: KeyPath) -> None:
        if raw is None:
            return
        if not isinstance(raw, Mapping):
            reading.bad[path] = BadValue(raw, "is not a JSON object")
            return
        for name, value in raw.items():
            inner = (*path, str(name))
            key = self.find(inner)
            if value is None or (not path and is_private(str(name))):
                continue
            if key:
                self._read_value(reading, key, value, inner)
            elif self.is_group(inner):
                self._read_group(reading, value, inner)
            else:
                reading.unknown.append(inner)

    def _read_value(self, reading: SectionReading, key: ConfigKey, raw: object, path: KeyPath) -> None:
        try:
            reading.values[path] = key.read(raw)
        except ConfigError as exc:
            reading.bad[path] = BadValue(raw, exc.reason)

    def _general(self, path: KeyPath) -> KeyPath:
        """Return the path with `*` for every name that its group does not know."""
        general: KeyPath = ()
        for name in path:
            known = (*general, name)
            general = known if known in self._by_path or known in self._groups else (*general, ANY_NAME)
        return general


def is_private(name: str) -> bool:
    """Whether a document's own field is the store's or Kazoo's, and neither a section nor a key."""
    return name.startswith(("_", "pvt_"))


def _walk(category: str, schema: Schema, path: KeyPath) -> Iterator[ConfigKey]:
    for name, declared in schema.fields.items():
        inner = (*path, declared.data_key or name)
        if isinstance(declared, GroupField):
            yield from _walk(category, declared.schema, inner)
        else:
            yield ConfigKey(category, inner, declared)


def _first_message(messages: object) -> str:
    """Return one sentence of marshmallow's messages, with the place inside the value when it has one."""
    place: list[str] = []
    while not isinstance(messages, str):
        if isinstance(messages, dict):
            name, messages = next(iter(messages.items()))
            if name != "_schema":
                place.append(str(name))
        elif isinstance(messages, list) and messages:
            messages = messages[0]
        else:
            return "is unusable"
    return f"{'.'.join(place)} {messages}".strip()
