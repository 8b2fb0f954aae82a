"""The API's description: OpenAPI 3, made once of the schemas, and a page that renders it.

The page is of this house: no script of anybody else's server runs beside people's tokens.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from flask import Blueprint as Pages
from flask import Flask, Response
from flask_smorest import Api, Blueprint

from callcontrol.schemas import ErrorsSchema

TITLE = "callflows call control"
VERSION = "2"
_OPTIONS = {
    "API_TITLE": TITLE,
    "API_VERSION": VERSION,
    "OPENAPI_VERSION": "3.0.3",
}
_POLICY = "default-src 'none'; connect-src 'self'; style-src 'unsafe-inline'; script-src 'nonce-callflows'"


class _Describing(Api):  # type: ignore[misc]  # flask-smorest has no types
    """Collects descriptions; its error handling is never used."""

    ERROR_SCHEMA = ErrorsSchema
    DEFAULT_ERROR_RESPONSE_NAME = None


def describe(blueprints: Sequence[Blueprint]) -> dict[str, Any]:
    """Return the description of these pages."""
    app = Flask(__name__, static_folder=None)
    app.config.update(_OPTIONS)
    api = _Describing(app)
    api.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    for blueprint in blueprints:
        api.register_blueprint(blueprint)
    described: dict[str, Any] = api.spec.to_dict()
    described["security"] = [{"bearer": []}]
    described["info"]["description"] = "Commands on live calls of FreeSWITCH, as Telnyx' clients send them."
    _add_errors(described)
    return described


def pages(description: dict[str, Any]) -> Pages:
    """Return /openapi.json and /docs, which anybody may read."""
    blueprint = Pages("description", __name__)
    text = json.dumps(description, separators=(",", ":"), sort_keys=True)
    page = files("callcontrol").joinpath("docs.html").read_text(encoding="utf-8")

    @blueprint.get("/openapi.json")
    def openapi() -> Response:
        return Response(text, mimetype="application/json")

    @blueprint.get("/docs")
    def docs() -> Response:
        response = Response(page, mimetype="text/html")
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return blueprint


def _add_errors(described: dict[str, Any]) -> None:
    """Say that every page may answer with errors, of one format."""
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Errors"}}}
    for path in described["paths"].values():
        for method, operation in path.items():
            if method == "parameters":
                continue
            answers = operation["responses"]
            for status in ("422", "default"):
                answers.pop(status, None)
            answers["4XX"] = {"description": "Not done; the errors say why", "content": content}
            answers["5XX"] = {"description": "Cannot be done now", "content": content}
