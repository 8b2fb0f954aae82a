"""One event of FreeSWITCH, decoded only where somebody looks at it.

A call costs some forty events of two to four kilobytes, and of each only a few headers are wanted; a
dictionary of two hundred headers per event would be most of the engine's work. So the block stays as it
came, and a header is found by searching for its line.

Source: FreeSWITCH src/switch_event.c, switch_event_serialize (one "Name: value" line per header, values
URL-encoded, an empty value written as `_undef_`, a body after its own Content-Length); src/switch_utils.c,
switch_url_encode_opt.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote_from_bytes, unquote_to_bytes

from esl.errors import BadFrame

# What FreeSWITCH leaves as it is (the printable characters outside SWITCH_URL_UNSAFE, switch_utils.h).
_SAFE = "!$'()*,-./_~"
_UNDEFINED = b"_undef_"
# Half the time of bytes.find for two characters in three kilobytes, measured on CPython 3.11.
_BLANK_LINE = re.compile(rb"\n\n")


@lru_cache(maxsize=4096)  # names in the code are a few dozen; names out of documents must not pile up
def _line_start(header: str) -> bytes:
    """The bytes that begin a header's line; no line begins with them if the name could never be one."""
    if "\n" in header or ": " in header:
        return b"\n\n\n"
    return b"\n" + header.encode("utf-8", "replace") + b": "


def _decoded(value: bytes) -> str:
    """One value as text: URL-decoded after the line was split off, never before.

    FreeSWITCH does not encode a `%` that two upper-case hex digits follow, so the text `%41` and the text
    `A` look alike here; whoever needs such text back exactly hides it as quoting.braces does.
    """
    if b"%" in value:
        value = unquote_to_bytes(value)
    elif value == _UNDEFINED:
        return ""
    return value.decode("utf-8", "replace")


def encode_headers(headers: Mapping[str, str]) -> bytes:
    """Headers as FreeSWITCH would write them, without the blank line; names that could not stand in a
    line are left out, since nobody could ask for them.
    """
    lines = []
    for name, value in headers.items():
        if "\n" in name or ": " in name:
            continue
        raw = value.encode("utf-8", "surrogatepass")
        if raw == _UNDEFINED:
            encoded = "%5Fundef_"
        else:
            encoded = quote_from_bytes(raw, safe=_SAFE) if raw else "_undef_"
        lines.append(f"{name}: {encoded}\n".encode("utf-8", "replace"))
    return b"".join(lines)


class Event:
    """An event, or the channel data that answers `connect`.

    Header names are matched exactly, as FreeSWITCH writes them: it never varies their case. Of a header
    that comes twice the first counts, as in FreeSWITCH's own switch_event_get_header. A line without
    `: ` is nobody's value and is ignored: values arrive encoded, so a raw line break is never theirs.
    """

    __slots__ = ("_block", "_end")

    def __init__(self, block: bytes, body: bytes = b"") -> None:
        """Args: block: header lines, with or without the line break before the first one (with it, the
        block is kept without copying); all after its first blank line is the body. body: appended.
        """
        if body:
            block = block.rstrip(b"\n") + b"\n\n" + body
        self._block = block if block.startswith(b"\n") else b"\n" + block
        blank = _BLANK_LINE.search(self._block)
        self._end = len(self._block) if blank is None else blank.start()

    @classmethod
    def from_headers(cls, headers: Mapping[str, str], body: bytes = b"") -> Event:
        """The event that FreeSWITCH would send with these headers."""
        return cls(b"\n" + encode_headers(headers) + b"\n" + body)

    @classmethod
    def from_json(cls, text: bytes) -> Event:
        """The same event out of its JSON form, whose values are not URL-encoded.

        Raises: BadFrame: no JSON, or no object.
        Source: switch_event_serialize_json_obj (arrays for repeated values, `_body` for the body).
        """
        try:
            document = json.loads(text.decode("utf-8", "replace"), strict=False)
            if not isinstance(document, dict):
                raise BadFrame("a JSON event that is no object")
            headers = {name: _json_text(value) for name, value in document.items()}
        except (ValueError, RecursionError) as exc:
            raise BadFrame(f"a JSON event that cannot be read: {exc}") from exc
        body = headers.pop("_body", "")
        return cls.from_headers(headers, body.encode("utf-8", "replace"))

    def get(self, header: str, default: str | None = None) -> str | None:
        """The decoded value of a header; bytes that are no UTF-8 become U+FFFD.

        Returns: "" for a header that FreeSWITCH sends as undefined, `default` if there is none.
        """
        line_start = _line_start(header)
        block, end = self._block, self._end
        start = block.find(line_start, 0, end)
        if start < 0:
            return default
        start += len(line_start)
        stop = block.find(b"\n", start, end)
        return _decoded(block[start : end if stop < 0 else stop])

    def variable(self, name: str) -> str | None:
        """The channel variable `name`, None if it is not set."""
        return self.get("variable_" + name)

    @property
    def name(self) -> str:
        """Such as CHANNEL_ANSWER."""
        return self.get("Event-Name") or ""

    @property
    def subclass(self) -> str:
        """Such as sofia::register for a CUSTOM event, else ""."""
        return self.get("Event-Subclass") or ""

    @property
    def uuid(self) -> str:
        """The channel the event is about, "" if it is about none."""
        return self.get("Unique-ID") or ""

    @property
    def body(self) -> bytes:
        """What follows the headers: the output of a background job, a message's text."""
        return self._block[self._end + 2 :]

    def beginning(self, prefix: str) -> dict[str, str]:
        """The headers whose names begin with a prefix, by what follows it; the first of one that is twice."""
        found: dict[str, str] = {}
        mark, block, end = b"\n" + prefix.encode("utf-8", "replace"), self._block, self._end
        start = block.find(mark, 0, end)
        while start >= 0:
            start += len(mark)
            stop = block.find(b"\n", start, end)
            name, colon, value = block[start : end if stop < 0 else stop].partition(b": ")
            if colon:
                found.setdefault(name.decode("utf-8", "replace"), _decoded(value))
            start = block.find(mark, start, end)
        return found

    def headers(self) -> dict[str, str]:
        """All headers decoded, made anew at each call (some 100 µs): for logs, and for tests."""
        headers: dict[str, str] = {}
        for line in self._block[: self._end].split(b"\n"):
            name, colon, value = line.partition(b": ")
            if colon:
                headers.setdefault(name.decode("utf-8", "replace"), _decoded(value))
        return headers

    def __repr__(self) -> str:
        return f"<Event {self.name or self.get('Content-Type')} {self.uuid}>"


def _json_text(value: object) -> str:
    """A JSON value as FreeSWITCH writes it in a plain event."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list):
        return "ARRAY::" + "|:".join(item if isinstance(item, str) else json.dumps(item) for item in value)
    return json.dumps(value)
