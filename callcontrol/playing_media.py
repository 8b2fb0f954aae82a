"""Finds what clients name as sounds, and says what FreeSWITCH is to play for it.

| named | played |
|---|---|
| `audio_url`, a link to a recording of ours | that recording, from disk |
| another `audio_url` | by FreeSWITCH, which fetches it (ecallmgr.use_http_cache: by `http_cache://`) |
| `media_name` | the sound of the account's media document of that id or name, or its recording of that id |
| `playback_content` | a file made of it, kept for an hour after its last use |

FreeSWITCH fetches URLs with its own means, from where it is: so a URL whose host leads to a private address
is refused when the command is given, unless outbox.allow_networks has it (storage.url_guard).

Source: FreeSWITCH mod_http_cache.c (http_cache_file_open: refresh).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, Protocol

from callcontrol.errors import INVALID_URL, NO_SUCH_ASSOCIATE, Unavailable, invalid
from calls.fetched_sound import HTTP_CACHE, fetched
from config.errors import CallflowsError
from recording.naming import is_recording_id
from recording.parameters import AccountsConfiguration
from storage.address import AddressPolicy
from storage.document import Document, DocumentStore
from storage.errors import AddressRefused, BadDocument, BadName, NotFound
from storage.media import off_hub
from storage.names import account_db
from storage.url_guard import vet

BY_NAME = "callcontrol_media/listing_by_name"
AFRESH = "{refresh=true}"

RESOLVE_S = 3.0
RECORDING_WAIT_S = 5.0
"""For a recording of ours that is being finished or fetched back; whoever asks waits for the answer."""

CONTENT_WAIT_S = 5.0
MAX_CONTENT_BYTES = 690_000
"""Of playback_content: forty seconds of telephone sound, or minutes of MP3; as much as http.max_body_kb lets
through in base64, unless an operator changes that.
"""


class Links(Protocol):
    """Recordings by their links (recording.link.Links)."""

    def recording_of(self, url: str) -> str:
        """Return the recording that one of our own URLs names, "" when it is none of ours or has expired."""

    def path_of(self, recording_id: str, timeout_s: float) -> Path | None:
        """Return a file of a recording on this host, None when there is none. Blocks that long at most."""


class Place(Protocol):
    """Knows where FreeSWITCH reads attachments from (service.media_place)."""

    def locate(self, database: str, document: Document, attachment: str) -> str:
        """Return a path or a URL, "" when there is no way to it."""


class Files(Protocol):
    """Keeps files that FreeSWITCH can read for a while (recording.link_spool.LinkSpool)."""

    def get(self, name: str, make: Callable[[Path], object], wait_s: float) -> Path | None:
        """Return a file, made if it is not there; None when that takes longer."""


class SoundFinder:
    """Args: store: the documents; owner_of: whose a recording is, "" for one that is not known."""

    def __init__(
        self,
        *,
        config: AccountsConfiguration,
        store: DocumentStore,
        place: Place,
        links: Links,
        files: Files,
        addresses: AddressPolicy,
        owner_of: Callable[[str], str],
    ) -> None:
        self._config = config
        self._store = store
        self._place = place
        self._links = links
        self._files = files
        self._addresses = addresses
        self._owner_of = owner_of

    def of_url(
        self, url: str, account_id: str, pointer: str, *, audio_type: str = "", is_kept: bool = True
    ) -> str:
        """Return what is played for a URL.

        Args: audio_type: wav or mp3, of a file whose name does not say it; is_kept: whether FreeSWITCH may
        play what it has fetched before. Raises: Unprocessable: it must not be, or is not there.
        """
        recording_id = self._links.recording_of(url)
        if recording_id:
            return self._recording(recording_id, pointer)
        try:
            vet(self._addresses, url, RESOLVE_S)
        except (ValueError, AddressRefused) as exc:
            raise invalid(pointer, f"{str(exc).removeprefix('url: ').capitalize()}.", INVALID_URL) from exc
        except socket.gaierror as exc:
            raise invalid(pointer, "There is no host of that name.", INVALID_URL) from exc
        except TimeoutError as exc:
            raise Unavailable("The host's name cannot be resolved now; nothing was done.") from exc
        location = self._fetched(url, account_id, audio_type)
        return AFRESH + location if location.startswith(HTTP_CACHE) and not is_kept else location

    def of_name(self, name: str, account_id: str, pointer: str) -> str:
        """Return what is played for a media_name.

        Raises: Unprocessable: the account has nothing of that name that sounds; StoreUnavailable.
        """
        document = self._document(name, account_id)
        if document is not None:
            return self._attachment(document, account_id, pointer)
        recording_id = name.replace("-", "").lower()
        if is_recording_id(recording_id) and self._owner_of(recording_id) == account_id:
            return self._recording(recording_id, pointer)
        return _missing(pointer, "This account has no media of that name.")

    def of_content(self, content: str, pointer: str) -> str:
        """Return what is played for base64 of a WAV or MP3 file.

        Raises: Unprocessable: it is none; Unavailable: it cannot be written.
        """
        try:
            sound = base64.b64decode(content, validate=True)
        except (ValueError, binascii.Error) as exc:
            raise invalid(pointer, "Must be valid base64.") from exc
        name = f"playback-{hashlib.sha256(sound).hexdigest()[:32]}.{_format_of(sound, pointer)}"

        def write(path: Path) -> None:
            off_hub(partial(path.write_bytes, sound), path.name)

        try:
            path = self._files.get(name, write, CONTENT_WAIT_S)
        except CallflowsError as exc:
            raise Unavailable("The sound cannot be kept now; nothing was done.") from exc
        if path is None:
            raise Unavailable("The sound cannot be kept now; nothing was done.")
        return str(path)

    def _recording(self, recording_id: str, pointer: str) -> str:
        path = self._links.path_of(recording_id, RECORDING_WAIT_S)
        return str(path) if path is not None else _missing(pointer, "That recording cannot be had now.")

    def _document(self, name: str, account_id: str) -> Document | None:
        database = account_db(account_id)
        try:
            document = self._store.get(database, name)
        except (NotFound, BadName, BadDocument):
            document = {}
        if document.get("pvt_type") == "media" and not document.get("pvt_deleted"):
            return document
        try:
            rows = self._store.view(database, BY_NAME, key=name, include_docs=True)
        except (NotFound, BadName):
            return None
        return next((row.document for row in rows if row.document is not None), None)

    def _attachment(self, document: Document, account_id: str, pointer: str) -> str:
        attachments = document.get("_attachments")
        for name in sorted(attachments) if isinstance(attachments, dict) else ():
            located = self._place.locate(account_db(account_id), document, name)
            if located:
                return self._fetched(located, account_id)
        return _missing(pointer, "The media of that name has no sound.")

    def _fetched(self, location: str, account_id: str, kind: str = "") -> str:
        use: Any = self._config.for_account(account_id).get("ecallmgr", "use_http_cache")
        return fetched(location, cache=bool(use), kind=kind)


def _format_of(sound: bytes, pointer: str) -> str:
    """Return wav or mp3, by what a file begins with."""
    if sound[:4] == b"RIFF" and sound[8:12] == b"WAVE":
        return "wav"
    if sound[:3] == b"ID3" or (len(sound) > 1 and sound[0] == 0xFF and sound[1] & 0xE0 == 0xE0):
        return "mp3"
    raise invalid(pointer, "Must be a WAV or an MP3 file.")


def _missing(pointer: str, detail: str) -> NoReturn:
    raise invalid(pointer, detail, NO_SUCH_ASSOCIATE)
