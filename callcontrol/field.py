"""Fields that many commands have, each with its limit and the sentence that stands in the API's
description.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

from marshmallow import ValidationError, fields, validate

MAX_CLIENT_STATE = 3_072
"""Characters of base64: every event of the call and every recording of it carry them. Telnyx names no
limit.
"""

MAX_COMMAND_ID = 255
MAX_URL = 2_000
"""Characters, as Telnyx has it."""


NO_CONTROLS = r"^[^\x00-\x1f\x7f]*$"
"""For the description only: Python's `$` would let a line break at the end pass (see _has_no_controls)."""


class Whole(fields.Integer):
    """A JSON number without fraction; `"5"`, 5.5 and true are none."""

    def __init__(self, low: int, high: int, description: str, **options: Any) -> None:
        super().__init__(
            strict=True,
            validate=validate.Range(low, high),
            metadata={"description": description},
            **options,
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, str | bool):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Flag(fields.Boolean):
    """true or false, and no word that means them."""

    def __init__(self, description: str, *, default: bool = False) -> None:
        super().__init__(load_default=default, metadata={"description": description})

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Word(fields.String):
    """One of a closed set of words."""

    def __init__(self, words: tuple[str, ...], description: str, **options: Any) -> None:
        super().__init__(validate=validate.OneOf(words), metadata={"description": description}, **options)


class Text(fields.String):
    """A text of limited length, without what could end a line of the event socket.

    Args: pattern: for the description, what `check` checks.
    """

    def __init__(
        self,
        low: int,
        high: int,
        description: str,
        *,
        pattern: str = NO_CONTROLS,
        check: Callable[[str], None] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(
            validate=(validate.Length(low, high), _has_no_controls, *([check] if check else [])),
            metadata={"description": description, "pattern": pattern},
            **options,
        )


class Base64(fields.String):
    """Base64 of anything, with its padding."""

    def __init__(self, description: str, **options: Any) -> None:
        super().__init__(
            validate=(validate.Length(max=MAX_CLIENT_STATE), _is_base64),
            metadata={"description": description, "format": "byte"},
            **options,
        )


class WebUrl(fields.String):
    """An http or https URL; whether its host may be reached is looked at when it is."""

    def __init__(self, description: str, **options: Any) -> None:
        super().__init__(
            validate=(
                validate.Length(max=MAX_URL),
                validate.URL(schemes={"http", "https"}, require_tld=False),
                _has_no_controls,
            ),
            metadata={"description": description, "format": "uri"},
            **options,
        )


def client_state(*, required: bool = False) -> Base64:
    """Return the field that almost every command has."""
    return Base64("Handed back, as it is, in every further webhook of the call.", required=required)


def command_id() -> Text:
    """Return the field that makes a command safe to repeat."""
    return Text(1, MAX_COMMAND_ID, "A command with the id of an earlier one of the same call is ignored.")


def _is_base64(value: str) -> None:
    try:
        base64.b64decode(value.encode("ascii"), validate=True)
    except (ValueError, binascii.Error) as exc:
        raise ValidationError("Must be valid base64.") from exc


def _has_no_controls(value: str) -> None:
    if any(ord(char) < 0x20 or ord(char) == 0x7F or 0xD800 <= ord(char) < 0xE000 for char in value):
        raise ValidationError("Must not contain control characters.")
