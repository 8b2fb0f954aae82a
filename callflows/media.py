"""Turns what a document calls media into what FreeSWITCH can play.

| value in a document | played |
|---|---|
| empty | nothing |
| `tone_stream://`, `silence_stream://`, `local_stream://` | as it is |
| `http://`, `https://` | that URL, through `http_cache://` when ecallmgr.use_http_cache says so |
| `prompt://<account>/<prompt>/<language>` | that prompt, searched as below |
| `/system_media/<id>`, `/<the call's account>/<id>` | the attachment of that document |
| another value with a `/` | a path on FreeSWITCH's own disk, as it is |
| anything else | the attachment of that media document of the account, or its text spoken |

A prompt is looked for in the account, its reseller and system_media, in the call's language and that
language without its region, in system_media in the default language too; failing that FreeSWITCH's stock
sound stands in, and its text is spoken if FreeSWITCH does not have the sound. Other schemes are refused:
FreeSWITCH has some that run programs.
Source: Kazoo kz_media_util:media_path, kz_media_map (reference section 0.4).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from callflows.library import Library
from callflows.prompt_text import STOCK_PROMPTS
from calls.fetched_sound import fetched
from storage.document import Document
from storage.names import account_db, is_account_id

SYSTEM_MEDIA = "system_media"
ACCOUNTS = "accounts"
BY_PROMPT = "media/listing_by_prompt"

KEPT_SCHEMES = frozenset({"tone_stream", "silence_stream", "local_stream", "http_cache"})
FETCHED_SCHEMES = frozenset({"http", "https"})

MAX_REFERENCE_LENGTH = 2048

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9_+.-]*)://")


@dataclass(frozen=True, slots=True)
class Speech:
    """Text to be spoken instead of a sound; voice and language "" leave it to the configuration."""

    text: str
    voice: str = ""
    language: str = ""


Playable = str | Speech
"""What FreeSWITCH is asked to play, or to speak."""


@dataclass(frozen=True, slots=True)
class Audience:
    """For whom something is played.

    Attributes: language: of the call, such as `en-us`; default_language: what system_media falls back on;
    http_cache: whether FreeSWITCH is to keep what it fetches by http.
    """

    account_id: str
    language: str
    default_language: str
    http_cache: bool


class MediaLocator(Protocol):
    """Knows where FreeSWITCH can read an attachment from: a path for a folder, a URL for CouchDB."""

    def locate(self, database: str, document: Document, attachment: str) -> str:
        """Return a path or an http URL that FreeSWITCH can play, "" when there is no way to it.

        Args: database: in slash form; document: the media document, with `_id`; attachment: its name.
        """


class MediaCatalogue:
    """Resolves media of documents and prompts; what it returns is tried in order."""

    def __init__(self, library: Library, locator: MediaLocator) -> None:
        self._library = library
        self._locator = locator

    def resolve(self, reference: str, audience: Audience) -> list[Playable]:
        """Return what a value in a document stands for, [] for nothing. Raises: StoreUnavailable."""
        if not reference or reference_fault(reference):
            return []
        scheme = _scheme(reference)
        if scheme in KEPT_SCHEMES:
            return [reference]
        if scheme in FETCHED_SCHEMES:
            return [fetched(reference, cache=audience.http_cache)]
        if scheme == "prompt":
            return self._prompt_reference(reference, audience)
        database, doc_id = _document_named(reference, audience.account_id)
        return self._document(database, doc_id, audience) if database else [reference]

    def document(self, doc_id: str, audience: Audience) -> list[Playable]:
        """Return the sound of a media document of the account, or its text. Raises: StoreUnavailable."""
        return self._document(account_db(audience.account_id), doc_id, audience)

    def prompt(self, prompt_id: str, audience: Audience) -> list[Playable]:
        """Return a system prompt and its stand-ins, best first. Raises: StoreUnavailable."""
        found: list[Playable] = []
        own = language_keys(audience.language)
        for database in self._places(audience.account_id):
            wanted = [*own, audience.default_language.lower()] if database == SYSTEM_MEDIA else own
            doc_id = self._prompt_document(database, prompt_id, wanted)
            found = self._document(database, doc_id, audience) if doc_id else []
            if found:
                break
        stock = STOCK_PROMPTS.get(prompt_id)
        if stock is not None:
            found = [*found, *([stock.sound] if stock.sound else []), Speech(stock.text)]
        return found

    def _places(self, account_id: str) -> list[str]:
        """Return the databases to search: of the account, its reseller, the system."""
        account = self._library.find(ACCOUNTS, account_id) or {}
        reseller = account.get("pvt_reseller_id")
        places = [account_db(account_id)]
        if isinstance(reseller, str) and reseller != account_id and is_account_id(reseller):
            places.append(account_db(reseller))
        return [*places, SYSTEM_MEDIA]

    def _prompt_document(self, database: str, prompt_id: str, languages: Sequence[str]) -> str:
        for language in languages:
            rows = self._library.rows(database, BY_PROMPT, key=[prompt_id, language])
            if rows:
                return rows[0].doc_id
        return ""

    def _prompt_reference(self, reference: str, audience: Audience) -> list[Playable]:
        """`prompt://<account>/<prompt>[/<language>]`; not the account named there counts, but the call's."""
        parts = reference.removeprefix("prompt://").split("/")
        if len(parts) < 2 or not parts[1]:
            return []
        if len(parts) > 2 and parts[2]:
            audience = replace(audience, language=parts[2])
        return self.prompt(parts[1], audience)

    def _document(self, database: str, doc_id: str, audience: Audience) -> list[Playable]:
        document = self._library.find(database, doc_id)
        if document is None:
            return []
        attachments = document.get("_attachments")
        for name in sorted(attachments) if isinstance(attachments, dict) else ():
            located = self._locator.locate(database, document, name)
            if located:
                return [fetched(located, cache=audience.http_cache)]
        return _spoken(document)


def language_keys(language: str) -> list[str]:
    """Return the languages to look for: itself, and without its region."""
    lowered = language.lower()
    primary = re.split("[-_]", lowered, maxsplit=1)[0]
    return [key for key in dict.fromkeys((lowered, primary)) if key]


def reference_fault(reference: str) -> str:
    """Return what makes a media value unplayable for ever, "" for nothing.

    The same sentence is a fault of the document when it is validated.
    """
    if len(reference) > MAX_REFERENCE_LENGTH:
        return f"longer than {MAX_REFERENCE_LENGTH} characters"
    if any(char < " " or char == "\x7f" for char in reference):
        return "holds a control character"
    scheme = _scheme(reference)
    if scheme and scheme not in KEPT_SCHEMES | FETCHED_SCHEMES | {"prompt"}:
        known = ", ".join(sorted(KEPT_SCHEMES | FETCHED_SCHEMES | {"prompt"}))
        return f"media of scheme {scheme} are not played; known are {known}"
    if reference.startswith(("{", "[", "%[")):
        return "parameters before the media's name are not allowed"
    if not scheme and ".." in reference.split("/"):
        return "a path must not climb (..)"
    return ""


def _scheme(reference: str) -> str:
    found = _SCHEME.match(reference)
    return found[1].lower() if found else ""


def _document_named(reference: str, account_id: str) -> tuple[str, str]:
    """Return (database, document) of a value that names a document, ("", "") for a path."""
    first, slash, rest = reference.removeprefix("/").partition("/")
    if not slash:
        return ("", "") if reference.startswith("/") else (account_db(account_id), reference)
    if first == SYSTEM_MEDIA:
        return SYSTEM_MEDIA, rest
    if first == account_id and reference.startswith("/"):
        return account_db(account_id), rest
    return "", ""


def _spoken(document: dict[str, Any]) -> list[Playable]:
    """A media document that was synthesised keeps its text; it can be spoken when it has no attachment."""
    tts = document.get("tts")
    if not isinstance(tts, dict) or not isinstance(tts.get("text"), str) or not tts["text"].strip():
        return []
    voice, language = tts.get("voice"), document.get("language")
    return [
        Speech(
            tts["text"],
            voice if isinstance(voice, str) else "",
            language if isinstance(language, str) else "",
        )
    ]
