"""Decides from blocks of sound who answered: a human, a machine, a fax. Knows no call and no clock.

| heard so far | then | told |
|---|---|---|
| | a tone of FAX_MS at the frequency of the fax tone asked for | FAX, over |
| | any other tone of BEEP_MS | MACHINE, with a beep |
| nothing | nothing for `initial_ms` | UNKNOWN, over |
| voice | voice for `voice_ms` without a pause | MACHINE |
| voice | `words` words in one utterance | MACHINE |
| voice | silence for `end_silence_ms` | HUMAN, over |
| MACHINE | the end of its message is not asked for | over |
| MACHINE | its message goes on | NOT_READY |
| MACHINE | a beep, or silence for `ready_ms` | READY, over |
| | `timeout_ms` | UNKNOWN, unless it was MACHINE; over |

Where only a fax is looked for, voice and silence decide nothing; where no fax is, a fax tone is a beep.

A voice is what is louder than the line has been of late. A pause within a word has PAUSE_MS at most; less
than WORD_MS of sound is a click. While a tone sounds there is neither voice nor silence.
Source: SignalWire's SWML reference, detect_machine; ITU-T T.30 section 4 (fax tones).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from swml.sound_block import BIN_HZ, BLOCK_MS, Block

WORD_MS = 80
"""The shortest word: a clipped "yes" has twice as much."""

PAUSE_MS = 60
"""Between words; the stop of a consonant within one is shorter."""

BREATH_MS = 200
"""A pause up to here interrupts no voice: people and machines breathe."""

BEEP_MS = 160
FAX_MS = 340
"""CNG lasts 500 ms, give or take 15 %, CED three seconds."""

MIN_BEEP_HZ, MAX_BEEP_HZ = 350, 2_500

PURE = 0.94
"""Of the power of a tone so much is at its frequency, noise of the line and G.711 allowed for."""

LEAST_LEVEL, MOST_LEVEL = 150.0, 600.0
"""Whatever the noise, the softest sound that is a voice is between these; FreeSWITCH itself takes 200."""

OVER_NOISE = 3.0
NOISE_MS = 3_000
DIGITAL_SILENCE = 5.0
"""The line's noise is the softest of so much, but for what no line carries."""


class Fax(StrEnum):
    """The tones of fax machines: the one that answers, the one that calls."""

    CED = "CED"
    CNG = "CNG"

    @property
    def frequency_hz(self) -> int:
        """Source: ITU-T T.30 section 4."""
        return 2_100 if self is Fax.CED else 1_100


class Verdict(StrEnum):
    """Who it is."""

    HUMAN = "HUMAN"
    MACHINE = "MACHINE"
    FAX = "FAX"
    UNKNOWN = "UNKNOWN"


class Told(StrEnum):
    """What is told on the way, in the order it came about."""

    HUMAN = "HUMAN"
    MACHINE = "MACHINE"
    FAX = "FAX"
    UNKNOWN = "UNKNOWN"
    NOT_READY = "NOT_READY"
    READY = "READY"


@dataclass(frozen=True, slots=True)
class Terms:
    """What decides. Attributes: see the table; fax: the tone to look for, None for none; for_voice: whether
    humans and machines are told apart; to_the_end: whether a machine's message is waited for.
    """

    for_voice: bool = True
    fax: Fax | None = Fax.CED
    initial_ms: float = 4_500
    end_silence_ms: float = 1_000
    ready_ms: float = 1_000
    voice_ms: float = 1_250
    words: int = 6
    timeout_ms: float = 30_000
    to_the_end: bool = False


class MachineDetector:
    """One detection.

    Attributes: verdict: None as long as there is none; has_beeped: a beep was heard; is_over: nothing more
    will change; heard_ms: how much was listened to.
    """

    def __init__(self, terms: Terms) -> None:
        self.verdict: Verdict | None = None
        self.has_beeped = False
        self.is_over = False
        self.heard_ms = 0
        self._terms = terms
        self._tone = _Tone()
        self._voice = _Voice()
        self._noise: deque[float] = deque(maxlen=NOISE_MS // BLOCK_MS)

    def feed(self, blocks: Iterable[Block]) -> list[Told]:
        """Take more blocks, in order, and return what is to be told; nothing once it is over."""
        told: list[Told] = []
        for block in blocks:
            if self.is_over:
                break
            told += self._feed(block)
        return told

    def expire(self) -> list[Told]:
        """Time is up, or the call is: decide on what there is."""
        if self.is_over:
            return []
        self.is_over = True
        return [] if self.verdict else self._decide(Verdict.UNKNOWN)

    # -- one block ------------------------------------------------------------------------------------

    def _feed(self, block: Block) -> list[Told]:
        terms = self._terms
        self.heard_ms += BLOCK_MS
        if block.level >= DIGITAL_SILENCE:
            self._noise.append(block.level)
        least = min(max(OVER_NOISE * min(self._noise, default=0.0), LEAST_LEVEL), MOST_LEVEL)
        sounds = block.level >= least
        tone_ms = self._tone.feed(block, sounds=sounds)
        if tone_ms >= BEEP_MS:
            told = self._hear_tone(tone_ms)
        else:
            self._voice.feed(sounds=sounds)
            told = self._weigh() if terms.for_voice else []
        if not self.is_over and self.heard_ms >= terms.timeout_ms:
            told += self.expire()
        return told

    def _hear_tone(self, tone_ms: int) -> list[Told]:
        """A tone sounds, and has for so long."""
        fax, frequency_hz = self._terms.fax, self._tone.frequency_hz
        if fax is not None and abs(frequency_hz - fax.frequency_hz) <= BIN_HZ:
            return self._decide(Verdict.FAX) if tone_ms >= FAX_MS else []
        if not self._terms.for_voice or not MIN_BEEP_HZ <= frequency_hz <= MAX_BEEP_HZ or self.has_beeped:
            return []
        self.has_beeped = True
        told = [] if self.verdict else self._decide(Verdict.MACHINE)
        return told + self._ready()

    def _weigh(self) -> list[Told]:
        """Decide on voice and silence, where that can be."""
        terms, voice = self._terms, self._voice
        if self.verdict is Verdict.MACHINE:
            return self._ready() if voice.silent_ms >= terms.ready_ms else []
        if not voice.words:
            return self._decide(Verdict.UNKNOWN) if self.heard_ms >= terms.initial_ms else []
        if voice.ongoing_ms >= terms.voice_ms or voice.words >= terms.words:
            return self._decide(Verdict.MACHINE)
        if voice.silent_ms >= terms.end_silence_ms:
            return self._decide(Verdict.HUMAN)
        return []

    def _decide(self, verdict: Verdict) -> list[Told]:
        self.verdict = verdict
        told = [Told(verdict.value)]
        if verdict is Verdict.MACHINE and self._terms.to_the_end:
            return told if self.has_beeped else [*told, Told.NOT_READY]
        self.is_over = True
        return told

    def _ready(self) -> list[Told]:
        if self.is_over:
            return []
        self.is_over = True
        return [Told.READY]


class _Tone:
    """Follows one tone. Attributes: frequency_hz: where it began."""

    def __init__(self) -> None:
        self.frequency_hz = 0
        self._length_ms = 0
        self._has_dropped = False

    def feed(self, block: Block, *, sounds: bool) -> int:
        """Return for how long a tone has sounded, 0 while none does.

        One block that does not fit is forgiven: the phase of CED is reversed now and then (ITU-T V.25).
        """
        is_pure = sounds and block.purity >= PURE
        if is_pure and self._length_ms and abs(block.peak_hz - self.frequency_hz) <= BIN_HZ:
            self._length_ms += BLOCK_MS
            self._has_dropped = False
        elif self._length_ms >= BEEP_MS and sounds and not self._has_dropped:
            self._length_ms += BLOCK_MS
            self._has_dropped = True
        elif is_pure:
            self.frequency_hz, self._length_ms, self._has_dropped = block.peak_hz, BLOCK_MS, False
        else:
            self._length_ms = 0
        return self._length_ms


class _Voice:
    """Counts voice and silence.

    Attributes: words: 0 as long as nobody has spoken; ongoing_ms: since a pause longer than a breath;
    silent_ms: since the last sound of a word.
    """

    def __init__(self) -> None:
        self.words = 0
        self.ongoing_ms = 0
        self.silent_ms = 0
        self._word_ms = 0
        self._pause_ms = 0

    def feed(self, *, sounds: bool) -> None:
        """Take one block that is no tone."""
        self.silent_ms += BLOCK_MS
        if not sounds:
            self._pause_ms += BLOCK_MS
            if self._pause_ms > BREATH_MS:
                self.ongoing_ms = 0
            return
        self._word_ms = self._word_ms + BLOCK_MS if self._pause_ms <= PAUSE_MS else BLOCK_MS
        self.ongoing_ms += BLOCK_MS + (self._pause_ms if self.ongoing_ms else 0)
        self._pause_ms = 0
        if self._word_ms >= WORD_MS:
            self.words += self._word_ms == WORD_MS
            self.silent_ms = 0
