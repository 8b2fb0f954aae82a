"""What was missed while nothing was heard: live legs are compared with those that were told of.

FreeSWITCH's list of channels tells which legs are gone, of those live ones that somebody is told of their
state tells what must have happened. What happened and left no trace (a digit, a bridge that has ended) is
not told; how long nothing was heard is said in the log.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice

import structlog

from callcontrol import variables
from callcontrol.channel import Link, LiveChannel, reply_of, value_of
from callcontrol.errors import CallEnded, Unavailable
from callcontrol.teller import Teller
from esl import command
from esl.reply import PendingReply

BATCH = 200
"""Legs that are asked after in one write."""

LIST_TIMEOUT_S = 30.0
"""FreeSWITCH asks its database for it, thousands of rows where there are as many channels."""

log = structlog.get_logger(__name__)


def reconcile(link: Link, node: str, teller: Teller) -> int:
    """Have what was missed told.

    Returns: how many live legs are told of. Raises: ApiError: FreeSWITCH is gone again.
    """
    channel = LiveChannel(link, node, "")
    listed = channel.run(command.api("show", "channels as json"), timeout_s=LIST_TIMEOUT_S)[0]
    there = tuple(dict.fromkeys(_uuids(listed)))
    now = datetime.now(UTC)
    known = frozenset(there)
    for leg in teller.roll:
        if leg.leg_id not in known and _is_gone(link, node, leg.leg_id):
            teller.gone(leg.leg_id, now)
    found = 0
    rest = iter(there)
    while batch := tuple(islice(rest, BATCH)):
        found += _catch_up(link, node, batch, teller)
    log.info("calls_compared", channels=len(there), told_of=found)
    return found


def _is_gone(link: Link, node: str, uuid: str) -> bool:
    """Whether there is no such leg: one that has just begun is in no list yet."""
    return LiveChannel(link, node, uuid).api("uuid_exists") != "true"


def _catch_up(link: Link, node: str, uuids: Sequence[str], teller: Teller) -> int:
    """Have the teller look at those of some legs that bear a variable of ours."""
    legs = [LiveChannel(link, node, uuid) for uuid in uuids]
    names = (variables.CONNECTION, variables.WEBHOOK)
    asked = LiveChannel(link, node, "").post(*(leg.of("uuid_getvar", name) for leg in legs for name in names))
    marked = []
    for number, leg in enumerate(legs):
        values = [_value(reply) for reply in asked[number * 2 : number * 2 + 2]]
        if any(values):
            marked.append(leg)
    found = 0
    for leg in marked:
        try:
            teller.missed(leg.snapshot())
            found += 1
        except CallEnded:
            continue  # its end is heard, since we listen again
    return found


def _value(reply: PendingReply) -> str:
    try:
        return value_of(reply_of(reply))
    except CallEnded:
        return ""


def _uuids(text: str) -> Iterator[str]:
    """Yield the channels of `show channels as json`."""
    try:
        rows = json.loads(text).get("rows")
    except (ValueError, AttributeError, RecursionError) as exc:
        raise Unavailable("FreeSWITCH's list of channels cannot be read.") from exc
    for row in rows if isinstance(rows, list) else ():
        uuid = row.get("uuid") if isinstance(row, dict) else None
        if isinstance(uuid, str) and uuid:
            yield uuid
