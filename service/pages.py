"""The HTTP servers of one engine process: the address everybody knows, and a port for what concerns it alone.

| processes | `[http] listen` | `[http] own_port` and following |
|---|---|---|
| one | everything | |
| several | shared (SO_REUSEPORT): everything but /metrics, by whichever process the system picks | /healthz and /metrics of one process each |
"""  # noqa: E501 - a table's line

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint
from prometheus_client import CollectorRegistry

from config.settings import Settings
from service.health import Health
from service.http import HttpServer, Limits, application


def servers_of(
    settings: Settings,
    process: int,
    health: Health,
    registry: CollectorRegistry,
    blueprints: Iterable[Blueprint],
) -> list[HttpServer]:
    """Return the servers of a process, the one at `http.listen` first; none where nothing is listened on."""
    http = settings.http
    if http.listen is None:
        return []
    limits = Limits(http.max_body_kb * 1000, http.max_requests)
    own_ports = http.own_ports(settings.service.processes)
    everything = application(health, registry, blueprints, limits=limits, own_ports=own_ports)
    servers = [HttpServer(http.listen, everything, limits=limits, is_shared=bool(own_ports))]
    if own_ports:
        own = (http.listen.host, own_ports[process])
        servers.append(HttpServer(own, application(health, registry, limits=limits), limits=limits))
    return servers
