"""Google's Cloud Speech-to-Text. Extra: google-speech.

What is asked, with the key of a service account (`recording.processing.google.credentials_file`):

| audio | how |
|---|---|
| up to PIECE_S | one request, speech:recognize |
| longer, with a bucket | put there, speech:longrunningrecognize, asked until it is done, deleted there |
| longer, without one | in pieces, cut where nobody speaks, speech:recognize each |

Google takes no longer audio within a request. Speakers cannot be told apart across pieces, so they are told
apart only where it is one request. Profanity that is to be masked comes as `f***`.

google-auth signs in, requests sends: the client library of this API would bring gRPC and protobuf along, for
four requests (ADR 13).
Source: Cloud Speech-to-Text REST API v1 (RecognitionConfig, Operation, quotas and limits); Cloud Storage JSON
API (objects: insert, delete).
"""

from __future__ import annotations

import base64
import secrets
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import requests
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession, Request
from google.oauth2.service_account import Credentials

from recording.errors import NoEngine, Unprocessable
from recording.processing.engine import NO_SETTINGS, RATE_HZ, Utterance
from recording.processing.engine_exchange import ask, ready
from recording.processing.google_answer import utterances
from recording.processing.google_languages import LANGUAGES
from recording.processing.pieces import Piece, cut
from recording.request import Transcription

SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)

PIECE_S = 55.0
"""A request may hold about a minute, and ten megabytes; this has 2.4 in base64."""

POLL_FIRST_S = 2.0
POLL_LAST_S = 15.0
"""Between two looks at an operation, growing; an hour takes some minutes."""

MAX_HINTS = 500
MAX_HINT_CHARS = 100
"""What Google takes of them."""

FOLDER = "callflows-transcripts/"
"""In the bucket. A rule of the bucket should delete what a crash leaves there after a day."""

WHO = "Google's Speech-to-Text"


class Google:
    """See the module. Args: settings: `recording.processing.google`; pause: between looks, in seconds."""

    name = "google"

    def __init__(
        self, settings: Mapping[str, Any] = NO_SETTINGS, *, pause: Callable[[float], object] = time.sleep
    ) -> None:
        self._settings = settings
        self._pause = pause

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the languages of version 1."""
        return LANGUAGES

    def configured(self, settings: Mapping[str, Any]) -> Google:
        """As ConfigurableEngine has it. Raises: NoEngine: there is no key."""
        file = str(settings.get("credentials_file") or "")
        if not file:
            raise NoEngine(
                "the transcript engine google has no key: recording.processing.google.credentials_file"
            )
        if not Path(file).is_file():
            raise NoEngine("the transcript engine google: the file of its key is not there, or not readable")
        return Google(settings, pause=self._pause)

    def transcribe(self, audio: Iterable[bytes], language: str) -> list[Utterance]:
        """As TranscriptEngine has it."""
        return self.transcribe_as(audio, Transcription(language), ())

    def transcribe_as(
        self, audio: Iterable[bytes], wanted: Transcription, hints: Sequence[str]
    ) -> list[Utterance]:
        """As ObligingEngine has it."""
        pieces = cut(audio, PIECE_S)
        first = next(pieces, None)
        if first is None:
            return []
        second = next(pieces, None)
        config = self._config(wanted, hints)
        with self._signed_in() as session:
            if second is not None and self._settings.get("bucket"):
                return self._long(session, _chained(first, second, pieces), config)
            if second is not None:
                config.pop("diarizationConfig", None)
            found: list[Utterance] = []
            for piece in _chained(first, second, pieces):
                found += self._short(session, piece, config)
            return found

    def _short(self, session: requests.Session, piece: Piece, config: dict[str, Any]) -> list[Utterance]:
        content = base64.b64encode(piece.samples).decode()
        question = {"config": config, "audio": {"content": content}}
        answer = ask(session, WHO, "POST", f"{self._endpoint}/v1/speech:recognize", json=question)
        return utterances(answer, piece.from_ms, by_speaker="diarizationConfig" in config)

    def _long(
        self, session: requests.Session, pieces: Iterable[Piece], config: dict[str, Any]
    ) -> list[Utterance]:
        with tempfile.TemporaryFile() as file:
            for piece in pieces:
                file.write(piece.samples)
            file.seek(0)
            with self._stored(session, file) as uri:
                question = {"config": config, "audio": {"uri": uri}}
                url = f"{self._endpoint}/v1/speech:longrunningrecognize"
                answer = self._done(session, ask(session, WHO, "POST", url, json=question))
        return utterances(answer, 0, by_speaker="diarizationConfig" in config)

    @contextmanager
    def _stored(self, session: requests.Session, file: IO[bytes]) -> Iterator[str]:
        """Have audio in the bucket for a while."""
        bucket, name = self._settings["bucket"], f"{FOLDER}{secrets.token_hex(16)}.raw"
        base = str(self._settings["storage_endpoint"]).rstrip("/")
        url = f"{base}/upload/storage/v1/b/{bucket}/o?uploadType=media&name={quote(name, safe='')}"
        headers = {"Content-Type": f"audio/l16;rate={RATE_HZ}"}
        ask(session, "Google's Cloud Storage", "POST", url, data=file, headers=headers)
        try:
            yield f"gs://{bucket}/{name}"
        finally:
            with suppress(Unprocessable):
                place = f"{base}/storage/v1/b/{bucket}/o/{quote(name, safe='')}"
                ask(session, "Google's Cloud Storage", "DELETE", place)

    def _done(self, session: requests.Session, operation: Any) -> Any:
        """Wait for an operation; how long is the process's own limit. Returns: its response."""
        pause_s = POLL_FIRST_S
        name = operation.get("name") if isinstance(operation, dict) else None
        if not isinstance(name, str) or not name:
            raise Unprocessable(f"{WHO} answered without an operation")
        while not operation.get("done"):
            self._pause(pause_s)
            pause_s = min(pause_s * 1.5, POLL_LAST_S)
            url = f"{self._endpoint}/v1/operations/{quote(name, safe='')}"
            operation = ask(session, WHO, "GET", url)
            if not isinstance(operation, dict):
                raise Unprocessable(f"{WHO} answered without an operation")
        error = operation.get("error")
        if error:
            told = str(error.get("message", "")) if isinstance(error, dict) else ""
            raise Unprocessable(f"{WHO} failed: {told[:200] or 'no reason told'}")
        return operation.get("response")

    @property
    def _endpoint(self) -> str:
        return str(self._settings["endpoint"]).rstrip("/")

    def _config(self, wanted: Transcription, hints: Sequence[str]) -> dict[str, Any]:
        config: dict[str, Any] = {
            "encoding": "LINEAR16",
            "sampleRateHertz": RATE_HZ,
            "audioChannelCount": 1,
            "languageCode": wanted.language,
            "enableWordTimeOffsets": True,
            "enableAutomaticPunctuation": True,
        }
        if self._settings.get("model"):
            config["model"] = self._settings["model"]
        if wanted.profanity_filter:
            config["profanityFilter"] = True
        if wanted.diarization:
            told = {"minSpeakerCount": wanted.min_speakers, "maxSpeakerCount": wanted.max_speakers}
            config["diarizationConfig"] = {
                "enableSpeakerDiarization": True,
                **{name: count for name, count in told.items() if count},
            }
        phrases = [hint for hint in hints if 0 < len(hint) <= MAX_HINT_CHARS][:MAX_HINTS]
        if phrases:
            config["speechContexts"] = [{"phrases": phrases}]
        return config

    @contextmanager
    def _signed_in(self) -> Iterator[requests.Session]:
        """Open a session that sends a token with each request, and gets a new one when it expires."""
        with requests.Session() as plain:
            auth = Request(session=ready(plain))
            with ready(AuthorizedSession(self._credentials(), auth_request=auth)) as session:
                try:
                    yield session
                except GoogleAuthError as exc:
                    raise Unprocessable("Google gave no token for the service account") from exc

    def _credentials(self) -> Credentials:
        try:
            found: Credentials = Credentials.from_service_account_file(
                self._settings["credentials_file"], scopes=SCOPES
            )
            return found
        except (GoogleAuthError, ValueError, TypeError, KeyError, OSError) as exc:
            raise Unprocessable("the key of Google's service account cannot be used") from exc


def _chained(first: Piece, second: Piece | None, rest: Iterable[Piece]) -> Iterator[Piece]:
    yield first
    if second is not None:
        yield second
        yield from rest


ENGINE = Google()
