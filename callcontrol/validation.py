"""Bodies: bounded, JSON, an object; and what a schema has against one, as a list of faults.

Used as webargs' parser by every blueprint, so that no view sees a body that is not in order.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from flask import Request
from marshmallow import Schema, ValidationError, fields
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import RequestEntityTooLarge

from callcontrol.errors import (
    BAD_REQUEST,
    INVALID_JSON,
    INVALID_VALUE,
    MISSING_PARAMETER,
    BadRequest,
    Fault,
    TooLarge,
    Unprocessable,
    WrongMediaType,
)

MAX_BODY_BYTES = 64 * 1024
"""The longest command has some ten kilobytes, most of it client_state; a schema of larger ones says so by
`max_body_bytes`.
"""

MAX_FAULTS = 50

_REQUIRED = fields.Field.default_error_messages["required"]


class BodyParser(FlaskParser):
    """Reads a body or a query, or says all that is wrong with it.

    Raises: BadRequest, TooLarge, WrongMediaType, Unprocessable.
    """

    DEFAULT_UNKNOWN_BY_LOCATION = {"json": None, "query": None}

    def load_json(self, req: Request, schema: Schema) -> Any:
        """Return the object that a body is; no body at all is an empty one."""
        return read_object(req, getattr(schema, "max_body_bytes", MAX_BODY_BYTES))

    def _on_validation_error(
        self, error: ValidationError, req: Request, schema: Schema, location: str, **_: Any
    ) -> NoReturn:
        del req, schema
        raise Unprocessable(*faults(error.messages, is_query=location == "query")) from error


def read_object(request: Request, max_bytes: int = MAX_BODY_BYTES) -> dict[str, Any]:
    """Return the JSON object in a request's body. Raises: BadRequest, TooLarge, WrongMediaType."""
    # One more than is taken: of a body in chunks werkzeug returns what fits as if it were all.
    request.max_content_length = max_bytes + 1
    try:
        body = request.get_data(cache=True)
    except RequestEntityTooLarge as exc:
        raise TooLarge(max_bytes) from exc
    if len(body) > max_bytes:
        raise TooLarge(max_bytes)
    if not body.strip():
        return {}
    if not request.is_json:
        raise WrongMediaType
    try:
        text = body.decode("utf-8")  # json would guess the encoding of bytes
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as exc:
        raise BadRequest(Fault(INVALID_JSON, "The body is not valid JSON.")) from exc
    if not isinstance(value, dict):
        raise BadRequest(Fault(BAD_REQUEST, "The body must be a JSON object."))
    return value


def faults(messages: Any, *, is_query: bool = False) -> list[Fault]:
    """Return marshmallow's messages as faults, one for each sentence, in order."""
    found = []
    for path, sentence in sentences(messages):
        kind = MISSING_PARAMETER if sentence == _REQUIRED else INVALID_VALUE
        if is_query:
            found.append(Fault(kind, sentence, parameter=path[0] if path else ""))
        else:
            found.append(Fault(kind, sentence, pointer=pointer_of(path)))
        if len(found) == MAX_FAULTS:
            break
    return found or [Fault(INVALID_VALUE, "The body is not valid.")]


def pointer_of(path: tuple[str, ...]) -> str:
    """Return a JSON pointer. Source: RFC 6901, section 3."""
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path if part != "_schema")


def sentences(messages: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield marshmallow's messages one by one, each with the keys that lead to what it is about."""
    if isinstance(messages, dict):
        for key, below in messages.items():
            yield from sentences(below, (*path, str(key)))
    elif isinstance(messages, list):
        for below in messages:
            yield from sentences(below, path)
    else:
        yield path, str(messages)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
