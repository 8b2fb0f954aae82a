"""One logged-in SFTP session with a host that a document named, by paramiko (an optional extra).

The library gets a socket that is connected to a vetted address, and says nothing of the user's before the
server's key was accepted (storage.host_key_policy).
Source: RFC 4253, RFC 4252; draft-ietf-secsh-filexfer-02 (SFTP 3), -13 (check-file); OpenSSH PROTOCOL
(posix-rename).
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import paramiko
from paramiko.pkey import UnknownKeyType

from storage import guarded_socket
from storage.destination import DestinationContext
from storage.errors import DeliveryFailed
from storage.host_key_policy import HostKeyPolicy
from storage.known_hosts import SSH_PORT, HostKey, Pin
from storage.media import off_hub
from storage.remote_url import RemoteUrl

MAX_TOLD_CHARS = 200

KEX_OFF_HUB = frozenset(("diffie-hellman-group16-sha512", "diffie-hellman-group-exchange-sha256"))
"""Key exchanges that would keep the hub for 100 ms of arithmetic; who has them has faster ones, too."""

_RSA = frozenset(("rsa-sha2-512", "rsa-sha2-256"))
_FINAL = frozenset((errno.EACCES, errno.ENOENT))

logging.getLogger("paramiko").setLevel(logging.CRITICAL)
"""It logs tracebacks of what is raised as well, and told in our words."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Who is believed and who we are. Attributes: pin: the key named for this server, if one is."""

    hosts: HostKeyPolicy
    pin: Pin | None
    key_file: Path | None


class SftpSession:
    """What a delivery needs of an SFTP server. Every method raises DeliveryFailed."""

    def __init__(self, wire: paramiko.SFTPClient) -> None:
        self._wire = wire

    def make(self, folders: Iterable[str], *, at_home: bool) -> str:
        """Make what is missing of a folder. Returns: its path, for names to be put behind."""
        path = "" if at_home else "/"
        with _told():
            for folder in folders:
                path += f"{folder}/"
                if self.size(path) is None:
                    with suppress(OSError):  # made by another delivery, this moment; the next step will say
                        self._wire.mkdir(path)
        return path

    def store(self, path: str, blocks: Iterable[bytes]) -> None:
        """Write a file, over one that is there. Raises also what reading the blocks raises."""
        with _told(), self._wire.open(path, "wb") as file:
            file.set_pipelined(True)
            held = b""
            for block in blocks:
                if held:
                    file.write(held)
                held = block
            file.set_pipelined(False)  # the last write hears what the server says of all the others
            file.write(held)

    def size(self, path: str) -> int | None:
        """Return the size of a file, None when there is nothing."""
        with _told():
            try:
                return int(self._wire.stat(path).st_size or 0)
            except FileNotFoundError:
                return None

    def sha256(self, path: str) -> str:
        """Return the digest of a file as the server finds it, "" when it does not tell."""
        with _told():
            try:
                with self._wire.open(path, "rb") as file:
                    digest = file.check("sha256")
            except TimeoutError:
                raise
            except OSError:
                return ""
        return digest.hex() if len(digest) == 32 else ""

    def reader(self, path: str) -> Callable[[int], bytes]:
        """Open a file. Returns: what reads up to so many bytes of it. Raises: FileNotFoundError."""
        with _told_but_missing():
            file = self._wire.open(path, "rb")

        def read(size: int) -> bytes:
            with _told():
                return file.read(size)

        return read

    def rename(self, path: str, final: str) -> None:
        """Give a file its final name; a file of that name is replaced."""
        with _told():
            try:
                self._wire.posix_rename(path, final)
            except TimeoutError:
                raise
            except OSError:  # a server without OpenSSH's extension
                with suppress(FileNotFoundError):
                    self._wire.remove(final)
                self._wire.rename(path, final)

    def delete(self, path: str) -> None:
        """Delete a file; one that is not there is no failure. Raises: DeliveryFailed."""
        with _told(), suppress(FileNotFoundError):
            self._wire.remove(path)

    def remove(self, path: str) -> None:
        """Delete a file if that can be done; what is left is overwritten next time."""
        with suppress(OSError, EOFError, paramiko.SSHException):
            self._wire.remove(path)


@contextmanager
def opened(url: RemoteUrl, context: DestinationContext, trust: Trust) -> Iterator[SftpSession]:
    """Connect, judge the server, and log in, for the length of a `with` block.

    Raises: DeliveryFailed, AddressRefused, StoreUnavailable (a file of this host's).
    """
    port = url.port or SSH_PORT
    key = _own_key(trust.key_file) if not url.password else None
    kinds = trust.hosts.kinds_of(url.host, port) if trust.pin is None else ()
    with _told():
        sock = guarded_socket.connect(context.addresses, url.host, port, context.connect_timeout_s)
        try:
            transport = paramiko.Transport(sock, disabled_algorithms={"kex": sorted(KEX_OFF_HUB)})
        except BaseException:
            sock.close()
            raise
    try:
        with _told():
            _prefer(transport, kinds)
            transport.banner_timeout = transport.handshake_timeout = context.connect_timeout_s
            transport.auth_timeout = context.response_timeout_s
            transport.start_client(timeout=context.connect_timeout_s)
            shown = transport.get_remote_server_key()
        trust.hosts.check(url.host, port, HostKey(shown.get_name(), shown.asbytes()), trust.pin)
        with _told():
            _log_in(transport, url, key)
            channel = transport.open_session(timeout=context.response_timeout_s)
            channel.settimeout(context.stall_timeout_s)
            channel.invoke_subsystem("sftp")
            wire = paramiko.SFTPClient(channel)
        yield SftpSession(wire)
    finally:
        transport.close()


def _own_key(path: Path | None) -> paramiko.PKey:
    found = off_hub(partial(_loaded, path), path.name) if path is not None else None
    if path is None or found is None:
        raise DeliveryFailed("its URL has no password, and there is no outbox.ssh_key", retryable=False)
    if isinstance(found, str):
        raise DeliveryFailed(f"{path.name}: {found}", retryable=False)
    return found


def _loaded(path: Path) -> paramiko.PKey | str | None:
    """Load a key, if there is one, or say why not: gevent prints what is raised in its threads."""
    try:
        return paramiko.PKey.from_path(path)
    except FileNotFoundError:
        return None
    except (paramiko.PasswordRequiredException, TypeError):  # the latter from the library below
        return "has a passphrase; give it a key without one"
    except (paramiko.SSHException, UnknownKeyType, ValueError):
        return "is no private key"


def _prefer(transport: paramiko.Transport, kinds: tuple[str, ...]) -> None:
    """Ask first for the kinds of key the server is known by: else it would seem to have changed."""
    names = {name for kind in kinds for name in (_RSA if kind == "ssh-rsa" else (kind,))}
    options = transport.get_security_options()
    offered = tuple(options.key_types)
    options.key_types = tuple(sorted(offered, key=lambda name: name not in names))


def _log_in(transport: paramiko.Transport, url: RemoteUrl, key: paramiko.PKey | None) -> None:
    if key is not None:
        missing = transport.auth_publickey(url.user, key)
    else:
        missing = transport.auth_password(url.user, url.password)
    if missing:
        raise DeliveryFailed("wants more than one proof of who we are", retryable=False)


@contextmanager
def _told() -> Iterator[None]:
    """Put what the library, the server and the network say into our words."""
    try:
        yield
    except paramiko.AuthenticationException as exc:
        raise DeliveryFailed("refused the login", retryable=False) from exc
    except TimeoutError as exc:
        raise DeliveryFailed("timed out", retryable=True) from exc
    except EOFError as exc:
        raise DeliveryFailed("closed the connection", retryable=True) from exc
    except (paramiko.SSHException, paramiko.SFTPError) as exc:
        raise DeliveryFailed(f"SSH failed: {_plain(str(exc))}", retryable=True) from exc
    except OSError as exc:
        said = _plain((exc.strerror or str(exc) or type(exc).__name__).lower())
        raise DeliveryFailed(said, retryable=exc.errno not in _FINAL) from exc


@contextmanager
def _told_but_missing() -> Iterator[None]:
    """The same, but for a file that is not there."""
    missing: FileNotFoundError | None = None
    with _told():
        try:
            yield
        except FileNotFoundError as exc:
            missing = exc
    if missing is not None:
        raise missing


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text[:MAX_TOLD_CHARS]).strip()
