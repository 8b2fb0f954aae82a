"""Prints documents as the language's SDK makes them; run by itself, since the SDK has its way with logging.

`python sdk_documents.py`: a JSON object of documents by what made them.
"""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

STATUS = "https://example.test/status"


def built() -> dict[str, Any]:
    """Documents of the builder and of the service below it."""
    from signalwire_agents.core.swml_builder import SWMLBuilder
    from signalwire_agents.core.swml_service import SWMLService

    service = SWMLService(name="test", route="/test")
    builder = SWMLBuilder(service)
    builder.answer(max_duration=60, codecs="PCMU").say("Hello.", voice="Polly.Salli").hangup(reason="busy")
    plain = builder.build()
    builder.reset()
    for verb, config in (
        ("answer", {}),
        ("set", {"a": 1}),
        ("record_call", {"format": "wav", "stereo": True, "status_url": STATUS}),
        ("play", {"urls": ["say:One.", "silence:0.1"], "volume": -2}),
        ("prompt", {"play": "say:Press.", "max_digits": 2, "terminators": "#", "initial_timeout": 0.1}),
        ("switch", {"variable": "a", "case": {"1": [{"set": {"b": 2}}]}, "default": [{"hangup": {}}]}),
        ("execute", {"dest": "sub", "params": {"x": 1}}),
        ("stop_record_call", {}),
        ("sleep", 10),
        ("return", {"b": "${b}", "sub": "${return_value.x}", "pressed": "${prompt_result}"}),
    ):
        service.add_verb(verb, config)
    service.add_section("sub")
    service.add_verb_to_section("sub", "return", {"x": "${params.x + 1}"})
    return {"builder": plain, "service": builder.build()}


def told() -> dict[str, Any]:
    """Documents that functions of agents answer with."""
    from signalwire_agents.core.function_result import SwaigFunctionResult

    made = {
        "connect": lambda result: result.connect("+15551230000", final=True, from_addr="+15551230001"),
        "transfer": lambda result: result.swml_transfer("https://example.test/next", "Goodbye.", final=True),
        "user_event": lambda result: result.swml_user_event({"type": "cards", "cards": [1, 2]}),
        "record_call": lambda result: result.record_call("c1", stereo=True, format="mp3", status_url=STATUS),
        "stop_record_call": lambda result: result.stop_record_call("c1"),
        "join_conference": lambda result: result.join_conference("team"),
        "join_conference_in_full": lambda result: result.join_conference("team", muted=True, beep="onEnter"),
        "tap": lambda result: result.tap("rtp://192.0.2.1:5000", control_id="t1", direction="both"),
        "stop_tap": lambda result: result.stop_tap("t1"),
        "sip_refer": lambda result: result.sip_refer("sip:alice@example.test"),
        "send_sms": lambda result: result.send_sms("+15551230000", "+15551230001", body="Hello."),
        "join_room": lambda result: result.join_room("lobby"),
        "pay": lambda result: result.pay("https://pay.example.test"),
    }
    documents: dict[str, Any] = {}
    for name, make in made.items():
        result = SwaigFunctionResult("Well.")
        make(result)
        for action in result.to_dict()["action"]:
            if "SWML" in action:
                documents[name] = action["SWML"]
    return documents


if __name__ == "__main__":
    logging.disable()
    output, sys.stdout = sys.stdout, sys.stderr
    documents = {**built(), **told()}
    json.dump(documents, output)
