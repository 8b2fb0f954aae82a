"""Decides from levels of 20 ms when a recording has been silent as long as its request allows.

FreeSWITCH decides that itself as well, but counts speech only from an edge between silence and sound: who
speaks from the first frame has never spoken, and is cut off as no input. Here speech is sound, whenever it
begins.

| so far | then | decision |
|---|---|---|
| no speech | initial_ms of silence since the beginning | NO_INPUT |
| speech | final_ms of silence since its last sound | SPEECH_ENDED |

Time is that of the audio: a pause, which leaves no audio, takes none of it. Silence that is excused (written
for a mask) does not count and breaks nothing off; sound counts as speech even there.

Source: FreeSWITCH switch_ivr_async.c record_callback, is_silence_frame.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from enum import StrEnum

from recording.request import Silence

BLOCK_MS = 20

SPEECH_MS = 60
"""So much sound within WINDOW_MS is speech: a click or a switch takes 40 at most, the shortest word 100."""

WINDOW_MS = 160
"""A syllable. While sound that may yet become speech is this recent, a decision waits for it, but no longer
than this: a crackling line must end too."""

_ENOUGH = SPEECH_MS // BLOCK_MS
_WINDOW = WINDOW_MS // BLOCK_MS


class Heard(StrEnum):
    """What silence there was."""

    NO_INPUT = "no_input"
    SPEECH_ENDED = "speech_ended"


class SilenceRule:
    """The decision about one recording; once made it stays.

    Attributes: decision: None as long as there is none; at_ms: how much audio had been heard by then, or by
    now; spoken_until_ms: end of the last sound that was speech, 0 when nobody has spoken.
    """

    def __init__(self, silence: Silence) -> None:
        self._silence = silence
        self._recent: deque[bool] = deque(maxlen=_WINDOW)
        self._silent_ms = 0
        self.decision: Heard | None = None
        self.at_ms = 0
        self.spoken_until_ms = 0

    def feed(self, levels: Iterable[float], *, excused: bool = False) -> Heard | None:
        """Take the levels of more blocks, each the mean magnitude of the loudest channel."""
        for level in levels:
            if self.decision is not None:
                break
            self._feed(level >= self._silence.threshold, excused)
        return self.decision

    def _feed(self, sounds: bool, excused: bool) -> None:
        self.at_ms += BLOCK_MS
        self._recent.append(sounds)
        if sounds and sum(self._recent) >= _ENOUGH:
            self.spoken_until_ms = self.at_ms
            self._silent_ms = 0
        elif not excused:
            self._silent_ms += BLOCK_MS
            self._decide()

    def _decide(self) -> None:
        limit_ms = self._silence.final_ms if self.spoken_until_ms else self._silence.initial_ms
        if not limit_ms or self._silent_ms < limit_ms:
            return
        if self._may_become_speech() and self._silent_ms < limit_ms + WINDOW_MS:
            return
        self.decision = Heard.SPEECH_ENDED if self.spoken_until_ms else Heard.NO_INPUT

    def _may_become_speech(self) -> bool:
        """Whether there is sound in the window that came after the last speech."""
        since_speech = (self.at_ms - self.spoken_until_ms) // BLOCK_MS
        recent = list(self._recent)[-min(since_speech, _WINDOW) :]
        return any(recent)
