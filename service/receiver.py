"""A small HTTP server that takes recordings by PUT or POST, as a customer's own would."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from gevent.pywsgi import WSGIServer

StartResponse = Callable[[str, list[tuple[str, str]]], object]


class Receiver:
    """Keeps each body under the last part of its path; for trying out, with no limits or accounts."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.received: list[Path] = []
        self._server = WSGIServer(("127.0.0.1", 0), self._serve, log=None)

    @property
    def url(self) -> str:
        """Where to send recordings."""
        return f"http://127.0.0.1:{self._server.server_port}/recordings"

    def start(self) -> None:
        """Listen on a free port of the loopback."""
        self._server.start()

    def stop(self) -> None:
        """Close."""
        self._server.stop(timeout=1)

    def _serve(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        name = Path(unquote(environ["PATH_INFO"])).name
        if environ["REQUEST_METHOD"] not in {"PUT", "POST"} or not name:
            start_response("405 Method Not Allowed", [("Allow", "PUT, POST")])
            return []
        path = self._directory / name
        with path.open("wb") as file:
            shutil.copyfileobj(environ["wsgi.input"], file)
        self.received.append(path)
        start_response("201 Created", [("Content-Length", "0")])
        return []
