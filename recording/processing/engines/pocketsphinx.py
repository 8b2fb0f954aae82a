"""CMU PocketSphinx: small, offline, and in English, whose model comes with it. Extra: pocketsphinx.

Its endpointer finds where somebody speaks, its decoder makes words of that. Words only: no punctuation, no
capitals, and far from what people write down; enough to search for what a call was about.

Source: pocketsphinx 5 (Endpointer, Decoder, get_model_path).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pocketsphinx import Decoder, Endpointer

from recording.errors import Unprocessable
from recording.processing.engine import RATE_HZ, Utterance

MAX_UTTERANCE_BYTES = 30 * 2 * RATE_HZ
"""Half a minute. An utterance is decoded whole, since its loudness is judged by all of it (three words of ten
go wrong otherwise); who speaks on for longer is taken in pieces."""

MARGIN_BYTES = RATE_HZ * 2 * 6 // 10
"""0.6 s from where the endpointer has noticed speech: 0.3 s that it takes, and as much before."""


class PocketSphinx:
    """See the module."""

    name = "pocketsphinx"

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the language of the model that comes with it."""
        return ("en-US",)

    def transcribe(self, audio: Iterable[bytes], language: str) -> list[Utterance]:
        """As TranscriptEngine has it."""
        del language
        try:
            decoder = Decoder(samprate=RATE_HZ, loglevel="FATAL")
            return list(_utterances(decoder, audio))
        except (RuntimeError, ValueError) as exc:
            raise Unprocessable(f"pocketsphinx failed: {exc}") from exc


def _utterances(decoder: Decoder, audio: Iterable[bytes]) -> Iterator[Utterance]:
    for from_ms, speech in _spoken(audio):
        decoder.start_utt()
        decoder.process_raw(speech, full_utt=True)
        decoder.end_utt()
        hypothesis = decoder.hyp()
        if hypothesis is not None and hypothesis.hypstr:
            yield Utterance(from_ms, hypothesis.hypstr)


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
