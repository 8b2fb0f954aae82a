"""Parameters of the commands that gather digits, and what begins a gather on a leg."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from callcontrol import variables
from callcontrol.channel import reply_of
from callcontrol.command import CommandData, Invocation
from callcontrol.errors import invalid
from callcontrol.field import Whole
from callcontrol.gathering import Terms
from callcontrol.gathering_acts import beginning, prompting
from callcontrol.gathering_order import GATHER, GATHERED, Order, Spoken, telling
from callcontrol.playing import hearing
from esl.identifier import new_identifier

MAX_DIGITS = 128
MAX_MS = 3_600_000
"""Telnyx names no limit; nobody waits longer for a key."""

MAX_TRIES = 100
KEYS = "0123456789*#ABCD"
VALID_KEYS = "0123456789#*"

TIMEOUT_MS, DIGIT_MS, FIRST_MS, TRIES = 60_000, 5_000, 5_000, 3


class GatherData(CommandData):
    """Parameters of every gather."""

    minimum_digits = Whole(1, MAX_DIGITS, "The fewest digits.", load_default=1)
    maximum_digits = Whole(1, MAX_DIGITS, "The most digits; so many end it at once.", load_default=MAX_DIGITS)
    inter_digit_timeout_millis = Whole(
        1, MAX_MS, "After so long without a further digit it is over.", load_default=DIGIT_MS
    )
    terminating_digit = fields.String(
        load_default="#",
        validate=validate.Regexp(r"[0-9*#A-D]?\Z"),
        metadata={
            "description": "Ends it, and is no part of it; an empty string for no such key.",
            "pattern": "^[0-9*#A-D]?$",
        },
    )
    valid_digits = fields.String(
        load_default=VALID_KEYS,
        validate=(validate.Length(max=64), validate.Regexp(r"[0-9*#A-D]+\Z")),
        metadata={"description": "Others make it invalid.", "pattern": "^[0-9*#A-D]+$"},
    )

    @validates_schema
    def _fewest_before_most(self, data: Mapping[str, Any], **_: Any) -> None:
        if data.get("minimum_digits", 1) > data.get("maximum_digits", MAX_DIGITS):
            raise ValidationError("Must not be more than maximum_digits.", "minimum_digits")


class PromptedGatherData(GatherData):
    """Parameters of gathers with a prompt."""

    maximum_tries = Whole(1, MAX_TRIES, "How often it is played, if need be.", load_default=TRIES)
    timeout_millis = Whole(
        1, MAX_MS, "The first digit must come so soon after the prompt.", load_default=TIMEOUT_MS
    )


def prompted(data: Mapping[str, Any]) -> Terms:
    """Return the terms of a gather with a prompt."""
    return Terms(
        **_common(data),
        first_ms=data["timeout_millis"],
        tries=data["maximum_tries"],
        has_prompt=True,
    )


def plain(data: Mapping[str, Any]) -> Terms:
    """Return the terms of a gather without."""
    return Terms(**_common(data), first_ms=data["initial_timeout_millis"], total_ms=data["timeout_millis"])


def begin(
    invocation: Invocation,
    terms: Terms,
    *,
    gather_id: str = "",
    prompt: Spoken | None = None,
    wrong: Spoken | None = None,
) -> None:
    """Begin a gather; one that runs on the leg is cancelled by it.

    Raises: CallNotAnswered, CallEnded, Unavailable, Unanswered; Unprocessable: nobody is told of the call, so
    nobody could be told what is gathered.
    """
    snapshot, channel = invocation.answered(), invocation.channel
    if not snapshot.variable(variables.CONNECTION) and not snapshot.variable(variables.WEBHOOK):
        raise invalid("", "Nobody is told of this call, so what is gathered could not be told either.")
    order_id = new_identifier()
    order = Order(order_id, gather_id or order_id, terms, snapshot.client_state, prompt, wrong)
    _, *others = channel.post(
        beginning(order.id),  # refused where mod_hash is not loaded, and each process is alone
        *hearing(channel, snapshot),
        channel.setting({GATHERED: ""}),
        channel.assigning(GATHER, order.text()),
        telling(snapshot, invocation.account_id, order=order),
        *prompting(channel, order, 1),
    )
    for reply in others:
        reply_of(reply)


def _common(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "minimum": data["minimum_digits"],
        "maximum": data["maximum_digits"],
        "valid": data["valid_digits"],
        "terminator": data["terminating_digit"],
        "digit_ms": data["inter_digit_timeout_millis"],
    }
