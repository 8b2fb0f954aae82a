"""Silence is decided by what is heard, never early, and never much too late."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recording.request import Silence
from recording.silence import BLOCK_MS, SPEECH_MS, WINDOW_MS, Heard, SilenceRule

BOTH = Silence(initial_ms=1_000, final_ms=400, threshold=200)
INITIAL = Silence(initial_ms=1_000)
FINAL = Silence(final_ms=400)
SOUND, NOISE, NOTHING = 2_000.0, 90.0, 0.0


def _levels(*stretches: tuple[float, int]) -> list[float]:
    return [level for level, length_ms in stretches for _ in range(length_ms // BLOCK_MS)]


@pytest.mark.parametrize(
    ("silence", "stretches", "heard", "at_ms"),
    [
        (BOTH, [(NOTHING, 5_000)], Heard.NO_INPUT, 1_000),
        (BOTH, [(NOISE, 5_000)], Heard.NO_INPUT, 1_000),
        (BOTH, [(NOTHING, 980)], None, 980),
        (BOTH, [(SOUND, 600), (NOTHING, 5_000)], Heard.SPEECH_ENDED, 1_000),
        (BOTH, [(SOUND, 5_000)], None, 5_000),
        (BOTH, [(SOUND, 5_000), (NOISE, 5_000)], Heard.SPEECH_ENDED, 5_400),
        (BOTH, [(NOTHING, 500), (SOUND, 300), (NOTHING, 380), (SOUND, 300), (NOTHING, 380)], None, 1_860),
        (BOTH, [(NOTHING, 500), (SOUND, 300), (NOTHING, 5_000)], Heard.SPEECH_ENDED, 1_200),
        (BOTH, [(NOTHING, 500), (SOUND, 40), (NOTHING, 5_000)], Heard.NO_INPUT, 1_000),
        (BOTH, [(NOTHING, 500), (SOUND, 60), (NOTHING, 5_000)], Heard.SPEECH_ENDED, 960),
        (BOTH, [(NOTHING, 980), (SOUND, 500)], None, 1_480),
        (BOTH, [(NOTHING, 980), (SOUND, 20), (NOTHING, 500)], Heard.NO_INPUT, 1_160),
        (BOTH, [(SOUND, 600), (NOTHING, 200), (SOUND, 40), (NOTHING, 500)], Heard.SPEECH_ENDED, 1_000),
        (INITIAL, [(SOUND, 600), (NOTHING, 60_000)], None, 60_600),
        (INITIAL, [(NOTHING, 60_000)], Heard.NO_INPUT, 1_000),
        (FINAL, [(NOTHING, 60_000)], None, 60_000),
        (FINAL, [(NOTHING, 60_000), (SOUND, 60), (NOTHING, 400)], Heard.SPEECH_ENDED, 60_460),
        (Silence(), [(NOTHING, 9_000), (SOUND, 1_000), (NOTHING, 9_000)], None, 19_000),
        (Silence(initial_ms=1_000, threshold=60), [(NOISE, 2_000)], None, 2_000),
    ],
)
def test_decision(
    silence: Silence, stretches: list[tuple[float, int]], heard: Heard | None, at_ms: int
) -> None:
    """Nobody spoke, and speech ended, are told apart whenever it began; noise and clicks are no speech."""
    rule = SilenceRule(silence)
    assert rule.feed(_levels(*stretches)) is heard
    assert rule.at_ms == at_ms


def test_excused_silence_does_not_count() -> None:
    """Under a mask time stands still; what was silent before counts on afterwards."""
    rule = SilenceRule(BOTH)
    rule.feed(_levels((NOTHING, 600)))
    assert rule.feed(_levels((NOTHING, 30_000)), excused=True) is None
    assert rule.feed(_levels((NOTHING, 380))) is None
    assert rule.feed(_levels((NOTHING, 20))) is Heard.NO_INPUT


def test_sound_in_an_excused_stretch_is_speech() -> None:
    """What was written before the mask took hold, or after it, counts."""
    rule = SilenceRule(BOTH)
    rule.feed(_levels((SOUND, 100)), excused=True)
    assert rule.feed(_levels((NOTHING, 1_000))) is Heard.SPEECH_ENDED


def test_decision_stays() -> None:
    """What has been decided is not taken back by what comes afterwards."""
    rule = SilenceRule(BOTH)
    rule.feed(_levels((NOTHING, 1_000)))
    assert rule.feed(_levels((SOUND, 1_000))) is Heard.NO_INPUT
    assert rule.at_ms == 1_000


_STRETCHES = st.lists(
    st.tuples(st.sampled_from([SOUND, NOISE, NOTHING]), st.integers(1, 400), st.booleans()), max_size=20
)


@given(_STRETCHES, st.integers(0, 200), st.integers(0, 200))
@settings(deadline=None)
def test_never_early_and_not_late(
    stretches: list[tuple[float, int, bool]], initial_blocks: int, final_blocks: int
) -> None:
    """Up to a decision there was so much silence without speech, and no more than a syllable beyond."""
    silence = Silence(initial_blocks * BLOCK_MS, final_blocks * BLOCK_MS)
    rule = SilenceRule(silence)
    fed: list[tuple[bool, bool]] = []
    for level, blocks, excused in stretches:
        for _ in range(blocks):
            rule.feed([level], excused=excused)
            fed.append((level >= silence.threshold, excused))
            if rule.decision is not None:
                _check_decided(rule, silence, fed)
                return
            _check_undecided(silence, fed)


def _check_decided(rule: SilenceRule, silence: Silence, fed: list[tuple[bool, bool]]) -> None:
    spoke = _spoken_until(fed)
    limit_ms = silence.initial_ms if rule.decision is Heard.NO_INPUT else silence.final_ms
    assert bool(spoke) is (rule.decision is Heard.SPEECH_ENDED)
    assert limit_ms
    assert limit_ms <= _counted_ms(fed[spoke:]) <= limit_ms + WINDOW_MS


def _check_undecided(silence: Silence, fed: list[tuple[bool, bool]]) -> None:
    spoke = _spoken_until(fed)
    limit_ms = silence.final_ms if spoke else silence.initial_ms
    assert not limit_ms or _counted_ms(fed[spoke:]) < limit_ms + WINDOW_MS


def _counted_ms(fed: list[tuple[bool, bool]]) -> int:
    return sum(BLOCK_MS for _, excused in fed if not excused)


def _spoken_until(fed: list[tuple[bool, bool]]) -> int:
    """How many blocks there were up to the end of the last speech, told in another way than the rule's."""
    window, enough = WINDOW_MS // BLOCK_MS, SPEECH_MS // BLOCK_MS
    for end in range(len(fed), 0, -1):
        recent = fed[max(0, end - window) : end]
        if fed[end - 1][0] and sum(sounds for sounds, _ in recent) >= enough:
            return end
    return 0
