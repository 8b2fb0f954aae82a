"""Who answered is told from what is said: humans, machines, faxes, nobody; within the time allowed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from calls.g711 import Codec
from simulator.voice import speech
from swml.machine import Fax, MachineDetector, Terms, Told, Verdict
from swml.sound_block import BLOCK_MS, RATE_HZ, Block, Blocks

Sound = NDArray[np.int16]

NOISE = np.random.default_rng(1)


def quiet(seconds: float, noise: float = 20.0) -> Sound:
    """The noise of a line."""
    return NOISE.normal(0, noise, int(seconds * RATE_HZ)).astype(np.int16)


def tone(hz: float, seconds: float, amplitude: float = 8_000.0, *, warble: float = 0.0) -> Sound:
    """One frequency; `warble`: of its amplitude, 15 times a second, with phase reversals: ANSam."""
    at = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    wave = np.sin(2 * np.pi * hz * at) * (1 + warble * np.sin(2 * np.pi * 15 * at))
    if warble:
        wave *= np.where((at / 0.45).astype(int) % 2, -1, 1)
    return (amplitude * wave + NOISE.normal(0, 20, len(at))).astype(np.int16)


def word(seconds: float = 0.3, seed: int = 7) -> Sound:
    """One word: voiced, with a rise and a fall."""
    at = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    pitch = 110 + 20 * seed % 90 + 15 * np.sin(2 * np.pi * 3 * at)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE_HZ
    wave = sum(np.sin(number * phase) / (0.5 + abs(number - 4)) for number in range(1, 14))
    shape = np.minimum(1, np.minimum(at, at[::-1]) / 0.03)
    return (3_000 * wave * shape).astype(np.int16)


def words(count: int, seconds: float = 0.25, pause: float = 0.12) -> Sound:
    """Words with pauses, which a breath does not have."""
    return np.concatenate([part for n in range(count) for part in (word(seconds, n), quiet(pause))])


def talk(seconds: float, seed: int = 3) -> Sound:
    """Somebody who goes on and on."""
    return np.array(speech(seed, 0, int(seconds * 1000)), np.int16)


def law(sound: Sound) -> Sound:
    """As it is after mu-law: what a telephone line leaves of it."""
    from calls.g711 import encode

    octets = ~np.frombuffer(encode(sound, Codec.PCMU), np.uint8)
    magnitude = (((octets & 0x0F).astype(np.int32) << 3) + 0x84 << (octets >> 4 & 7)) - 0x84
    return np.where(octets & 0x80, -magnitude, magnitude).astype(np.int16)


def detect(*parts: Sound, **terms: Any) -> tuple[list[Told], MachineDetector]:
    """Listen to parts one after the other, and to nothing after them."""
    detector = MachineDetector(Terms(**terms))
    told = detector.feed(Blocks().cut(law(np.concatenate(parts))))
    return told, detector


HELLO = word(0.4)


@pytest.mark.parametrize("noise", [0.0, 20.0, 150.0])
def test_human(noise: float) -> None:
    """A short greeting, then silence in which an answer is expected."""
    told, detector = detect(quiet(0.8, noise), HELLO, quiet(1.3, noise))
    assert told == [Told.HUMAN]
    assert detector.verdict is Verdict.HUMAN
    assert detector.heard_ms == pytest.approx(2_200, abs=100)
    assert detector.is_over


def test_human_with_a_name() -> None:
    """Two words and a name are no machine yet."""
    assert detect(quiet(0.5), words(3, 0.3, 0.25), quiet(1.2))[0] == [Told.HUMAN]


def test_machine_by_a_voice_that_goes_on() -> None:
    """Longer than people talk before they wait."""
    told, detector = detect(quiet(0.5), talk(8))
    assert told == [Told.MACHINE]
    assert detector.heard_ms <= 3_500
    assert not detector.has_beeped


def test_machine_by_its_words() -> None:
    """Six words in one breath after the other, each pause longer than a breath."""
    assert detect(quiet(0.5), words(6, 0.2, 0.3), quiet(2))[0] == [Told.MACHINE]
    assert detect(quiet(0.5), words(5, 0.2, 0.3), quiet(2))[0] == [Told.HUMAN]


def test_speech_from_the_first_block() -> None:
    """Who speaks at once is heard all the same."""
    assert detect(talk(4))[0] == [Told.MACHINE]
    assert detect(HELLO, quiet(1.2))[0] == [Told.HUMAN]


def test_nobody_says_anything() -> None:
    """Silence for as long as one waits for it."""
    told, detector = detect(quiet(6))
    assert told == [Told.UNKNOWN]
    assert detector.heard_ms == 4_500


def test_clicks_are_no_words() -> None:
    """A crackling line is nobody."""
    click = np.array([9_000, -9_000] * 80, np.int16)
    assert detect(*[quiet(0.5), click] * 10)[0] == [Told.UNKNOWN]


@pytest.mark.parametrize("hz", [440, 800, 1_000, 1_400])
@pytest.mark.parametrize("seconds", [0.2, 0.6])
def test_beep_is_a_machine_that_is_ready(hz: int, seconds: float) -> None:
    """A message, a beep: told as both, and over."""
    told, detector = detect(quiet(0.5), talk(5), quiet(0.3), tone(hz, seconds), to_the_end=True)
    assert told == [Told.MACHINE, Told.NOT_READY, Told.READY]
    assert detector.has_beeped
    assert detector.is_over


def test_beep_alone_is_a_machine() -> None:
    """Some have no greeting."""
    told, detector = detect(quiet(0.6), tone(1_000, 0.4), quiet(1))
    assert told == [Told.MACHINE]
    assert detector.has_beeped
    assert detect(quiet(0.6), tone(1_000, 0.4), to_the_end=True)[0] == [Told.MACHINE, Told.READY]


def test_message_that_ends_without_a_beep() -> None:
    """Silence after it is its end."""
    told, detector = detect(quiet(0.5), talk(5), quiet(2), to_the_end=True)
    assert told == [Told.MACHINE, Told.NOT_READY, Told.READY]
    assert not detector.has_beeped


def test_message_that_does_not_end() -> None:
    """Time is up: it is a machine, and never was ready."""
    told, detector = detect(talk(12), to_the_end=True, ready_ms=3_000, timeout_ms=10_000)
    assert told == [Told.MACHINE, Told.NOT_READY]
    assert detector.verdict is Verdict.MACHINE
    assert detector.is_over
    assert detector.heard_ms == 10_000


@pytest.mark.parametrize("warble", [0.0, 0.2])
def test_fax_that_answers(warble: float) -> None:
    """CED, and its newer form with reversals of phase."""
    told, detector = detect(quiet(1.8), tone(2_100, 3, warble=warble))
    assert told == [Told.FAX]
    assert not detector.has_beeped
    assert detector.heard_ms <= 2_300


def test_fax_that_calls() -> None:
    """CNG: half a second in every three and a half."""
    told, _ = detect(quiet(2), tone(1_100, 0.5), quiet(3), fax=Fax.CNG)
    assert told == [Told.FAX]


def test_the_other_fax_tone_is_a_machine() -> None:
    """It is a tone, and no human."""
    assert detect(quiet(1), tone(1_100, 0.5), fax=Fax.CED)[0] == [Told.MACHINE]
    assert detect(quiet(1), tone(2_100, 3), fax=None)[0] == [Told.MACHINE]


def test_fax_alone_is_looked_for() -> None:
    """Voices and silence decide nothing then; only time does."""
    told, detector = detect(quiet(5), talk(6), tone(900, 1), quiet(20), for_voice=False)
    assert told == [Told.UNKNOWN]
    assert detector.heard_ms == 30_000
    assert detect(talk(3), quiet(4), tone(2_100, 2), for_voice=False)[0] == [Told.FAX]


def test_people_are_no_tones() -> None:
    """No voice of the simulator's choir beeps, for a minute each."""
    for seed in range(8):
        assert not detect(talk(60, seed), to_the_end=True, ready_ms=60_000, timeout_ms=60_000)[1].has_beeped


def test_zero_everywhere() -> None:
    """Limits of nothing are reached at once."""
    assert detect(quiet(1), timeout_ms=0)[0] == [Told.UNKNOWN]
    assert detect(quiet(1), initial_ms=0)[0] == [Told.UNKNOWN]
    assert detect(HELLO, quiet(1), words=0, initial_ms=4_000)[0] == [Told.MACHINE]
    assert detect(HELLO, quiet(1), end_silence_ms=0)[0] == [Told.HUMAN]


def test_time_is_up_before_anything_was_heard() -> None:
    """A verdict is there all the same, once."""
    detector = MachineDetector(Terms())
    assert detector.expire() == [Told.UNKNOWN]
    assert detector.expire() == []
    assert detector.feed([Block(5_000.0)] * 100) == []
    assert detector.verdict is Verdict.UNKNOWN


_BLOCKS = st.builds(
    Block,
    level=st.floats(0, 32_767),
    peak_hz=st.sampled_from([0, 400, 1_100, 2_100, 3_950]),
    purity=st.sampled_from([0.0, 0.5, 0.95, 1.0]),
)
_TERMS = st.builds(
    Terms,
    for_voice=st.booleans(),
    fax=st.sampled_from([None, *Fax]),
    initial_ms=st.floats(0, 3_000),
    end_silence_ms=st.floats(0, 2_000),
    ready_ms=st.floats(0, 2_000),
    voice_ms=st.floats(0, 3_000),
    words=st.integers(0, 9),
    timeout_ms=st.floats(0, 6_000),
    to_the_end=st.booleans(),
)


@given(
    terms=_TERMS, runs=st.lists(st.tuples(_BLOCKS, st.integers(1, 60)), max_size=30), cut=st.integers(1, 50)
)
def test_whatever_is_heard_there_is_one_verdict_in_time(
    terms: Terms, runs: list[tuple[Block, int]], cut: int
) -> None:
    """Nothing raises; it is over by the timeout; the verdict is among what was told, at most once each."""
    blocks = [block for block, count in runs for _ in range(count)]
    blocks += [Block(0.0)] * 301
    detector, told = MachineDetector(terms), []
    for at in range(0, len(blocks), cut):
        told += detector.feed(blocks[at : at + cut])
    assert detector.is_over
    assert detector.heard_ms <= max(BLOCK_MS, terms.timeout_ms + BLOCK_MS)
    assert detector.verdict is not None
    assert [one.value for one in told].count(detector.verdict.value) == 1
    assert len(set(told)) == len(told)
    assert detector.feed(blocks) == []
    assert (Told.READY in told) <= (Told.MACHINE in told and terms.to_the_end)


@given(cuts=st.lists(st.integers(1, 4_000), min_size=1, max_size=20))
def test_lengths_do_not_matter(cuts: list[int]) -> None:
    """In whatever pieces sound comes, its blocks are the same."""
    sound = np.concatenate((word(0.3), tone(1_000, 0.2)))
    whole = Blocks().cut(sound)
    blocks, found, at = Blocks(), [], 0
    for cut in [*cuts, len(sound)]:
        found += blocks.cut(sound[at : at + cut])
        at += cut
    assert found == whole
    assert len(whole) == len(sound) // 160
