"""Ticket: all that is needed to finish a recording, as it travels with it and survives every process.

It goes into the recording's own variables, comes back on its events, and stands in the manifest beside the
media; so any engine, also one that has just started, can finish what another began. Whatever is read back
came from outside and is checked field by field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, TypeVar

import structlog

from calls.dtmf import DIGITS
from recording.errors import BadTicket
from recording.naming import Name
from recording.request import (
    NOTHING,
    AudioFormat,
    Direction,
    Observer,
    RecordingRequest,
    Silence,
    Transcription,
)
from storage import names

VERSION = 1

MAX_TICKET_BYTES = 65_536
"""A ticket has about 500 bytes; with every text at its longest, each character taking four, it still fits."""

MAX_MANIFEST_BYTES = 1_048_576
"""A ticket, what was asked of the recording, who writes it, and a timeline at its longest."""

MAX_TEXT = 160
"""Characters of a caller's name, a SIP URI, an id: longer ones are cut when the ticket is made."""

MAX_LABEL = 256
"""Characters of what documents say of a recording (label, origin, media_name)."""

MAX_URL = 2_048
"""Characters; no server takes much more. A longer one is refused, not cut: that would be another place."""

MAX_OBSERVERS = 4

MAX_OBSERVER_BYTES = 8_192
"""Of what one observer's sink needs to know, as JSON: addresses, a client's state, a few ids. A larger one is
left out."""

MAX_TAGS = 4

MAX_SPEAKERS = 1_000
"""No conversation has more."""

MAX_LINK_S = 10**9
"""Thirty years."""

MAX_SILENCE_MS = 10**12
"""What documents may say (nine digits), taken for seconds."""

DOUBTFUL_LIMIT_S = 3_600
"""Kazoo's own answer to a limit of 0."""

UNUSABLE_URL = "unusable:"
"""Stands for a URL that was too long to be carried; no destination has this scheme."""

_Choice = TypeVar("_Choice", AudioFormat, Direction)

_UUID = re.compile(r"[A-Za-z0-9_.:-]{1,128}\Z")
_KIND = re.compile(r"[a-z0-9_]{1,32}\Z")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Party:
    """Who talks to whom, as the recording's document shows it. SIP URIs without scheme (`user@realm`)."""

    direction: str = ""
    from_: str = ""
    to: str = ""
    request: str = ""
    caller_id_name: str = ""
    caller_id_number: str = ""
    callee_id_name: str = ""
    callee_id_number: str = ""
    owner_id: str = ""
    endpoint_id: str = ""
    interaction_id: str = ""
    sip_call_id: str = ""


@dataclass(frozen=True, slots=True)
class Ticket:
    """One recording.

    Attributes: name: its id and day; uuid: FreeSWITCH's channel; call_id: as the document names the call;
    account_id: "" for none; request: what was asked for, final; requested_at_us: epoch microseconds;
    party: see Party; is_first: no other recording of this call has been asked for, as far as is known.
    """

    name: Name
    uuid: str
    call_id: str
    account_id: str
    request: RecordingRequest
    requested_at_us: int
    party: Party = field(default_factory=Party)
    is_first: bool = False

    @property
    def document_id(self) -> str:
        """The id of its document: the one asked for (`media_id`), else `YYYYMM-<recording id>`."""
        return self.request.media_id or self.name.document_id

    def data(self) -> dict[str, Any]:
        """Return it as JSON-ready data; fields that have their default are left out."""
        return {
            "version": VERSION,
            "id": self.name.recording_id,
            "day": self.name.day,
            "uuid": self.uuid,
            "call_id": self.call_id,
            "account_id": self.account_id,
            "requested_at_us": self.requested_at_us,
            "request": _changed(self.request),
            "party": _changed(self.party),
            "is_first": self.is_first,
        }


def parse(text: bytes, max_bytes: int) -> Any:
    """Parse JSON from outside. Raises: BadTicket: longer than `max_bytes`, or not JSON."""
    if len(text) > max_bytes:
        raise BadTicket(f"a ticket of {len(text)} bytes, {max_bytes} are allowed")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise BadTicket("a ticket that is not JSON") from exc


def from_data(data: Any) -> Ticket:
    """Read a ticket from parsed JSON. Raises: BadTicket: any field that Ticket.data could not have made."""
    reader = _Reader(data)
    if reader.integer("version", 0, 1_000_000) != VERSION:
        raise BadTicket(f"a ticket of another version than {VERSION}")
    uuid = reader.text("uuid", 128)
    if not _UUID.match(uuid):
        raise BadTicket("a ticket whose channel is no FreeSWITCH uuid")
    return Ticket(
        name=Name(reader.text("id", 32), reader.text("day", 8)),
        uuid=uuid,
        call_id=reader.text("call_id", MAX_TEXT),
        account_id=reader.text("account_id", MAX_TEXT),
        request=_request(_Reader(reader.get("request", {}))),
        requested_at_us=reader.integer("requested_at_us", 0, 2**62),
        party=_party(_Reader(reader.get("party", {}))),
        is_first=reader.boolean("is_first", default=False),
    )


def cut(text: str | None, length: int = MAX_TEXT) -> str:
    """Return text from outside at a length a ticket takes, without what is no Unicode."""
    return (text or "")[:length].encode("utf-8", "replace").decode("utf-8")


def bounded(request: RecordingRequest) -> RecordingRequest:
    """Return a request that a ticket takes: texts cut, a URL too long marked as unusable.

    A limit of 0 is one that nobody made up their mind about; it is no licence for an endless file.
    """
    url, limit_s = request.url, request.time_limit_s
    return replace(
        request,
        time_limit_s=limit_s if limit_s is None or limit_s > 0 else DOUBTFUL_LIMIT_S,
        media_id=_usable_id(request.media_id),
        transcript=_bounded_transcript(request.transcript),
        media_name=cut(request.media_name, MAX_LABEL),
        label=cut(request.label, MAX_LABEL),
        origin=cut(request.origin, MAX_LABEL),
        url=cut(url, MAX_URL) if len(url) <= MAX_URL else UNUSABLE_URL + cut(url, MAX_TEXT),
        observers=tuple(_carried(request.observers)),
        terminators="".join(digit for digit in dict.fromkeys(request.terminators) if digit in DIGITS),
        link_s=min(max(0, request.link_s), MAX_LINK_S),
        tags={cut(name): cut(value) for name, value in list(request.tags.items())[:MAX_TAGS]},
    )


def _bounded_transcript(wanted: Transcription | None) -> Transcription | None:
    """Return how to transcribe in a form that a ticket takes; without a language there is nothing to do."""
    if wanted is None or not wanted.language:
        return None
    return replace(
        wanted,
        language=cut(wanted.language),
        engine=cut(wanted.engine),
        min_speakers=min(max(0, wanted.min_speakers), MAX_SPEAKERS),
        max_speakers=min(max(0, wanted.max_speakers), MAX_SPEAKERS),
    )


def _changed(value: Party | RecordingRequest) -> dict[str, Any]:
    """Return the fields that differ from their defaults; a field without one (format) always does."""
    values = ((one, getattr(value, one.name)) for one in fields(value))
    return {one.name: _plain(item) for one, item in values if item not in (one.default, NOTHING)}


def _plain(item: Any) -> Any:
    if isinstance(item, Silence | Transcription):
        return asdict(item)
    if isinstance(item, Mapping):
        return dict(item)
    if isinstance(item, tuple):
        return [{"kind": one.kind, "data": dict(one.data)} for one in item]
    return item


def _carried(observers: tuple[Observer, ...]) -> Iterator[Observer]:
    """Yield the observers that a ticket takes; another one is told nothing, and that is told here."""
    for number, one in enumerate(observers):
        data = {cut(name, MAX_URL): cut(value, MAX_OBSERVER_BYTES) for name, value in one.data.items()}
        size = len(json.dumps(data, ensure_ascii=False).encode())
        fits = size <= MAX_OBSERVER_BYTES and max(map(len, (*data, *data.values())), default=0) <= MAX_URL
        if number < MAX_OBSERVERS and _KIND.match(one.kind) and fits:
            yield Observer(one.kind, data)
        else:
            log.error("recording_observer_left_out", kind=one.kind[:MAX_TEXT], number=number, size_bytes=size)


def _request(reader: _Reader) -> RecordingRequest:
    limit_s = reader.optional_integer("time_limit_s", 1, 10_000_000)
    return RecordingRequest(
        format=reader.choice("format", AudioFormat),
        time_limit_s=limit_s,
        stereo=reader.boolean("stereo", default=True),
        direction=reader.choice("direction", Direction, Direction.BOTH),
        sample_rate_hz=reader.optional_integer("sample_rate_hz", 8_000, 192_000),
        min_s=reader.integer("min_s", 0, 10_000_000, 0),
        media_name=reader.text("media_name", MAX_LABEL, ""),
        label=reader.text("label", MAX_LABEL, ""),
        origin=reader.text("origin", MAX_LABEL, ""),
        url=reader.text("url", MAX_URL, ""),
        method="post" if reader.text("method", 4, "put") == "post" else "put",
        follow_transfer=reader.boolean("follow_transfer", default=True),
        on_answer=reader.boolean("on_answer", default=False),
        on_bridge=reader.boolean("on_bridge", default=False),
        silence=None if reader.get("silence") is None else _silence(_Reader(reader.get("silence"))),
        media_id=_media_id(reader),
        trim_silence=reader.boolean("trim_silence", default=False),
        transcript=_transcript(reader.get("transcript")),
        beep_every_s=reader.integer("beep_every_s", 0, 1_000_000_000, 0),
        observers=_observers(reader.get("observers", [])),
        terminators=_terminators(reader),
        link_s=reader.integer("link_s", 0, MAX_LINK_S, 0),
        tags=_tags(reader.get("tags", {})),
    )


def _transcript(data: Any) -> Transcription | None:
    """Return how to transcribe. Tickets of before had the language alone, as a text."""
    if data is None or data == "":
        return None
    reader = _Reader({"language": data} if isinstance(data, str) else data)
    return Transcription(
        language=reader.text("language", MAX_TEXT),
        engine=reader.text("engine", MAX_TEXT, ""),
        profanity_filter=reader.boolean("profanity_filter", default=False),
        diarization=reader.boolean("diarization", default=False),
        min_speakers=reader.integer("min_speakers", 0, MAX_SPEAKERS, 0),
        max_speakers=reader.integer("max_speakers", 0, MAX_SPEAKERS, 0),
    )


def _tags(data: Any) -> dict[str, str]:
    if not isinstance(data, dict) or len(data) > MAX_TAGS:
        raise BadTicket(f"tags of a ticket are an object of up to {MAX_TAGS}")
    reader = _Reader(data)
    return {cut(name): reader.text(name, MAX_TEXT) for name in data}


def _observers(data: Any) -> tuple[Observer, ...]:
    if not isinstance(data, list) or len(data) > MAX_OBSERVERS:
        raise BadTicket(f"observers of a ticket are a list of up to {MAX_OBSERVERS}")
    return tuple(_observer(_Reader(one)) for one in data)


def _observer(reader: _Reader) -> Observer:
    kind, data = reader.text("kind", 32), reader.get("data", {})
    if not _KIND.match(kind) or not isinstance(data, dict):
        raise BadTicket("an observer of a ticket has a kind and data")
    if not all(isinstance(one, str) and len(one) <= MAX_URL for one in (*data, *data.values())):
        raise BadTicket("what an observer of a ticket carries are short texts")
    return Observer(kind, data)


def _terminators(reader: _Reader) -> str:
    terminators = reader.text("terminators", len(DIGITS), "")
    if not DIGITS.issuperset(terminators):
        raise BadTicket("terminators of a ticket are digits")
    return terminators


def _silence(reader: _Reader) -> Silence:
    return Silence(
        initial_ms=reader.integer("initial_ms", 0, MAX_SILENCE_MS),
        final_ms=reader.integer("final_ms", 0, MAX_SILENCE_MS),
        threshold=reader.integer("threshold", 1, 32_767),
    )


def _media_id(reader: _Reader) -> str:
    media_id = reader.text("media_id", MAX_LABEL, "")
    if media_id != _usable_id(media_id):
        raise BadTicket("media_id of a ticket is the id of a document")
    return media_id


def _usable_id(media_id: str) -> str:
    """Return an id for a document as it is, "" for one that names none."""
    return "" if len(media_id) > MAX_LABEL or names.document_id_fault(media_id) else media_id


def _party(reader: _Reader) -> Party:
    return Party(**{one.name: reader.text(one.name, MAX_TEXT, "") for one in fields(Party)})


class _Reader:
    """Takes checked values out of one JSON object that came from outside."""

    def __init__(self, data: Any) -> None:
        if not isinstance(data, dict):
            raise BadTicket("a ticket is a JSON object of JSON objects")
        self._data = data

    def get(self, key: str, default: Any = None) -> Any:
        return self._data.get(key, default)

    def text(self, key: str, length: int, default: str | None = None) -> str:
        value = self._data.get(key, default)
        if not isinstance(value, str) or len(value) > length:
            raise BadTicket(f"{key} of a ticket is a text of up to {length} characters")
        return value

    def integer(self, key: str, least: int, most: int, default: int | None = None) -> int:
        value = self._data.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise BadTicket(f"{key} of a ticket is a number from {least} to {most}")
        return value

    def optional_integer(self, key: str, least: int, most: int) -> int | None:
        return None if self._data.get(key) is None else self.integer(key, least, most)

    def boolean(self, key: str, *, default: bool) -> bool:
        value = self._data.get(key, default)
        if not isinstance(value, bool):
            raise BadTicket(f"{key} of a ticket is true or false")
        return value

    def choice(self, key: str, kind: type[_Choice], default: _Choice | None = None) -> _Choice:
        value = self._data.get(key, default)
        try:
            return kind(str(value))
        except ValueError as exc:
            raise BadTicket(f"{key} of a ticket is one of {', '.join(kind)}") from exc
