"""Says whether a URL that a document gives for its recordings names a place that can be delivered to.

| scheme | destination |
|---|---|
| http, https | http |
| ftp, ftps | ftp |
| sftp | sftp |
| s3 | s3 |
| az, azure | azure |
| gs | gs |

It is asked where documents are checked, and says what the destination would say when the recording has
ended.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from storage import extras, http_url
from storage.destinations import azure, ftp, gs, s3, sftp

KINDS: Mapping[str, str] = {
    "http": "http",
    "https": "http",
    "ftp": "ftp",
    "ftps": "ftp",
    "sftp": "sftp",
    "s3": "s3",
    "az": "azure",
    "azure": "azure",
    "gs": "gs",
}
"""The table of the module, in code."""

_CHECKS: Mapping[str, Callable[[dict[str, Any]], object]] = {
    "http": lambda parameters: http_url.parse(parameters["url"]),
    "ftp": lambda parameters: ftp.parse(parameters["url"]),
    "sftp": sftp.parse,
    "s3": s3.parse,
    "azure": azure.parse,
    "gs": gs.parse,
}


def kind_of(url: str) -> str:
    """Return the kind of destination a URL's scheme means, "" when there is none."""
    try:
        return KINDS.get(urlsplit(url).scheme, "")
    except ValueError:
        return ""


def fault_of(url: str) -> str:
    """Return a sentence about what keeps recordings from being delivered to a URL, "" when nothing does."""
    kind = kind_of(url)
    if not kind:
        return f"url: its scheme is none of {', '.join(KINDS)}"
    try:
        _CHECKS[kind]({"url": url})
    except ValueError as exc:
        return str(exc)
    return extras.missing(kind)
