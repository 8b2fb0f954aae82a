"""Hears what a caller says to a prompt, from the first sound to the silence after it.

Somebody speaks when there is sound, by the rule that ends recordings (recording.silence), and has spoken when
it has been silent for so long. What was said is kept from a little before it began.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import gevent
import numpy as np

from calls.call import Call
from calls.capture import Capture
from calls.errors import CallError
from calls.growing_audio import NOTHING, Samples
from esl.errors import EslError
from recording.request import Silence
from recording.silence import BLOCK_MS, SilenceRule

RATE_HZ = 16_000
"""Engines want so much; a call with less is brought up by FreeSWITCH."""

LOOK_S = 0.1

MARGIN_MS = 400
"""Kept of what came before: the beginning of a word is soft."""

_BLOCK = RATE_HZ * BLOCK_MS // 1000


@dataclass(frozen=True, slots=True)
class SpeechTerms:
    """How long. Attributes: end_ms: the silence that ends it; limit_ms: of all that is said."""

    end_ms: int
    limit_ms: int


class Utterance:
    """One utterance, as it comes in. Does no IO.

    Attributes: has_begun, is_ended: whether somebody speaks, and has spoken.
    """

    def __init__(self, terms: SpeechTerms) -> None:
        self.has_begun = False
        self.is_ended = False
        self._rule = SilenceRule(Silence(final_ms=terms.end_ms or BLOCK_MS))
        self._limit_ms = terms.limit_ms
        self._rest: Samples = NOTHING
        self._kept: deque[Samples] = deque(maxlen=MARGIN_MS // BLOCK_MS)
        self._said: list[Samples] = []

    def feed(self, samples: Samples) -> None:
        """Take more sound, of RATE_HZ, any length."""
        sound = np.concatenate((self._rest, samples))
        whole = len(sound) // _BLOCK * _BLOCK
        self._rest = sound[whole:]
        for block in sound[:whole].reshape(-1, _BLOCK):
            if self.is_ended:
                break
            self._feed(block)

    def sound(self) -> Samples:
        """Return what was said so far."""
        return np.concatenate(self._said) if self._said else NOTHING

    def _feed(self, block: Samples) -> None:
        self._rule.feed([float(np.abs(block.astype(np.int32)).mean())])
        if self.has_begun:
            self._said.append(block)
        else:
            self._kept.append(block)
            if self._rule.spoken_until_ms:
                self.has_begun = True
                self._said.extend(self._kept)
        is_long = len(self._said) * BLOCK_MS >= self._limit_ms
        self.is_ended = self.has_begun and (is_long or self._rule.decision is not None)


class SpeechInput:
    """Listens to the caller beside whatever else goes on, from `begin` to `end`.

    Attributes: utterance; failed: why nobody listens any more, "" as long as somebody does.
    """

    def __init__(self, call: Call, capture: Capture, terms: SpeechTerms) -> None:
        self.utterance = Utterance(terms)
        self.failed = ""
        self._call = call
        self._capture = capture
        self._greenlet: gevent.Greenlet | None = None

    @property
    def has_begun(self) -> bool:
        """Whether the caller speaks, or has spoken."""
        return self.utterance.has_begun

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to wait for."""
        return self.utterance.is_ended or bool(self.failed)

    def begin(self) -> None:
        """Listen from now on. When somebody speaks, what is playing is broken off."""
        self._greenlet = gevent.spawn(self._listen)

    def end(self) -> None:
        """Listen no longer."""
        if self._greenlet is not None:
            self._greenlet.kill(block=False)

    def _listen(self) -> None:
        try:
            while not self.utterance.is_ended and not self._capture.is_over:
                gevent.sleep(LOOK_S)
                self._capture.keep()
                had_begun = self.utterance.has_begun
                gevent.get_hub().threadpool.apply(self._look)
                if self.utterance.has_begun and not had_begun:
                    self._call.submit_api("uuid_break", f"{self._call.uuid} all")
                    self._call.wake()
        except (CallError, EslError) as exc:
            self.failed = str(exc)
        if not self.utterance.is_ended:
            self.failed = self.failed or self._capture.failed or "the call is over"
        self._call.wake()

    def _look(self) -> None:
        self.utterance.feed(self._capture.read())
