"""A recording that is over becomes what is delivered, or stays what it is."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import gevent
import pytest

from recording.errors import Interrupted
from recording.probe import Findings, examine
from recording.processing.job import Job, Trimmed
from recording.processing.making import Made
from recording.processing.processor import Processor, _wrong
from recording.request import AudioFormat, RecordingRequest, Transcription
from tests.recording import voices
from tests.recording.samples import MP3, WAV, Values
from tests.recording.voices import noise, row, voice

MP4 = RecordingRequest(format=AudioFormat.MP4, time_limit_s=30)
MAX_HUB_LAG_S = 0.05


def test_recording_to_be_left_alone_is_the_product(tmp_path: Path, processor: Processor) -> None:
    """Nothing to do: the captured file, its findings, and peaks."""
    path = voices.write(tmp_path / "a.wav", voice(2), voice(2, seed=2))
    product = processor.process(Job((path,), WAV, tmp_path / "p.wav"))
    assert (product.path, product.format, product.leftovers, product.failed) == (
        path,
        AudioFormat.WAV,
        (),
        (),
    )
    assert [len(channel) for channel in product.peaks] == [10, 10]
    assert product.findings.duration_ms == 2_000
    assert product.transcript is None


def test_product_is_told(tmp_path: Path, processor: Processor) -> None:
    """A product comes with what it was made of, and what was cut off it."""
    parts = (
        voices.write(tmp_path / "1.wav", row(noise(2), voice(2))),
        voices.write(tmp_path / "2.wav", voice(2, seed=2)),
    )
    job = Job(parts, replace(MP4, trim_silence=True), tmp_path / "p.mp4")
    product = processor.process(job)
    assert (product.path, product.format) == (tmp_path / "p.mp4", AudioFormat.MP4)
    assert (product.leftovers, product.failed) == (parts, ())
    assert abs(product.trimmed.head_ms - 1_700) <= 60
    assert (
        abs(product.findings.duration_ms + product.trimmed.head_ms + product.trimmed.tail_ms - 6_000) <= 150
    )
    assert all(part.exists() for part in parts)
    assert processor.process(job) == product


def test_known_findings_are_not_looked_up(tmp_path: Path, processor: Processor) -> None:
    """What the verdict has looked at is not read again."""
    path = voices.write(tmp_path / "a.wav", voice(1))
    findings = replace(examine(path, AudioFormat.WAV), waveform=(b"\7" * 20,))
    product = processor.process(Job((path,), WAV, tmp_path / "p.wav", findings=(findings,)))
    assert product.findings is findings
    assert product.peaks == ((7,) * 10,)


def test_no_peaks_when_none_are_wanted(tmp_path: Path, processor: Processor, config: Values) -> None:
    """system_config says how many, or what the account has of its own."""
    config.accounts["a"] = Values({**config.table, ("recording", "processing", "peaks"): 0})
    path = voices.write(tmp_path / "a.wav", voice(1))
    assert processor.process(Job((path,), WAV, tmp_path / "p.wav", account_id="a")).peaks == ()
    assert processor.process(Job((path,), WAV, tmp_path / "p.wav")).peaks != ()


def test_failure_leaves_the_captured_file_to_deliver(tmp_path: Path, processor: Processor) -> None:
    """Where the product cannot be written, the recording goes as it is, and says why."""
    path = voices.write(tmp_path / "a.wav", voice(2))
    product = processor.process(Job((path,), MP4, tmp_path / "nowhere" / "p.mp4"))
    assert (product.path, product.format, product.leftovers) == (path, AudioFormat.WAV, ())
    assert "p.mp4 cannot be written" in product.failed[0]
    assert product.trimmed == Trimmed()


def test_failed_join_delivers_the_longest_and_keeps_all(tmp_path: Path, processor: Processor) -> None:
    """Segments that cannot be joined all stay; the longest is delivered, and that is said."""
    parts = (voices.write(tmp_path / "1.wav", voice(1)), voices.write(tmp_path / "2.wav", voice(2)))
    product = processor.process(Job(parts, WAV, tmp_path / "nowhere" / "p.wav"))
    assert (product.path, product.leftovers) == (parts[1], ())
    assert product.failed[1] == "only segment 2 of 2 is delivered"


def test_bad_segment_degrades_the_product(tmp_path: Path, processor: Processor) -> None:
    """A product that lacks a segment is delivered, and says so."""
    parts = (voices.write(tmp_path / "1.wav", voice(1)), tmp_path / "2.wav")
    parts[1].write_bytes(b"x" * 5_000)
    product = processor.process(Job(parts, WAV, tmp_path / "p.wav"))
    assert product.path == tmp_path / "p.wav"
    assert "segment 2: it cannot be decoded" in product.failed[0]


def test_recording_without_audio_stays_as_it_is(tmp_path: Path, processor: Processor) -> None:
    """Nothing can be made of nothing, and nothing breaks."""
    path = tmp_path / "a.wav"
    path.write_bytes(b"")
    product = processor.process(
        Job((path,), replace(MP4, transcript=Transcription("en-US")), tmp_path / "p.mp4")
    )
    assert (product.path, product.peaks, product.transcript) == (path, (), None)
    assert "there is no audio" in product.failed[0]
    with pytest.raises(ValueError, match="without a captured file"):
        Job((), WAV, path)


@pytest.mark.parametrize(
    ("found", "wrong"),
    [
        (Findings(exists=True, readable=True, duration_ms=2_000), ""),
        (Findings(exists=True, readable=True, duration_ms=2_120), ""),
        (Findings(exists=True, readable=True, duration_ms=1_900), "what was made of it is off by -100 ms"),
        (Findings(exists=True, readable=True, duration_ms=2_400), "what was made of it is off by 400 ms"),
        (
            Findings(exists=True, faults=("there is no audio in it",)),
            "not readable (there is no audio in it)",
        ),
    ],
)
def test_product_is_read_back(tmp_path: Path, found: Findings, wrong: str) -> None:
    """What is not what was made of it is no product."""
    told = _wrong(Made(tmp_path / "p.wav", 2_000, Trimmed(), ()), found)
    assert wrong in told
    assert bool(told) is bool(wrong)


def test_hub_goes_on_meanwhile(tmp_path: Path, processor: Processor) -> None:
    """Encoding two recordings at once makes the hub late by less than 50 ms."""
    path = voices.write(tmp_path / "a.wav", voice(60, 16_000), voice(60, 16_000, seed=2), rate_hz=16_000)
    request = replace(MP3, trim_silence=True)
    jobs = [Job((path,), request, tmp_path / f"{number}.mp3") for number in range(2)]
    working = [gevent.spawn(processor.process, job) for job in jobs]
    late_s = []
    while not all(one.ready() for one in working):
        before_s = time.monotonic()
        gevent.sleep(0.002)
        late_s.append(time.monotonic() - before_s - 0.002)
    assert [one.get().failed for one in working] == [(), ()]
    assert sorted(late_s)[len(late_s) * 99 // 100] < MAX_HUB_LAG_S


def test_closing_interrupts_and_leaves_nothing(tmp_path: Path, processor: Processor) -> None:
    """An engine that closes does not wait for a long encoding, and leaves no half of it."""
    path = voices.write(
        tmp_path / "a.wav", *[voice(40, 48_000, seed=one) for one in range(2)], rate_hz=48_000
    )
    working = gevent.spawn(
        processor.process, Job((path,), replace(MP3, trim_silence=True), tmp_path / "p.mp3")
    )
    with gevent.Timeout(10):
        while not (tmp_path / "p.mp3.partial").exists() and not working.ready():
            gevent.sleep(0.001)
    processor.close()
    with pytest.raises(Interrupted):
        working.get(timeout=10)
    assert [one.name for one in tmp_path.iterdir()] == ["a.wav"]
