"""The engine's own HTTP pages: /healthz for people and load balancers, /metrics for Prometheus."""

from __future__ import annotations

import json
import socket

import structlog
from flask import Flask, Response
from gevent.pywsgi import WSGIServer
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from config.errors import SettingsError
from service.health import Health, State, worst

log = structlog.get_logger(__name__)


def application(health: Health, registry: CollectorRegistry) -> Flask:
    """Return the WSGI application.

    /healthz answers 200 while calls can be served (state ok or degraded) and 503 when they cannot; the
    body names every part with its state and reason.
    """
    app = Flask("callflows", static_folder=None)

    @app.get("/healthz")
    def healthz() -> Response:
        parts = health.report()
        state = worst(parts)
        body = {
            "state": state.value,
            "parts": {name: {"state": one.state.value, "detail": one.detail} for name, one in parts.items()},
        }
        status = 503 if state is State.DOWN else 200
        return Response(json.dumps(body), status=status, mimetype="application/json")

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    return app


class HttpServer:
    """Serves the pages on one address; a scrape never waits for a call, nor a call for a scrape."""

    def __init__(self, address: tuple[str, int], app: Flask) -> None:
        self.address = address
        self._app = app
        self._server: WSGIServer | None = None

    def start(self) -> None:
        """Listen; `address` has the real port afterwards. Raises: SettingsError: it cannot be listened on."""
        host, port = self.address
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            listener = socket.create_server((host, port), family=family)
        except OSError as exc:
            raise SettingsError([f"http.listen: cannot listen on {host}:{port}: {exc.strerror}"]) from exc
        self.address = (host, int(listener.getsockname()[1]))
        self._server = WSGIServer(listener, self._app, log=None, error_log=None)
        self._server.start()
        log.info("http_listening", host=self.address[0], port=self.address[1])

    def stop(self) -> None:
        """Close; a request under way gets one second to end."""
        if self._server is not None:
            self._server.stop(timeout=1)
            self._server = None
