r"""Gathers digits: what a key, a silence or the end of a prompt leads to. No IO, no clock.

    ASKING --prompt begins--> PROMPTING --prompt over--> LISTENING --a key--> COLLECTING --> judged
                                   \--a key: the prompt breaks off-------------^

| what | ends a try |
|---|---|
| the terminating key | judged |
| as many digits as there may be | judged |
| no further key for `digit_ms` | judged |
| no first key for `first_ms` after the prompt | timeout |

A try is valid when it has enough digits, all of them valid ones. After another the prompt is played again, as
often as `tries` says, behind the prompt for wrong input if anything was pressed. Without a prompt there is
one try, from the command on, and `total_ms` for all of it. Keys pressed before the prompt begins are
nobody's.

Every process sees the same events in the same order, and so comes to the same end.
Source: Telnyx' call control, gather, gather_using_audio, gather_using_speak.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from callcontrol.events import GatherStatus


@dataclass(frozen=True, slots=True)
class Terms:
    """What is gathered.

    Attributes: terminator: a key, "" for none; total_ms: 0 for no such limit; tries: 1 without a prompt.
    """

    minimum: int
    maximum: int
    valid: str
    terminator: str
    first_ms: int
    digit_ms: int
    total_ms: int = 0
    tries: int = 1
    has_prompt: bool = False


class Stage(Enum):
    """See the picture at the top."""

    ASKING = auto()
    PROMPTING = auto()
    LISTENING = auto()
    COLLECTING = auto()
    OVER = auto()


@dataclass(frozen=True, slots=True)
class Silence:
    """The prompts of a try are not wanted any more."""

    number: int


@dataclass(frozen=True, slots=True)
class Prompt:
    """The prompt is to be played for a try. Attributes: number: of the try; after_wrong: input was wrong."""

    number: int
    after_wrong: bool


@dataclass(frozen=True, slots=True)
class End:
    """It is over."""

    status: GatherStatus
    digits: str


Act = Silence | Prompt | End


class Gathering:
    """One gather. Its methods take what happens and return what is to be done about it.

    Args: terms; now_ms: of any clock, the same one ever after; number: of the try, for one that goes on where
    another process left it, with the digits pressed by then.
    """

    __slots__ = ("_due_ms", "_total_due_ms", "digits", "number", "stage", "terms")

    def __init__(self, terms: Terms, now_ms: int, *, number: int = 1, digits: str = "") -> None:
        self.terms = terms
        self.number = number
        self.digits = digits
        self._due_ms: int | None = None
        self._total_due_ms = now_ms + terms.total_ms if terms.total_ms else None
        if digits:
            self._await(Stage.COLLECTING, now_ms)
        elif terms.has_prompt:
            self.stage = Stage.ASKING
        else:
            self._await(Stage.LISTENING, now_ms)

    @property
    def due_ms(self) -> int | None:
        """When `tick` is to be called, None for not before something happens."""
        found = [due for due in (self._due_ms, self._total_due_ms) if due is not None]
        return None if self.stage is Stage.OVER or not found else min(found)

    def prompt_begins(self) -> list[Act]:
        """A prompt of this try is heard; when a key was faster, it is not wanted any more."""
        if self.stage is Stage.ASKING:
            self.stage = Stage.PROMPTING
        return [Silence(self.number)] if self.stage is Stage.COLLECTING else []

    def prompt_ends(self, now_ms: int) -> list[Act]:
        """All of it was heard, or broken off, or there was nothing to be heard."""
        if self.stage in (Stage.ASKING, Stage.PROMPTING):
            self._await(Stage.LISTENING, now_ms)
        return []

    def press(self, digit: str, now_ms: int) -> list[Act]:
        """A key is pressed."""
        if self.stage in (Stage.ASKING, Stage.OVER):
            return []
        acts: list[Act] = [Silence(self.number)] if self.stage is Stage.PROMPTING else []
        self._await(Stage.COLLECTING, now_ms)
        if digit != self.terms.terminator:
            self.digits += digit
            if len(self.digits) < self.terms.maximum:
                return acts
        return acts + self._judge()

    def tick(self, now_ms: int) -> list[Act]:
        """Time has passed."""
        if self.stage is Stage.OVER:
            return []
        if self._total_due_ms is not None and now_ms >= self._total_due_ms:
            return self._end(GatherStatus.VALID if self._is_valid else GatherStatus.TIMEOUT)
        if self._due_ms is None or now_ms < self._due_ms:
            return []
        return self._judge() if self.stage is Stage.COLLECTING else self._fail(GatherStatus.TIMEOUT)

    def cancel(self) -> list[Act]:
        """Whoever asked for it does not want it any more."""
        return self._stop(GatherStatus.CANCELLED)

    def hang_up(self) -> list[Act]:
        """The call is over."""
        return [] if self.stage is Stage.OVER else self._end(GatherStatus.CALL_HANGUP)

    def _stop(self, status: GatherStatus) -> list[Act]:
        if self.stage is Stage.OVER:
            return []
        is_prompting = self.stage in (Stage.ASKING, Stage.PROMPTING)
        return ([Silence(self.number)] if is_prompting else []) + self._end(status)

    @property
    def _is_valid(self) -> bool:
        terms = self.terms
        return terms.minimum <= len(self.digits) <= terms.maximum and set(self.digits) <= set(terms.valid)

    def _judge(self) -> list[Act]:
        return self._end(GatherStatus.VALID) if self._is_valid else self._fail(GatherStatus.INVALID)

    def _fail(self, status: GatherStatus) -> list[Act]:
        if self.number >= self.terms.tries or not self.terms.has_prompt:
            return self._end(status)
        self.number += 1
        self.digits = ""
        self.stage, self._due_ms = Stage.ASKING, None
        return [Prompt(self.number, status is GatherStatus.INVALID)]

    def _end(self, status: GatherStatus) -> list[Act]:
        self.stage, self._due_ms = Stage.OVER, None
        return [End(status, self.digits)]

    def _await(self, stage: Stage, now_ms: int) -> None:
        self.stage = stage
        self._due_ms = now_ms + (self.terms.digit_ms if stage is Stage.COLLECTING else self.terms.first_ms)
