"""Runs a document on a call, from the text or URL that is given for it to the last line in the log.

Nothing of the call is touched before the document is there and in order. A script that fails, by the
language's rules for errors, hangs the call up, and so does one that says so; what becomes of a call whose
script came to its end is for whoever had it run to say.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from calls.call import Call
from calls.cause import HangupCause
from calls.errors import CallError, CallGone, CallLeft
from calls.signaling import hangup
from esl.errors import EslError
from swml.compiling import load
from swml.document import Script
from swml.errors import ScriptError
from swml.expressions import Expressions
from swml.interpreter import Interpreter
from swml.method import Outcome, Way
from swml.payload import call_source, payload_of
from swml.run import Facilities, ScriptRun
from swml.value import is_web_url
from swml.variables import Variables

ERROR_VARIABLE: Final = "callflows_script_error"
"""Channel variable: the language's word for the error that ended a script; for call records."""


class How(StrEnum):
    """In which way a script came to its end."""

    FINISHED = "finished"  # its last step, or a return of its own; the call is there
    HUNG_UP = "hung_up"  # the script said so
    LEFT = "left"  # the channel goes elsewhere: leave it alone
    FAILED = "failed"  # a step failed, and the call was hung up
    GONE = "gone"  # the call ended meanwhile


@dataclass(frozen=True, slots=True)
class ScriptEnd:
    """The end of a script.

    Attributes: value: of a `return` in its main section; error: of FAILED; recordings: ids of those it began.
    """

    how: How
    session_id: str
    value: Any = None
    error: ScriptError | None = None
    recordings: tuple[str, ...] = ()


class ScriptRunner:
    """Runs scripts; one instance for all calls. Args: expressions: with a sandbox of its own, in tests."""

    def __init__(self, facilities: Facilities, expressions: Expressions | None = None) -> None:
        self.facilities = facilities
        self._expressions = expressions or Expressions()

    def run(self, call: Call, source: str | Script, *, params: Mapping[str, Any] | None = None) -> ScriptEnd:
        """Run a document on a call; returns when the script is over.

        Args: source: a URL, or the document's text, or the document; params: given to it.
        Raises: BadDocument, DocumentNotFetched: nothing was done; CallGone: while it was fetched.
        """
        began_s = time.monotonic()
        facilities = self.facilities
        variables = Variables(call_source(call, facilities), params=params, envs=facilities.envs)
        interpreter = Interpreter()
        run = ScriptRun(call, facilities, variables, str(uuid.uuid4()), interpreter.nested, self._expressions)
        script = self._script(run, source)
        try:
            end = self._end_of(run, interpreter, script)
        finally:
            _clean_up(run)
        self._tell(run, end, interpreter, script, time.monotonic() - began_s)
        return replace(end, recordings=tuple(run.recorded))

    def _script(self, run: ScriptRun, source: str | Script) -> Script:
        if isinstance(source, Script):
            return source
        if is_web_url(source.strip()):
            return self.facilities.fetcher.fetch(source.strip(), payload_of(run), run.call)
        return load(source)

    def _end_of(self, run: ScriptRun, interpreter: Interpreter, script: Script) -> ScriptEnd:
        """Run the script, and hang up where that is its end."""
        session = run.session_id
        try:
            outcome = interpreter.main(run, script)
        except CallLeft:
            return ScriptEnd(How.LEFT, session)
        except CallGone:
            return ScriptEnd(How.GONE, session)
        except ScriptError as exc:
            self._give_up(run, exc)
            return ScriptEnd(How.FAILED, session, error=exc)
        if outcome.way is Way.LEFT:
            return ScriptEnd(How.LEFT, session)
        if outcome.way is Way.END:
            hangup(run.call, _cause(outcome))
            return ScriptEnd(How.HUNG_UP, session)
        return ScriptEnd(How.FINISHED, session, value=outcome.value)

    def _give_up(self, run: ScriptRun, error: ScriptError) -> None:
        with suppress(ScriptError):  # it may be the variables that are too many
            run.variables.set("script_error", error.code)
        with suppress(CallError, EslError):
            run.call.set({ERROR_VARIABLE: error.code})
        hangup(run.call, HangupCause.NORMAL_TEMPORARY_FAILURE)

    def _tell(
        self, run: ScriptRun, end: ScriptEnd, interpreter: Interpreter, script: Script, lasted_s: float
    ) -> None:
        """Write the last line. A failure is told here, and nowhere else."""
        facts: dict[str, Any] = {
            "how": end.how.value,
            "duration_s": round(lasted_s, 3),
            "methods": list(interpreter.walked),
            "steps": interpreter.steps,
            "inline": not script.url,
        }
        if end.error is None:
            run.log.info("script_ended", **facts)
            return
        run.log.warning(
            "script_ended",
            **facts,
            where=end.error.where,
            error=end.error.code,
            reason=end.error.message,
            outcome="hung up",
        )


def _cause(outcome: Outcome) -> HangupCause:
    return HangupCause.of(outcome.cause) if outcome.cause else HangupCause.NORMAL_CLEARING


def _clean_up(run: ScriptRun) -> None:
    """Call what methods left to be called at the end; each of them, whatever becomes of the others."""
    for finish in run.at_end:
        with suppress(CallError, EslError):
            finish()
