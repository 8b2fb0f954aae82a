"""Delivers by FTP, in the clear (ftp) or over TLS (ftps).

| parameter | |
|---|---|
| url | `ftp://user:password@host/folder/`; ftps: explicit TLS, implicit on port 990; the path is absolute, below the login folder after `/~/` |
| field_list, field_separator, folder_path | name the copy as a storage plan does (storage.plan_path) |

The file is written as `<name>.part`, checked by its size (and its SHA-256 where the server tells it), and then
renamed over whatever has its name; folders are made. Answers 4yz, and 552 (no room), are worth another
attempt; other refusals are final. A server that tells no sizes is believed when it confirms the transfer.
"""  # noqa: E501 - a table's line

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, BinaryIO, cast

from storage import ftp_session, plan_path, remote_url
from storage.deadline import attempt_limit
from storage.destination import DestinationContext, Media, Receipt
from storage.errors import DeliveryFailed, NotFound
from storage.ftp_session import FtpSession
from storage.media import MediaStream
from storage.remote_stream import RemoteStream
from storage.remote_url import RemoteUrl
from storage.staged_name import staged_name

SCHEMES = frozenset(("ftp", "ftps"))
PARAMETERS = frozenset(("url", "method")) | plan_path.PARAMETERS


def parse(url: str) -> RemoteUrl:
    """Take an FTP URL apart. Raises: ValueError: a sentence about what is wrong with it."""
    parsed = remote_url.parse(url, SCHEMES)
    if parsed.options:
        raise ValueError("url: has a query, which FTP has no use for")
    if parsed.password and not parsed.user:
        raise ValueError("url: has a password and no user")
    return parsed


class FtpDestination:
    """An FTP server that a document named."""

    def __init__(self, context: DestinationContext) -> None:
        self._context = context

    def validate(self, parameters: Mapping[str, Any]) -> list[str]:
        """Return every fault of the parameters; see the table at the top."""
        faults = [f"{name}: unknown parameter" for name in sorted(parameters.keys() - PARAMETERS)]
        try:
            parse(str(parameters.get("url", "")))
        except ValueError as exc:
            faults.append(str(exc))
        return faults + plan_path.faults_of(parameters)

    def deliver(self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any]) -> Receipt:
        """Upload, verify, rename. Raises: DeliveryFailed, AddressRefused, MediaDamaged, StoreUnavailable."""
        url = parse(str(parameters["url"]))
        *folders, name = plan_path.segments_of(parameters, metadata, media.name)
        location = url.shown + "/".join([*folders, name])
        with (
            attempt_limit(self._context, media.size_bytes),
            ftp_session.opened(url, self._context) as session,
        ):
            session.enter([*url.folders, *folders], at_home=url.at_home)
            if session.sha256(name) == media.sha256:
                return Receipt(location, "was there already")
            return Receipt(location, _uploaded(session, name, media))

    def holds(
        self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any], receipt: Receipt
    ) -> bool:
        """Whether a file of this size, and digest where one is told, is there. Raises: StoreError."""
        del receipt
        with self._beside(media, metadata, parameters) as (session, path):
            size = session.size(path)
            digest = session.sha256(path) if size is not None else ""
        return size == media.size_bytes and digest in ("", media.sha256)

    def open_copy(
        self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any], receipt: Receipt
    ) -> BinaryIO:
        """Return the file; its connection lasts as long as it is read. Raises: NotFound; StoreError."""
        del receipt
        url = parse(str(parameters["url"]))
        path = url.file(plan_path.segments_of(parameters, metadata, media.name))
        with ExitStack() as opening:
            with attempt_limit(self._context, 0):
                session = opening.enter_context(ftp_session.opened(url, self._context))
                try:
                    read = session.reader(path, opening)
                except FileNotFoundError as exc:
                    raise NotFound(url.host, path) from exc
            return cast("BinaryIO", RemoteStream(read, opening.pop_all()))

    def delete_copy(
        self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any], receipt: Receipt
    ) -> str:
        """Delete the file. Raises: StoreError."""
        del receipt
        with self._beside(media, metadata, parameters) as (session, path):
            session.delete(path)
        return ""

    @contextmanager
    def _beside(
        self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any]
    ) -> Iterator[tuple[FtpSession, str]]:
        """Log in where the copy is. Yields: the session, and the copy's path."""
        url = parse(str(parameters["url"]))
        path = url.file(plan_path.segments_of(parameters, metadata, media.name))
        with attempt_limit(self._context, 0), ftp_session.opened(url, self._context) as session:
            yield session, path


def _uploaded(session: FtpSession, name: str, media: Media) -> str:
    """Upload under a name that nobody takes for a recording, check, rename. Returns: how it was proved."""
    staged = staged_name(name)
    try:
        with MediaStream(media) as stream:
            session.store(staged, stream)
        proof = _proof(session, staged, media)
        session.rename(staged, name)
    except BaseException:
        session.remove(staged)
        raise
    return proof


def _proof(session: FtpSession, name: str, media: Media) -> str:
    size = session.size(name)
    if size is not None and size != media.size_bytes:
        raise DeliveryFailed(f"has {size} bytes of it instead of {media.size_bytes}", retryable=True)
    digest = session.sha256(name)
    if digest and digest != media.sha256:
        raise DeliveryFailed("has it with another digest", retryable=True)
    if digest:
        return "same SHA-256"
    return "transfer confirmed" if size is None else f"{size} bytes"


DESTINATION = FtpDestination
