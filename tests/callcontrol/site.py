"""A site of call control: service processes, a FreeSWITCH, documents, and a client's server for webhooks."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from gevent.pywsgi import WSGIServer
from telnyx import Telnyx

from callcontrol import tokens
from callcontrol.token import Scope, Token, new_token
from config.address import Address
from service.stage import ACCOUNT, Stage
from simulator.simcall import SimCall
from simulator.switch import Switch
from storage.names import account_db
from storage.open_store import open_store
from tests.service.house import callflow, chain, lay_out
from tests.service.service_process import ServiceProcess
from tests.waiting import eventually

CALL_S = 20.0


class Hooks:
    """A client's server: takes webhooks."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self._server = WSGIServer(("127.0.0.1", 0), self._take, log=None, error_log=None)
        self._server.start()

    @property
    def url(self) -> str:
        """Where."""
        return f"http://127.0.0.1:{self._server.server_port}/hooks"

    def of(self, *kinds: str) -> list[dict[str, Any]]:
        """The payloads of some types, in the order in which they came."""
        told = [body["data"] for body in self.bodies]
        return [one["payload"] for one in told if one["event_type"] in kinds]

    def wait(self, kind: str, count: int = 1) -> dict[str, Any]:
        """Wait for so many of a type; return the last payload."""

        def come() -> list[dict[str, Any]]:
            found = self.of(kind)
            return found if len(found) >= count else []

        return eventually(come, CALL_S, f"{kind}; there are {self.counts}")[-1]

    @property
    def counts(self) -> Counter[str]:
        """How many of each type."""
        return Counter(body["data"]["event_type"] for body in self.bodies)

    def _take(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.bodies.append(json.loads(environ["wsgi.input"].read()))
        start_response("200 OK", [("Content-Length", "0")])
        return []

    def close(self) -> None:
        """Take no more."""
        self._server.stop(timeout=1)


class Site:
    """Args: event_socket: of a running FreeSWITCH; without it there is a simulated one."""

    def __init__(self, root: Path, event_socket: Address | None = None) -> None:
        self.switch = Switch().start() if event_socket is None else None
        self._event_socket = Address(*self.switch.event_socket) if self.switch else event_socket
        self.hooks = Hooks()
        self.stage = Stage(root)
        lay_out(self.stage)
        # Of this site alone: on a running FreeSWITCH each process tells of all calls of its connections.
        self.connection_id = f"crm-{secrets.token_hex(4)}"
        control = ("call_control", {"connection_id": self.connection_id})
        connection = {"pvt_type": "connection", "webhook_event_url": self.hooks.url}
        self.stage.write(account_db(ACCOUNT), self.connection_id, connection)
        self.stage.write(account_db(ACCOUNT), "main", callflow("1000", chain(control)))
        self.key, self.token = self.new_key()
        self._started: list[ServiceProcess] = []
        self._clients: list[Telnyx] = []

    def new_key(self) -> tuple[str, Token]:
        """An API key that may do everything."""
        text, kept = new_token(ACCOUNT, [Scope.ADMIN])
        store = open_store(self.stage.documents.as_uri(), cache=False)
        tokens.keep(store, kept)
        store.close()
        return text, kept

    def serve(self, **options: Any) -> ServiceProcess:
        """Start `callflows serve`."""
        run = len(self._started) + 1
        self._started.append(ServiceProcess(self.stage, str(self._event_socket), run=run, **options))
        return self._started[-1]

    def client(self, port: int, key: str = "") -> Telnyx:
        """Telnyx' client, on connections of its own."""
        url = f"http://127.0.0.1:{port}/v2"
        self._clients.append(Telnyx(api_key=key or self.key, base_url=url, max_retries=0))
        return self._clients[-1]

    def client_of(self, process: ServiceProcess) -> Telnyx:
        """A client of one process, once that serves and hears of calls."""
        process.wait_log("engine_started")
        process.wait_log("calls_compared")
        return self.client(process.wait_log("http_listening")[0]["port"])

    def call(self, process: ServiceProcess) -> tuple[SimCall, str]:
        """A call of the simulated FreeSWITCH that a process holds, and its call control id, as it is told."""
        assert self.switch is not None
        call = self.switch.place_call("1000", engine=process.address)
        before = len(self.hooks.of("call.initiated"))
        payload = self.hooks.wait("call.initiated", before + 1)
        assert payload["call_leg_id"] == call.uuid
        return call, payload["call_control_id"]

    def close(self) -> None:
        """Take everything down."""
        for client in self._clients:
            client.close()
        for process in self._started:
            process.close()
        if self.switch:
            self.switch.stop()
        self.hooks.close()
