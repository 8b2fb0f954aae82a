"""An event of FreeSWITCH for whoever listens."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode

from swml.methods.user_event import SUBCLASS
from tests.swml.scripts import Scripts, main
from tests.swml.stage import SESSION_ID, Stage

TOLD = {"order": {"id": 5, "note": "a,b=c\n${x} 100%25 ü"}}


def test_an_event_goes_out_with_all_of_it(stage: Stage) -> None:
    """Commas, line breaks and what looks like a variable of FreeSWITCH among it."""
    call = stage.run([("user_event", {"event": TOLD}), ("sleep", {"duration": 100})])
    (seen,) = [event for event in call.events if event.headers.get("Event-Subclass") == SUBCLASS]
    assert seen.headers["Swml-Session"] == SESSION_ID
    assert json.loads(urlsafe_b64decode(seen.headers["Swml-Event"])) == TOLD


def test_its_values_are_expanded(scripts: Scripts) -> None:
    """As in every method."""
    scripts.run(main("user_event: {event: {from: '${call.from}'}}"))
    (argument,) = scripts.switch.arguments("event")
    assert urlsafe_b64decode(argument.partition("Swml-Event=")[2]) == b'{"from":"+15551230000"}'


def test_an_event_that_is_too_long_fails(scripts: Scripts) -> None:
    """FreeSWITCH would cut it."""
    end = scripts.run(main("set: {x: '" + "x" * 9000 + "'}", "user_event: {event: {x: '${x}'}}"))
    assert end.error is not None
    assert "longer than" in end.error.message
