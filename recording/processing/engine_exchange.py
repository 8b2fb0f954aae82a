"""HTTP for transcript engines, which run in processes of their own: bounded, repeated where that may help.

The addresses are the operator's (system_config), so they are not vetted as those in documents are.
"""

from __future__ import annotations

import json
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from recording.errors import Unprocessable

CONNECT_S = 10.0
READ_S = 300.0
"""For an answer to begin: a minute of speech takes some seconds, on a slow server some minutes."""

MAX_ANSWER_BYTES = 32 * 1024 * 1024
"""Of an hour with a time for each word there are some five."""

TRIES = 3
"""More than the first: connections that broke, and answers 429, 500, 502, 503, 504; 1, 2, 4 s apart."""

_MAX_TOLD = 200


def ready(session: requests.Session, backoff_s: float = 1.0) -> requests.Session:
    """Have a session repeat what failed for a moment. A transcript that is made twice is the same."""
    retry = Retry(
        TRIES,
        backoff_factor=backoff_s,
        status_forcelist=(429, 500, 502, 503, 504),
        allowed_methods=None,
        raise_on_status=False,
    )
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session


def ask(session: requests.Session, who: str, method: str, url: str, **request: Any) -> Any:
    """Send a request; return the JSON it is answered with, None for an answer without content.

    Args: who: is asked, for messages. Raises: Unprocessable: no answer, a refusal, or no JSON.
    """
    try:
        with session.request(
            method, url, timeout=(CONNECT_S, READ_S), stream=True, allow_redirects=False, **request
        ) as response:
            body = _body(response, who)
            status = response.status_code
    except (requests.RequestException, OSError) as exc:
        raise Unprocessable(f"{who} cannot be asked: {type(exc).__name__}") from exc
    if not 200 <= status < 300:
        raise Unprocessable(f"{who} answered {status}{_told(body)}")
    if not body.strip():
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise Unprocessable(f"{who} answered something that is no JSON") from exc


def _body(response: requests.Response, who: str) -> bytes:
    body = bytearray()
    for block in response.iter_content(64 * 1024):
        body += block
        if len(body) > MAX_ANSWER_BYTES:
            raise Unprocessable(f"{who} answered more than {MAX_ANSWER_BYTES} bytes")
    return bytes(body)


def _told(body: bytes) -> str:
    """Return what a refusal says, in few words; both kinds of server put it at the same place."""
    try:
        error = json.loads(body)["error"]
        message = error["message"] if isinstance(error, dict) else error
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return f": {' '.join(str(message).split())[:_MAX_TOLD]}"
