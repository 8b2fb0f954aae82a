"""/recordings/<id>.<format>: recordings for whoever has a link to them (recording.link).

| answer | when |
|---|---|
| 200, 206 | here it is, whole or the range asked for |
| 202 | it is still recorded, finished, fetched back or encoded, for longer than we wait; see Retry-After |
| 304 | the client has it (If-None-Match) |
| 403 | the link was not made by us, or was changed |
| 404 | no such recording, or one without audio |
| 410 | the link has expired, or nothing can give the recording back any more |
| 416 | the range begins behind its end |
| 503 | where it is kept cannot be asked now; come again after Retry-After |

Every access is logged, with the recording, its account and who asked; never the link itself.
Source: RFC 9110 (ranges, conditions), RFC 6266 and RFC 8187 (names).
"""

from __future__ import annotations

import json
import time
from functools import partial
from urllib.parse import quote

import gevent
import structlog
from flask import Blueprint, Response, request

from config.errors import CallflowsError
from recording.errors import Interrupted, LinkBusy, Unprocessable
from recording.link import Grant, Links, Verdict, read_grant
from recording.link_shelf import Found, LinkFile, Shelf, Standing
from service.byte_range import Span, Unsatisfiable, span_of
from service.file_body import Accounting, FileBody
from storage.errors import StoreError
from storage.media import off_hub

WAIT_S = 10.0
"""What a client waits for a file to be fetched back or encoded before it is told to come again."""

SETTLE_S = 2.0
"""What it waits for a recording that may be over this moment: whoever has just got its link asks at once."""

LOOK_FIRST_S, LOOK_LAST_S = 0.05, 0.5
"""Between two looks at such a one, doubling."""

AGAIN_RUNNING_S = 5
AGAIN_MAKING_S = 5
AGAIN_AWAY_S = 30
"""Retry-After of 202 and 503."""

FRESH_S = 3600
"""What a browser may show again without asking; a recording does not change, but a link ends."""

log = structlog.get_logger(__name__)


class _Answer(CallflowsError):
    """An access that ends without the recording."""

    def __init__(self, status: int, error: str, detail: str, again_s: int = 0) -> None:
        self.status = status
        self.error = error
        self.again_s = again_s
        super().__init__(detail)


NOT_READY = {
    Standing.UNKNOWN: (404, "unknown", "no recording of this id is known here"),
    Standing.NOTHING: (404, "no_audio", "there is no audio"),
    Standing.GONE: (410, "gone", "it cannot be had from here any more"),
}


def recording_pages(links: Links, shelf: Shelf, *, wait_s: float = WAIT_S) -> Blueprint:
    """Return the pages. Args: wait_s: see WAIT_S."""
    pages = Blueprint("recordings", __name__)

    @pages.get("/recordings/<file>")
    def recording(file: str) -> Response:
        recording_id = file.partition(".")[0][:32]
        account_id = asked_by = ""
        try:
            grant = _granted(links, file)
            asked_by = grant.asked_by
            found = _found(shelf, grant, min(wait_s, SETTLE_S))
            account_id = found.account_id
            return _served(_file(shelf, found, grant, wait_s), found, grant)
        except _Answer as answer:
            log.info(
                "recording_not_served",
                recording_id=recording_id,
                account_id=account_id,
                asked_by=asked_by,
                remote=request.remote_addr,
                status=answer.status,
                reason=str(answer),
            )
            return _told(recording_id, answer)

    return pages


def _granted(links: Links, file: str) -> Grant:
    """Judge the link. Raises: _Answer."""
    grant = read_grant(file, request.args)
    verdict = links.judge(grant) if grant else Verdict.FORGED
    if grant is None or verdict is Verdict.FORGED:
        raise _Answer(403, "forbidden", "the link is not one of ours, or was changed")
    if verdict is Verdict.EXPIRED:
        raise _Answer(410, "expired", "the link has expired")
    return grant


def _found(shelf: Shelf, grant: Grant, wait_s: float) -> Found:
    """Find the recording, which may be finished in a moment. Raises: _Answer."""
    ends_at, pause_s = time.monotonic() + wait_s, LOOK_FIRST_S
    try:
        found = shelf.find(grant.recording_id, grant.place)
        while found.standing is Standing.PENDING and time.monotonic() < ends_at:
            gevent.sleep(pause_s)
            pause_s = min(pause_s * 2, LOOK_LAST_S)
            found = shelf.find(grant.recording_id, grant.place)
    except StoreError as exc:
        raise _Answer(503, "unavailable", str(exc), AGAIN_AWAY_S) from exc
    if found.standing is Standing.PENDING:
        raise _Answer(202, "pending", "it is still recorded or finished", AGAIN_RUNNING_S)
    if found.standing in NOT_READY:
        status, error, detail = NOT_READY[found.standing]
        raise _Answer(status, error, found.reason or detail)
    return found


def _file(shelf: Shelf, found: Found, grant: Grant, wait_s: float) -> LinkFile:
    """Have the file made, if it must be. Raises: _Answer."""
    try:
        file = shelf.file(found, grant.format, wait_s)
    except (StoreError, LinkBusy, Interrupted) as exc:
        raise _Answer(503, "unavailable", str(exc), AGAIN_AWAY_S) from exc
    except Unprocessable as exc:
        raise _Answer(500, "not_encoded", str(exc)) from exc
    if file is None:
        raise _Answer(202, "pending", "it is fetched back or encoded", AGAIN_MAKING_S)
    return file


def _served(file: LinkFile, found: Found, grant: Grant) -> Response:
    """Return the file, the part of it that is asked for, or that the client has it. Raises: _Answer."""
    try:
        body = off_hub(partial(FileBody.opened, file.path), file.path.name)
    except StoreError as exc:  # a file of the spool that went this moment, or of a disk that is failing
        raise _Answer(503, "unavailable", str(exc), 1) from exc
    etag = f'"{file.tag}"'
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": f"private, max-age={FRESH_S}",
        "Content-Disposition": disposition(file.name),
        "ETag": etag,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    if request.if_none_match.contains_weak(file.tag):
        body.close()
        return Response(status=304, headers=headers)
    try:
        span = _span(etag, body.size)
    except Unsatisfiable as exc:
        body.close()
        refused = _told(found.recording_id, _Answer(416, "range", str(exc)))
        refused.headers["Content-Range"] = f"bytes */{body.size}"
        return refused
    status = 200 if span is None else 206
    if span is not None:
        headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{body.size}"
    span = span or Span(0, body.size)
    headers["Content-Length"] = str(len(span))
    body.send(
        span,
        Accounting(
            log.bind(
                recording_id=found.recording_id,
                account_id=found.account_id,
                asked_by=grant.asked_by,
                remote=request.remote_addr,
                method=request.method,
                status=status,
                file=file.path.name,
            )
        ),
    )
    return Response(body, status, headers, content_type=file.content_type, direct_passthrough=True)


def _span(etag: str, size: int) -> Span | None:
    """Return what part is asked for, None for all; If-Range wants all if the file is another one by now."""
    header = request.headers.get("Range", "")
    condition = request.headers.get("If-Range", "")
    if not header or request.method != "GET" or (condition and condition.strip() != etag):
        return None
    return span_of(header, size)


def disposition(name: str) -> str:
    """Return the Content-Disposition of a file: played where that can be done, saved under its name.

    The plain form has what every client reads; the other one is the name as it is.
    """
    plain = "".join(
        each if each.isascii() and each.isprintable() and each not in '"\\%' else "_" for each in name
    )
    value = f'inline; filename="{plain}"'
    if plain != name:
        value += f"; filename*=UTF-8''{quote(name.encode('utf-8', 'replace'), safe='')}"
    return value


def _told(recording_id: str, answer: _Answer) -> Response:
    body = {"error": answer.error, "detail": str(answer), "recording_id": recording_id}
    response = Response(json.dumps(body), status=answer.status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    if answer.again_s:
        response.headers["Retry-After"] = str(answer.again_s)
    return response
