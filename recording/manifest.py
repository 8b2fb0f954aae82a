"""Manifest: a recording that is not finished, as one small file beside the media.

Whatever is read back came from a disk and is checked field by field.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from recording import segment, timeline
from recording.ending import Asked
from recording.errors import BadTicket
from recording.segment import Segment
from recording.ticket import MAX_MANIFEST_BYTES, Ticket, from_data, parse
from recording.timeline import Mark

MANIFEST_MODE = 0o600
"""It may hold a URL with a password."""

UNFINISHED_SUFFIX = ".partial"
AHEAD_SUFFIX = ".ahead"
"""Of files that are not in their place yet: a manifest written anew, and the first one of a recording."""

UNREADABLE_SUFFIX = ".unreadable"
"""What is put behind the name of a manifest that nobody can read, so that it is not tried for ever."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Manifest:
    """A recording that is not finished.

    Attributes: asked: what FreeSWITCH was last told; started_at_us: when it said that it began (epoch us),
    0: not yet; owner: the process that looks after it (storage.outbox_owner); answered_at_us,
    bridged_at_us: when its leg was, 0: not yet; marks: its timeline; paused, masks: what it leaves out, and
    why; unwanted: why it is to be thrown away, "" when it is not; segments: its files so far, () for the
    one that its ticket names.
    """

    ticket: Ticket
    asked: Asked = Asked.NOTHING
    started_at_us: int = 0
    owner: str = ""
    answered_at_us: int = 0
    bridged_at_us: int = 0
    marks: tuple[Mark, ...] = ()
    paused: bool = False
    masks: tuple[str, ...] = ()
    unwanted: str = ""
    segments: tuple[Segment, ...] = ()

    @property
    def current(self) -> Segment:
        """The file that was written last, as far as is known."""
        return self.segments[-1] if self.segments else Segment(self.ticket.uuid)

    @property
    def is_waiting(self) -> bool:
        """Whether FreeSWITCH was left to begin it with the answer or the bridge, and has not, as is known."""
        request = self.ticket.request
        return (request.on_answer or request.on_bridge) and not self.started_at_us

    def data(self) -> dict[str, Any]:
        """Return it as JSON-ready data."""
        return {
            "ticket": self.ticket.data(),
            "asked": self.asked.value,
            "started_at_us": self.started_at_us,
            "owner": self.owner,
            "answered_at_us": self.answered_at_us,
            "bridged_at_us": self.bridged_at_us,
            "marks": [mark.data() for mark in self.marks],
            "paused": self.paused,
            "masks": list(self.masks),
            "unwanted": self.unwanted,
            "segments": [one.data() for one in self.segments],
        }


def write(path: Path, manifest: Manifest) -> None:
    """Put a manifest in its place, over an older one, to stay. Raises: OSError."""
    unfinished = path.with_suffix(UNFINISHED_SUFFIX)
    _write(unfinished, manifest, to_stay=True)
    unfinished.replace(path)


def write_ahead(path: Path, manifest: Manifest) -> None:
    """Put the first manifest of a recording in its place, if there is none yet: as fast as can be.

    It is in the kernel's hands then, which is enough for a process that is killed. Raises: OSError.
    """
    ahead = path.with_suffix(AHEAD_SUFFIX)
    _write(ahead, manifest, to_stay=False)
    with suppress(FileExistsError):
        os.link(ahead, path)
    ahead.unlink()


def _write(path: Path, manifest: Manifest, *, to_stay: bool) -> None:
    text = json.dumps(manifest.data(), ensure_ascii=False).encode("utf-8", "replace")
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, MANIFEST_MODE)
    with os.fdopen(descriptor, "wb") as target:
        target.write(text)
        if to_stay:
            target.flush()
            os.fsync(target.fileno())


def read(path: Path) -> Manifest | None:
    """Return a manifest, None when there is none; one that cannot be read is set aside."""
    try:
        with path.open("rb") as source:
            text = source.read(MAX_MANIFEST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as exc:
        log.warning("recording_manifest_not_read", file=path.name, reason=exc.strerror or str(exc))
        return None
    try:
        return from_bytes(text)
    except BadTicket as exc:
        with suppress(OSError):
            path.replace(path.with_suffix(UNREADABLE_SUFFIX))
        log.warning("recording_manifest_set_aside", file=path.name, reason=str(exc))
        return None


def from_bytes(text: bytes) -> Manifest:
    """Read a manifest. Raises: BadTicket: anything that Manifest.data could not have made."""
    return _manifest(parse(text, MAX_MANIFEST_BYTES))


def _manifest(data: Any) -> Manifest:
    if not isinstance(data, dict):
        raise BadTicket("a manifest is a JSON object")
    try:
        asked = Asked(str(data.get("asked")))
    except ValueError as exc:
        raise BadTicket("a manifest tells what was asked of its recording") from exc
    owner, masks, unwanted = data.get("owner"), data.get("masks", []), data.get("unwanted", "")
    if not isinstance(owner, str) or not isinstance(unwanted, str):
        raise BadTicket("a manifest tells who looks after its recording")
    if not isinstance(masks, list) or not all(isinstance(why, str) for why in masks):
        raise BadTicket("a manifest tells why its recording is masked")
    return Manifest(
        from_data(data.get("ticket")),
        asked,
        _moment(data, "started_at_us"),
        owner,
        answered_at_us=_moment(data, "answered_at_us"),
        bridged_at_us=_moment(data, "bridged_at_us"),
        marks=timeline.from_data(data.get("marks", [])),
        paused=data.get("paused") is True,
        masks=tuple(masks),
        unwanted=unwanted,
        segments=segment.from_data(data.get("segments", [])),
    )


def _moment(data: dict[str, Any], key: str) -> int:
    at_us = data.get(key, 0)
    if not isinstance(at_us, int) or isinstance(at_us, bool) or not 0 <= at_us < 2**62:
        raise BadTicket(f"{key} of a manifest is a moment")
    return at_us
