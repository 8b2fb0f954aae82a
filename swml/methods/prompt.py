"""Plays something, and takes the caller's answer: digits, words, or whichever comes first.

Digits are taken unless only properties of speech are given; words are where one of speech_timeout,
speech_end_timeout, speech_language and speech_hints is. The first digit or word breaks the prompt off.

| variable | |
|---|---|
| `prompt_result` | `match_digits`, `match_speech`, `no_input`, `no_match` or `failed` |
| `prompt_value` | the digits, without a terminator, or the words |
| `prompt_digit_terminator` | the key that ended the digits, "" for none |
| `prompt_speech_confidence` | not set: the engines there are do not tell |

Words are made out by a transcript engine (recording.processing.engines). Where there is none, or it does not
know the language, digits are still taken; where only words may answer, the result is `failed` at once.
`status_url` hears the result.
Source: SignalWire's SWML reference, prompt.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from calls.dtmf import ALL_TERMINATORS
from recording.errors import Unprocessable
from swml.method import Data, Method, Outcome, Support
from swml.playable import play_url
from swml.playing import Manner, play_all, wish_of
from swml.prompting import Answer, DigitTerms, Result, Wanted, ask
from swml.properties import MethodData, many, number, one_or_many, text, web_url, whole
from swml.recognizing import Choice
from swml.run import ScriptRun
from swml.speech_input import SpeechTerms

EVENT = "calling.call.collect"
MAX_DB = 40

DEFAULT_MAX_DIGITS, DEFAULT_DIGIT_S, DEFAULT_INITIAL_S = 1, 5.0, 5.0
DEFAULT_SPEECH_S, DEFAULT_SPEECH_END_S = 60.0, 1.0
"""The page says none of these two; SignalWire's own client API has them."""

DEFAULT_LANGUAGE = "en-US"

MAX_SPEECH_S = 300.0
"""Ten megabytes of what somebody says to a prompt."""

OF_DIGITS = ("max_digits", "terminators", "digit_timeout", "initial_timeout")
OF_SPEECH = ("speech_timeout", "speech_end_timeout", "speech_language", "speech_hints")


class PromptData(MethodData):
    """What to play, and what may answer."""

    play = one_or_many(
        play_url(""), "What to play: a URL, say:, silence: or ring:; or several.", required=True
    )
    volume = number("How much louder or softer, in dB.", default=0.0, minimum=-MAX_DB, maximum=MAX_DB)
    say_voice = text("The voice of texts; the variable say_voice, else Polly.Salli.")
    say_language = text("Their language; the variable say_language, else en-US.")
    say_gender = text("male or female; the variable say_gender, else female.")
    max_digits = whole("How many digits; 1 unless given.")
    terminators = text("Keys that end the digits, and are no part of them.")
    digit_timeout = number("Seconds to wait for the next digit; 5 unless given.")
    initial_timeout = number("Seconds to wait for the first digit or word; 5 unless given.")
    speech_timeout = number("Seconds of speech; 60 unless given, 300 at most.")
    speech_end_timeout = number("Seconds of silence that end it; 1 unless given.")
    speech_language = text("Its language; en-US unless given.")
    speech_hints = many(text(""), "Words or phrases that are expected; others are understood as well.")
    speech_engine = text("Which engine listens; any that knows the language unless given.", default="")
    status_url = web_url("Where to tell what came of it.", default="")


def run(run: ScriptRun, data: Data) -> Outcome | None:
    """Play, take the answer, go on."""
    wanted = _wanted(run, data)
    answer = Answer(Result.FAILED)
    if wanted is not None:
        answer = ask(run, wanted, partial(_play, run, data, has_digits=wanted.digits is not None))
    run.variables.set("prompt_result", answer.result.value)
    run.variables.set("prompt_value", answer.value)
    run.variables.set("prompt_digit_terminator", answer.terminator)
    run.callback(data["status_url"], EVENT, {"control_id": str(uuid.uuid4()), "result": _told(answer)})
    return None


def _play(run: ScriptRun, data: Data, goes_on: Callable[[], bool], *, has_digits: bool) -> None:
    manner = Manner(
        volume_db=data["volume"],
        wish=wish_of(run, data["say_voice"], data["say_language"], data["say_gender"]),
        terminators=ALL_TERMINATORS if has_digits else "",
    )
    play_all(run, data["play"], manner, goes_on=goes_on)


def _wanted(run: ScriptRun, data: Data) -> Wanted | None:
    """Return what may answer, None when nothing can."""
    wants_speech = any(_is_given(data[name]) for name in OF_SPEECH)
    takes_digits = not wants_speech or any(_is_given(data[name]) for name in OF_DIGITS)
    choice = _choice(run, data) if wants_speech else None
    if not takes_digits and choice is None:
        return None
    initial_s = data["initial_timeout"]
    return Wanted(
        initial_s=DEFAULT_INITIAL_S if initial_s is None else initial_s,
        digits=_digits(data) if takes_digits else None,
        speech=_speech(data) if choice is not None else None,
        choice=choice,
        hints=tuple(data["speech_hints"] or ()),
    )


def _is_given(value: Any) -> bool:
    """Whether a property says something; a variable that is not set leaves an empty text."""
    return value is not None and value not in ("", [])


def _digits(data: Data) -> DigitTerms:
    digit_s, max_digits = data["digit_timeout"], data["max_digits"]
    return DigitTerms(
        max_digits=max(1, DEFAULT_MAX_DIGITS if max_digits is None else max_digits),
        digit_s=DEFAULT_DIGIT_S if digit_s is None else digit_s,
        terminators=data["terminators"] or "",
    )


def _speech(data: Data) -> SpeechTerms:
    limit_s, end_s = data["speech_timeout"], data["speech_end_timeout"]
    limit_s = DEFAULT_SPEECH_S if limit_s is None else limit_s
    end_s = DEFAULT_SPEECH_END_S if end_s is None else end_s
    return SpeechTerms(
        end_ms=int(max(0.0, min(end_s, MAX_SPEECH_S)) * 1000),
        limit_ms=int(max(0.0, min(limit_s, MAX_SPEECH_S)) * 1000),
    )


def _choice(run: ScriptRun, data: Data) -> Choice | None:
    """Return who listens, None when nobody can."""
    configured = str(run.config("recording", "processing", "transcript_engine") or "")
    language = data["speech_language"] or DEFAULT_LANGUAGE
    try:
        return run.facilities.recognizer.choose(data["speech_engine"], configured, language)
    except Unprocessable as exc:
        run.log.warning("speech_not_available", reason=str(exc), outcome="only digits are taken, if any")
        return None


def _told(answer: Answer) -> dict[str, Any]:
    """Return the result as the status callback says it."""
    match answer.result:
        case Result.DIGITS:
            return {"type": "digit", "params": {"digits": answer.value, "terminator": answer.terminator}}
        case Result.SPEECH:
            return {"type": "speech", "params": {"text": answer.value}}
        case Result.FAILED:
            return {"type": "error"}
    return {"type": answer.result.value}


METHOD = Method(
    schema=PromptData,
    run=run,
    summary="Plays something and takes digits or words for an answer.",
    support=Support.PARTLY,
    limits="words: by the transcript engines installed, without confidence; volume and voices as in play",
)
