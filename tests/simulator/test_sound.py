"""Sounds and their sources: voices, tones, clips, chains, timelines."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import tones, voice
from simulator.listen import compare, curve
from simulator.source import Chain, Clip, Quiet, Speech, Tone
from simulator.timeline import Relay, Timeline, mix


def script(text: str) -> tones.ToneScript:
    """A tone script that parses."""
    parsed = tones.parse(text)
    assert parsed is not None
    return parsed


class TestVoice:
    """Reproducible speech."""

    @given(st.integers(0, 2**32), st.integers(0, 60_000), st.integers(0, 3_000))
    def test_any_stretch_is_the_same_as_when_it_is_cut_out(self, seed: int, start: int, length: int) -> None:
        """Speech from the middle equals the middle of speech."""
        start, length = start // 20 * 20, length // 20 * 20
        whole = voice.speech(seed, start, length + 400)
        assert voice.speech(seed, start + 200, length) == whole[1600 : 1600 + 8 * length]

    def test_two_voices_are_told_apart(self) -> None:
        """The same voice matches itself and no other."""
        one, other = (curve(voice.speech(seed, 0, 6000)) for seed in (1, 2))
        assert compare(one, one).ok
        assert not compare(one, other).ok

    def test_loudness_says_how_loud_a_frame_is(self) -> None:
        """Close to what the samples say."""
        levels = curve(voice.speech(5, 0, 2000))
        said = [voice.loudness(5, at * 20) for at in range(100)]
        assert all(abs(a - b) <= 0.35 * max(a, b) + 40 for a, b in zip(levels, said, strict=True))

    def test_rates_change_the_samples_not_the_speech(self) -> None:
        """Twice the rate, twice the samples, the same rhythm."""
        assert len(voice.speech(1, 0, 1000, 16_000)) == 16_000


class TestTones:
    """Tone scripts."""

    @pytest.mark.parametrize(
        ("text", "cycle", "duration"),
        [
            ("%(200,100,440)", 300, 300),
            ("%(200,100,440);loops=3", 300, 900),
            ("%(1000,0,440);loops=-1", 1000, None),
            ("v=-10;%(100,0,350,440);%(100,50,480)", 250, 250),
        ],
    )
    def test_parse(self, text: str, cycle: int, duration: int | None) -> None:
        """Groups, loops, volume."""
        assert (script(text).cycle_ms, script(text).duration_ms) == (cycle, duration)

    def test_nothing_to_play(self) -> None:
        """Text without a group is no tone."""
        assert tones.parse("hello") is None

    @given(st.text(st.sampled_from("%(),;0123456789.-loopsv= "), max_size=40))
    def test_any_text_is_survived(self, text: str) -> None:
        """Tone scripts come from documents."""
        parsed = tones.parse(text)
        if parsed is not None:
            assert 0 <= parsed.cycle_ms <= tones.MAX_CYCLE_MS

    def test_gaps_are_silent(self) -> None:
        """On for 100 ms, off for 100 ms."""
        levels = curve(Tone(script("%(100,100,440);loops=2")).render(0, 400, 8000))
        assert [level > 500 for level in levels] == ([True] * 5 + [False] * 5) * 2
        assert Tone(script("%(100,100,440)")).level(150) == 0


class TestSources:
    """Clips, chains, silence."""

    def test_a_clip_ends_in_silence(self) -> None:
        """Beyond its end there is nothing, at any rate."""
        clip = Clip(array("h", [1000] * 800), 8000)
        assert clip.duration_ms == 100
        assert list(clip.render(80, 40, 8000)) == [1000] * 160 + [0] * 160
        assert list(clip.render(80, 40, 16_000)) == [1000] * 320 + [0] * 320
        assert (clip.level(0), clip.level(200)) == (1000, 0)

    def test_a_chain_plays_its_parts_in_order(self) -> None:
        """Across the border of two parts."""
        chain = Chain((Clip(array("h", [1] * 160), 8000), Clip(array("h", [2] * 160), 8000)))
        assert chain.duration_ms == 40
        assert list(chain.render(10, 40, 8000)) == [1] * 80 + [2] * 160 + [0] * 80
        assert Chain((Quiet(20), Quiet())).duration_ms is None
        assert chain.level(25) == 2

    def test_speech_of_a_length_ends(self) -> None:
        """After it, silence."""
        assert set(Speech(1, 0, 100).render(100, 100, 8000)) == {0}
        assert Speech(1, 0, 100).level(120) == 0


class TestTimeline:
    """Who made what sound when."""

    def test_sounds_are_mixed_where_they_overlap(self) -> None:
        """Two clips, one after a while."""
        timeline = Timeline()
        timeline.begin(Clip(array("h", [100] * 800), 8000), 0.0)
        timeline.begin(Clip(array("h", [11] * 800), 8000), 0.05)
        assert list(timeline.render(0.0, 200, 8000)) == [100] * 400 + [111] * 400 + [11] * 400 + [0] * 400

    def test_ended_early_is_cut(self) -> None:
        """`end` shortens, but never lengthens."""
        timeline = Timeline()
        sound = timeline.begin(Clip(array("h", [100] * 800), 8000), 0.0)
        timeline.end(sound, 0.04)
        timeline.end(sound, 9.0)
        assert sum(map(bool, timeline.render(0.0, 100, 8000))) == 320
        assert timeline.flows_at(0.03)
        assert not timeline.flows_at(0.05)

    def test_a_relay_carries_another_timeline(self) -> None:
        """What one leg says the other hears, at the same moment."""
        said, heard = Timeline(), Timeline()
        said.begin(Speech(3, 0, 1000), 1.0)
        heard.begin(Relay(said, 0.5), 0.5)
        assert heard.render(1.2, 400, 8000) == said.render(1.2, 400, 8000)
        assert heard.level_at(1.3) == said.level_at(1.3)

    @given(st.lists(st.integers(-40_000, 40_000), min_size=1, max_size=9))
    def test_mixing_stays_within_16_bits(self, values: list[int]) -> None:
        """Loud plus loud is clipped."""
        samples = array("h", [max(-32768, min(32767, value)) for value in values])
        assert all(-32768 <= value <= 32767 for value in mix(samples, samples))
