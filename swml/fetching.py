"""Fetches documents by URL: the call's data goes there, a document comes back.

The data are POSTed as JSON, as the language has it. The document may be JSON or YAML; what the server calls
it matters less than what it is, since many serve YAML as plain text or as bytes.
Source: SignalWire's SWML reference, document-fetching webhook.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from calls.call import Call
from swml.document import Script
from swml.errors import DocumentNotFetched, WebFailed
from swml.web import Asking, Page, Web

ACCEPT = "application/json, application/yaml;q=0.9, application/x-yaml;q=0.9, text/yaml;q=0.9, */*;q=0.1"

NO_TEXT = ("audio/", "video/", "image/", "font/", "multipart/")
"""Kinds of media that no document is of."""

Read = Callable[[str, str], Script]
"""Makes a script of a document's text and its URL, off the hub when it is long, or raises BadDocument
(swml.compiling.load)."""


class Fetcher:
    """Fetches documents.

    Attributes: web: for whatever else scripts ask servers; request_timeout_s: how long that may take.
    """

    def __init__(
        self, web: Web, read: Read, *, timeout_s: float, max_bytes: int, request_timeout_s: float = 60.0
    ) -> None:
        """Args: read: see Read; timeout_s: for all of one fetch; max_bytes: the largest document."""
        self.web = web
        self.request_timeout_s = request_timeout_s
        self._read = read
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes

    def fetch(self, url: str, payload: Mapping[str, Any], call: Call | None = None) -> Script:
        """Return the document at a URL.

        Args: payload: the call's data, JSON values; call: the one that waits for it.
        Raises: DocumentNotFetched; BadDocument: it is none that can be run; CallGone: the call is over.
        """
        asking = Asking(
            "POST",
            url,
            timeout_s=self._timeout_s,
            max_bytes=self._max_bytes,
            headers={"Accept": ACCEPT, "Content-Type": "application/json"},
            body=json.dumps(payload, default=str).encode("utf-8", "replace"),
        )
        try:
            page = self.web.ask(asking, call)
            self._check(page)
            text = page.text()
        except WebFailed as exc:
            raise DocumentNotFetched(str(exc)) from exc
        return self._read(text, page.url)

    def _check(self, page: Page) -> None:
        """Raises: DocumentNotFetched: the answer is none, or too much of one."""
        fault = ""
        if not page.is_success:
            fault = f"answered {page.status}"
        elif page.is_cut:
            fault = f"its document is larger than {self._max_bytes} bytes"
        elif not page.body.strip():
            fault = "its answer is empty"
        elif page.media_type.startswith(NO_TEXT):
            fault = f"its answer is {page.media_type[:60]}, no document"
        elif page.media_type == "text/html" and page.body.lstrip().startswith(b"<"):
            fault = "its answer is a page for people, no document"
        if fault:
            raise DocumentNotFetched(f"{page.shown}: {fault}", page.media_type)
