"""What SWML plays and records on a real FreeSWITCH: heard, measured, played back."""

from __future__ import annotations

import math
import uuid
import wave
from array import array
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent.event import Event as Signal
from structlog.testing import capture_logs

from calls.loudness import GAINS_DB, level_of
from config.address import Address
from esl.event import Event
from esl.link import Link
from service.demo import write_speech
from swml.runner import How
from tests.storage.receiver import Answer, serving
from tests.swml.stage import Stage, Step
from tests.swml.test_published_examples import BOTH_SIDES, RECORD_AND_PLAY, THE_SPEAKERS_SIDE
from tests.waiting import eventually

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]

RATE_HZ = 8000
CALL_S = 40.0
LISTEN: Step = ("record_call", {"direction": "listen", "control_id": "heard"})
STOP: Step = ("stop_record_call", {"control_id": "heard"})


class LiveStage(Stage):
    """The same stage, its calls from a running FreeSWITCH; the far end plays a voice."""

    def __init__(self, root: Path, address: Address, password: str, engine: str = "flite") -> None:
        super().__init__(root, {"speech": {"tts_provider": engine}}, with_switch=False)
        root.chmod(0o777)
        (root / "recordings").chmod(0o777)
        self.voice = write_speech(root / "caller.wav")
        self.digits: list[str] = []
        up = Signal()
        self.link = Link(
            address.host,
            address.port,
            password,
            events=("DTMF",),
            on_event=self._hear,
            on_gap=lambda _since, _until: None,
            on_up=up.set,
        )
        self.link.start()
        assert up.wait(10)

    def call(self, script: Sequence[Step] | str, far_end: str = "") -> None:
        """Run steps or a document on a call, and wait for its end and its recordings'."""
        self.expect(script)
        self.caller = str(uuid.uuid4())
        host, port = self.listener.address[:2]
        ours = f"loopback/'socket:{host}:{port} async full'/default/inline"
        theirs = far_end or f"&endless_playback({self.voice})"
        arguments = f"{{origination_uuid={self.caller}}}{ours} {theirs}"
        job = gevent.spawn(self.link.bgapi, "originate", arguments, CALL_S)
        self.wait_over(CALL_S)
        job.join(CALL_S)

    def heard(self, *steps: Step) -> array[int]:
        """Run steps, and return what reaches the other end of the line."""
        path = self.sounds / f"{uuid.uuid4()}.wav"
        self.sounds.chmod(0o777)
        self.call(steps, f"&record({path})")
        return eventually(lambda: _samples(path), CALL_S)

    def close(self) -> None:
        """Take everything down."""
        self.link.stop()
        super().close()

    def _hear(self, event: Event) -> None:
        if event.get("Unique-ID") == self.caller:
            self.digits.append(event.get("DTMF-Digit") or "")


def _samples(path: Path) -> array[int]:
    """What is in a file that FreeSWITCH has closed; nothing before."""
    try:
        with wave.open(str(path)) as file:
            return array("h", file.readframes(file.getnframes()))
    except (wave.Error, EOFError):
        return array("h")


@pytest.fixture
def stage(tmp_path: Path, freeswitch: tuple[Address, str], beside: Callable[..., Any]) -> Iterator[LiveStage]:
    """A stage beside that FreeSWITCH."""
    del beside  # it opens the directories to FreeSWITCH's user
    stage = LiveStage(tmp_path, *freeswitch)
    yield stage
    stage.close()


def loudness(samples: Sequence[int]) -> float:
    """The mean magnitude."""
    return sum(map(abs, samples)) / max(1, len(samples))


def loudest(samples: array[int]) -> float:
    """The mean magnitude of the loudest half second."""
    size = RATE_HZ // 2
    return max(loudness(samples[at : at + size]) for at in range(0, len(samples), size // 4))


def sounding_s(samples: array[int]) -> float:
    """How long there is sound, in frames of 20 ms."""
    frames = [samples[at : at + 160] for at in range(0, len(samples), 160)]
    return 0.02 * sum(loudness(frame) > 50 for frame in frames)


def likeness(one: Sequence[int], other: Sequence[int]) -> float:
    """The correlation of two stretches, 1 for the same."""
    size = min(len(one), len(other))
    dot = sum(a * b for a, b in zip(one[:size], other[:size], strict=True))
    norm = math.sqrt(sum(a * a for a in one[:size]) * sum(b * b for b in other[:size]))
    return dot / norm if norm else 0.0


def test_what_is_played_back_is_what_was_recorded(stage: LiveStage) -> None:
    """The published example: record, then play record_url; it comes from disk, and at once."""
    steps: list[Step] = [
        ("record", {"max_length": 2, "beep": True}),
        LISTEN,
        ("play", lambda run: {"url": run.variables.get("record_url")}),
        STOP,
    ]
    stage.call(steps)
    assert stage.variables.get("record_result") == "success"
    recorded, heard = (
        stage.samples_of(stage.variables.get(name)) for name in ("record_url", "record_call_url")
    )
    assert 1.5 * RATE_HZ < len(recorded) < 2.5 * RATE_HZ
    needle = recorded[4000:8000]
    best = max(likeness(needle, heard[at : at + 4000]) for at in range(0, len(heard) - 4000, 8))
    assert best > 0.95


@pytest.mark.parametrize("document", [RECORD_AND_PLAY, BOTH_SIDES, THE_SPEAKERS_SIDE])
def test_the_published_examples_run(stage: LiveStage, document: str) -> None:
    """To their end, with a recording of what the caller said in them."""
    stage.call(document.replace("end_silence_timeout: 3", "max_length: 2"))
    (end,) = stage.ends
    assert end.how is How.FINISHED
    (recording_id,) = end.recordings
    with wave.open(str(stage.outbox.recording(recording_id).media.path)) as file:
        assert file.getnframes() / file.getframerate() > 0.9


@pytest.mark.parametrize("volume", [-40, -6, 0, 7, 12])
def test_volume_is_what_the_table_says(stage: LiveStage, volume: int) -> None:
    """A tone's loudness, by the gain of the nearest step."""
    quiet: Step = ("play", {"url": "silence:0.5"})
    changed = loudest(stage.heard(quiet, ("play", {"url": "ring:1.0:us", "volume": volume}), quiet))
    usual = loudest(stage.heard(quiet, ("play", {"url": "ring:1.0:us"}), quiet))
    assert 20 * math.log10(changed / usual) == pytest.approx(GAINS_DB[level_of(volume)], abs=2.5)


@pytest.mark.parametrize(
    ("url", "length_s", "sound_s"),
    [
        ("silence:1.5", 1.5, 0),
        ("ring:us", 6.0, 2.0),
        ("ring:3.5:uk", 3.5, 1.3),
        ("ring:7:us", 7.0, 3.0),
    ],
)
def test_cadences_are_heard(stage: LiveStage, url: str, length_s: float, sound_s: float) -> None:
    """As long as they are to be, and sounding as long as they are to."""
    heard = stage.heard(("play", {"url": url}))
    assert len(heard) / RATE_HZ == pytest.approx(length_s, abs=0.4)
    assert sounding_s(heard) == pytest.approx(sound_s, abs=0.2)


@pytest.mark.parametrize("properties", [{}, {"say_voice": "Polly.Matthew"}, {"say_voice": "flite.kal"}])
def test_texts_are_spoken(stage: LiveStage, properties: dict[str, str]) -> None:
    """Where FreeSWITCH has flite; each voice of it that may be chosen."""
    if "mod_flite" not in stage.link.api("show", "modules"):
        pytest.skip("this FreeSWITCH has no mod_flite")
    assert sounding_s(stage.heard(("play", {"url": "say:Hello there", **properties}))) > 0.3


def test_where_there_is_no_speech_engine_the_script_goes_on(
    tmp_path: Path, freeswitch: tuple[Address, str], beside: Callable[..., Any]
) -> None:
    """FreeSWITCH says nothing of it; we do."""
    del beside
    stage = LiveStage(tmp_path, *freeswitch, engine="nobody")
    with capture_logs() as logs:
        stage.call([("play", {"urls": ["say:Hello", "silence:0.2"], "status_url": "https://status.test/"})])
    stage.close()
    assert "speech_not_heard" in [line["event"] for line in logs]
    assert stage.told.states == ["playing", "error"]


def test_digits_reach_the_other_side(stage: LiveStage) -> None:
    """All of them, in order, before the script goes on."""
    steps: list[Step] = [("play", {"url": "silence:0.5"}), ("send_digits", {"digits": "1w23#"})]
    stage.call(steps, "&playback(silence_stream://20000)")
    eventually(lambda: "".join(stage.digits) == "123#", 5, str(stage.digits))


def test_silence_ends_a_recording(stage: LiveStage) -> None:
    """Nobody speaks: no input, after the timeout."""
    stage.call([("record", {"initial_timeout": 1.5})], "&playback(silence_stream://20000)")
    assert stage.variables.get("record_result") == "failed"
    document = stage.recording_of(stage.variables.get("record_url"))
    assert document["callflows"]["ended_by"] == "no_input"


def test_a_file_of_a_server_is_fetched_and_heard(stage: LiveStage) -> None:
    """With the credentials of its URL, and whatever its query."""
    wav = {"Content-Type": "audio/wav"}
    with serving(Answer(200, wav, stage.voice.read_bytes())) as receiver:
        url = receiver.url(f"/{uuid.uuid4()}.wav?x=1&y=2").replace("://", "://u:p%40ss@")
        heard = stage.heard(("play", {"urls": [url, "silence:0.2"]}))
    assert receiver.requests[-1].headers["authorization"] == "Basic dTpwQHNz"
    assert sounding_s(heard) > 2


def test_a_missing_file_is_passed_over(stage: LiveStage) -> None:
    """Of a server that does not answer, by the cache or without it."""
    with capture_logs() as logs:
        stage.call([("play", {"urls": ["http://127.0.0.1:9/a.wav", "silence:0.2"]})])
    assert "media_missing" in [line["event"] for line in logs]
