"""Which rows of the view answer a list: one range of keys, and what is to be looked at besides.

A filter picks the range; the time that its rows are ordered by bounds it. Further filters are held against
the documents themselves, one by one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from callcontrol.recordings_query import Span, Wanted
from storage.document import Document
from storage.view import is_live
from storage.views_recordings import (
    callee_of,
    caller_of,
    connection_of,
    ended_us_of,
    has_transcript,
    leg_of,
    number,
    recording_id_of,
    session_of,
    sip_call_id_of,
    started_us_of,
)

_VALUES = {
    "id": recording_id_of,
    "leg": leg_of,
    "session": session_of,
    "connection": connection_of,
    "from": caller_of,
    "to": callee_of,
    "sip": sip_call_id_of,
}


@dataclass(frozen=True, slots=True)
class Index:
    """Rows of the view. Attributes: what, value: of their keys; span: of the time they are ordered by;
    is_whole: they are all that is asked for, and nothing else.
    """

    what: str
    value: str
    span: Span
    is_whole: bool

    def time_of(self, document: Document) -> float:
        """Return the time that a recording is ordered by here."""
        if self.what == "started":
            return started_us_of(document)
        return ended_us_of(document) if self.what == "ended" else number(document.get("pvt_created"))


def indexes_of(wanted: Wanted) -> list[Index]:
    """Return the ranges of rows that hold all that is wanted: one for each value that is filtered by, else
    the one by time. The one with the fewest rows is the one to read.
    """
    if wanted.exact:
        return [
            _index(wanted, what, value, exact={k: v for k, v in wanted.exact.items() if k != what})
            for what, value in wanted.exact.items()
        ]
    if wanted.transcribed:
        return [_index(wanted, "transcript", transcribed=False)]
    if not wanted.started.is_open:
        return [_by_time(wanted, "started", wanted.started)]
    if not wanted.ended.is_open:
        return [_by_time(wanted, "ended", wanted.ended)]
    return [_index(wanted, "all")]


def _index(wanted: Wanted, what: str, value: str = "", **without: Any) -> Index:
    """Return an index by creation. Args: without: what is left of the filters when it has said its own."""
    rest = replace(wanted, created=Span(), **without)
    return Index(what, value, wanted.created, is_whole=rest == Wanted())


def _by_time(wanted: Wanted, what: str, span: Span) -> Index:
    rest: Wanted = replace(wanted, **{what: Span()})  # type: ignore[arg-type]  # named as the field
    return Index(what, "", span, is_whole=rest == Wanted())


def fits(document: Document, wanted: Wanted) -> bool:
    """Whether a recording is what is wanted."""
    return (
        not wanted.nothing
        and is_live(document, "call_recording")
        and all(_VALUES[what](document) == value for what, value in wanted.exact.items())
        and number(document.get("pvt_created")) in wanted.created
        and (wanted.started.is_open or _known(started_us_of(document), wanted.started))
        and (wanted.ended.is_open or _known(ended_us_of(document), wanted.ended))
        and (not wanted.transcribed or has_transcript(document))
    )


def bounds(prefix: list[Any], span: Span) -> tuple[Any, Any]:
    """Return the first and last key of a range whose keys go on with a time."""
    low = [*prefix, span.low] if math.isfinite(span.low) else prefix or None
    high = [*prefix, span.high, {}] if math.isfinite(span.high) else [*prefix, {}]
    return low, high


def _known(time: float, span: Span) -> bool:
    return time > 0 and time in span
