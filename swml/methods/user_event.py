"""Tells clients of the call something: here, whoever listens to FreeSWITCH's events.

There are no clients of the maker's SDK on a FreeSWITCH of one's own; what is told goes out as an event
CUSTOM callflows::user_event with the headers Swml-Session and Swml-Event, the latter JSON in base64: the
application that sends it parts its headers at commas, and FreeSWITCH takes a percent sign for an encoding of
its own.
Source: SWML reference, user_event; FreeSWITCH mod_dptools event_function, switch_url_encode.
"""

from __future__ import annotations

import base64
import json

from swml.errors import ScriptError
from swml.method import Data, Method, Outcome, Support
from swml.properties import MethodData, mapping
from swml.run import ScriptRun

SUBCLASS = "callflows::user_event"

MAX_LENGTH = 8000
"""Of the event, encoded; FreeSWITCH's applications take no longer arguments reliably."""


class UserEventData(MethodData):
    """What is told."""

    event = mapping("Any JSON object.", required=True)


def run(run: ScriptRun, data: Data) -> Outcome | None:
    """Send it, go on. Raises: ScriptError: it is too long."""
    event = base64.urlsafe_b64encode(json.dumps(data["event"], separators=(",", ":")).encode()).decode()
    if len(event) > MAX_LENGTH:
        raise ScriptError(f"the event is longer than {MAX_LENGTH} characters")
    headers = {
        "Event-Name": "CUSTOM",
        "Event-Subclass": SUBCLASS,
        "Swml-Session": run.session_id,
        "Swml-Event": event,
    }
    run.call.submit("event", ",".join(f"{name}={value}" for name, value in headers.items()))
    return None


METHOD = Method(
    schema=UserEventData,
    run=run,
    summary="Tells whoever listens to FreeSWITCH's events something.",
    support=Support.PARTLY,
    limits=f"an event of FreeSWITCH, CUSTOM {SUBCLASS}; there are no clients of the cloud's SDK",
)
