"""The view by which call control lists recordings: by what Telnyx' clients filter by, newest last.

Each row's key is [what, value, when, document id], so that one range of keys is one filter over a time, and
their number is known without reading them:

| what | value | when |
|---|---|---|
| all, transcript | "" | pvt_created (Gregorian seconds, as Kazoo has it) |
| id, leg, session, connection, from, to, sip | the id, the number | pvt_created |
| started, ended | "" | epoch microseconds |

Kazoo has none of this; in databases that it made, rows come of a scan (storage.couchdb_scan).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from config.gregorian import UNIX_EPOCH_S
from storage.document import Document
from storage.names import DatabaseKind
from storage.view import Rows, View, is_live, members, text

LISTING = "callcontrol_recordings/listing"

_DOCUMENT_ID = re.compile(r"[0-9]{6}-([0-9a-f]{32})\Z")


def recording_id_of(document: Mapping[str, Any]) -> str:
    """Return which recording a document is of: ours say it, of Kazoo's own the document's id does."""
    ours = text(members(document.get("callflows")).get("recording_id"))
    named = _DOCUMENT_ID.match(text(document.get("_id")))
    return ours or (named[1] if named else "")


def caller_of(document: Mapping[str, Any]) -> str:
    """Return the caller's number, or what stands for it in the SIP address."""
    return text(document.get("caller_id_number")) or text(document.get("from")).partition("@")[0]


def callee_of(document: Mapping[str, Any]) -> str:
    """Return the number that was called, or what stands for it in the SIP address."""
    return text(document.get("callee_id_number")) or text(document.get("to")).partition("@")[0]


def leg_of(document: Mapping[str, Any]) -> str:
    """Return FreeSWITCH's uuid of the leg recorded."""
    ours = members(document.get("callflows"))
    return text(ours.get("uuid")) or text(document.get("call_id"))


def session_of(document: Mapping[str, Any]) -> str:
    """Return the leg that the conversation began with, as far as is known."""
    return text(_tags(document).get("call_session_id")) or leg_of(document)


def connection_of(document: Mapping[str, Any]) -> str:
    """Return the connection of the call, "" for none."""
    return text(_tags(document).get("connection_id"))


def sip_call_id_of(document: Mapping[str, Any]) -> str:
    """Return the SIP Call-ID of the leg, "" where nobody noted it."""
    return text(members(document.get("callflows")).get("sip_call_id"))


def started_us_of(document: Mapping[str, Any]) -> float:
    """Return when it began, in epoch microseconds, 0 where that is not known."""
    ours = number(members(document.get("callflows")).get("started_at_us"))
    if ours > 0:
        return ours
    start = number(document.get("start"))
    return _plain((start - UNIX_EPOCH_S) * 1_000_000) if start > UNIX_EPOCH_S else 0


def duration_ms_of(document: Mapping[str, Any]) -> float:
    """Return how long it is."""
    return _plain(max(0, number(document.get("duration_ms")) or number(document.get("duration")) * 1000))


def ended_us_of(document: Mapping[str, Any]) -> float:
    """Return when it ended, in epoch microseconds, 0 where that is not known: as its timeline has it, pauses
    and all, else by its length.
    """
    started_us = started_us_of(document)
    marks = members(document.get("callflows")).get("timeline")
    ends = [
        number(mark.get("at_us"))
        for mark in (marks if isinstance(marks, list) else ())
        if isinstance(mark, dict) and mark.get("what") == "ended"
    ]
    if started_us and ends and ends[-1] > started_us:
        return _plain(ends[-1])
    return _plain(started_us + duration_ms_of(document) * 1000) if started_us else 0


def has_transcript(document: Mapping[str, Any]) -> bool:
    """Whether somebody made out what was said."""
    transcript = members(members(document.get("callflows")).get("transcript"))
    return isinstance(transcript.get("text"), str) and not text(transcript.get("failed"))


def number(value: Any) -> float:
    """Return a JSON number, 0 for anything else."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return value if is_number else 0


def _plain(value: float) -> float:
    """Return a number as JavaScript writes it: 1500, never 1500.0."""
    return int(value) if value == int(value) else value


def _tags(document: Mapping[str, Any]) -> dict[str, Any]:
    return members(members(document.get("callflows")).get("tags"))


def _listing(document: Document) -> Rows:
    recording_id = recording_id_of(document)
    if not is_live(document, "call_recording") or not recording_id:
        return []
    created, doc_id = number(document.get("pvt_created")), document.get("_id")
    named = (
        ("id", recording_id),
        ("leg", leg_of(document)),
        ("session", session_of(document)),
        ("connection", connection_of(document)),
        ("from", caller_of(document)),
        ("to", callee_of(document)),
        ("sip", sip_call_id_of(document)),
    )
    rows: Rows = [(["all", "", created, doc_id], None)]
    rows += [([what, value, created, doc_id], None) for what, value in named if value]
    started_us = started_us_of(document)
    if started_us:
        rows.append((["started", "", started_us, doc_id], None))
        rows.append((["ended", "", ended_us_of(document), doc_id], None))
    if has_transcript(document):
        rows.append((["transcript", "", created, doc_id], None))
    return rows


_LISTING = """function (doc) {
  function text(value) { return typeof value === "string" ? value : ""; }
  function number(value) { return typeof value === "number" ? value : 0; }
  var ours, tags, named, id, leg, created, start, started, ended, marks, at, transcript, what, values;
  if (doc.pvt_type !== "call_recording" || doc.pvt_deleted) { return; }
  ours = doc.callflows || {};
  tags = ours.tags || {};
  named = /^[0-9]{6}-([0-9a-f]{32})$/.exec(doc._id);
  id = text(ours.recording_id) || (named ? named[1] : "");
  if (!id) { return; }
  created = number(doc.pvt_created);
  leg = text(ours.uuid) || text(doc.call_id);
  values = {
    id: id, leg: leg, session: text(tags.call_session_id) || leg, connection: text(tags.connection_id),
    from: text(doc.caller_id_number) || text(doc.from).split("@")[0],
    to: text(doc.callee_id_number) || text(doc.to).split("@")[0],
    sip: text(ours.sip_call_id)
  };
  emit(["all", "", created, doc._id], null);
  for (what in values) {
    if (values[what]) { emit([what, values[what], created, doc._id], null); }
  }
  start = number(doc.start);
  started = number(ours.started_at_us);
  if (started <= 0) { started = start > 62167219200 ? (start - 62167219200) * 1000000 : 0; }
  if (started) {
    marks = Array.isArray(ours.timeline) ? ours.timeline : [];
    ended = 0;
    for (at = 0; at < marks.length; at += 1) {
      if (marks[at] && marks[at].what === "ended") { ended = number(marks[at].at_us); }
    }
    if (ended <= started) {
      ended = started + Math.max(0, number(doc.duration_ms) || number(doc.duration) * 1000) * 1000;
    }
    emit(["started", "", started, doc._id], null);
    emit(["ended", "", ended, doc._id], null);
  }
  transcript = ours.transcript || {};
  if (typeof transcript.text === "string" && !text(transcript.failed)) {
    emit(["transcript", "", created, doc._id], null);
  }
}"""


VIEWS = (View(LISTING, frozenset({DatabaseKind.MONTH}), _listing, _LISTING, is_counted=True),)
