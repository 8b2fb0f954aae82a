"""Google's engine against a server that checks what it is asked: shapes, sign-in, pieces, operations."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recording.errors import NoEngine, Unprocessable
from recording.processing import engine
from recording.processing.engine import RATE_HZ, ObligingEngine, Utterance
from recording.processing.google_answer import milliseconds, utterances
from recording.request import Transcription
from tests.recording.processing.speech_server import TOKEN, SpeechServer

module = pytest.importorskip("recording.processing.engines.google", reason="the extra google-speech")

HELLO = {"results": [{"alternatives": [{"transcript": "hello there"}], "resultEndTime": "2.500s"}]}
WISH = Transcription("en-US", "google")


@pytest.fixture
def server() -> Iterator[SpeechServer]:
    """Google, on this host."""
    server = SpeechServer({"speech:recognize": [(200, HELLO)]})
    yield server
    server.close()


def second_of(level: int, seconds: float = 1.0) -> bytes:
    """Audio of one loudness."""
    return np.full(int(RATE_HZ * seconds), level, "<i2").tobytes()


def ready(server: SpeechServer, tmp_path: Path, **settings: Any) -> Any:
    """The engine, configured for that server."""
    configured = module.Google(pause=lambda _: None).configured(server.google(tmp_path, **settings))
    assert isinstance(configured, ObligingEngine)
    return configured


def test_a_short_one_is_one_question(server: SpeechServer, tmp_path: Path) -> None:
    """What is sent is what Google's API says, with a token of the service account."""
    said = ready(server, tmp_path, model="phone_call").transcribe_as(
        [second_of(1), second_of(2)],
        Transcription("de-DE", profanity_filter=True, diarization=True, min_speakers=2, max_speakers=4),
        ["Vertrieb"],
    )
    assert said == [Utterance(0, "hello there")]
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", "/v1/speech:recognize")
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert asked.json["config"] == {
        "encoding": "LINEAR16",
        "sampleRateHertz": 16_000,
        "audioChannelCount": 1,
        "languageCode": "de-DE",
        "enableWordTimeOffsets": True,
        "enableAutomaticPunctuation": True,
        "model": "phone_call",
        "profanityFilter": True,
        "diarizationConfig": {
            "enableSpeakerDiarization": True,
            "minSpeakerCount": 2,
            "maxSpeakerCount": 4,
        },
        "speechContexts": [{"phrases": ["Vertrieb"]}],
    }
    assert asked.audio == second_of(1) + second_of(2)


def test_a_long_one_goes_in_pieces(server: SpeechServer, tmp_path: Path) -> None:
    """Without a bucket no request has more than a minute, they are cut where it is quiet, and add up."""
    loud, quiet = second_of(9_000, 50), second_of(10, 1)
    audio = [loud, quiet, loud, quiet, loud]
    said = ready(server, tmp_path).transcribe_as(audio, Transcription("en-US", diarization=True), ())
    assert b"".join(one.audio for one in server.asked) == b"".join(audio)
    assert all(len(one.audio) <= 55 * 2 * RATE_HZ for one in server.asked)
    assert [abs(one.from_ms - at) < 600 for one, at in zip(said, (0, 50_500, 101_500), strict=True)]
    assert all("diarizationConfig" not in one.json["config"] for one in server.asked)


def test_a_long_one_goes_through_the_bucket(server: SpeechServer, tmp_path: Path) -> None:
    """It is put there, asked about until it is done, and deleted, whatever came of it."""
    server.answers = {
        "/upload/storage/v1/b/sounds/o": [(200, {"name": "x"})],
        "speech:longrunningrecognize": [(200, {"name": "7612"})],
        "/v1/operations/7612": [(200, {"name": "7612"}), (503, {}), (200, {"done": True, "response": HELLO})],
        "/storage/v1/b/sounds/o/": [(204, b"")],
    }
    audio = [second_of(5, 40), second_of(6, 40)]
    said = ready(server, tmp_path, bucket="sounds").transcribe_as(audio, WISH, ())
    assert said == [Utterance(0, "hello there")]
    (put,) = server.of("/upload/")
    assert put.body == b"".join(audio)
    assert put.query.startswith("uploadType=media&name=callflows-transcripts%2F")
    (begun,) = server.of("longrunning")
    uri = begun.json["audio"]["uri"]
    assert uri.startswith("gs://sounds/callflows-transcripts/")
    assert len(server.of("operations")) == 3
    last = server.asked[-1]
    assert (last.method, last.path) == (
        "DELETE",
        "/storage/v1/b/sounds/o/" + uri.removeprefix("gs://sounds/"),
    )
    assert all(one.headers["authorization"] == f"Bearer {TOKEN}" for one in server.asked)


def test_an_operation_that_fails_is_told_and_cleared_away(server: SpeechServer, tmp_path: Path) -> None:
    """Google's own reason, and nothing left in the bucket."""
    failed = {"name": "1", "done": True, "error": {"code": 3, "message": "bad audio"}}
    server.answers = {
        "/upload/": [(200, {})],
        "longrunning": [(200, failed)],
        "/storage/": [(204, b"")],
    }
    with pytest.raises(Unprocessable, match="failed: bad audio"):
        ready(server, tmp_path, bucket="sounds").transcribe_as([second_of(5, 80)], WISH, ())
    assert server.asked[-1].method == "DELETE"


def test_speakers_are_told_apart(server: SpeechServer, tmp_path: Path) -> None:
    """The last result has every word with its speaker; turns are made of them."""
    words = [
        {"word": "hello", "startTime": "0.100s", "speakerTag": 1},
        {"word": "there", "startTime": "0.400s", "speakerTag": 1},
        {"word": "hi", "startTime": "1.200s", "speakerTag": 2},
    ]
    server.answers = {
        "recognize": [(200, {"results": [HELLO["results"][0], {"alternatives": [{"words": words}]}]})]
    }
    wish = Transcription("en-US", diarization=True)
    assert ready(server, tmp_path).transcribe_as([second_of(1)], wish, ()) == [
        Utterance(100, "hello there", 1),
        Utterance(1_200, "hi", 2),
    ]


def test_nothing_is_said_of_silence(server: SpeechServer, tmp_path: Path) -> None:
    """No audio is no question; an answer without results is no text."""
    assert ready(server, tmp_path).transcribe([], "en-US") == []
    assert server.asked == []
    server.answers = {"recognize": [(200, {})]}
    assert ready(server, tmp_path).transcribe([second_of(0)], "en-US") == []


@pytest.mark.parametrize(
    ("status", "answer", "why"),
    [
        (
            400,
            {"error": {"message": "Invalid  recognition\n'config'", "status": "INVALID_ARGUMENT"}},
            "config",
        ),
        (403, b"<html>", "answered 403"),
        (200, b"{", "no JSON"),
    ],
)
def test_refusals_are_told(server: SpeechServer, tmp_path: Path, status: int, answer: Any, why: str) -> None:
    """In Google's words where it has some."""
    server.answers = {"recognize": [(status, answer)]}
    with pytest.raises(Unprocessable, match=why):
        ready(server, tmp_path).transcribe([second_of(1)], "en-US")


def test_what_fails_for_a_moment_is_asked_again(server: SpeechServer, tmp_path: Path) -> None:
    """A server that is busy once harms no transcript."""
    server.answers = {"recognize": [(503, {}), (200, HELLO)]}
    assert ready(server, tmp_path).transcribe([second_of(1)], "en-US") == [Utterance(0, "hello there")]


def test_without_a_usable_key_there_is_no_engine(server: SpeechServer, tmp_path: Path) -> None:
    """No key, no such file, and a file that is no key are told by names, without what is in them."""
    with pytest.raises(NoEngine, match="credentials_file"):
        engine.find("google", {"credentials_file": ""})
    with pytest.raises(NoEngine, match="not there"):
        engine.find("google", {"credentials_file": str(tmp_path / "none.json")})
    settings = server.google(tmp_path)
    Path(settings["credentials_file"]).write_text(json.dumps({"private_key": "secret"}))
    with pytest.raises(Unprocessable, match="the key of Google's service account cannot be used") as told:
        engine.find("google", settings).transcribe([second_of(1)], "en-US")
    assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    ("wanted", "known"), [("en", "en-US"), ("es", "es-ES"), ("ar", "ar-SA"), ("zh", "zh"), ("de-CH", "de-CH")]
)
def test_bare_languages_are_the_usual_ones(wanted: str, known: str) -> None:
    """Clients may name a language without a country."""
    assert engine.language_of(module.Google(), wanted) == known


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["1.5s", "2s"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "results",
                    "alternatives",
                    "transcript",
                    "words",
                    "word",
                    "startTime",
                    "speakerTag",
                    "resultEndTime",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON, st.integers(0, 10**6), st.booleans())
def test_any_answer_is_read(answer: Any, from_ms: int, by_speaker: bool) -> None:
    """Whatever Google answers, utterances with text come of it, none before its piece."""
    for one in utterances(answer, from_ms, by_speaker=by_speaker):
        assert one.text.strip()
        assert one.from_ms >= from_ms


@pytest.mark.parametrize(
    ("text", "ms"), [("1.300s", 1300), ("0s", 0), ("61.5s", 61_500), ("1.3", 0), (None, 0), ("-1s", 0)]
)
def test_durations(text: Any, ms: int) -> None:
    """As Google writes them."""
    assert milliseconds(text) == ms
