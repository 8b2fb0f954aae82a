"""Where webhooks of one call go instead of to its connection: parameters of the commands that begin calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate

from callcontrol import variables
from callcontrol.channel import packed
from callcontrol.errors import INVALID_URL, invalid
from callcontrol.field import WebUrl, Word

MAX_EVENT_TYPES = 40
MAX_URLS = 4
MAX_PACKED = 4_096
"""Characters; every event of the call carries them."""


def webhook_url() -> WebUrl:
    """Return the field for one address."""
    return WebUrl("Further webhooks of the call go there.")


def webhook_url_method() -> Word:
    """Return the field for the method, of which there is one."""
    return Word(("POST",), "Webhooks are sent by POST.", load_default="POST")


class UrlsByType(fields.Dict):
    """Addresses by event type; a fault is told at its address, without marshmallow's `value` in between."""

    def __init__(self) -> None:
        super().__init__(
            keys=fields.String(),
            values=fields.List(
                WebUrl("Where webhooks of the type go."), validate=validate.Length(1, MAX_URLS)
            ),
            validate=_few,  # Length would be described as characters
            metadata={
                "description": "Addresses by event type; others go where they went.",
                "maxProperties": MAX_EVENT_TYPES,
            },
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        try:
            # marshmallow has no types here
            return super()._deserialize(value, attr, data, **kwargs)  # type: ignore[no-untyped-call]
        except ValidationError as exc:
            raise ValidationError(_flat(exc.messages)) from exc


def webhook_urls() -> UrlsByType:
    """Return the field for addresses by event type."""
    return UrlsByType()


def _few(value: Mapping[str, Any]) -> None:
    if len(value) > MAX_EVENT_TYPES:
        raise ValidationError(f"Must not have more than {MAX_EVENT_TYPES} event types.")


def _flat(messages: Any) -> Any:
    """Return messages by key and place."""
    if not isinstance(messages, dict):
        return messages
    return {
        key: told.get("value", told) if isinstance(told, dict) else told for key, told in messages.items()
    }


def overrides(data: Mapping[str, Any]) -> dict[str, str]:
    """Return the channel variables for what a command says of webhooks; none where it says nothing.

    Raises: Unprocessable: more than a call can carry.
    """
    said = {
        name: data[key] for name, key in (("url", "webhook_url"), ("urls", "webhook_urls")) if data.get(key)
    }
    if not said:
        return {}
    text = packed(said)
    if len(text) > MAX_PACKED:
        raise invalid("/webhook_urls", "Too many or too long addresses for one call.", INVALID_URL)
    return {variables.WEBHOOK: text}
