"""Documents as people write them with the signalwire-agents SDK: made by its builder, served by its service.

Run as `python -m tests.scenarios.sdk_documents PORT URL` it serves one by the SDK's own server, which wants a
password and gets the call's data.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

USER, PASSWORD, ROUTE = "callflows", "secret-of-tests", "/script"


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the SDK's logging, which it sets up for the whole process, to itself."""
    before, mode = structlog.get_config(), os.environ.get("SIGNALWIRE_LOG_MODE")
    os.environ["SIGNALWIRE_LOG_MODE"] = "off"
    try:
        yield
    finally:
        structlog.configure(**before)
        if mode is None:
            del os.environ["SIGNALWIRE_LOG_MODE"]
        else:
            os.environ["SIGNALWIRE_LOG_MODE"] = mode


def builder() -> Any:
    """Return a builder that checks every step against the language's schema."""
    with _quiet():
        from signalwire_agents.core.swml_builder import SWMLBuilder
        from signalwire_agents.core.swml_service import SWMLService

        return SWMLBuilder(SWMLService("tests", route=ROUTE, basic_auth=(USER, PASSWORD)))


def language(told: str) -> dict[str, Any]:
    """Sections, jumps, choices and variables. Args: told: where what came of them is POSTed."""
    made = builder()
    made.set(tries=0, colour="blue")
    made.switch(
        variable="colour",
        case={"red": [{"set": {"seen": "red"}}], "blue": [{"set": {"seen": "blue"}}]},
        default=[{"set": {"seen": "neither"}}],
    )
    made.execute(
        dest="double",
        params={"number": 21},
        result={
            "variable": "return_value.value",
            "case": {"42": [{"set": {"answer": "right"}}]},
            "default": [{"set": {"answer": "wrong"}}],
        },
    )
    made.add_section("double")
    made.service.add_verb_to_section("double", "return", {"value": "${params.number * 2}"})
    made.request(
        url=told,
        method="POST",
        body={"seen": "${seen}", "returned": "${return_value.value}", "answer": "${answer}"},
    )
    made.transfer(dest="bye")
    made.service.add_verb_to_section("bye", "hangup", {"reason": "hangup"})
    return dict(made.build())


def message(told: str) -> dict[str, Any]:
    """A message is taken and played back, in words of the builder's own."""
    made = builder()
    made.answer(max_duration=60).say("Please talk.").record(beep=True, max_length=1.5, format="wav")
    made.play(urls=["silence:0.2"]).play(url="${record_url}", volume=3)
    made.request(
        url=told, method="POST", body={"url": "${record_url}", "result": "${record_result}"}, timeout=5
    )
    made.hangup()
    return dict(made.build())


def choice(told: str) -> dict[str, Any]:
    """Digits are asked for while the call is recorded in the background, both sides apart."""
    made = builder()
    made.answer().record_call(control_id="all", stereo=True, format="wav", direction="both")
    made.prompt(play="silence:0.5", max_digits=2, initial_timeout=8.0, digit_timeout=2.0)
    made.stop_record_call(control_id="all")
    made.sleep(100).send_digits(digits="1w2")
    made.user_event(event={"chosen": "${prompt_value}"})
    made.request(
        url=told,
        method="POST",
        body={"digits": "${prompt_value}", "result": "${prompt_result}", "url": "${record_call_url}"},
    )
    return dict(made.build())


def nobody(told: str) -> dict[str, Any]:
    """Somebody is called who is not there."""
    made = builder()
    made.answer().connect(to="sip:nobody@127.0.0.1:9", timeout=2)
    made.request(url=told, method="POST", body={"connected": "${connect_result}"})
    made.hangup(reason="busy")
    return dict(made.build())


def serve(port: int, told: str) -> None:
    """Serve a document that has told who calls, until killed."""
    from signalwire_agents.core.swml_service import SWMLService

    class Service(SWMLService):  # type: ignore[misc]  # it is untyped
        def on_request(self, request_data: Any = None, callback_path: Any = None) -> Any:
            call = (request_data or {}).get("call", {})
            self.reset_document()
            body = {
                "at_fetch": call.get("call_id"),
                "at_run": "${call.call_id}",
                "state": call.get("call_state"),
            }
            self.add_verb("request", {"url": told, "method": "POST", "body": body})
            self.add_verb("hangup", {})
            return None

    Service("tests", route=ROUTE, host="127.0.0.1", port=port, basic_auth=(USER, PASSWORD)).serve()


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2])
