"""Brings the call under call control: a client program is told of it, and commands it over HTTP.

The call waits for commands (`hold`, the default), ringing until one answers it; or it is only told of, and
the callflow goes on at `_` at once, while commands act on it all the same. It goes on there, too, when no
connection takes the call, and after `timeout` seconds in which nobody answered it. A call that a command
connects with another one leaves the callflow.
Source: not Kazoo's; the counterpart of its `pivot` (cf_pivot) for programs written to Telnyx' call control.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from marshmallow import fields

from callflows.action import CONTINUE, HARD_STOP, TRANSFER, Action, ActionData, Data, Doubt, Next
from callflows.actions import _fields
from callflows.flow_run import FlowRun
from calls.program import Exit

LANGUAGE = "call_control"

MAX_TIMEOUT_S = 86_400

WAYS = {Exit.DONE: CONTINUE, Exit.FAILED: CONTINUE, Exit.HANG_UP: HARD_STOP, Exit.LEFT: TRANSFER}


class CallControlData(ActionData):
    """Who is told, and whether the call waits."""

    connection_id = _fields.text(
        "The connection that is told of the call; without it, the one that owns the number.", load_default=""
    )
    hold = _fields.flag("false: the call is told of, and the callflow goes on.", load_default=True)
    timeout = _fields.whole(
        "Seconds that a held call waits for a command that answers it; 0: for ever.",
        0,
        MAX_TIMEOUT_S,
        load_default=0,
    )
    client_state = fields.String(
        load_default="", metadata={"description": "Base64 that every webhook of the call carries."}
    )


def run(run: FlowRun, data: Data) -> Next:
    """Bring it under control, and hold it."""
    program = run.facilities.programs.get(LANGUAGE)
    if program is None:
        run.call.log.error("program_missing", language=LANGUAGE, outcome="continued at _")
        return CONTINUE
    wish = {
        "connection_id": data["connection_id"],
        "hold": data["hold"],
        "timeout_s": data["timeout"],
        "client_state": data["client_state"],
    }
    return WAYS[program.run(run.call, wish).exit]


def _doubts(data: Data) -> Iterator[Doubt]:
    try:
        base64.b64decode(data["client_state"].encode("ascii"), validate=True)
    except (ValueError, binascii.Error):
        yield Doubt("client_state", "must be base64", is_fault=True)
    if data["timeout"] and not data["hold"]:
        yield Doubt("timeout", "means nothing without hold")


ACTION = Action(
    schema=CallControlData,
    run=run,
    summary="Puts the call under the control of a client program, over HTTP.",
    doubts=_doubts,
)
