"""Plays a prompt and takes the answer: digits, words, or whichever comes first.

| first | then |
|---|---|
| a digit | the prompt breaks off; digits until there are enough, a terminator, or none for `digit_s` |
| words | the prompt breaks off; what is said until it is silent, made into words by a transcript engine |
| nothing for `initial_s` after the prompt | no input |

A digit outranks words that have begun: telephones that send tones in the sound are heard to speak.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum

from calls.aside import aside
from calls.capture import Side, capturing
from calls.digits import end_of
from calls.errors import CaptureFailed
from esl.errors import EslError
from recording.outcome import Transcript
from swml.recognizing import Choice
from swml.run import ScriptRun
from swml.speech_input import RATE_HZ, SpeechInput, SpeechTerms

RECOGNIZE_S = 30.0
"""For making out words, and as long again for one's turn; nobody holds the line for longer."""


class Result(StrEnum):
    """What `prompt_result` says."""

    DIGITS = "match_digits"
    SPEECH = "match_speech"
    NO_INPUT = "no_input"
    NO_MATCH = "no_match"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DigitTerms:
    """Which digits. Attributes: digit_s: between two; terminators: keys that end them, and do not count."""

    max_digits: int
    digit_s: float
    terminators: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it. Attributes: value: digits or words; terminator: the key that ended it, "" for none."""

    result: Result
    value: str = ""
    terminator: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What may answer.

    Attributes: digits, speech: None where they may not; choice: who listens to speech; hints: what to expect.
    """

    initial_s: float
    digits: DigitTerms | None = None
    speech: SpeechTerms | None = None
    choice: Choice | None = None
    hints: tuple[str, ...] = ()


Player = Callable[[Callable[[], bool]], object]
"""Plays the prompt; given what tells whether it goes on."""


def ask(run: ScriptRun, wanted: Wanted, play: Player) -> Answer:
    """Play, and wait for the answer. Raises: CallGone, and what `play` raises."""
    return _Asking(run, wanted).ask(play)


class _Asking:
    def __init__(self, run: ScriptRun, wanted: Wanted) -> None:
        self._run = run
        self._wanted = wanted
        self._heard: list[str] = []
        self._last_s = 0.0
        self._speech: SpeechInput | None = None

    def ask(self, play: Player) -> Answer:
        call, wanted = self._run.call, self._wanted
        with ExitStack() as around:
            if wanted.digits is not None:
                around.enter_context(call.dtmf.listening(self._hear))
            if wanted.speech is not None and not self._listen(around, wanted.speech):
                return Answer(Result.FAILED)
            play(self._is_unanswered)
            return self._wait()

    def _listen(self, around: ExitStack, terms: SpeechTerms) -> bool:
        """Begin to listen for words; whether something is left to answer with."""
        call, media_dir = self._run.call, self._run.facilities.media_dir
        try:
            capture = around.enter_context(capturing(call, media_dir, Side.SPEAK, RATE_HZ))
        except (CaptureFailed, EslError) as exc:
            self._run.log.warning("speech_not_heard", reason=str(exc))
            return self._wanted.digits is not None
        self._speech = SpeechInput(call, capture, terms)
        self._speech.begin()
        around.callback(self._speech.end)
        return True

    def _hear(self, digit: str) -> None:
        self._heard.append(digit)
        self._last_s = time.monotonic()

    def _is_unanswered(self) -> bool:
        return not self._heard and not self._is_speaking()

    def _is_speaking(self) -> bool:
        return self._speech is not None and self._speech.has_begun

    def _wait(self) -> Answer:
        """Wait for what answers, now that the prompt is over."""
        begun_s = time.monotonic()
        while self._is_unanswered():
            if self._speech is not None and self._speech.failed and self._wanted.digits is None:
                return Answer(Result.FAILED)
            left_s = begun_s + self._wanted.initial_s - time.monotonic()
            if left_s <= 0:
                return Answer(Result.NO_INPUT)
            self._run.call.wait_for(self._has_news, left_s)
        if not self._heard:
            self._run.call.wait_for(lambda: bool(self._heard) or self._is_said(), self._speech_limit_s())
        return self._digits() if self._heard else self._words()

    def _has_news(self) -> bool:
        return not self._is_unanswered() or (self._speech is not None and bool(self._speech.failed))

    def _is_said(self) -> bool:
        return self._speech is None or self._speech.is_over

    def _speech_limit_s(self) -> float:
        """Its own limit ends what is said; this is for sound that stopped coming."""
        terms = self._wanted.speech
        return (terms.limit_ms + terms.end_ms) / 1000 + 1.0 if terms is not None else 0.0

    def _digits(self) -> Answer:
        call, terms, heard = self._run.call, self._wanted.digits, self._heard
        assert terms is not None
        while (end := end_of(heard, terms.max_digits, terms.terminators)) is None:
            count = len(heard)
            left_s = self._last_s + terms.digit_s - time.monotonic()
            if not call.wait_for(lambda: len(heard) > count, left_s):  # noqa: B023 - used up here
                return Answer(Result.DIGITS, "".join(heard))
        collected, used = end
        if heard[used:]:
            call.dtmf.append("".join(heard[used:]))
        return Answer(Result.DIGITS, collected.digits, collected.terminator or "")

    def _words(self) -> Answer:
        speech, choice = self._speech, self._wanted.choice
        assert speech is not None
        assert choice is not None
        if speech.failed and not speech.utterance.is_ended:
            return Answer(Result.FAILED)
        facilities, sound = self._run.facilities, speech.utterance.sound()

        def recognize() -> Transcript:
            return facilities.recognizer.recognize(
                choice, sound, RATE_HZ, facilities.media_dir, RECOGNIZE_S, self._wanted.hints
            )

        try:
            transcript = aside(self._run.call, recognize, 2 * RECOGNIZE_S + 5.0)
        except TimeoutError:
            return Answer(Result.FAILED)
        if transcript.failed:
            self._run.log.warning("speech_not_recognized", reason=transcript.failed)
            return Answer(Result.FAILED)
        text = " ".join(transcript.text.split())
        return Answer(Result.SPEECH, text) if text else Answer(Result.NO_MATCH)
