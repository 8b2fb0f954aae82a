"""Tickets, events and audio files that the tests of this package are made of."""

from __future__ import annotations

import math
import wave
from array import array
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import av

from esl.event import Event
from recording import variables
from recording.naming import Name
from recording.request import AudioFormat, RecordingRequest
from recording.ticket import Party, Ticket

RECORDING_ID = "0123456789abcdef0123456789abcdef"
UUID = "3e69dcc5-283d-4712-b208-b2b7771bdcab"
ACCOUNT_ID = "c0ffee00c0ffee00c0ffee00c0ffee00"
WAV = RecordingRequest(format=AudioFormat.WAV, time_limit_s=30)
MP3 = RecordingRequest(format=AudioFormat.MP3, time_limit_s=30)
STARTED_AT_US = 1_795_203_860_000_000

DEFAULTS: dict[tuple[str, ...], Any] = {
    ("media", "call_recording", "extension"): "mp3",
    ("media", "max_recording_time_limit"): 10_800,
    ("media", "record_min_sec"): 0,
    ("media", "store_recordings"): False,
    ("media", "third_party_bigcouch_host"): None,
    ("media", "third_party_bigcouch_port"): 5984,
    ("media", "third_party_bigcouch_user"): "",
    ("media", "third_party_bigcouch_password"): "",
    ("media", "third_party_bigcouch_https"): False,
    ("recording", "care", "beep_every_s"): 0,
    ("recording", "care", "mask_limit_s"): 300,
    ("recording", "processing", "trim_silence"): False,
    ("recording", "processing", "transcript_engine"): "",
    ("recording", "processing", "transcript_language"): "",
    ("recording", "processing", "google"): {},
    ("recording", "processing", "http"): {},
    ("recording", "processing", "peaks"): 100,
    ("ecallmgr", "allow_endless_recording"): False,
    ("ecallmgr", "record_sample_rate"): 8_000,
    ("ecallmgr", "record_stereo_sample_rate"): 16_000,
    ("ecallmgr", "recording_software_name"): "2600Hz, Inc.'s Kazoo",
}


class Values:
    """A configuration that is a table, with Kazoo's defaults under it."""

    def __init__(self, changes: Mapping[tuple[str, ...], Any] | None = None) -> None:
        self.table = {**DEFAULTS, **(changes or {})}
        self.accounts: dict[str, Values] = {}

    def get(self, category: str, /, *path: str) -> Any:
        """Return one value."""
        return self.table[(category, *path)]

    def for_account(self, account_id: str) -> Values:
        """Return what an account sees: the same, unless it has something of its own."""
        return self.accounts.get(account_id, self)


def ticket(request: RecordingRequest = WAV, *, account_id: str = ACCOUNT_ID, is_first: bool = True) -> Ticket:
    """A recording of a call from Ada."""
    return Ticket(
        name=Name(RECORDING_ID, "20261120"),
        uuid=UUID,
        call_id=UUID,
        account_id=account_id,
        request=request,
        requested_at_us=STARTED_AT_US - 20_000,
        party=Party(
            direction="inbound", from_="1555@a.example", caller_id_name="Ada", caller_id_number="1555"
        ),
        is_first=is_first,
    )


def record_event(name: str, of: Ticket, recordings_dir: Path, **headers: str) -> Event:
    """RECORD_START or RECORD_STOP as FreeSWITCH sends it; `headers` in Python's spelling of names."""
    own = {f"Recording-Variable-{key}": value for key, value in variables.variables(of).items()}
    path = of.name.media_path(recordings_dir, of.request.format)
    stated = {_header(key): value for key, value in headers.items()}
    basic = {
        "Event-Name": name,
        "Unique-ID": of.uuid,
        "Answer-State": "answered",
        "Event-Date-Timestamp": str(STARTED_AT_US),
        "Record-File-Path": str(path),
    }
    return Event.from_headers({**basic, **own, **stated})


def _header(name: str) -> str:
    is_pythons = name[0].isupper() and "-" not in name
    return name.replace("_", "-") if is_pythons else name


def tone(duration_s: float, rate_hz: int, level: int) -> array[int]:
    """One channel of samples; level 0 is silence."""
    count = round(duration_s * rate_hz)
    if not level:
        return array("h", bytes(2 * count))
    return array("h", (round(level * math.sin(number * 0.7)) for number in range(count)))


def interleaved(sides: list[array[int]]) -> bytes:
    """Channels as one stream of samples."""
    mixed = array("h", bytes(2 * len(sides) * len(sides[0])))
    for number, side in enumerate(sides):
        mixed[number :: len(sides)] = side
    return mixed.tobytes()


def write_wav(
    path: Path, duration_s: float = 3.0, levels: tuple[int, ...] = (8000, 8000), rate_hz: int = 8000
) -> Path:
    """A WAV file with a tone of the given level on each channel."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as target:
        target.setnchannels(len(levels))
        target.setsampwidth(2)
        target.setframerate(rate_hz)
        target.writeframes(interleaved([tone(duration_s, rate_hz, level) for level in levels]))
    return path


def write_mp3(
    path: Path, duration_s: float = 3.0, levels: tuple[int, ...] = (8000, 8000), rate_hz: int = 16000
) -> Path:
    """The same as MP3."""
    source = write_wav(path.with_suffix(".source.wav"), duration_s, levels, rate_hz)
    layout = "stereo" if len(levels) == 2 else "mono"
    with av.open(str(source)) as reader, av.open(str(path), "w") as writer:
        stream = writer.add_stream("libmp3lame", rate=rate_hz, layout=layout, options={"joint_stereo": "0"})
        for frame in reader.decode(audio=0):
            frame.pts = None
            writer.mux(stream.encode(frame))
        writer.mux(stream.encode(None))
    source.unlink()
    return path


def unfinish(path: Path) -> None:
    """Make a WAV file one whose writer died: the sizes of a file that was just opened."""
    content = bytearray(path.read_bytes())
    data = content.index(b"data")
    content[4:8] = (8).to_bytes(4, "little")
    content[data + 4 : data + 8] = bytes(4)
    path.write_bytes(content)
