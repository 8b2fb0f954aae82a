"""What pages answer when they do not do what was asked, for the API's description.

| status | of which pages | |
|---|---|---|
| 400, 413, 415 | with a body | no JSON object, too long, of another type |
| 401, 403, 429 | all | no key, not its scope, too often |
| 404 | that name something | no such thing, or another account's |
| 422 | that name something or have parameters | the errors say which |
| 500, 503 | all | a fault of ours, nothing was done |
| 504 | of calls | FreeSWITCH was told and did not answer: it may have been done |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_SECONDS = {"type": "integer", "minimum": 1}


@dataclass(frozen=True, slots=True)
class DescribedError:
    """An answer that is no success. Attributes: headers: those it has besides, with their schemas."""

    name: str
    description: str
    headers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def component(self) -> dict[str, Any]:
        """Return it as OpenAPI has it."""
        schema = {"$ref": "#/components/schemas/Errors"}
        told: dict[str, Any] = {
            "description": self.description,
            "content": {"application/json": {"schema": schema}},
        }
        if self.headers:
            told["headers"] = {name: {"schema": dict(schema)} for name, schema in self.headers.items()}
        return told


ERRORS: Mapping[str, DescribedError] = {
    "400": DescribedError("BadRequest", "The body is no JSON object."),
    "401": DescribedError(
        "Unauthenticated",
        "There is no API key, or it is not valid.",
        {"WWW-Authenticate": {"type": "string"}},
    ),
    "403": DescribedError("Forbidden", "The API key lacks the scope."),
    "404": DescribedError("NotFound", "There is no such thing, or it is another account's."),
    "413": DescribedError("TooLarge", "The body is too long."),
    "415": DescribedError("WrongMediaType", "The body is not application/json."),
    "422": DescribedError(
        "Unprocessable",
        "A parameter is not as it should be (`source` says which), or the call cannot do it now: 90015 no "
        "call control id, 90018 the call has ended, 90034 it is not answered.",
    ),
    "429": DescribedError(
        "RateLimited",
        "Too many requests with this API key; come back after so long.",
        {"Retry-After": _SECONDS, "retry-after-ms": _SECONDS},
    ),
    "500": DescribedError("Failed", "A fault of ours; it is not to be repeated as it is."),
    "503": DescribedError(
        "Unavailable",
        "FreeSWITCH or the document store cannot be asked now; nothing was done.",
        {"Retry-After": _SECONDS},
    ),
    "504": DescribedError(
        "Unanswered",
        "FreeSWITCH was told and did not answer in time: it may have been done. Safe to repeat with the same "
        "command_id.",
    ),
}


def add_errors(described: dict[str, Any]) -> None:
    """Say of every page how it may fail; what flask-smorest says of that is taken away."""
    described["components"]["responses"] = {one.name: one.component() for one in ERRORS.values()}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            if method == "parameters":
                continue
            answers = operation["responses"]
            for status in ("422", "default"):
                answers.pop(status, None)
            for status in _statuses(path, operation):
                answers[status] = {"$ref": f"#/components/responses/{ERRORS[status].name}"}


def _statuses(path: str, operation: Mapping[str, Any]) -> list[str]:
    """Return how a page may fail."""
    has_body, names = "requestBody" in operation, "{" in path
    found = {"401", "403", "429", "500", "503"}
    if has_body:
        found |= {"400", "413", "415"}
    if names:
        found.add("404")
    if names or has_body or operation.get("parameters"):
        found.add("422")
    if "/calls" in path:
        found.add("504")
    return sorted(found)
