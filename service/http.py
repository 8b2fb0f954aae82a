"""The engine's own HTTP server: health for load balancers, metrics for Prometheus, and what is mounted.

Applications compose: recordings (service.recording_pages) and the interfaces of languages are blueprints of
one Flask application. One greenlet serves a connection; nothing that takes long may run in it but in threads.
Several processes share the address (see ADR 15).
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import gevent
import structlog
from flask import Blueprint, Flask, Response, request
from gevent import pywsgi
from gevent.pool import Pool
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from config.errors import SettingsError
from service.health import Health, State, worst
from service.http_handler import CarefulHandler

MAX_CONNECTIONS = 1000
"""Open at once, most of them idle between two requests; the system keeps further ones waiting."""

BACKLOG = 512

STOP_S = 5.0
"""Requests under way get so long to end; whoever downloads a recording goes on where it was cut off."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """What all clients together may take. See `[http]` of the settings."""

    max_body_bytes: int = 1024 * 1024
    max_requests: int = 200


DEFAULT_LIMITS = Limits()


class Pages(Flask):
    """The application; what fails in it is logged as everything else is."""

    def log_exception(self, exc_info: Any) -> None:
        """Log a failure of ours; the client hears 500."""
        log.error("http_request_failed", method=request.method, path=request.path[:200], exc_info=exc_info)


def application(
    health: Health,
    registry: CollectorRegistry,
    blueprints: Iterable[Blueprint] = (),
    *,
    limits: Limits = DEFAULT_LIMITS,
    own_ports: range = range(0),
) -> Flask:
    """Return the WSGI application.

    /healthz answers 200 while calls can be served (state ok or degraded) and 503 when they cannot; the
    body names every part with its state and reason.

    Args: blueprints: mounted beside; own_ports: where each of several processes has its own metrics, since
    those of whichever process takes a request at the shared address would be worth nothing.
    """
    app = Pages("callflows", static_folder=None)
    # One more than is taken: of a body in chunks the library returns what fits as if it were all, so it must
    # ask our stream for the byte that is too much (werkzeug LimitedStream.readall).
    app.config["MAX_CONTENT_LENGTH"] = limits.max_body_bytes + 1

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
        if own_ports:
            where = f"each process has metrics of its own: ports {own_ports[0]} to {own_ports[-1]}\n"
            return Response(where, status=404, mimetype="text/plain")
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    return app


class HttpServer:
    """Serves an application on one address; a request never waits for a call, nor a call for a request.

    Args: is_shared: other processes of this service listen on the same address, and the system deals
    connections out among them (SO_REUSEPORT).
    """

    def __init__(
        self,
        address: tuple[str, int],
        app: Flask,
        *,
        limits: Limits = DEFAULT_LIMITS,
        is_shared: bool = False,
    ) -> None:
        self.address = address
        self._app = app
        self._limits = limits
        self._is_shared = is_shared
        self._server: _Server | None = None

    def start(self) -> None:
        """Listen; `address` has the real port afterwards. Raises: SettingsError: it cannot be listened on."""
        host, port = self.address
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            listener = socket.create_server(
                (host, port), family=family, backlog=BACKLOG, reuse_port=self._is_shared
            )
        except OSError as exc:
            raise SettingsError([f"http.listen: cannot listen on {host}:{port}: {exc.strerror}"]) from exc
        self.address = (host, int(listener.getsockname()[1]))
        self._server = _Server(listener, self.address, self._app, self._limits)
        self._server.start()
        log.info("http_listening", host=self.address[0], port=self.address[1])

    def stop(self, timeout_s: float = STOP_S) -> None:
        """Close; connections without a request end at once, requests under way within `timeout_s`."""
        if self._server is not None:
            self._server.end(timeout_s)
            self._server = None


_WSGIServer: Any = pywsgi.WSGIServer


class _Server(_WSGIServer):  # type: ignore[misc]  # gevent says too little of its types
    """gevent's server with bounds; see service.http_handler for what is asked of it."""

    def __init__(self, listener: socket.socket, address: tuple[str, int], app: Flask, limits: Limits) -> None:
        host, port = address
        super().__init__(
            listener,
            app,
            spawn=Pool(MAX_CONNECTIONS),
            log=None,
            error_log=None,
            handler_class=CarefulHandler,
            environ={"SERVER_NAME": host, "SERVER_PORT": str(port)},  # no name is looked up
        )
        self.max_body_bytes = limits.max_body_bytes
        self.is_stopping = False
        self.idle: set[gevent.Greenlet] = set()
        self._max_requests = limits.max_requests
        self._requests = 0

    def admit(self) -> bool:
        """Take a request in, unless there are too many."""
        if self._requests >= self._max_requests:
            return False
        self._requests += 1
        return True

    def dismiss(self) -> None:
        """A request that was admitted is over."""
        self._requests -= 1

    def end(self, timeout_s: float) -> None:
        """Take no more connections, and wait for requests under way."""
        self.is_stopping = True
        self.stop_accepting()
        gevent.killall(list(self.idle), block=False)
        self.stop(timeout=timeout_s)
