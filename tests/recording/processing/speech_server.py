"""A server on a real socket that plays Google's APIs and OpenAI's, and remembers what it was asked."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from gevent.pywsgi import WSGIServer

TOKEN = "ya29.a-token"
StartResponse = Callable[[str, list[tuple[str, str]]], object]


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Its body."""
        return json.loads(self.body)

    @property
    def audio(self) -> bytes:
        """The samples within a question to Google."""
        return base64.b64decode(self.json["audio"]["content"])


@dataclass
class SpeechServer:
    """Answers what it is told to, in order; the last answer again and again.

    Attributes: answers: (status, JSON or bytes) by the last part of the path.
    """

    answers: dict[str, list[tuple[int, Any]]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._server = WSGIServer(("127.0.0.1", 0), self._serve, log=None, error_log=None)
        self._server.start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Take it down."""
        self._server.stop(timeout=1)

    def of(self, path: str) -> list[Asked]:
        """Requests whose path has that in it."""
        return [one for one in self.asked if path in one.path]

    def google(self, directory: Path, **settings: Any) -> dict[str, Any]:
        """Settings of the engine google for this server, with a key of a service account."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        file = directory / "account.json"
        file.write_text(
            json.dumps(
                {
                    "type": "service_account",
                    "client_email": "transcripts@project.iam.gserviceaccount.com",
                    "private_key_id": "1",
                    "private_key": key.private_bytes(
                        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
                    ).decode(),
                    "token_uri": f"{self.url}/token",
                }
            )
        )
        return {
            "credentials_file": str(file),
            "bucket": "",
            "model": "",
            "endpoint": self.url,
            "storage_endpoint": self.url,
            **settings,
        }

    def _serve(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        headers = {
            name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
            for name, value in environ.items()
            if name.startswith("HTTP_") or name in ("CONTENT_TYPE", "CONTENT_LENGTH")
        }
        path = environ["PATH_INFO"]
        body = environ["wsgi.input"].read()
        if path == "/token":
            status, answer = 200, {"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"}
        else:
            self.asked.append(Asked(environ["REQUEST_METHOD"], path, environ["QUERY_STRING"], headers, body))
            status, answer = self._next(path)
        text = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        start_response(
            f"{status} X", [("Content-Type", "application/json"), ("Content-Length", str(len(text)))]
        )
        return [text]

    def _next(self, path: str) -> tuple[int, Any]:
        for part, answers in self.answers.items():
            if part in path:
                return answers.pop(0) if len(answers) > 1 else answers[0]
        return 404, {"error": {"message": "no such page"}}
