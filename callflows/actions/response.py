"""Refuses the call with a SIP status, after an announcement if one is given. Source: Kazoo cf_response."""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Any

from callflows.action import STOP, Action, ActionData, Data, Doubt, Next
from callflows.actions import _fields
from callflows.flow_run import FlowRun
from callflows.playing import play_reference
from calls.signaling import pre_answer, respond


class ResponseData(ActionData):
    """The status, its phrase, and what the caller hears before it."""

    code = _fields.whole("The SIP status to refuse the call with.", required=True, shown=486)
    message = _fields.text("The reason phrase of the status.", load_default="")
    media = _fields.media("Played before the call is refused, without answering.", load_default="")


def run(run: FlowRun, data: Data) -> Next:
    """Play the announcement, refuse, stop; an answered call is hung up with the cause that means the same."""
    if data["media"]:
        pre_answer(run.call)
        play_reference(run, data["media"])
    respond(run.call, data["code"], data["message"])
    return STOP


def _repair(data: dict[str, Any], _refused: Set[str]) -> dict[str, Any]:
    """Kazoo's code refuses with 486 when no status is given."""
    data.setdefault("code", 486)
    return data


def _doubts(data: Data) -> Iterator[Doubt]:
    if not 300 <= data["code"] <= 699:
        yield Doubt("code", "not a SIP status that refuses a call (300 to 699); the call is hung up")


ACTION = Action(
    schema=ResponseData,
    run=run,
    summary="Refuses an unanswered call with a SIP status.",
    branches="",
    repair=_repair,
    doubts=_doubts,
)
