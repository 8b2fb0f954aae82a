"""Finds out whether a human, a machine or a fax has answered.

Variables: `detect_result` (human, machine, fax, unknown; detecting while it lasts, error where it cannot be
listened to), `detect_machine_beep`, `detect_ms`. `status_url` hears every finding, and `finished` at the end.
See swml.machine for what decides.
Source: SignalWire's SWML reference, detect_machine.
"""

from __future__ import annotations

import gevent

from calls.errors import CallError
from swml.detecting import ERROR, Detection
from swml.machine import Fax, Terms
from swml.method import Data, Method, Outcome
from swml.properties import MethodData, flag, number, text, web_url, whole
from swml.run import ScriptRun

AMD, FAX = "amd", "fax"


class DetectMachineData(MethodData):
    """What to listen for, and for how long."""

    detectors = text("What to look for, separated by commas: amd, fax.", default="amd,fax")
    initial_timeout = number("Seconds to wait for the first sound.", default=4.5, minimum=0)
    end_silence_timeout = number("Seconds of silence that end what a human says.", default=1.0, minimum=0)
    machine_voice_threshold = number("Seconds of unbroken voice from a machine.", default=1.25, minimum=0)
    machine_words_threshold = whole("Words at once from a machine.", default=6, minimum=0)
    machine_ready_timeout = number(
        "Seconds of silence after which a machine is ready; end_silence_timeout unless given.", minimum=0
    )
    timeout = number("Seconds for all of it.", default=30.0, minimum=0)
    tone = text("The tone of a fax: that which answers, or that which calls.", default="CED", one_of=Fax)
    detect_message_end = flag("Wait for the beep, or the end of a machine's message.", default=False)
    wait = flag("Go on only when it is decided.", default=True)
    status_url = web_url("Where to tell what is found.", default="")


def terms_of(data: Data) -> Terms:
    """Return what decides, in the detector's words."""
    wanted = _detectors(data)
    ready_s = data["machine_ready_timeout"]
    return Terms(
        for_voice=AMD in wanted,
        fax=Fax(data["tone"]) if FAX in wanted else None,
        initial_ms=data["initial_timeout"] * 1000,
        end_silence_ms=data["end_silence_timeout"] * 1000,
        ready_ms=(data["end_silence_timeout"] if ready_s is None else ready_s) * 1000,
        voice_ms=data["machine_voice_threshold"] * 1000,
        words=data["machine_words_threshold"],
        timeout_ms=data["timeout"] * 1000,
        to_the_end=data["detect_message_end"],
    )


def run(run: ScriptRun, data: Data) -> Outcome | None:
    """Listen until it is decided; or begin to, and go on."""
    unknown = _detectors(data) - {AMD, FAX}
    if unknown:
        run.log.warning("detectors_unknown", detectors=sorted(unknown), outcome="ignored")
    if not _detectors(data) & {AMD, FAX}:
        run.variables.set("detect_result", ERROR)
        return None
    detection = Detection(run, terms_of(data), data["status_url"])
    if data["wait"]:
        detection.wait()
    else:
        greenlet = gevent.spawn(_beside, detection)
        run.at_end.append(lambda: greenlet.kill(block=False))
    return None


def _detectors(data: Data) -> set[str]:
    return {name for part in data["detectors"].split(",") if (name := part.strip().lower())}


def _beside(detection: Detection) -> None:
    """Listen while the script goes on."""
    try:
        detection.wait()
    except CallError:
        return  # the call is over, which the script learns by itself


METHOD = Method(
    schema=DetectMachineData,
    run=run,
    summary="Finds out whether a human, a machine or a fax has answered.",
)
