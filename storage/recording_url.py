"""Builds the URL a recording is delivered to, as Kazoo does, from the URL a document gives.

The file's name goes into the path, or into the query when the URL has one; facts about the call follow
as query fields, so that the receiver can file the recording without a second request.
Source: reference section 3.6; Kazoo media_recording (check_url, handler_fields) as of 4.3, that is
without the doubled dot of the file name in master.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from storage.file_name import safe_file_name

FIELDS = (
    ("from", "from"),
    ("to", "to"),
    ("caller_id_name", "caller_id_name"),
    ("caller_id_number", "caller_id_number"),
    ("call_id", "call_id"),
    ("cdr_id", "cdr_id"),
    ("interaction_id", "interaction_id"),
    ("account_id", "pvt_account_id"),
    ("owner_id", "owner_id"),
    ("start", "start"),
    ("duration_ms", "duration_ms"),
    ("recording_id", "_id"),
)
"""Query fields in Kazoo's order, each with the metadata key its value comes from."""


def file_name(call_id: str, extension: str) -> str:
    """Return Kazoo's name for a delivered recording: `call_recording_<call id>.<ext>`.

    Args: extension: with or without its dot.
    """
    return f"call_recording_{call_id}.{extension.lstrip('.')}"


def fields(metadata: Mapping[str, Any]) -> dict[str, str]:
    """Pick the query fields out of a recording's metadata document, in order; absent ones are left out."""
    picked = {}
    for name, key in FIELDS:
        value = metadata.get(key)
        if value is not None and value != "":
            picked[name] = str(value)
    return picked


def build(url: str, name: str, extra: Mapping[str, str]) -> str:
    """Return the URL one recording goes to.

    Args: url: from the document, http or https, already found usable (storage.http_url); name: of the
    file; extra: query fields in order; values "" are left out.

    | the url's query | the name goes |
    |---|---|
    | none | to the end of the path, after exactly one slash |
    | last parameter without `=` | after it: `=name` |
    | last parameter with an empty value | into it |
    | last parameter with a value | into a parameter of its own: `&recording=name` |
    """
    parts = urlsplit(url)
    encoded = _encoded(safe_file_name(name))
    facts = [f"{_encoded(key)}={_encoded(value)}" for key, value in extra.items() if value]
    path = parts.path
    if parts.query:
        query = [parts.query + _named(parts.query, encoded), *facts]
    else:
        path = f"{path.rstrip('/')}/{encoded}"
        query = facts
    return urlunsplit((parts.scheme, parts.netloc, path, "&".join(query), ""))


def build_at(url: str, segments: Sequence[str], extra: Mapping[str, str]) -> str:
    """Return the URL one recording goes to by a plan's naming: folders and name behind the URL's path.

    A URL with a query has them behind the query, without a slash between, which is where Kazoo puts them.
    Args: segments: as storage.plan_path makes them, their values percent-encoded already.
    """
    parts = urlsplit(url)
    where = "/".join(quote(segment, safe="%", errors="replace") for segment in segments)
    facts = [f"{_encoded(key)}={_encoded(value)}" for key, value in extra.items() if value]
    path, query = f"{parts.path.rstrip('/')}/{where}", facts
    if parts.query:
        path, query = parts.path, [parts.query + where, *facts]
    return urlunsplit((parts.scheme, parts.netloc, path, "&".join(query), ""))


def _encoded(text: str) -> str:
    return quote(text, safe="", errors="replace")  # a stray surrogate must not stop a delivery


def _named(query: str, encoded_name: str) -> str:
    """Return what is put behind a query so that it names the file."""
    last = query.rsplit("&", 1)[-1]
    _, equals, value = last.partition("=")
    if not equals:
        return f"={encoded_name}"
    return encoded_name if not value else f"&recording={encoded_name}"
