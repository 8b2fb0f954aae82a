"""Sends digits to the caller's side. Source: Kazoo cf_send_dtmf."""

from __future__ import annotations

from collections.abc import Iterator

from callflows.action import CONTINUE, Action, ActionData, Data, Doubt, Next
from callflows.actions import _fields
from callflows.flow_run import FlowRun
from calls.digits import MAX_DURATION_MS, MIN_DURATION_MS, SENDABLE, send_dtmf


class SendDtmfData(ActionData):
    """Which digits, and how long."""

    digits = _fields.text(
        "The digits to send; w and W are pauses of half a second and a second.", required=True
    )
    duration_ms = _fields.whole("How long each is sounded.", load_default=2000)


def run(run: FlowRun, data: Data) -> Next:
    """Send them, go on without waiting for their sound."""
    send_dtmf(run.call, data["digits"], data["duration_ms"])
    return CONTINUE


def _doubts(data: Data) -> Iterator[Doubt]:
    if not data["digits"] or any(digit not in SENDABLE for digit in data["digits"]):
        yield Doubt("digits", "characters that are no digits are not sent")
    if not MIN_DURATION_MS <= data["duration_ms"] <= MAX_DURATION_MS:
        yield Doubt("duration_ms", f"FreeSWITCH sounds digits for {MIN_DURATION_MS} to {MAX_DURATION_MS} ms")


ACTION = Action(schema=SendDtmfData, run=run, summary="Sends digits to the caller's side.", doubts=_doubts)
