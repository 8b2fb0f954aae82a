"""Records legs that are being dialled, from their answer on, for the commands that have them called."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import gevent

from callcontrol.command import Invocation
from callcontrol.errors import ApiError, CallEnded
from callcontrol.recording_start import start

PATIENCE_S = 1.0
"""FreeSWITCH makes a leg within milliseconds of being told, unless it cannot."""

PAUSE_S = 0.01


def record_soon(invocation: Invocation, recording: Mapping[str, Any]) -> str:
    """Have a leg recorded that is about to be.

    Args: invocation: as if of a command on that leg; recording: parameters of record_start. Returns: the
    recording's id, "" for a leg that never came to be, or is over, or cannot be recorded: what was asked for
    besides has been done, and is not to fail for it.
    """
    deadline_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            return start(invocation, invocation.snapshot(), recording, on_answer=True)
        except CallEnded:
            if time.monotonic() > deadline_s:
                break
            gevent.sleep(PAUSE_S)
        except ApiError as exc:
            invocation.log.warning("dialled_leg_not_recorded", reason=str(exc))
            return ""
    invocation.log.warning("dialled_leg_not_recorded", reason="there is no such leg")
    return ""
