"""The kinds of value a system_config key may hold: marshmallow fields as forgiving as Kazoo's readers.

Documents of an existing Kazoo hold numbers as text and text as numbers, since Kazoo casts what it reads
(kz_term:to_integer, to_binary, is_true). These fields do the same and no more: what Kazoo would misread
silently (1 as a boolean, 2.5 as a whole number) is refused here. What a key is for, its unit and its limits
travel in the field's metadata, from which the reference is made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import re2
from marshmallow import Schema, ValidationError, fields, validate

META_DOC: Final = "doc"
META_KIND: Final = "kind"
META_UNIT: Final = "unit"
META_FLAGS: Final = "flags"

MAX_TEXT_LENGTH = 4096
"""No key holds prose; a document that does is a mistake, and log lines stay readable."""

MAX_DEPTH = 32
"""Objects and lists within each other; metaflows nest deepest and need about twelve. Copying a value takes
a few stack frames per level, and must not run out of them."""

MAX_PATTERN_MEMORY_BYTES = 1 << 20
"""What RE2 may take for one compiled pattern; Kazoo's longest, of classifiers, needs a tenth of it."""

_DECIMAL = re.compile(r"[+-]?[0-9]{1,18}\Z")
_LINE_BREAK = re.compile(r"[\x00-\x1f\x7f]")
T = TypeVar("T")


class WholeField(fields.Field[int]):
    """A whole number, or text that is one."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> int:
        del attr, data
        if isinstance(value, str) and _DECIMAL.match(value):
            return int(value)
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValidationError("is not a whole number")
        return value


class TextField(fields.Field[str]):
    """One line of text, or a whole number taken as text."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> str:
        del attr, data
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if not isinstance(value, str):
            raise ValidationError("is not text")
        if len(value) > MAX_TEXT_LENGTH or _LINE_BREAK.search(value):
            raise ValidationError(f"is longer than {MAX_TEXT_LENGTH} characters or has control characters")
        return value


class FlagField(fields.Field[bool]):
    """True or false, or the words."""

    _WORDS: Final = {"true": True, "false": False}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> bool:
        del attr, data
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in self._WORDS:
            return self._WORDS[value.lower()]
        raise ValidationError("is neither true nor false")


class GroupField(fields.Nested):
    """Keys within a key, each of which is looked up, defaulted and kept by itself."""


class ObjectField(fields.Field[dict[str, Any]]):
    """A JSON object taken as a whole; `check` raises ValidationError for its content."""

    def __init__(self, *, check: Callable[[dict[str, Any]], None] | None = None, **kwargs: Any) -> None:
        self._check = check
        super().__init__(**kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any
    ) -> dict[str, Any]:
        del attr, data
        if not isinstance(value, dict):
            raise ValidationError("is not a JSON object")
        check_depth(value)
        if self._check:
            self._check(value)
        return value


def whole(default: int | None, doc: str, *, low: int, high: int, unit: str = "", **flags: bool) -> WholeField:
    """Declare a whole number from `low` to `high`, of `unit`."""
    limits = validate.Range(low, high, error=f"is not from {low} to {high}")
    kind = f"whole number, {low} to {high}"
    return WholeField(validate=limits, **_declared(default, doc, kind, flags, unit))


def text(
    default: str | None,
    doc: str,
    *,
    one_of: Sequence[str] | None = None,
    like: str | None = None,
    unit: str = "",
    **flags: bool,
) -> TextField:
    """Declare a line of text, `one_of` a closed set or `like` a regular expression that matches all of it."""
    checks: list[Callable[[Any], Any]] = []
    kind = "text"
    if one_of:
        words = ", ".join(json.dumps(each) for each in one_of)
        kind = f"one of {words}"
        checks.append(validate.OneOf(one_of, error=_verbatim(f"is not {kind}")))
    if like:
        kind = f"text like `{like}`"
        checks.append(validate.Regexp(re.compile(rf"(?:{like})\Z"), error=_verbatim(f"is not like {like}")))
    return TextField(validate=checks, **_declared(default, doc, kind, flags, unit))


def pattern(default: str | None, doc: str, **flags: bool) -> TextField:
    """Declare a regular expression, of RE2's kind: no look-around, no back-references."""
    return TextField(validate=check_pattern, **_declared(default, doc, "regular expression (RE2)", flags))


def flag(doc: str, *, default: bool, **flags: bool) -> FlagField:
    """Declare true or false."""
    return FlagField(**_declared(default, doc, "true or false", flags))


def texts(default: Sequence[str], doc: str, **flags: bool) -> fields.List[str]:
    """Declare a list of lines of text."""
    return fields.List(
        TextField(),
        error_messages={"invalid": "is not a list"},
        **_declared(list(default), doc, "list of text", flags),
    )


def json_object(
    default: Mapping[str, Any] | None,
    doc: str,
    *,
    check: Callable[[dict[str, Any]], None] | None = None,
    **flags: bool,
) -> ObjectField:
    """Declare a JSON object that is taken as a whole; `check` raises ValidationError for its content."""
    value = None if default is None else dict(default)
    return ObjectField(check=check, **_declared(value, doc, "JSON object", flags))


def record(default: Mapping[str, Any] | None, doc: str, schema: type[Schema], **flags: bool) -> fields.Nested:
    """Declare an object of known fields that is taken as a whole, the schema's names being ours."""
    value = None if default is None else dict(default)
    return fields.Nested(schema, **_declared(value, doc, "JSON object", flags))


def group(schema: type[Schema], *, any_name: bool = False) -> GroupField:
    """Declare keys within a key; with `any_name`, the group may bear any name."""
    return GroupField(schema, data_key="*" if any_name else None)


def check_pattern(value: str) -> None:
    """Check a regular expression that a document gives. Raises: ValidationError."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_PATTERN_MEMORY_BYTES
    try:
        re2.compile(value, options)
    except re2.error as exc:
        reason = exc.args[0].decode(errors="replace") if exc.args and isinstance(exc.args[0], bytes) else exc
        raise ValidationError(f"is not a regular expression of RE2 ({reason})") from exc


def check_depth(value: Any) -> None:
    """Check that JSON is not nested beyond reason. Raises: ValidationError."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise ValidationError(f"is nested deeper than {MAX_DEPTH}")
        inner = [each for each in level if isinstance(each, dict | list)]
        level = [child for each in inner for child in (each.values() if isinstance(each, dict) else each)]


def _verbatim(message: str) -> str:
    """Keep marshmallow from taking braces of a message for its placeholders."""
    return message.replace("{", "{{").replace("}", "}}")


def _declared(default: T, doc: str, kind: str, flags: dict[str, bool], unit: str = "") -> dict[str, Any]:
    metadata = {META_DOC: doc, META_KIND: kind, META_UNIT: unit, META_FLAGS: flags}
    return {"load_default": default, "metadata": metadata}
