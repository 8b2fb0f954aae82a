"""Copies a recording into a folder of this host: whole or not at all, and over nothing else.

| parameter | |
|---|---|
| directory | below the root that the settings give (`[outbox] local_dir`), "" for the root itself |
| name | of the copy; default: the media's name; made safe either way |

The copy is written beside its place, synced, read back and only then given its name. When that name is
taken by other content, the copy bears the recording's id as well, which a later attempt finds again.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from storage.destination import DestinationContext, Media, Receipt
from storage.errors import DeliveryFailed, MediaDamaged, NotFound, StoreUnavailable
from storage.file_name import safe_file_name
from storage.media import Measured, MediaStream, measure, off_hub

PARAMETERS = frozenset(("directory", "name"))
_LINKS_UNKNOWN = frozenset((errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK))


class FolderDestination:
    """A folder below one root."""

    def __init__(self, context: DestinationContext) -> None:
        self._root = context.folder_root

    def validate(self, parameters: dict[str, Any]) -> list[str]:
        """Return every fault of the parameters; see the table at the top."""
        faults = [f"{name}: unknown parameter" for name in sorted(parameters.keys() - PARAMETERS)]
        named = sorted(PARAMETERS & parameters.keys())
        faults += [f"{name}: must be text" for name in named if not isinstance(parameters[name], str)]
        if self._root is None:
            faults.append("directory: this system has no folder for recordings (outbox.local_dir)")
        elif not faults and _below(self._root, parameters.get("directory", "")) is None:
            faults.append("directory: leads out of outbox.local_dir")
        return faults

    def deliver(self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any]) -> Receipt:
        """Copy, verify, name. Raises: DeliveryFailed, MediaDamaged, StoreUnavailable."""
        directory = _below(self._root, parameters.get("directory", "")) if self._root else None
        if directory is None:
            raise DeliveryFailed("; ".join(self.validate(parameters)), retryable=False)
        name = safe_file_name(parameters.get("name") or media.name)
        recording_id = safe_file_name(str(metadata.get("_id", media.sha256)))
        try:
            return _deliver(directory, name, recording_id, media)
        except StoreUnavailable as exc:  # the folder's disk is the destination here
            raise DeliveryFailed(str(exc), retryable=True) from exc

    def holds(
        self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any], receipt: Receipt
    ) -> bool:
        """Whether the file is there with exactly this content; it is read. Raises: StoreUnavailable."""
        del metadata, parameters
        return _holds(self._copy_of(receipt), Measured(media.size_bytes, media.sha256))

    def open_copy(
        self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any], receipt: Receipt
    ) -> BinaryIO:
        """Return the file. Raises: NotFound, StoreUnavailable."""
        del metadata, parameters
        path = self._copy_of(receipt)
        if off_hub(partial(_size, path), path.name) is None:
            raise NotFound(str(path.parent), media.name)
        return off_hub(partial(_open, path), path.name)

    def delete_copy(
        self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any], receipt: Receipt
    ) -> str:
        """Delete the file, unless another one has its name by now. Raises: NotFound, StoreUnavailable."""
        del metadata, parameters
        path = self._copy_of(receipt)
        if _holds(path, Measured(media.size_bytes, media.sha256)):
            off_hub(partial(_deleted, path), path.name)
        return ""

    def _copy_of(self, receipt: Receipt) -> Path:
        """Return where a copy was put, if that is still below the root. Raises: NotFound."""
        path = Path(receipt.location)
        if self._root is None or ".." in path.parts or not path.is_relative_to(self._root):
            raise NotFound(str(self._root), receipt.location)
        return path


def _below(root: Path, directory: str) -> Path | None:
    """Return a directory below the root, None when its text leads anywhere else."""
    parts = PurePosixPath(directory)
    if ".." in parts.parts or not directory.isprintable():
        return None
    found = Path(root / parts)  # an absolute one replaces the root
    return found if found.is_relative_to(root) else None


def _deliver(directory: Path, name: str, recording_id: str, media: Media) -> Receipt:
    wanted = Measured(media.size_bytes, media.sha256)
    stem, dot, extension = name.rpartition(".")
    second = f"{stem}.{recording_id}.{extension}" if dot else f"{name}.{recording_id}"
    finals = (directory / name, directory / second)
    staged = directory / f".{recording_id}.part"
    try:
        for final in finals:
            if _holds(final, wanted):
                return Receipt(str(final), "was there already")
        _copy(media, staged)
        if measure(staged) != wanted:
            raise DeliveryFailed("the copy differs from the original when read back", retryable=True)
        for final in finals:
            if off_hub(partial(_named, staged, final), name):
                return Receipt(str(final))
    finally:  # also of an attempt that was killed after it gave the name
        with suppress(StoreUnavailable):
            off_hub(partial(staged.unlink, missing_ok=True), name)
    raise DeliveryFailed(f"{name}: its name and the one with its id are taken by others", retryable=False)


def _holds(path: Path, wanted: Measured) -> bool:
    """Whether a file is there with exactly this content."""
    if off_hub(partial(_size, path), path.name) != wanted.size_bytes:
        return False
    try:
        return measure(path) == wanted
    except MediaDamaged:  # it was there a moment ago
        return False


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return None


def _copy(media: Media, staged: Path) -> None:
    """Write the verified stream to a staged file, a block at a time, off the hub."""
    with MediaStream(media) as stream:
        off_hub(partial(_make, staged.parent), media.name)
        with off_hub(partial(_open_new, staged), media.name) as target:
            for block in stream:
                off_hub(partial(target.write, block), media.name)
            off_hub(target.flush, media.name)


def _make(directory: Path) -> None:
    """Make a directory with its parents, durably: a copy in a directory that a power cut undoes is none."""
    missing = [each for each in (directory, *directory.parents) if not each.exists()]
    directory.mkdir(parents=True, exist_ok=True)
    for made in missing:
        _sync(made.parent)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _deleted(path: Path) -> None:
    path.unlink(missing_ok=True)
    _sync(path.parent)


def _open(path: Path) -> BinaryIO:
    return path.open("rb")


def _open_new(path: Path) -> BinaryIO:
    return path.open("wb")


def _named(staged: Path, final: Path) -> bool:
    """Give a staged file its name unless the name is taken; the folder is synced, too."""
    try:
        os.link(staged, final)  # fails when the name is taken, where a rename would replace
    except FileExistsError:
        return False
    except OSError as exc:
        if exc.errno not in _LINKS_UNKNOWN:
            raise
        if final.exists():  # a file system without hard links: nobody else writes these names but we
            return False
        staged.rename(final)
    _sync(final.parent)
    return True


DESTINATION = FolderDestination
