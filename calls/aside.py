"""Does beside a call what the call waits for: the wait ends with the call, the work goes on to its own end.

For work that others have a part in (a server that was asked for something, a file that is being finished),
which must not be torn because a caller hung up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import gevent

from calls.call import Call
from config.errors import CallflowsError

T = TypeVar("T")


def aside(call: Call, work: Callable[[], T], limit_s: float) -> T:
    """Return what the work returns, done in a greenlet of its own.

    Args: limit_s: how long is waited; the work is to end sooner by itself.
    Raises: CallGone: the call is over; TimeoutError: the limit passed; what the work raises.
    """

    def run() -> T | CallflowsError:
        try:
            return work()
        except CallflowsError as exc:  # returned, since nobody may be there any more to take it
            return exc

    greenlet = gevent.spawn(run)
    greenlet.link(lambda _: call.wake())
    if not call.wait_for(greenlet.ready, limit_s):
        raise TimeoutError(f"not done within {limit_s:g} s")
    result: T | CallflowsError = greenlet.get()
    if isinstance(result, CallflowsError):
        raise result
    return result
