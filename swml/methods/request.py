"""Asks a server something, and keeps its answer in variables.

| variable | |
|---|---|
| `request_url` | what was asked, without credentials |
| `request_result`, `return_value` | `success` for an answer of 2xx, else `failed` |
| `request_response_code` | the status, a number |
| `request_response_headers.<name>` | lower case, 64 at the most |
| `request_response_body` | the body as text, 64 kB of it at the most |
| `request_response.<key>` | with `save_variables`: the body's JSON, if it is JSON and not longer |

Where there was no answer only the first two are set. A request is over within its timeout, and in any case
within `swml.request_timeout_s`; redirects are followed, each judged anew.
Source: SignalWire's SWML reference, request; RFC 9110.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError

from storage import http_url
from swml.errors import LimitReached, WebFailed
from swml.method import Data, Method, Outcome
from swml.properties import flag, mapping, number, text, web_url
from swml.property import MethodData, Property
from swml.run import ScriptRun
from swml.value import as_text
from swml.web import CONNECT_TIMEOUT_S, Asking, Page

METHODS = ("GET", "POST", "PUT", "DELETE")

MAX_BODY_BYTES = 64 * 1024
"""Of an answer. Source: the published page."""

MAX_HEADERS = 64
"""Likewise."""

FOR_EVERYBODY = frozenset({"accept", "content-type", "range"})
"""Headers that go along redirects to other hosts; the others may be secrets of the first."""

FOR_THE_HOST = "authorization"
CUSTOM = "x-"

ANSWERED = (
    "request_response_code",
    "request_response_headers",
    "request_response_body",
    "request_response",
)
"""Variables of an answer; those of an earlier request's are removed."""


class Content(Property):
    """What is sent: a text, or what is written as JSON."""

    kind = "string or object"

    def written(self, value: Any) -> Any:
        """A string or a mapping."""
        if not isinstance(value, str | Mapping):
            raise ValidationError("must be a string or a mapping")
        return value

    def given(self, value: Any) -> Any:
        """Whatever a variable was."""
        return value


class RequestData(MethodData):
    """What to ask whom."""

    url = web_url("Whom; user and password in it are sent to that host.", required=True)
    method = text("How.", one_of=METHODS, required=True)
    headers = mapping("Accept, Authorization, Content-Type, Range, and names with X-; others are not sent.")
    body = Content("What is sent along; a mapping as JSON.")
    timeout = number("How long it may take, in s; 0: swml.request_timeout_s.", default=0.0, minimum=0)
    connect_timeout = number("How long connecting may take, in s; 0: five.", default=0.0, minimum=0)
    save_variables = flag("Keep the answer's JSON in request_response.")


def run(run: ScriptRun, data: Data) -> Outcome | None:
    """Ask, keep the answer, go on."""
    fetcher = run.facilities.fetcher
    _forget(run)
    run.variables.set("request_url", _bare(data["url"]))
    try:
        page = fetcher.web.ask(_asking(run, data, fetcher.request_timeout_s), run.call)
    except WebFailed as exc:
        run.log.warning("request_failed", reason=str(exc))
        _conclude(run, "failed")
        return None
    _keep(run, page, save_variables=data["save_variables"])
    _conclude(run, "success" if page.is_success else "failed")
    return None


def _asking(run: ScriptRun, data: Data, longest_s: float) -> Asking:
    body = data["body"]
    content = None if body is None else as_text(body)
    headers, private = _headers(run, data["headers"])
    if content is not None and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = likely_type(content)
    return Asking(
        data["method"],
        data["url"],
        timeout_s=min(data["timeout"] or longest_s, longest_s),
        max_bytes=MAX_BODY_BYTES,
        headers=headers,
        private_headers=private,
        body=None if content is None else content.encode("utf-8", "replace"),
        connect_timeout_s=data["connect_timeout"] or CONNECT_TIMEOUT_S,
    )


def likely_type(content: str) -> str:
    """Return what a body most likely is, by how it begins. Source: the published page."""
    first = content.lstrip()[:1]
    if first in ("{", "["):
        return "application/json"
    if first == "<":
        return "application/xml"
    is_form = "=" in content and not any(char.isspace() for char in content)
    return "application/x-www-form-urlencoded" if is_form else "text/plain; charset=utf-8"


def _headers(run: ScriptRun, given: Mapping[Any, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the headers for every host, and those for the first alone."""
    everybody: dict[str, str] = {}
    private: dict[str, str] = {}
    for name, value in list(given.items())[:MAX_HEADERS]:
        lower = str(name).lower()
        if lower in FOR_EVERYBODY:
            everybody[str(name)] = as_text(value)
        elif lower == FOR_THE_HOST or lower.startswith(CUSTOM):
            private[str(name)] = as_text(value)
        else:
            run.log.warning("request_header_not_sent", header=str(name)[:60])
    return everybody, private


def _keep(run: ScriptRun, page: Page, *, save_variables: bool) -> None:
    run.variables.set("request_response_code", page.status)
    run.variables.set("request_response_headers", dict(list(page.headers.items())[:MAX_HEADERS]))
    try:
        body = page.text()
    except WebFailed as exc:
        run.log.warning("answer_not_read", reason=str(exc))
        return
    run.variables.set("request_response_body", body)
    if not save_variables:
        return
    try:
        value = None if page.is_cut else json.loads(body, parse_constant=_refused)
    except (ValueError, RecursionError):
        value = None
    if value is None:
        reason = "longer than is kept" if page.is_cut else "no JSON"
        run.log.warning("answer_not_saved", url=page.shown, reason=reason)
        return
    try:
        run.variables.set("request_response", value)
    except LimitReached as exc:  # the server's doing, not the script's
        run.log.warning("answer_not_saved", url=page.shown, reason=str(exc))


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _forget(run: ScriptRun) -> None:
    for name in ANSWERED:
        run.variables.unset(name)


def _conclude(run: ScriptRun, result: str) -> None:
    run.variables.set("request_result", result)
    run.variables.set("return_value", result)


def _bare(url: str) -> str:
    """Return a URL without its credentials."""
    try:
        return http_url.parse(url).bare
    except ValueError:
        return http_url.shown(url)


METHOD = Method(schema=RequestData, run=run, summary="Asks a server something, and keeps its answer.")
