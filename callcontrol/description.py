"""The API's description: OpenAPI 3, made once of the schemas, and a page that renders it.

The page is of this house: no script of anybody else's server runs beside people's tokens.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from flask import Blueprint as Pages
from flask import Flask, Response
from flask_smorest import Api, Blueprint

from callcontrol.described_errors import add_errors
from callcontrol.examples import EXAMPLES
from callcontrol.schemas import ErrorsSchema

TITLE = "callflows call control"
VERSION = "2"
ABOUT = (
    "Commands on live calls of FreeSWITCH, and their recordings, as Telnyx' clients ask for them. What comes "
    "of a command is told by webhooks. A command with the `command_id` of an earlier one of the same call is "
    "ignored, and so are parameters that are not known."
)
IDS: Mapping[str, str] = {
    "call_control_id": "Names a call; webhooks and the answer to POST /v2/calls tell it.",
    "connection_id": "Names the document that says where webhooks go.",
    "recording_id": "Names a recording; record_start and webhooks tell it. With dashes or without.",
    "transcription_id": "Names what was said in a recording.",
}

_SECURITY = {
    "type": "http",
    "scheme": "bearer",
    "description": "An API key, made by `callflows tokens create`: of one account, good for its scopes only.",
}
_OPTIONS = {
    "API_TITLE": TITLE,
    "API_VERSION": VERSION,
    "OPENAPI_VERSION": "3.0.3",
}
_POLICY = (
    "default-src 'none'; connect-src 'self'; style-src 'unsafe-inline'; script-src 'sha256-{script}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


class _Describing(Api):  # type: ignore[misc]  # flask-smorest has no types
    """Collects descriptions; its error handling is never used."""

    ERROR_SCHEMA = ErrorsSchema
    DEFAULT_ERROR_RESPONSE_NAME = None


def describe(blueprints: Sequence[Blueprint]) -> dict[str, Any]:
    """Return the description of these pages."""
    app = Flask(__name__, static_folder=None)
    app.config.update(_OPTIONS)
    api = _Describing(app)
    api.spec.components.security_scheme("bearer", _SECURITY)
    for blueprint in blueprints:
        api.register_blueprint(blueprint)
    described: dict[str, Any] = api.spec.to_dict()
    described["security"] = [{"bearer": []}]
    described["info"]["description"] = ABOUT
    described["servers"] = [{"url": "/"}]
    add_errors(described)
    _name(described, app)
    _describe_parameters(described)
    return described


def pages(description: dict[str, Any]) -> Pages:
    """Return /openapi.json and /docs, which anybody may read."""
    blueprint = Pages("description", __name__)
    text = json.dumps(description, separators=(",", ":"), sort_keys=True)
    page = files("callcontrol").joinpath("docs.html").read_text(encoding="utf-8")
    policy = _policy(page)

    @blueprint.get("/openapi.json")
    def openapi() -> Response:
        return Response(text, mimetype="application/json")

    @blueprint.get("/docs")
    def docs() -> Response:
        response = Response(page, mimetype="text/html")
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return blueprint


def _policy(page: str) -> str:
    """Return what a browser is told to let the page do: run its own script, read the description."""
    script = "".join(_SCRIPT.findall(page)).encode()
    return _POLICY.format(script=base64.b64encode(hashlib.sha256(script).digest()).decode())


def _name(described: dict[str, Any], app: Flask) -> None:
    """Give every operation an id, of which generators of clients make names, and an example of its body."""
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:[^:>]+:)?(\w+)>", r"{\1}", rule.rule)
        for method in rule.methods or ():
            operation = described["paths"].get(path, {}).get(method.lower())
            if operation is None:
                continue
            name = rule.endpoint.rpartition(".")[2]
            operation["operationId"] = rule.endpoint.replace(".", "_")
            body = operation.get("requestBody")
            if body and name in EXAMPLES:
                body["content"]["application/json"]["example"] = dict(EXAMPLES[name])


def _describe_parameters(described: dict[str, Any]) -> None:
    """Say what the things are that paths name."""
    for methods in described["paths"].values():
        for parameter in methods.get("parameters", ()):
            parameter["description"] = IDS.get(parameter["name"], "")
