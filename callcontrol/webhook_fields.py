"""Where webhooks of one call go instead of to its connection: parameters of the commands that begin calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate

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


def webhook_urls() -> fields.Dict:
    """Return the field for addresses by event type."""
    return fields.Dict(
        keys=fields.String(validate=validate.Length(1, 64)),
        values=fields.List(WebUrl("Where webhooks of the type go."), validate=validate.Length(1, MAX_URLS)),
        validate=validate.Length(max=MAX_EVENT_TYPES),
        metadata={"description": "Addresses by event type; others go where they went."},
    )


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
