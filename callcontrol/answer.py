"""Answers: JSON, and errors in Telnyx' format, whatever went wrong and wherever."""

from __future__ import annotations

import json
from typing import Any

import structlog
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from callcontrol.access import retry_after
from callcontrol.errors import (
    BAD_REQUEST,
    NOT_FOUND,
    UNEXPECTED,
    ApiError,
    Fault,
    RateLimited,
)
from storage.errors import StoreUnavailable

PREFIX = "/v2/"

log = structlog.get_logger(__name__)


def answer(data: Any, status: int = 200) -> Response:
    """Return a JSON answer."""
    text = json.dumps(data, separators=(",", ":"))
    return Response(text, status=status, mimetype="application/json")


def told(error: ApiError) -> Response:
    """Return the answer that an error is.

    Telnyx' clients repeat a request by themselves after 408, 409, 429 and 5xx, unless they are told not to.
    """
    response = answer(error.data(), error.status)
    response.headers.update(error.headers)
    if isinstance(error, RateLimited):
        response.headers.update(retry_after(error))
    if error.is_unknown:
        response.headers["x-should-retry"] = "false"
    return response


def tell_errors(app: Flask) -> None:
    """Have an application tell every error below /v2 in this format; its other pages keep theirs."""
    app.register_error_handler(ApiError, told)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(StoreUnavailable, _store)
    app.register_error_handler(Exception, _unexpected)


def _http(error: HTTPException) -> Response | HTTPException:
    if not request.path.startswith(PREFIX):
        return error
    status = error.code or 500
    kind = NOT_FOUND if status == 404 else BAD_REQUEST if status < 500 else UNEXPECTED
    response = answer({"errors": [Fault(kind, error.description or "").data()]}, status)
    if status == 405:
        response.headers["Allow"] = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
    return response


def _store(error: StoreUnavailable) -> Response:
    if not request.path.startswith(PREFIX):
        raise error
    log.warning("api_store_unavailable", reason=str(error))
    response = answer({"errors": [Fault(UNEXPECTED, "The document store cannot be asked now.").data()]}, 503)
    response.headers["Retry-After"] = "1"
    return response


def _unexpected(error: Exception) -> Response:
    """The catch-all of a request: one fault of ours is one answer, and the process goes on."""
    if not request.path.startswith(PREFIX):
        raise error
    log.exception("api_request_failed", path=request.path, exc_info=error)
    response = answer({"errors": [Fault(UNEXPECTED, "An unexpected error occurred.").data()]}, 500)
    response.headers["x-should-retry"] = "false"
    return response
