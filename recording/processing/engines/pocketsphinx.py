"""CMU PocketSphinx: small, offline, and in English, whose model comes with it. Extra: pocketsphinx.

Its endpointer finds where somebody speaks, its decoder makes words of that. Words only: no punctuation, no
capitals, and far from what people write down; enough to search for what a call was about.

Its model knows sound up to 6.8 kHz. Of a telephone there is nothing above 3.4 kHz, not even noise, which it
takes for sounds that it knows; faint noise all over makes half of such words right that were wrong.

What is expected is listened for by a grammar of its own. It is taken for what was said where it fits at least
as well as the best of everything that could have been said, in about as many words.

Source: pocketsphinx 5 (Endpointer, Decoder, get_model_path); JSpeech Grammar Format.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from pocketsphinx import Decoder, Endpointer

from recording.errors import Unprocessable
from recording.processing.engine import RATE_HZ, Utterance

MAX_UTTERANCE_BYTES = 30 * 2 * RATE_HZ
"""Half a minute. An utterance is decoded whole, since its loudness is judged by all of it (three words of ten
go wrong otherwise); who speaks on for longer is taken in pieces."""

MARGIN_BYTES = RATE_HZ * 2 * 6 // 10
"""0.6 s from where the endpointer has noticed speech: 0.3 s that it takes, and as much before."""


NOISE = 20.0
"""Standard deviation, of 32,767: of 5 to 100 that which served best."""

MAX_HINTS = 200

_WORDS = re.compile(r"[a-z']+(?: [a-z']+)*\Z")


class PocketSphinx:
    """See the module."""

    name = "pocketsphinx"

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the language of the model that comes with it."""
        return ("en-US",)

    def transcribe(self, audio: Iterable[bytes], language: str) -> list[Utterance]:
        """As TranscriptEngine has it."""
        return self.transcribe_expecting(audio, language, ())

    def transcribe_expecting(
        self, audio: Iterable[bytes], language: str, hints: Sequence[str]
    ) -> list[Utterance]:
        """As ExpectingEngine has it."""
        del language
        try:
            decoder = Decoder(samprate=RATE_HZ, loglevel="FATAL")
            return list(_utterances(decoder, _expecting(decoder, hints), audio))
        except (RuntimeError, ValueError) as exc:
            raise Unprocessable(f"pocketsphinx failed: {exc}") from exc


def _expecting(free: Decoder, hints: Sequence[str]) -> Decoder | None:
    """Return a decoder that hears nothing but hints, None where no hint has words that are known."""
    phrases = {" ".join(hint.lower().split()) for hint in hints[:MAX_HINTS]}
    known = sorted(
        phrase for phrase in phrases if _WORDS.match(phrase) and all(map(free.lookup_word, phrase.split()))
    )
    if not known:
        return None
    decoder = Decoder(samprate=RATE_HZ, loglevel="FATAL", lm=None)
    decoder.add_jsgf_string("hints", f"#JSGF V1.0; grammar hints; public <hint> = {' | '.join(known)};")
    decoder.activate_search("hints")
    return decoder


def _utterances(free: Decoder, expecting: Decoder | None, audio: Iterable[bytes]) -> Iterator[Utterance]:
    for from_ms, speech in _spoken(audio):
        noisy = _with_noise(speech)
        text, score = _heard(free, noisy)
        if expecting is not None:
            hint, hint_score = _heard(expecting, noisy)
            if hint and hint_score >= score and len(text.split()) <= len(hint.split()) + 1:
                text = hint
        if text:
            yield Utterance(from_ms, text)


def _heard(decoder: Decoder, speech: bytes) -> tuple[str, float]:
    decoder.start_utt()
    decoder.process_raw(speech, full_utt=True)
    decoder.end_utt()
    hypothesis = decoder.hyp()
    if hypothesis is None or not hypothesis.hypstr:
        return "", 0.0
    return hypothesis.hypstr, hypothesis.score


def _with_noise(speech: bytes) -> bytes:
    """Return speech with noise, always the same one."""
    samples = np.frombuffer(speech, "<i2")
    noise = np.random.default_rng(0).normal(0.0, NOISE, len(samples))
    return np.clip(samples + noise, -32_768, 32_767).astype("<i2").tobytes()


def _spoken(audio: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield where each utterance begins, in ms, and its samples, with what was around it.

    The endpointer is used for where only: it takes the first and last sounds of what it returns for silence.
    """
    endpointer = Endpointer(sample_rate=RATE_HZ)
    heard = bytearray()
    end_bytes = 0
    is_open = False
    for frame, is_last in _frames(audio, endpointer.frame_bytes):
        endpointer.end_stream(frame) if is_last else endpointer.process(frame)
        heard += frame
        end_bytes += len(frame)
        if not is_open:
            is_open = bool(endpointer.in_speech)
            del heard[: -MARGIN_BYTES - endpointer.frame_bytes]
        elif is_last or not endpointer.in_speech or len(heard) >= MAX_UTTERANCE_BYTES:
            yield (end_bytes - len(heard)) // 2 * 1000 // RATE_HZ, bytes(heard)
            heard.clear()
            is_open = bool(endpointer.in_speech)


def _frames(audio: Iterable[bytes], size: int) -> Iterator[tuple[bytes, bool]]:
    """Yield frames of one size, the last one shorter; and whether it is the last."""
    pending = b""
    for piece in audio:
        pending += piece
        at = 0
        while len(pending) - at > size:
            yield pending[at : at + size], False
            at += size
        pending = pending[at:]
    yield pending, True


ENGINE = PocketSphinx()
