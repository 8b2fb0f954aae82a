"""Reads a document's text, YAML or JSON, into plain data. Nothing but BadDocument comes out of bad text.

YAML is read from its events, by rules that keep what the author wrote: only what JSON would call a number is
one (`+15551234` and `0123` are telephone numbers, 12:30 is a time of day), keys are texts as they stand
(`on:` is no boolean), values `yes` and `off` are booleans as everywhere in YAML 1.1. Size, depth, and the
number of values are bounded, with aliases counted as often as they are used; there are no duplicate keys.
Source: YAML 1.1 and 1.2, core schema; PyYAML (libyaml's events).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, Final, NoReturn

import yaml

from swml.errors import BadDocument
from swml.finding import Finding

MAX_BYTES: Final = 512 << 10
"""The longest published document is a hundredth of it."""

MAX_DEPTH: Final = 64
"""Mappings and lists within one another; conditions within conditions take four each."""

MAX_VALUES: Final = 50_000
"""As many as a document of that size can have whose values are texts; each is compiled."""

PARSE_ERROR: Final = "relay_script_parse_error"

_NUMBER = re.compile(r"-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\Z")
_ENDLESS = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"})
_FALSE = frozenset({"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"})
_TEXT_TAGS = frozenset({"!", "tag:yaml.org,2002:str"})

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(source: str | bytes) -> Any:
    """Return a document's data. Raises: BadDocument."""
    text = _decoded(source)
    if text.lstrip()[:1] in ("{", "["):
        try:
            return _read_json(text)
        except json.JSONDecodeError as exc:
            try:
                return _Yaml(text).read()  # braces are YAML's, too
            except BadDocument:
                _refuse(f"is no JSON: {exc.msg}", exc.lineno)
    return _Yaml(text).read()


def _decoded(source: str | bytes) -> str:
    if len(source) > MAX_BYTES:
        _refuse(f"is longer than {MAX_BYTES} bytes")
    if isinstance(source, str):
        return source.removeprefix("\ufeff")
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        _refuse("is no UTF-8", source.count(b"\n", 0, exc.start) + 1)


def _refuse(message: str, line: int = 0) -> NoReturn:
    where = f"line {line}: " if line else ""
    raise BadDocument([Finding(f"{where}the document {message}", code=PARSE_ERROR)])


# -- JSON ---------------------------------------------------------------------------------------------


def _read_json(text: str) -> Any:
    """Raises: JSONDecodeError: it is no JSON at all; BadDocument: it is, and not to be used."""
    try:
        data = json.loads(
            text, object_pairs_hook=_mapping, parse_constant=_constant, parse_float=_number, parse_int=_number
        )
    except RecursionError:
        _refuse(f"is deeper than {MAX_DEPTH}")
    _measure(data)
    return data


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        _refuse(f"has the key {twice[:64]!r} twice in one mapping")
    return mapping


def _constant(name: str) -> NoReturn:
    _refuse(f"has a number that is none: {name}")


def _number(text: str, line: int = 0) -> float:
    """Return a whole number as int, others as float; `1.0` is one of the others, as in JSON."""
    if len(text) <= 15 and text.lstrip("-").isdigit():
        return int(text)
    number = float(text)
    if not math.isfinite(number):
        _refuse(f"has a number beyond all bounds: {text[:20]}", line)
    return int(text) if text.lstrip("-").isdigit() else number


def _measure(data: Any) -> None:
    """See that data is neither too deep nor too much, and its texts are texts."""
    values = 0
    level: list[Any] = [data]
    for _ in range(MAX_DEPTH + 1):
        values += len(level)
        if values > MAX_VALUES:
            _refuse(f"has more than {MAX_VALUES} values")
        if any(isinstance(value, str) and not _is_text(value) for value in level):
            _refuse("has half a character: a surrogate without its other one")
        level = [item for value in level for item in _within(value)]
        if not level:
            return
    _refuse(f"is deeper than {MAX_DEPTH}")


def _within(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
        yield from (key for key in value if not _is_text(key))
    elif isinstance(value, list):
        yield from value


def _is_text(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


# -- YAML ---------------------------------------------------------------------------------------------


class _Yaml:
    """Builds data of the events of one document."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._events: Iterator[Any] = iter(())
        self._anchors: dict[str, tuple[Any, int, int]] = {}
        self._values = 0
        self._line = 1

    def read(self) -> Any:
        """Return the data. Raises: BadDocument."""
        try:
            self._events = yaml.parse(self._text, Loader=_Loader)
            data = self._document()
        except yaml.MarkedYAMLError as exc:
            mark = exc.problem_mark or exc.context_mark
            _refuse(f"is no YAML: {exc.problem or exc.context}", mark.line + 1 if mark else self._line)
        except (yaml.YAMLError, ValueError, RecursionError) as exc:
            # Characters that YAML does not allow, halves of surrogate pairs.
            _refuse(f"is no YAML: {str(exc).splitlines()[0][:200]}", self._line)
        return data

    def _document(self) -> Any:
        data = None
        for number, event in enumerate(self._next_of(yaml.DocumentStartEvent)):
            if number:
                _refuse("is followed by another one", event.start_mark.line + 1)
            data, _ = self._value(self._next(), 0)
        return data

    def _next(self) -> Any:
        event = next(self._events)
        self._line = event.start_mark.line + 1
        return event

    def _next_of(self, kind: type) -> Iterator[Any]:
        for event in self._events:
            if isinstance(event, kind):
                yield event

    def _value(self, event: Any, depth: int) -> tuple[Any, int]:
        """Return the value that begins with an event, and how deep it is."""
        if depth > MAX_DEPTH:
            _refuse(f"is deeper than {MAX_DEPTH}", self._line)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, depth)
        before = self._values
        self._count(1)
        if isinstance(event, yaml.ScalarEvent):
            value, height = self._scalar(event), 0
        else:
            if event.tag is not None and event.tag != "!":
                _refuse(f"has a tag where none may be: {event.tag[:64]}", self._line)
            build = self._mapping if isinstance(event, yaml.MappingStartEvent) else self._sequence
            value, height = build(depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = value, self._values - before, height
        return value, height

    def _alias(self, event: Any, depth: int) -> tuple[Any, int]:
        if event.anchor not in self._anchors:  # one that stands within itself is not known yet
            _refuse(f"has no value named &{event.anchor[:64]} before this place", self._line)
        value, count, height = self._anchors[event.anchor]
        self._count(count)
        if depth + height > MAX_DEPTH:
            _refuse(f"is deeper than {MAX_DEPTH}", self._line)
        return value, height

    def _count(self, more: int) -> None:
        self._values += more
        if self._values > MAX_VALUES:
            _refuse(f"has more than {MAX_VALUES} values", self._line)

    def _sequence(self, depth: int) -> tuple[list[Any], int]:
        items: list[Any] = []
        deepest = 0
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            item, height = self._value(event, depth + 1)
            items.append(item)
            deepest = max(deepest, height)
        return items, deepest + 1

    def _mapping(self, depth: int) -> tuple[dict[str, Any], int]:
        mapping: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        deepest = 0
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            line = self._line
            key = self._key(event)
            is_plain = isinstance(event, yaml.ScalarEvent) and not event.style
            value, height = self._value(self._next(), depth + 1)
            deepest = max(deepest, height)
            if key == "<<" and is_plain:
                for one in value if isinstance(value, list) else [value]:
                    if not isinstance(one, dict):
                        _refuse("merges what is no mapping", line)
                    merged = {**one, **merged}
            elif key in mapping:
                _refuse(f"has the key {key[:64]!r} twice in one mapping", line)
            else:
                mapping[key] = value
        return {**merged, **mapping}, deepest + 1

    def _key(self, event: Any) -> str:
        if isinstance(event, yaml.AliasEvent):
            key, _ = self._alias(event, 0)
            return key if isinstance(key, str) else str(key)
        if not isinstance(event, yaml.ScalarEvent):
            _refuse("has a key that is no text", self._line)
        if event.tag not in (None, *_TEXT_TAGS):
            _refuse(f"has a tag where none may be: {str(event.tag)[:64]}", self._line)
        self._count(1)
        if event.anchor is not None:
            self._anchors[event.anchor] = event.value, 1, 0
        return str(event.value)

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        if event.tag in _TEXT_TAGS or (event.tag is None and not event.implicit[0]):
            return text
        if event.tag is not None:
            _refuse(f"has a tag where none may be: {event.tag[:64]}", self._line)
        if text in _NULLS:
            return None
        if text in _TRUE or text in _FALSE:
            return text in _TRUE
        if _NUMBER.match(text):
            return _number(text, self._line)
        if _ENDLESS.match(text):
            _refuse(f"has a number that is none: {text}", self._line)
        return text
