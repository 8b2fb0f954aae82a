"""Collects digits under a name, those pressed during earlier prompts first. Source: Kazoo cf_collect_dtmf."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from marshmallow import ValidationError, fields, validate

from callflows.action import CONTINUE, Action, ActionData, Data, Doubt, Next
from callflows.actions import _fields
from callflows.flow_run import FlowRun
from calls.digits import collect
from calls.dtmf import ALL_TERMINATORS, DEFAULT, MAX_COLLECTED
from calls.signaling import answer

KEYS = tuple(ALL_TERMINATORS)


def _check_unique(keys: list[str]) -> None:
    if len(set(keys)) != len(keys):
        raise ValidationError("a key is there twice")


class CollectDtmfData(ActionData):
    """How many, how long, until which key, and the name to keep them under."""

    max_digits = _fields.whole("How many digits to collect.", 1, load_default=1)
    timeout = _fields.whole("How long to wait for the first digit, in ms.", 1, load_default=5000)
    interdigit_timeout = _fields.whole(
        "How long to wait for each further digit, in ms; call_command.interdigit_timeout.",
        1,
        load_default=None,
    )
    terminator = _fields.text("The key that ends the collection.", one_of=KEYS, load_default=None, shown="#")
    terminators = fields.List(
        fields.String(validate=validate.OneOf(KEYS)),
        load_default=None,
        validate=_check_unique,
        metadata={"description": "The keys that end the collection, if there are several."},
    )
    collection_name = _fields.text("The name to keep the digits under.", load_default=DEFAULT)


def run(run: FlowRun, data: Data) -> Next:
    """Take what is there already, collect the rest, keep it, go on; nothing branches on the digits."""
    call = run.call
    answer(call, wait=False)
    terminators = _terminators(data)
    early = _until_terminator(call.dtmf.take(), terminators)
    wanted = min(data["max_digits"], MAX_COLLECTED)
    digits = early[:wanted]
    if len(digits) < wanted:
        interdigit_ms = data["interdigit_timeout"] or run.config("call_command", "interdigit_timeout")
        collected = collect(
            call, wanted - len(digits), data["timeout"] / 1000, interdigit_ms / 1000, terminators
        )
        digits += collected.digits
    call.dtmf.store(digits, data["collection_name"] or DEFAULT)
    return CONTINUE


def _terminators(data: Data) -> str:
    if data["terminator"] is not None:
        return str(data["terminator"])
    return "#" if data["terminators"] is None else "".join(data["terminators"])


def _until_terminator(digits: str, terminators: str) -> str:
    return "".join(takewhile(lambda digit: digit not in terminators, digits))


def _doubts(data: Data) -> Iterator[Doubt]:
    if data["terminator"] is not None and data["terminators"] is not None:
        yield Doubt("terminators", "`terminator` is set too, and is the one that counts")
    if data["max_digits"] > MAX_COLLECTED:
        yield Doubt("max_digits", f"no more than {MAX_COLLECTED} digits are kept")


ACTION = Action(
    schema=CollectDtmfData,
    run=run,
    summary="Answers and collects digits, to be used by later actions.",
    doubts=_doubts,
)
