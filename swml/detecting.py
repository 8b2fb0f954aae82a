"""Listens to a leg until it is known who answered, and tells.

Sound is taken and weighed in the thread pool ten times a second. A far end that sends nothing is silent: what
is missing counts as silence once it is late, so that every detection ends by the clock.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable

import gevent

from calls.capture import Capture, Side, capturing
from calls.errors import CaptureFailed
from esl.errors import EslError
from swml.machine import MachineDetector, Terms, Told, Verdict
from swml.run import ScriptRun
from swml.sound_block import BLOCK_MS, SILENT, Blocks

EVENT = "calling.call.detect"

LOOK_S = 0.1
LATE_MS = 500
"""Sound that is so late does not come any more."""

DETECTING, ERROR = "detecting", "error"
"""What `detect_result` says besides the verdicts."""


class Detection:
    """One detection on the call of a script. Args: status_url: "" for none."""

    def __init__(self, run: ScriptRun, terms: Terms, status_url: str) -> None:
        self._run = run
        self._terms = terms
        self._status_url = status_url
        self._control_id = str(uuid.uuid4())
        self._detector = MachineDetector(terms)
        self._blocks = Blocks()
        self._began_s = time.monotonic()

    def wait(self) -> None:
        """Listen until it is decided, with the variables set and everything told. Raises: CallGone."""
        self._set(DETECTING)
        failed = ""
        try:
            with capturing(self._run.call, self._run.facilities.media_dir, Side.SPEAK) as capture:
                failed = self._listen(capture)
        except (CaptureFailed, EslError) as exc:
            failed = str(exc)
        finally:
            self._finish(failed)

    def _listen(self, capture: Capture) -> str:
        """Return why it could not be listened to the end, "" when it could."""
        self._began_s = time.monotonic()
        while not self._detector.is_over:
            self._run.call.sleep(LOOK_S)
            capture.keep()
            if capture.failed:
                return capture.failed
            elapsed_ms = (time.monotonic() - self._began_s) * 1000
            told: list[Told] = gevent.get_hub().threadpool.apply(self._look, (capture, elapsed_ms))
            if elapsed_ms >= self._terms.timeout_ms:
                told += self._detector.expire()
            self._tell(told)
        return ""

    def _look(self, capture: Capture, elapsed_ms: float) -> list[Told]:
        """Weigh what is new; in a thread."""
        told = self._detector.feed(self._blocks.cut(capture.read()))
        missing_ms = elapsed_ms - LATE_MS - self._detector.heard_ms
        if missing_ms > 0:
            told += self._detector.feed([SILENT] * int(missing_ms // BLOCK_MS))
        return told

    def _finish(self, failed: str) -> None:
        verdict = self._detector.verdict
        if failed:
            self._run.log.warning("detection_failed", reason=failed)
        self._set(ERROR if failed else (verdict or Verdict.UNKNOWN).value.lower())
        self._run.variables.set("detect_machine_beep", self._detector.has_beeped)
        self._run.variables.set("detect_ms", int((time.monotonic() - self._began_s) * 1000))
        self._event("fax" if self._terms.fax and not self._terms.for_voice else "machine", "finished")

    def _tell(self, told: Iterable[Told]) -> None:
        for one in told:
            if one is Told.FAX and self._terms.fax is not None:
                self._event("fax", self._terms.fax.value)
            else:
                self._event("machine", one.value)
            if one.value in Verdict.__members__:
                self._set(one.value.lower())

    def _set(self, result: str) -> None:
        self._run.variables.set("detect_result", result)

    def _event(self, kind: str, event: str) -> None:
        """Have it told; `beep` is there from when one was heard."""
        beep = {"beep": True} if self._detector.has_beeped else {}
        detect = {"type": kind, "params": {"event": event, **beep}}
        self._run.callback(self._status_url, EVENT, {"control_id": self._control_id, "detect": detect})
