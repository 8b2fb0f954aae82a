"""Records a menu's greeting by telephone: record, review, save as a media document of the account.

Source: Kazoo cf_menu:record_greeting, review_recording, store_recording (reference section 2.1).
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

from callflows.actions._menu_profile import MenuProfile
from callflows.flow_run import FlowRun
from callflows.playing import play_prompt
from calls.digits import collect
from calls.errors import MediaMissing
from calls.media import Tone, play, record, tones
from config.gregorian import to_gregorian_s
from storage.document import Document
from storage.errors import Conflict, NotFound, StoreError
from storage.media import off_hub
from storage.names import account_db, encode

LIMIT_S, SILENCE_THRESHOLD, SILENCE_S = 300, 200, 5
"""What Kazoo's callers of `record` send."""

BEEP = Tone((440,), 500, 100)

SAVE, LISTEN, AGAIN = "1", "2", "3"

MAX_IDLE_REVIEWS = 10
"""Reviews without a key before the recording is given up; Kazoo asks for ever."""

SAVE_ATTEMPTS = 3
CONTENT_TYPE = "audio/mpeg"


def record_greeting(run: FlowRun, profile: MenuProfile) -> bool:
    """Let the caller record the greeting until one is saved; whether one was.

    Raises: CallGone, CommandFailed, ReplyTimeout.
    """
    min_ms: int = run.config("callflow.menu", "min_greeting_length")
    while True:
        path = run.facilities.media_dir / f"greeting-{secrets.token_hex(16)}.mp3"
        try:
            duration_ms = _record(run, path)
            choice = _review(run, profile, path)
            if choice == SAVE and duration_ms >= min_ms:
                return _save(run, profile, path)
            if choice == SAVE:
                play_prompt(run, "vm-recording_to_short")
            elif choice != AGAIN:
                play_prompt(run, "vm-deleted")
                return False
        finally:
            off_hub(partial(path.unlink, missing_ok=True), path.name)


def _record(run: FlowRun, path: Path) -> float:
    """Record into a file; returns how long, in ms."""
    play_prompt(run, "vm-record_greeting")
    tones(run.call, [BEEP])
    started_s = time.monotonic()
    record(
        run.call,
        str(path),
        LIMIT_S,
        silence_threshold=SILENCE_THRESHOLD,
        silence_s=SILENCE_S,
    )
    # Measured here: FreeSWITCH says 0 for a recording that a key ended.
    return (time.monotonic() - started_s) * 1000


def _review(run: FlowRun, profile: MenuProfile, path: Path) -> str:
    """Ask what to do with the recording; returns the key, "" when none was pressed for too long."""
    idle = 0
    while idle < MAX_IDLE_REVIEWS:
        collected = collect(
            run.call,
            1,
            profile.timeout_ms / 1000,
            profile.interdigit_timeout_ms / 1000,
            prompt=lambda: play_prompt(run, "vm-review_recording"),
        )
        if collected.digits in (SAVE, AGAIN):
            return collected.digits
        idle = 0 if collected.digits else idle + 1
        if collected.digits == LISTEN:
            try:
                play(run.call, str(path))
            except MediaMissing:
                run.call.log.warning("greeting_not_recorded", outcome="it is reviewed as silence")
    return ""


def _save(run: FlowRun, profile: MenuProfile, path: Path) -> bool:
    """Save the recording and make it the menu's greeting; whether that worked."""
    try:
        media_id = _store(run, profile, path)
    except StoreError as exc:
        run.call.log.warning(
            "greeting_not_saved", menu=profile.doc_id, reason=str(exc), outcome="it is dropped"
        )
        play_prompt(run, "vm-deleted")
        return False
    run.call.log.info("greeting_saved", menu=profile.doc_id, media=media_id)
    play_prompt(run, "vm-saved")
    return True


def _store(run: FlowRun, profile: MenuProfile, path: Path) -> str:
    documents = run.facilities.library.documents
    database = account_db(run.account_id)
    is_document = profile.greeting and "/" not in profile.greeting
    media_id = profile.greeting if is_document else secrets.token_hex(16)

    def fresh_media(document: Document) -> None:
        document.pop("_attachments", None)  # the recording takes their place
        document.update(
            content_type=CONTENT_TYPE,
            media_source="recording",
            description=f"recorded by {run.call.identity.caller_id_name}",
        )

    def new_media() -> Document:
        now = to_gregorian_s(time.time())
        return {
            "_id": media_id,
            "name": f"{profile.name} menu greeting",
            "source_type": "menu",
            "source_id": profile.doc_id,
            "streamable": True,
            "pvt_type": "media",
            "pvt_account_id": run.account_id,
            "pvt_account_db": encode(database),
            "pvt_created": now,
            "pvt_modified": now,
        }

    def greet(document: Document) -> None:
        media = document.get("media")
        document["media"] = {**(media if isinstance(media, dict) else {}), "greeting": media_id}

    _change(run, media_id, fresh_media, new_media)
    size_bytes = off_hub(path.stat, path.name).st_size
    with off_hub(partial(_opened, path), path.name) as source:
        documents.put_attachment(database, media_id, path.name, CONTENT_TYPE, source, size_bytes)
    if profile.doc_id:
        _change(run, profile.doc_id, greet)
    return media_id


def _opened(path: Path) -> BinaryIO:
    return path.open("rb")


def _change(
    run: FlowRun, doc_id: str, change: Callable[[Document], None], make: Callable[[], Document] | None = None
) -> None:
    """Change a document as it is now, again if somebody else changes it at the same moment."""
    documents = run.facilities.library.documents
    database = account_db(run.account_id)
    for attempt in range(SAVE_ATTEMPTS):
        try:
            document = dict(documents.get(database, doc_id))  # the store's own copy stays as it is
        except NotFound:
            if make is None:
                raise
            document = make()
        change(document)
        try:
            documents.save(database, document)
            return
        except Conflict:
            if attempt + 1 == SAVE_ATTEMPTS:
                raise
