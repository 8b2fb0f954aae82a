"""Deletes local media once every copy is verified, and forgets old rows; never anything that waits."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

import structlog

from storage.errors import StoreUnavailable
from storage.media import off_hub
from storage.outbox import Outbox
from storage.outbox_delivery import StoredRecording

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what is delivered stays here.

    What was enqueued with a `keep_until` stays until then, too, file and row.

    Attributes: media_s: the local file, counted from the last verified copy; rows_s: what
    `deliveries list` knows of it; register_s: what the register knows of recordings that are gaps.
    """

    media_s: float = 0.0
    rows_s: float = 7 * 86400.0
    register_s: float = 400 * 86400.0


def sweep(outbox: Outbox, retention: Retention) -> tuple[int, int]:
    """Delete what retention lets go. Returns: how many files were deleted, how many recordings forgotten.

    The file goes first, the note of it second: a crash between the two repeats a deletion, which is
    harmless, where the other order would leave a file nobody knows of. What cannot be deleted is said
    and tried again at the next sweep.
    """
    deleted = 0
    last: StoredRecording | None = None
    while batch := outbox.releasable(retention.media_s, after=last):
        for recording in batch:
            deleted += _delete(outbox, recording)
        last = batch[-1]
    forgotten = 0
    while count := outbox.purge(retention.rows_s, register_s=retention.register_s):
        forgotten += count
    return deleted, forgotten


def release_early(outbox: Outbox, needed_bytes: int, readable_kinds: Collection[str] = ()) -> tuple[int, int]:
    """Delete media that is verified everywhere, the oldest first, whatever time retention would keep it.

    Args: readable_kinds: where the rest is not enough, what is kept for links goes as well if its copy can
    be read back from a destination of these kinds; none of it goes without.
    Returns: how many files were deleted, and their bytes; less than needed when there is no more to release.
    """
    deleted = freed_bytes = 0
    sources = [partial(outbox.releasable, 0.0)]
    if readable_kinds:
        sources.append(partial(outbox.readable_elsewhere, readable_kinds))
    for source in sources:
        last: StoredRecording | None = None
        while freed_bytes < needed_bytes and (batch := source(after=last)):
            for recording in batch:
                if freed_bytes < needed_bytes and _delete(outbox, recording):
                    deleted += 1
                    freed_bytes += recording.media.size_bytes
            last = batch[-1]
    return deleted, freed_bytes


def _delete(outbox: Outbox, recording: StoredRecording) -> bool:
    try:
        off_hub(partial(recording.media.path.unlink, missing_ok=True), recording.media.name)
    except StoreUnavailable as exc:
        _log.warning("media_not_deleted", recording_id=recording.recording_id, reason=str(exc))
        return False
    outbox.released(recording.recording_id)
    return True
