"""/healthz and /metrics, over a real socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
import requests
from prometheus_client import CollectorRegistry, Counter

from config.errors import SettingsError
from service.health import Condition, Health, State
from service.http import HttpServer, application


class Pages:
    """A server whose one part can be made worse."""

    def __init__(self) -> None:
        self.condition = Condition(State.OK)
        self.registry = CollectorRegistry()
        health = Health()
        health.add("calls", lambda: self.condition)
        self.server = HttpServer(("127.0.0.1", 0), application(health, self.registry))
        self.server.start()

    def get(self, path: str) -> requests.Response:
        """Ask for a page."""
        host, port = self.server.address
        return requests.get(f"http://{host}:{port}{path}", timeout=5)


@pytest.fixture
def pages() -> Iterator[Pages]:
    """A server on a free port."""
    made = Pages()
    yield made
    made.server.stop()


@pytest.mark.parametrize(("state", "status"), [(State.OK, 200), (State.DEGRADED, 200), (State.DOWN, 503)])
def test_health_is_a_status_and_a_body(pages: Pages, state: State, status: int) -> None:
    """A load balancer reads the status, people read which part it is and why."""
    pages.condition = Condition(state, "the reason")
    answer = pages.get("/healthz")
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == {
        "state": state.value,
        "parts": {"calls": {"state": state.value, "detail": "the reason"}},
    }


def test_metrics_are_prometheus_text(pages: Pages) -> None:
    """What the registry has is served in Prometheus's format."""
    Counter("callflows_things", "Things", registry=pages.registry).inc(3)
    answer = pages.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert "callflows_things_total 3.0" in answer.text


def test_nothing_else_is_served(pages: Pages) -> None:
    """Neither files nor other methods."""
    assert pages.get("/").status_code == 404
    assert pages.get("/static/x").status_code == 404


def test_a_taken_address_is_an_error_of_ours() -> None:
    """It is said which address, without a traceback at the top."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = HttpServer(taken.getsockname(), application(Health(), CollectorRegistry()))
        with pytest.raises(SettingsError, match=str(taken.getsockname()[1])):
            server.start()
