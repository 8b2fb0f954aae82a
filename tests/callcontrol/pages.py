"""All pages of the API that runs, and a request to each that is in order but for whose things it names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import httpx

from callcontrol.token import Scope
from tests.callcontrol.place import ApiProcess

URL = "http://192.0.2.1/x"
BODIES: dict[str, dict[str, Any]] = {
    "bridge": {"call_control_id": "v3:other"},
    "client_state_update": {"client_state": "eA=="},
    "gather_using_audio": {"audio_url": URL},
    "gather_using_speak": {"payload": "hello", "voice": "female"},
    "playback_start": {"audio_url": URL},
    "record_start": {"format": "wav", "channels": "single"},
    "reject": {"cause": "USER_BUSY"},
    "switch_supervisor_role": {"role": "barge"},
    "send_dtmf": {"digits": "1"},
    "speak": {"payload": "hello", "voice": "female"},
    "transfer": {"to": "+15550001111"},
    "delete_recordings": {"ids": ["0" * 32]},
    "dial": {"to": "+15550001111", "from": "+15550002222", "connection_id": "c1"},
}
"""What a page cannot do without."""

_SCOPE = re.compile(r"[Nn]eeds the scope `(\w+)`")


@dataclass(frozen=True, slots=True)
class Page:
    """One page. Attributes: path: with its parameters in braces; name: its last part."""

    method: str
    path: str
    name: str
    endpoint: str

    def url(self, **parameters: str) -> str:
        """Its path for these parameters, others being anything."""
        return re.sub(r"\{(\w+)\}", lambda found: parameters.get(found[1], "anything"), self.path)

    def ask(self, process: ApiProcess, key: str, **parameters: str) -> httpx.Response:
        """A request in order. Args: key: "" for none."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        body = BODIES.get(self.name, {}) if self.method in {"POST", "PUT", "PATCH"} else None
        return httpx.request(
            self.method, process.url + self.url(**parameters), headers=headers, json=body, timeout=20
        )


def pages_of(process: ApiProcess) -> list[Page]:
    """Every page below /v2, as the application has it."""
    found = []
    for rule in process.application.url_map.iter_rules():
        if rule.rule.startswith("/v2"):
            path = re.sub(r"<(?:[^:>]+:)?(\w+)>", r"{\1}", rule.rule)
            methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
            name = rule.endpoint.rpartition(".")[2]
            found += [Page(method, path, name, rule.endpoint) for method in methods]
    return sorted(found, key=lambda page: (page.path, page.method))


def scope_of(page: Page, description: dict[str, Any]) -> Scope:
    """What a page needs, as the API's description says."""
    told = description["paths"][page.path][page.method.lower()]["description"]
    found = _SCOPE.search(told)
    assert found, f"{page.method} {page.path}: no scope in its description"
    return Scope(found[1])
