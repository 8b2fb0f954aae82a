"""Links: URLs under which recordings are had, signed, and good for a while.

    {base}/recordings/<recording id>.<format>?expires=<epoch s>&signature=<hex>
    the same, with &of=<database>/<document id> and &for=<who was given it>, where they are known

Whoever has such a URL may have that recording, in that format, until it expires; nobody can make one, or make
one last longer, without the secret. The signature is the HMAC-SHA256 (RFC 2104) of all the rest. What
the URL says is thus all there is to know: every process with the secret honours it, also after a restart.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit

from recording.link_origin import Origin
from recording.naming import is_recording_id
from recording.request import AudioFormat

PATH = "/recordings/"
"""Behind the base."""

MAX_URL_CHARS = 2048
"""Ours have some 200; this leaves a proxy room for a path of its own."""

MAX_TEXT_CHARS = 512
"""Of a document's place: its database and its id, each with bounds of their own (storage.names)."""

PLACE, ASKED_BY = "of", "for"
"""Arguments of a URL."""

_PURPOSE = b"callflows recording link"
"""Told apart from whatever else the same secret may sign."""

_FILE = re.compile(r"(?P<id>[0-9a-f]{32})\.(?P<format>[a-z0-9]{3})\Z")
_EXPIRES = re.compile(r"[0-9]{1,12}\Z")
_SIGNATURE = re.compile(r"[0-9a-f]{64}\Z")


class Verdict(StrEnum):
    """What a link is worth."""

    GOOD = "good"
    EXPIRED = "expired"  # it was good
    FORGED = "forged"  # not made by us, or changed since


@dataclass(frozen=True, slots=True)
class Grant:
    """What a URL claims.

    Attributes: expires_at: epoch seconds; signature: of the rest, in hex; place: the recording's document,
    `<database>/<id>`, where it is found when nothing on this host knows of it; asked_by: who was given the
    link; both may be "".
    """

    recording_id: str
    format: AudioFormat
    expires_at: int
    signature: str
    place: str = ""
    asked_by: str = ""


class Files(Protocol):
    """What has the recordings' files (recording.link_shelf.Shelf)."""

    def playable(self, recording_id: str, timeout_s: float) -> Path | None:
        """Return a WAV or MP3 file of a recording on this host, waiting until it is complete."""


class Links:
    """Makes links and judges them; satisfies swml.run.RecordingLinks.

    Args: secret: what they are signed with; origin: where our pages are reached; lifetime_s: how long a link
    works unless its maker says otherwise; clock: epoch seconds, since every process must agree with it.
    """

    def __init__(
        self,
        secret: str,
        origin: Origin,
        files: Files,
        *,
        lifetime_s: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._key = hmac.digest(secret.encode(), _PURPOSE, hashlib.sha256)
        self._origin = origin
        self._files = files
        self.lifetime_s = lifetime_s
        self._clock = clock

    def url(
        self,
        recording_id: str,
        extension: str,
        lifetime_s: float | None = None,
        *,
        place: str = "",
        asked_by: str = "",
    ) -> str:
        """Return a URL that works from now on until it expires, "" when no page of ours can be reached.

        Args: extension: mp3, mp4 or wav, also another than the recording was made in; lifetime_s: None for
        the usual one; place, asked_by: see Grant.
        Raises: ValueError: no recording of ours has such a name; a bug of whoever asks.
        """
        if not is_recording_id(recording_id):
            raise ValueError("a recording id has 32 hex digits")
        if not _are_plain(place, asked_by):
            raise ValueError("a document, or whoever asks, with such a name")
        audio_format = AudioFormat(extension)
        base = self._origin.base()
        if not base:
            return ""
        expires_at = int(self._clock() + (self.lifetime_s if lifetime_s is None else lifetime_s))
        signature = self._signature(Grant(recording_id, audio_format, expires_at, "", place, asked_by))
        told = {PLACE: place, ASKED_BY: asked_by, "expires": str(expires_at), "signature": signature}
        arguments = urlencode({name: value for name, value in told.items() if value})
        return f"{base}{PATH}{recording_id}.{audio_format.value}?{arguments}"

    def recording_of(self, url: str) -> str:
        """Return the recording that one of our own URLs names, "" when it is none of ours or has expired."""
        grant = self._read(url)
        return grant.recording_id if grant and self.judge(grant) is Verdict.GOOD else ""

    def path_of(self, recording_id: str, timeout_s: float) -> Path | None:
        """Return a WAV or MP3 file of a recording on this host once it is complete, None when there is none.

        Blocks the calling greenlet: while it is recorded or processed, and while it is fetched back from
        where it was delivered.
        """
        return self._files.playable(recording_id, timeout_s) if is_recording_id(recording_id) else None

    def judge(self, grant: Grant) -> Verdict:
        """Say what a link is worth; in time that does not depend on the signature it bears."""
        wanted = self._signature(grant)
        if not hmac.compare_digest(wanted.encode(), grant.signature.encode()):
            return Verdict.FORGED
        return Verdict.GOOD if grant.expires_at > self._clock() else Verdict.EXPIRED

    def _signature(self, grant: Grant) -> str:
        told = [grant.format.value, grant.recording_id, str(grant.expires_at)]
        if grant.place or grant.asked_by:
            told += [grant.place, grant.asked_by]
        return hmac.digest(self._key, "\n".join(told).encode(), hashlib.sha256).hex()

    def _read(self, url: str) -> Grant | None:
        if len(url) > MAX_URL_CHARS or not url.isascii() or not url.isprintable():
            return None
        try:
            parts = urlsplit(url)
            arguments = dict(parse_qsl(parts.query, strict_parsing=True, max_num_fields=8))
            path = self._origin.path_below(parts)
        except ValueError:
            return None
        if path is None or not path.startswith(PATH):
            return None
        file = path.removeprefix(PATH)
        return read_grant(file, arguments)


def read_grant(file: str, arguments: Mapping[str, str]) -> Grant | None:
    """Take what a URL says apart, None when no link of ours looks like that.

    Args: file: `<id>.<format>`; arguments: of the query.
    """
    expires, signature = arguments.get("expires", ""), arguments.get("signature", "")
    place, asked_by = arguments.get(PLACE, ""), arguments.get(ASKED_BY, "")
    found = _FILE.match(file)
    if found is None or not _EXPIRES.match(expires) or not _SIGNATURE.match(signature):
        return None
    if not _are_plain(place, asked_by):
        return None
    try:
        audio_format = AudioFormat(found["format"])
    except ValueError:
        return None
    return Grant(found["id"], audio_format, int(expires), signature, place, asked_by)


def _are_plain(*texts: str) -> bool:
    """Whether texts can be signed: short, and each in one line."""
    return all(len(text) <= MAX_TEXT_CHARS and text.isprintable() for text in texts)
