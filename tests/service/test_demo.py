"""The demo says that all is well only if it is."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import wave
from array import array
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

import service
from service.demo import SPEECH_MS, VOICE, Arrival, Demo, write_speech
from service.narrator import Narrator
from simulator.listen import compare, curve, curves_of
from simulator.voice import speech


@dataclass
class Runs:
    """One run in this process, one of the command; they take seconds, so they are made once."""

    arrivals: list[Arrival]
    told: str
    exit_code: int
    output: str
    directory: Path


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Both at the same time."""
    directory = tmp_path_factory.mktemp("demo")
    command = subprocess.Popen(
        [sys.executable, "-m", "service", "demo"],
        cwd=Path(service.__path__[0]).parent,
        env={**os.environ, "TMPDIR": str(directory)},
        stdout=subprocess.PIPE,
        text=True,
    )
    stream = io.StringIO()
    own = directory / "own"
    own.mkdir()
    arrivals = list(Demo(own, Narrator(Console(file=stream, width=200))).run())
    output, _ = command.communicate(timeout=40)
    return Runs(arrivals, stream.getvalue(), command.returncode, output, directory)


def test_both_recordings_arrive_as_they_were_spoken(runs: Runs) -> None:
    """One by HTTP, one in the document store."""
    assert {one.kind for one in runs.arrivals} == {"http", "local"}
    assert {one.path.suffix for one in runs.arrivals} == {".wav", ".mp3"}
    assert all(one.match.ok for one in runs.arrivals)
    assert all(one.path.is_file() for one in runs.arrivals)


def test_the_steps_are_told(runs: Runs) -> None:
    """From the documents to the deliveries, through the engine's own log."""
    for text in (
        "documents written",
        "engine listens",
        "15551234567 dials 1000",
        "callflow 'main' found",
        "action record_call",
        "asked for (wav)",
        "over: stopped, ok",
        "delivered",
        "call ended: success",
    ):
        assert text in runs.told, text


def test_the_command_says_so_and_ends_with_0(runs: Runs) -> None:
    """Its last lines name the files; they are where it says."""
    assert runs.exit_code == 0, runs.output
    verdicts = [line for line in runs.output.splitlines() if " is what was spoken (" in line]
    assert len(verdicts) == 2
    for line in verdicts:
        assert Path(line.split(" is what was spoken")[0]).is_file()


def test_a_tampered_recording_does_not_match(runs: Runs, tmp_path: Path) -> None:
    """Half of it silenced, another voice, or nothing at all: each is noticed."""
    (original,) = [one.path for one in runs.arrivals if one.path.suffix == ".wav"]
    spoken = curves_of(original)[0]
    with wave.open(str(original), "rb") as file:
        parameters, frames = file.getparams(), file.readframes(file.getnframes())
    half = len(frames) // 8 * 4
    stranger = speech(VOICE + 105, 0, SPEECH_MS, parameters.framerate)  # the least like it of some
    both_sides = array("h", [sample for sample in stranger for _ in range(parameters.nchannels)])
    tampered = {
        "half": frames[: half // 2] + bytes(half),
        "silent": bytes(len(frames)),
        "stranger": both_sides.tobytes(),
    }
    for name, sound in {"untouched": frames, **tampered}.items():
        path = tmp_path / f"{name}.wav"
        with wave.open(str(path), "wb") as file:
            file.setparams(parameters)
            file.writeframes(sound)
        assert compare(curves_of(path)[0], spoken).ok is (name == "untouched"), name


def test_the_voice_of_a_far_end_on_freeswitch_is_the_one_compared(tmp_path: Path) -> None:
    """What is written for FreeSWITCH to play is what the recording is compared with."""
    path = write_speech(tmp_path / "caller.wav")
    assert compare(curves_of(path)[0], curve(speech(VOICE, 0, SPEECH_MS, 8000))).ok
