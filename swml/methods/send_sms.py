"""Sends a text message: needs its maker's cloud.

Source: SWML reference, send_sms.
"""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, validates_schema

from swml.methods import _cloud
from swml.properties import MethodData, many, text


class SendSmsData(MethodData):
    """As the language has it."""

    to_number = text("To whom.", required=True)
    from_number = text("From whom.", required=True)
    body = text("The text.")
    media = many(text("A URL."), "Pictures and the like.")
    region = text("Where it is sent from.")
    tags = many(text("A word."), "For the account's own use.")

    @validates_schema
    def _has_content(self, data: dict[str, Any], **_options: Any) -> None:
        if data.get("body") is None and data.get("media") is None:
            raise ValidationError("needs a body or media")


METHOD = _cloud.method("send_sms", SendSmsData, "Sends a text message.")
