"""SIP headers that commands add to messages: which may be, and the channel variables that carry them.

Source: FreeSWITCH mod_sofia.h (sip_h_, sip_rh_, sip_bye_h_), sofia_glue_get_extra_headers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from callcontrol.channel import LiveChannel
from callcontrol.field import Text
from calls.leg import RESERVED_HEADERS
from esl.command import Command

MAX_HEADERS = 20
MAX_VALUE = 1024

NAME_PATTERN = r"^[A-Za-z][A-Za-z0-9_.-]{1,63}$"
"""For the description; Python's `$` would let a line break at the end pass."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{1,63}\Z")


class Message(StrEnum):
    """Which SIP message bears them; the value is the prefix of FreeSWITCH's variables."""

    INVITE = "sip_h_"
    RESPONSE = "sip_rh_"
    BYE = "sip_bye_h_"


def _may_be(name: str) -> None:
    lowered = name.lower()
    is_sips_own = lowered in RESERVED_HEADERS or lowered.startswith(("security-", "proxy-"))
    if not _NAME.match(name) or is_sips_own:
        raise ValidationError("Must be the name of a header that SIP does not use itself.")


class CustomHeaderSchema(Schema):
    """One header."""

    class Meta:
        """Clients are newer than we are."""

        unknown = EXCLUDE

    name = fields.String(
        required=True,
        validate=_may_be,
        metadata={"description": "Such as X-Ticket.", "pattern": NAME_PATTERN},
    )
    value = Text(1, MAX_VALUE, "Its value, in one line.", required=True)


class SipHeaderSchema(CustomHeaderSchema):
    """A header that SIP knows."""

    name = fields.String(required=True, validate=validate.OneOf(["User-to-User"]))


def custom_headers(description: str) -> fields.List[Any]:
    """Return the field of headers of any name."""
    return _headers(CustomHeaderSchema, description)


def sip_headers(description: str) -> fields.List[Any]:
    """Return the field of headers that SIP knows: User-to-User only."""
    return _headers(SipHeaderSchema, description)


def assignments(
    channel: LiveChannel, message: Message, *headers: Iterable[Mapping[str, str]]
) -> list[Command]:
    """Return the commands that have a channel send these headers, to be run before the one that sends."""
    given = [header for several in headers for header in several]
    return [channel.assigning(f"{message}{header['name']}", header["value"]) for header in given]


def _headers(schema: type[Schema], description: str) -> fields.List[Any]:
    return fields.List(
        fields.Nested(schema),
        load_default=list,
        validate=validate.Length(max=MAX_HEADERS),
        metadata={"description": description},
    )
