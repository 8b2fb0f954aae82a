"""A recording is listened to while it is written."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from calls.errors import BadAudio
from recording.listening import MAX_READ_BYTES, SETTLE_MS, GrowingWav, SilenceWatch
from recording.request import Silence
from recording.silence import Heard

TAGS = b"LIST" + struct.pack("<I", 20) + b"INFOISFT" + struct.pack("<I", 8) + b"Kazoo\0\0\0"
SILENCE = Silence(initial_ms=1_000, final_ms=400)


class Writer:
    """Writes a file as FreeSWITCH does: header with open sizes first, then frame by frame."""

    def __init__(self, path: Path, *, rate_hz: int = 8_000, channels: int = 1, tags: bytes = b"") -> None:
        self.path = path
        self.rate_hz = rate_hz
        self.channels = channels
        width = 2 * channels
        fmt = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * width, width, 16)
        self.header = b"RIFF\x08\0\0\0WAVEfmt \x10\0\0\0" + fmt + tags + b"data\0\0\0\0"

    def begin(self) -> Writer:
        """Open the file."""
        self.path.write_bytes(self.header)
        return self

    def write(self, length_ms: int, *levels: int) -> None:
        """Append audio of a level on each channel."""
        levels = levels or (0,) * self.channels
        frame = b"".join(struct.pack("<h", level) for level in levels)
        self.append(frame * (self.rate_hz * length_ms // 1000))

    def append(self, data: bytes) -> None:
        """Append bytes."""
        with self.path.open("ab") as target:
            target.write(data)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("tags", [b"", TAGS])
def test_levels_of_new_audio_are_told(tmp_path: Path, rate_hz: int, channels: int, tags: bytes) -> None:
    """Each look tells what came since the last one, in blocks of 20 ms, by the loudest channel."""
    writer = Writer(tmp_path / "a.wav", rate_hz=rate_hz, channels=channels, tags=tags).begin()
    audio = GrowingWav(writer.path)
    assert audio.read_new() == []
    writer.write(110, *(-500, 100)[:channels])
    assert audio.read_new() == [500.0] * 5
    assert audio.read_new() == []
    writer.write(100, *(0, 300)[:channels])
    levels = audio.read_new()
    assert len(levels) == 5
    assert levels[-1] == (0.0 if channels == 1 else 300.0)


def test_file_that_is_not_there_yet(tmp_path: Path) -> None:
    """Before FreeSWITCH opens it, and while its header is half written, there is nothing to hear."""
    writer = Writer(tmp_path / "a.wav")
    audio = GrowingWav(writer.path)
    assert audio.read_new() == []
    for length in range(len(writer.header) + 1):
        writer.path.write_bytes(writer.header[:length])
        assert audio.read_new() == []
    writer.write(20, 700)
    assert audio.read_new() == [700.0]


def test_tags_written_before_the_first_audio(tmp_path: Path) -> None:
    """A header that grows once more before the audio is read as it is then."""
    path = tmp_path / "a.wav"
    audio = GrowingWav(Writer(path).begin().path)
    assert audio.read_new() == []
    Writer(path, tags=TAGS).begin().write(20, 700)
    assert audio.read_new() == [700.0]


def test_half_a_frame_waits(tmp_path: Path) -> None:
    """A sample that is cut in two is heard when it is whole."""
    writer = Writer(tmp_path / "a.wav", channels=2).begin()
    audio = GrowingWav(writer.path)
    whole = struct.pack("<hh", 900, 0) * 160
    writer.append(whole[:-1])
    assert audio.read_new() == []
    writer.append(whole[-1:])
    assert audio.read_new() == [900.0]


def test_replaced_and_cut_off_files_are_begun_anew(tmp_path: Path) -> None:
    """Another file under the name, or one that became shorter, is read from its beginning."""
    writer = Writer(tmp_path / "a.wav").begin()
    audio = GrowingWav(writer.path)
    writer.write(200, 700)
    assert len(audio.read_new()) == 10
    writer.begin().write(40, 300)
    assert audio.read_new() == [300.0] * 2
    other = Writer(tmp_path / "b.wav", rate_hz=16_000).begin()
    other.write(400, 100)
    other.path.replace(writer.path)
    assert audio.read_new() == [100.0] * 20


def test_much_is_read_in_pieces(tmp_path: Path) -> None:
    """A long file is not read whole at once, and nothing of it is lost."""
    writer = Writer(tmp_path / "a.wav").begin()
    writer.write(MAX_READ_BYTES // 8, 700)  # twice the limit
    audio = GrowingWav(writer.path)
    lengths = []
    while levels := audio.read_new():
        lengths.append(len(levels))
    assert len(lengths) >= 2
    assert sum(lengths) == MAX_READ_BYTES // 8 // 20


@pytest.mark.parametrize(
    "content",
    [
        b"hello, I am a text" * 500,
        b"RIFF\x08\0\0\0WAVEfmt \x10\0\0\0"
        + struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8)
        + b"data\0\0\0\0"
        + b"x" * 9,
    ],
)
def test_what_is_no_wav_is_refused(tmp_path: Path, content: bytes) -> None:
    """Something else than 16-bit WAV is told as that, and once only."""
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(BadAudio):
        GrowingWav(path).read_new()
    watch = SilenceWatch(path, SILENCE)
    with capture_logs() as logs:
        assert [watch.look() for _ in range(3)] == [None] * 3
    assert [line["event"] for line in logs] == ["recording_not_listened_to"]


def test_unreadable_file_is_not_listened_to(tmp_path: Path) -> None:
    """A file the system does not give away decides nothing."""
    path = tmp_path / "a.wav"
    path.symlink_to(path)
    assert SilenceWatch(path, SILENCE).look() is None


def test_speech_from_the_first_frame_is_speech(tmp_path: Path) -> None:
    """Who speaks at once, and then no more, has spoken."""
    writer = Writer(tmp_path / "a.wav").begin()
    watch = SilenceWatch(writer.path, SILENCE)
    writer.write(600, 2_000)
    assert watch.look() is None
    writer.write(380)
    assert watch.look() is None
    writer.write(20)
    assert watch.look() is Heard.SPEECH_ENDED
    assert (watch.rule.at_ms, watch.rule.spoken_until_ms) == (1_000, 600)
    assert watch.look() is Heard.SPEECH_ENDED


def test_nobody_speaks(tmp_path: Path) -> None:
    """Comfort noise on both sides is nobody."""
    writer = Writer(tmp_path / "a.wav", channels=2).begin()
    watch = SilenceWatch(writer.path, SILENCE)
    writer.write(980, 40, 60)
    assert watch.look() is None
    writer.write(20, 40, 60)
    assert watch.look() is Heard.NO_INPUT


def test_what_a_dead_engine_listened_to_ends_nothing(tmp_path: Path) -> None:
    """It may have been masked: silence counts from when the next engine listens."""
    writer = Writer(tmp_path / "a.wav").begin()
    writer.write(5_000)
    watch = SilenceWatch(writer.path, Silence(initial_ms=1_000), resumed=True)
    assert watch.look() is None
    writer.write(900)
    assert watch.look() is None
    writer.write(400)
    assert watch.look() is Heard.NO_INPUT


def test_mask_is_no_silence(tmp_path: Path) -> None:
    """Zeros written for a mask do not count, nor what it leaves behind when it is lifted."""
    writer = Writer(tmp_path / "a.wav").begin()
    watch = SilenceWatch(writer.path, SILENCE)
    writer.write(300, 2_000)
    assert watch.look() is None
    for _ in range(10):
        writer.write(200)
        assert watch.look(excused=True) is None
    writer.write(100)
    assert watch.look(excused=False) is None  # all of it may still be masked, and what comes next as well
    writer.write(SETTLE_MS + 380)
    assert watch.look(excused=False) is None
    writer.write(20)
    assert watch.look(excused=False) is Heard.SPEECH_ENDED


@given(cuts=st.lists(st.integers(0, 9_000), max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
def test_looks_do_not_matter(tmp_path: Path, cuts: list[int]) -> None:
    """However often and wherever in a frame the file is looked at, the same is decided at the same place."""
    writer = Writer(tmp_path / "a.wav", channels=2)
    writer.path.unlink(missing_ok=True)
    tone = struct.pack("<hh", 0, 1_000) * 160 * 5 + bytes(640 * 30)
    content = writer.header + tone
    watch = SilenceWatch(writer.path, SILENCE)
    for until in [*sorted(cuts), len(content)]:
        at = writer.path.stat().st_size if writer.path.exists() else 0
        writer.append(content[at:until])
        watch.look()
    assert watch.rule.decision is Heard.SPEECH_ENDED
    assert watch.rule.at_ms == 500
