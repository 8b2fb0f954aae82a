"""What is delivered is made of what was captured: whole, once, and not at all where nothing is to do."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calls import wav
from recording.block_shape import Samples
from recording.decoding import Decoding
from recording.errors import Interrupted, Unprocessable
from recording.probe import Findings, examine
from recording.processing.job import Job, Trimmed
from recording.processing.making import make
from recording.processing.stream import in_channels
from recording.request import AudioFormat, RecordingRequest
from tests.recording import voices
from tests.recording.samples import MP3, WAV
from tests.recording.samples import write_mp3 as tone_mp3
from tests.recording.voices import noise, row, silence, voice

MP4 = RecordingRequest(format=AudioFormat.MP4, time_limit_s=30)
TRIMMED = replace(WAV, trim_silence=True)


def _made(job: Job, **more: object) -> object:
    return make(job, _findings(job), **more)  # type: ignore[arg-type]


def _findings(job: Job) -> list[Findings]:
    return [examine(path, AudioFormat(path.suffix[1:])) for path in job.segments]


def _read(path: Path) -> Samples:
    return np.concatenate(list(Decoding(path).blocks()), axis=1)


def _job(tmp_path: Path, request: RecordingRequest, *segments: Path, **more: object) -> Job:
    return Job(segments, request, tmp_path / f"product.{request.format}", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("request_", [WAV, MP3])
def test_nothing_to_do_touches_nothing(tmp_path: Path, request_: RecordingRequest) -> None:
    """One segment in the format asked for is left alone, to the byte."""
    if request_ is WAV:
        path = voices.write(tmp_path / "a.wav", voice(2), voice(2, seed=2))
    else:
        path = tone_mp3(tmp_path / "a.mp3", 2.0)
    before = (hashlib.sha256(path.read_bytes()).digest(), path.stat().st_mtime_ns)
    assert _made(_job(tmp_path, request_, path)) is None
    assert (hashlib.sha256(path.read_bytes()).digest(), path.stat().st_mtime_ns) == before
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 44_100, 48_000])
@pytest.mark.parametrize("sides", [1, 2])
def test_mp4_is_audio_that_plays_at_once(tmp_path: Path, rate_hz: int, sides: int) -> None:
    """An MP4 has AAC of the same rate, sides and length, and its index in front."""
    captured = voices.write(
        tmp_path / "a.wav", *[voice(2, rate_hz, seed=one) for one in range(sides)], rate_hz=rate_hz
    )
    made = make(job := _job(tmp_path, MP4, captured, title="Ada", software="callflows"), _findings(job))
    assert made is not None
    with av.open(str(made.path)) as container:
        stream = container.streams.audio[0]
        assert (len(container.streams), stream.codec_context.name) == (1, "aac")
        assert (container.metadata["title"], container.metadata["comment"]) == ("Ada", "callflows")
    content = made.path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    found = examine(made.path, AudioFormat.MP4)
    assert (found.channels, found.sample_rate_hz, found.silent, found.faults) == (sides, rate_hz, (), ())
    assert abs(found.duration_ms - 2_000) <= 150
    assert made.duration_ms == 2_000


def test_mp3_of_a_wav(tmp_path: Path) -> None:
    """What is trimmed or joined becomes an MP3 with tags, as long as what went in."""
    captured = voices.write(tmp_path / "a.wav", voice(3, 16_000), voice(3, 16_000, seed=2), rate_hz=16_000)
    request = replace(MP3, trim_silence=True)
    made = make(job := _job(tmp_path, request, captured, title="Ada", software="callflows"), _findings(job))
    assert made is not None
    found = examine(made.path, AudioFormat.MP3)
    assert (found.channels, found.sample_rate_hz, found.faults) == (2, 16_000, ())
    assert abs(found.duration_ms - 3_000) <= 100
    with av.open(str(made.path)) as container:
        assert (container.metadata["title"], container.metadata["encoded_by"]) == ("Ada", "callflows")
        assert container.bit_rate < 80_000


def test_segments_become_one(tmp_path: Path) -> None:
    """Two segments of one shape are one, sample by sample."""
    one = voices.write(tmp_path / "1.wav", voice(1.5), voice(1.5, seed=2))
    two = voices.write(tmp_path / "2.wav", voice(2.0, seed=3), voice(2.0, seed=4))
    made = make(job := _job(tmp_path, WAV, one, two), _findings(job))
    assert made is not None
    assert (made.duration_ms, made.faults) == (3_500, ())
    assert np.array_equal(_read(made.path), np.concatenate((_read(one), _read(two)), axis=1))
    assert wav.read_layout(made.path).faults() == ()


def test_gap_is_silence_where_asked_for(tmp_path: Path) -> None:
    """A gap has its length in zeros; without one the segments follow at once."""
    one = voices.write(tmp_path / "1.wav", voice(1))
    two = voices.write(tmp_path / "2.wav", voice(1, seed=2))
    made = make(job := _job(tmp_path, WAV, one, two, one, gaps_ms=(1_500,)), _findings(job))
    assert made is not None
    audio = _read(made.path)[0]
    assert len(audio) == 4_500 * 8
    assert not audio[8_000:20_000].any()
    assert np.array_equal(audio[20_000:28_000], _read(two)[0])


def test_segments_of_different_shapes(tmp_path: Path) -> None:
    """The highest rate and the layout of the first; each voice stays where it was and as loud."""
    stereo = voices.write(tmp_path / "1.wav", voice(2, seed=1), silence(2))
    mono = voices.write(tmp_path / "2.wav", voice(2, 16_000, seed=2), rate_hz=16_000)
    made = make(job := _job(tmp_path, WAV, stereo, mono), _findings(job))
    assert made is not None
    found = examine(made.path, AudioFormat.WAV)
    assert (found.channels, found.sample_rate_hz, found.duration_ms) == (2, 16_000, 4_000)
    audio = _read(made.path)
    assert not audio[1][:31_000].any()
    assert np.array_equal(audio[0][32_000:], audio[1][32_000:])
    assert np.array_equal(audio[0][32_000:], _read(mono)[0])
    made = make(job := _job(tmp_path, WAV, mono, stereo), _findings(job))
    assert made is not None
    assert len(_read(made.path)) == 1


def test_mp3_segments_are_joined(tmp_path: Path) -> None:
    """What FreeSWITCH encoded is decoded, joined and encoded."""
    one, two = tone_mp3(tmp_path / "1.mp3", 1.5), tone_mp3(tmp_path / "2.mp3", 2.5)
    made = make(job := _job(tmp_path, MP3, one, two), _findings(job))
    assert made is not None
    assert abs(examine(made.path, AudioFormat.MP3).duration_ms - 4_000) <= 300


def test_segment_without_audio_is_left_out_and_told(tmp_path: Path) -> None:
    """A segment that cannot be read costs nothing but itself."""
    good = voices.write(tmp_path / "1.wav", voice(2))
    bad = tmp_path / "2.wav"
    bad.write_bytes(b"hello, I am a text" * 50)
    made = make(job := _job(tmp_path, WAV, good, bad), _findings(job))
    assert made is not None
    assert made.duration_ms == 2_000
    assert made.faults[0].startswith("segment 2: it cannot be decoded")


@pytest.mark.parametrize("segments", [1, 2])
def test_silence_is_trimmed_at_both_ends(tmp_path: Path, segments: int) -> None:
    """Line noise before the first word and after the last goes, but for a margin; pauses within stay."""
    left = row(noise(3), voice(2), noise(4), voice(1), noise(2))
    right = row(noise(4), voice(1), noise(7))
    if segments == 1:
        parts = [voices.write(tmp_path / "1.wav", left, right)]
    else:
        parts = [
            voices.write(tmp_path / "1.wav", left[:40_000], right[:40_000]),
            voices.write(tmp_path / "2.wav", left[40_000:], right[40_000:]),
        ]
    made = make(job := _job(tmp_path, TRIMMED, *parts), _findings(job))
    assert made is not None
    assert abs(made.trimmed.head_ms - 2_700) <= 60
    assert abs(made.trimmed.tail_ms - 1_700) <= 100
    assert made.duration_ms == 12_000 - made.trimmed.head_ms - made.trimmed.tail_ms
    kept = slice(made.trimmed.head_ms * 8, 96_000 - made.trimmed.tail_ms * 8)
    assert np.array_equal(_read(made.path), np.stack((left[kept], right[kept])))


@pytest.mark.parametrize(
    "sides",
    [(noise(5),), (silence(5), silence(5)), (row(noise(0.4), voice(3), noise(0.4)),), (voice(3), noise(3))],
)
def test_nothing_to_trim_touches_nothing(tmp_path: Path, sides: tuple[voices.Voice, ...]) -> None:
    """Silence alone stays whole, and a blink at the ends is not worth the cut."""
    path = voices.write(tmp_path / "a.wav", *sides)
    assert _made(_job(tmp_path, TRIMMED, path)) is None
    assert len(list(tmp_path.iterdir())) == 1


def test_making_again_is_the_same_again(tmp_path: Path) -> None:
    """After a crash the leftovers of the first try do not matter."""
    captured = voices.write(tmp_path / "a.wav", voice(2))
    job = _job(tmp_path, MP4, captured)
    first = make(job, _findings(job))
    assert first is not None
    content = first.path.read_bytes()
    (tmp_path / "product.mp4.partial").write_bytes(b"half a file")
    again = make(job, _findings(job))
    assert again == first
    assert first.path.read_bytes() == content
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.wav", "product.mp4"]


def test_product_never_takes_the_name_of_what_it_is_made_of(tmp_path: Path) -> None:
    """Trimmed in its own format, the captured file stays under its name."""
    captured = voices.write(tmp_path / "a.wav", row(noise(3), voice(2)))
    job = Job((captured,), TRIMMED, captured)
    made = make(job, _findings(job))
    assert made is not None
    assert made.path == tmp_path / "a.product.wav"
    assert examine(captured, AudioFormat.WAV).duration_ms == 5_000


def test_interrupted_work_leaves_nothing(tmp_path: Path) -> None:
    """When the engine closes, neither a product nor half of one is left."""
    captured = voices.write(tmp_path / "a.wav", voice(5))
    looks = iter([False, False, True])
    job = _job(tmp_path, MP4, captured)
    with pytest.raises(Interrupted):
        make(job, _findings(job), lambda: next(looks))
    assert [one.name for one in tmp_path.iterdir()] == ["a.wav"]


def test_interrupted_while_listening(tmp_path: Path) -> None:
    """Several segments are listened to before they are trimmed; that ends as well."""
    parts = [voices.write(tmp_path / f"{number}.wav", voice(1)) for number in range(2)]
    job = _job(tmp_path, TRIMMED, *parts)
    with pytest.raises(Interrupted):
        make(job, _findings(job), lambda: True)


def test_segment_that_vanished_is_unprocessable(tmp_path: Path) -> None:
    """A file that was there when it was looked at, and is gone, is told."""
    parts = [voices.write(tmp_path / f"{number}.wav", voice(1)) for number in range(2)]
    job = _job(tmp_path, WAV, *parts)
    findings = _findings(job)
    parts[1].unlink()
    with pytest.raises(Unprocessable, match=r"product\.wav cannot be written: No such file"):
        make(job, findings)
    assert [one.name for one in tmp_path.iterdir()] == ["0.wav"]


def test_no_audio_is_unprocessable(tmp_path: Path) -> None:
    """Of nothing nothing is made."""
    path = tmp_path / "a.wav"
    path.write_bytes(b"")
    with pytest.raises(Unprocessable, match="no audio"):
        _made(_job(tmp_path, MP4, path))
    with pytest.raises(Unprocessable, match="no audio"):
        _made(_job(tmp_path, MP4, tmp_path / "gone.wav"))


def test_unwritable_directory_is_unprocessable(tmp_path: Path) -> None:
    """Where nothing can be written, the reason is told."""
    captured = voices.write(tmp_path / "a.wav", voice(1))
    job = replace(_job(tmp_path, MP4, captured), target=tmp_path / "nowhere" / "a.mp4")
    with pytest.raises(Unprocessable, match=r"a\.mp4 cannot be written: No such file"):
        _made(job)


FULL = """
import resource, sys
from pathlib import Path
from recording.errors import Unprocessable
from recording.probe import examine
from recording.processing.job import Job
from recording.processing.making import make
from recording.request import AudioFormat, RecordingRequest
captured, target = map(Path, sys.argv[1:])
job = Job((captured,), RecordingRequest(AudioFormat(target.suffix[1:]), None, trim_silence=True), target)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    make(job, [examine(captured, AudioFormat.WAV)])
except Unprocessable as exc:
    print(exc)
"""


@pytest.mark.parametrize("audio_format", list(AudioFormat))
def test_full_disk_leaves_what_was_captured(tmp_path: Path, audio_format: AudioFormat) -> None:
    """A file that cannot be written to its end is told, and taken away."""
    captured = voices.write(tmp_path / "a.wav", row(noise(3), *[voice(5, seed=one) for one in range(6)]))
    before = captured.read_bytes()
    target = tmp_path / f"product.{audio_format}"
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(captured), str(target)], capture_output=True, text=True, check=True
    )
    assert f"product.{audio_format} cannot be written: File too large" in done.stdout
    assert [one.name for one in tmp_path.iterdir()] == ["a.wav"]
    assert captured.read_bytes() == before


@given(
    lengths=st.lists(st.integers(1, 3_000), min_size=1, max_size=4),
    gaps=st.lists(st.integers(0, 300), max_size=4),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None)
def test_nothing_is_lost_between_segments(tmp_path: Path, lengths: list[int], gaps: list[int]) -> None:
    """However long each is, the product has every sample of every segment, and the gaps between."""
    segments = []
    for number, length in enumerate(lengths):
        samples = np.full(length, number + 1, np.int16)
        segments.append(voices.write(tmp_path / f"{number}.wav", samples))
    made = make(job := _job(tmp_path, WAV, *segments, gaps_ms=tuple(gaps)), _findings(job))
    if len(segments) == 1:
        assert made is None
        return
    assert made is not None
    audio = _read(made.path)[0]
    assert [int((audio == number + 1).sum()) for number in range(len(lengths))] == lengths
    assert int((audio == 0).sum()) == 8 * sum(gaps[: len(lengths) - 1])
    assert made.trimmed == Trimmed()


@pytest.mark.parametrize(
    ("block", "channels", "expected"),
    [
        ([[1, 2]], 1, [[1, 2]]),
        ([[1, 2]], 2, [[1, 2], [1, 2]]),
        ([[10, -10], [20, -20]], 1, [[15, -15]]),
        ([[32_767], [32_767]], 1, [[32_767]]),
    ],
)
def test_channels_are_mixed_without_overflow(
    block: list[list[int]], channels: int, expected: list[list[int]]
) -> None:
    """Down to the mean, up to the same on both."""
    assert in_channels(np.array(block, np.int16), channels).tolist() == expected
