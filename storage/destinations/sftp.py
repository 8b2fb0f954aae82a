"""Delivers by SFTP.

| parameter | |
|---|---|
| url | `sftp://user:password@host/folder/`; without password our own key is shown (`outbox.ssh_key`); the path is absolute, below the login folder after `/~/`; `#host_key=SHA256:...` as below |
| host_key | the key the server must show: `SHA256:<base64>` or `<kind> <base64>`; without it see storage.host_key_policy |
| field_list, field_separator, folder_path | name the copy as a storage plan does (storage.plan_path) |

The file is written as `<name>.part`, checked by its size (and its SHA-256 where the server tells it), and then
renamed over whatever has its name; folders are made. A refused login, permission or key is final.
"""  # noqa: E501 - lines of a table

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, BinaryIO, cast
from urllib.parse import unquote

from storage import extras, known_hosts, plan_path, remote_url
from storage.deadline import attempt_limit
from storage.destination import DestinationContext, Media, Receipt
from storage.errors import DeliveryFailed, NotFound
from storage.host_key_policy import HostKeyPolicy
from storage.known_hosts import Pin
from storage.media import MediaStream
from storage.remote_stream import RemoteStream
from storage.remote_url import RemoteUrl
from storage.staged_name import staged_name

KIND = "sftp"
SCHEMES = frozenset(("sftp",))
PARAMETERS = frozenset(("url", "method", "host_key")) | plan_path.PARAMETERS


def parse(parameters: Mapping[str, Any]) -> tuple[RemoteUrl, Pin | None]:
    """Read a target. Returns: its URL, and the key its server must show, if one is named.

    Raises: ValueError: a sentence about what is wrong with it.
    """
    url = remote_url.parse(str(parameters.get("url", "")), SCHEMES)
    if not url.user:
        raise ValueError("url: names no user (sftp://user@host/folder/)")
    if url.options:
        raise ValueError("url: has a query, which SFTP has no use for")
    name, _, text = url.fragment.partition("=")
    if url.fragment and name != "host_key":
        raise ValueError("url: its fragment is not host_key=SHA256:...")
    text = str(parameters.get("host_key") or text)
    if not text and url.fragment:
        raise ValueError("url: its host_key is empty")
    return url, known_hosts.pin_of(unquote(text)) if text else None


class SftpDestination:
    """An SFTP server that a document named."""

    def __init__(self, context: DestinationContext) -> None:
        self._context = context
        self._hosts = HostKeyPolicy(context.known_hosts)
        self._library = extras.loaded(KIND, "storage.sftp_session")

    def validate(self, parameters: Mapping[str, Any]) -> list[str]:
        """Return every fault of the parameters; see the table at the top."""
        faults = [f"{name}: unknown parameter" for name in sorted(parameters.keys() - PARAMETERS)]
        try:
            parse(parameters)
        except ValueError as exc:
            faults.append(str(exc))
        faults += plan_path.faults_of(parameters)
        return faults + [fault for fault in (extras.missing(KIND),) if fault]

    def deliver(self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any]) -> Receipt:
        """Upload, verify, rename. Raises: DeliveryFailed, AddressRefused, MediaDamaged, StoreUnavailable."""
        url, pin = parse(parameters)
        *folders, name = plan_path.segments_of(parameters, metadata, media.name)
        with attempt_limit(self._context, media.size_bytes), self._opened(url, pin) as session:
            folder = session.make([*url.folders, *folders], at_home=url.at_home)
            proof = _delivered(session, folder, name, media)
        return Receipt(url.shown + "/".join([*folders, name]), proof)

    def holds(
        self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any], receipt: Receipt
    ) -> bool:
        """Whether a file of this size, and digest where one is told, is there. Raises: StoreError."""
        del receipt
        with self._beside(media, metadata, parameters) as (session, path):
            size = session.size(path)
            digest = session.sha256(path) if size is not None else ""
        return bool(size == media.size_bytes and digest in ("", media.sha256))

    def open_copy(
        self, media: Media, metadata: dict[str, Any], parameters: dict[str, Any], receipt: Receipt
    ) -> BinaryIO:
        """Return the file; its connection lasts as long as it is read. Raises: NotFound; StoreError."""
        del receipt
        url, pin = parse(parameters)
        path = url.file(plan_path.segments_of(parameters, metadata, media.name))
        with ExitStack() as opening:
            with attempt_limit(self._context, 0):
                session = opening.enter_context(self._opened(url, pin))
                try:
                    read = session.reader(path)
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
    ) -> Iterator[tuple[Any, str]]:
        """Log in where the copy is. Yields: the session, and the copy's path."""
        url, pin = parse(parameters)
        path = url.file(plan_path.segments_of(parameters, metadata, media.name))
        with attempt_limit(self._context, 0), self._opened(url, pin) as session:
            yield session, path

    def _opened(self, url: RemoteUrl, pin: Pin | None) -> Any:
        """Return the session, to be entered."""
        trust = self._library.Trust(self._hosts, pin, self._context.ssh_key)
        return self._library.opened(url, self._context, trust)


def _delivered(session: Any, folder: str, name: str, media: Media) -> str:
    """Bring a file into its place, unless it is there. Returns: how it was proved."""
    final = f"{folder}{name}"
    if session.size(final) == media.size_bytes and session.sha256(final) == media.sha256:
        return "was there already"
    staged = f"{folder}{staged_name(name)}"
    try:
        with MediaStream(media) as stream:
            session.store(staged, stream)
        proof = _proof(session, staged, media)
        session.rename(staged, final)
    except BaseException:
        session.remove(staged)
        raise
    return proof


def _proof(session: Any, path: str, media: Media) -> str:
    size = session.size(path)
    if size != media.size_bytes:
        raise DeliveryFailed(f"has {size} bytes of it instead of {media.size_bytes}", retryable=True)
    digest = session.sha256(path)
    if digest and digest != media.sha256:
        raise DeliveryFailed("has it with another digest", retryable=True)
    return "same SHA-256" if digest else f"{size} bytes"


DESTINATION = SftpDestination
