"""One logged-in FTP session with a host that a document named, plain or over TLS.

Only the control connection resolves a name. Data connections go to the address the control connection is
connected to, whatever address the server names, by EPSV or else PASV. Over TLS, explicit (AUTH TLS) or
implicit (port 990), nothing is said in the clear after the greeting, and file data is encrypted, too.
Source: RFC 959, RFC 2428 (EPSV), RFC 3659 (SIZE), RFC 4217 (FTP over TLS), draft-bryan-ftpext-hash.
"""

# ruff: noqa: S321 - whoever writes ftp:// into a document asks for FTP
from __future__ import annotations

import ftplib
import re
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from storage import guarded_socket, tls_trust
from storage.destination import DestinationContext
from storage.errors import DeliveryFailed
from storage.remote_url import RemoteUrl

FTP_PORT = 21
IMPLICIT_TLS_PORT = 990
SEND_BYTES = 64 * 1024
MAX_REPLY_LINES = 500
MAX_TOLD_CHARS = 200
GOODBYE_S = 1.0

FULL = frozenset((452, 552))
"""No room: in the directory, or for this user. Worth another attempt, unlike other permanent answers."""

_SHA256 = re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{64}(?![0-9A-Fa-f])")
_UNKNOWN = frozenset((500, 501, 502, 503, 504))
"""What servers say to commands they do not have."""


class FtpSession:
    """What a delivery needs of an FTP server. Every method raises DeliveryFailed."""

    def __init__(self, wire: _Wire) -> None:
        self._wire = wire
        self._features = self._told_features()
        with _told():
            wire.voidcmd("TYPE I")  # sizes are told of nothing else

    def enter(self, folders: Iterable[str], *, at_home: bool) -> None:
        """Go to a folder, from the root or from where one is after logging in; make what is missing."""
        with _told():
            if not at_home:
                self._wire.cwd("/")
            for folder in folders:
                try:
                    self._wire.cwd(_below(folder))
                except ftplib.error_perm as exc:
                    if _code(exc) != 550:
                        raise
                    with suppress(ftplib.error_perm):  # made by another delivery, this moment; cwd will say
                        self._wire.mkd(_below(folder))
                    self._wire.cwd(_below(folder))

    def store(self, name: str, blocks: Iterable[bytes]) -> None:
        """Write a file, over one that is there. Raises also what reading the blocks raises."""
        with _told():
            with self._wire.transfercmd(f"STOR {name}") as data:
                data.settimeout(self._wire.stall_timeout_s)
                self._send(data, blocks)
            self._wire.voidresp()

    def size(self, name: str) -> int | None:
        """Return a file's size in bytes, None when it is not there or the server does not tell.

        Args: name: of a file in the folder gone to, or a path.
        """
        with _told():
            try:
                return self._wire.size(name)
            except ftplib.error_perm as exc:
                if _code(exc) not in _UNKNOWN and _code(exc) != 550:
                    raise
                return None

    def sha256(self, name: str) -> str:
        """Return the digest of a file as the server finds it, "" when it has no command for that."""
        with _told():
            try:
                if "SHA-256" in self._features.get("HASH", ""):
                    with suppress(ftplib.error_perm):  # then it may be the one in use already
                        self._wire.sendcmd("OPTS HASH SHA-256")
                    reply = self._wire.sendcmd(f"HASH {name}")
                elif "XSHA256" in self._features:
                    reply = self._wire.sendcmd(f"XSHA256 {name}")
                else:
                    return ""
            except (ftplib.error_perm, ftplib.error_temp):
                return ""
            found = _SHA256.search(reply)
            return found.group().lower() if found else ""

    def reader(self, path: str, closing: ExitStack) -> Callable[[int], bytes]:
        """Have a file sent. Returns: what reads up to so many bytes of it. Args: closing: for the connection.

        Raises: FileNotFoundError: the server has no such file, or does not give it out.
        """
        missing: ftplib.error_perm | None = None
        with _told():
            try:
                data = closing.enter_context(self._wire.transfercmd(f"RETR {path}"))
            except ftplib.error_perm as exc:
                if _code(exc) != 550:
                    raise
                missing = exc
        if missing is not None:
            raise FileNotFoundError(path) from missing
        data.settimeout(self._wire.stall_timeout_s)

        def read(size: int) -> bytes:
            with _told():
                block = data.recv(size)
                if not block:
                    data.close()  # what the server says then tells whether that was all
                    self._wire.voidresp()
                return block

        return read

    def rename(self, name: str, final: str) -> None:
        """Give a file its final name; a file of that name is replaced."""
        with _told():
            try:
                self._wire.rename(name, final)
            except ftplib.error_perm:
                with suppress(ftplib.error_perm):  # servers that do not replace, or nothing to delete
                    self._wire.delete(final)
                self._wire.rename(name, final)

    def delete(self, name: str) -> None:
        """Delete a file; one that is not there is no failure. Raises: DeliveryFailed."""
        with _told():
            try:
                self._wire.delete(name)
            except ftplib.error_perm as exc:
                if _code(exc) != 550:
                    raise
                if self.size(name) is not None:  # 550 is also what a server says that lets nobody delete
                    raise

    def remove(self, name: str) -> None:
        """Delete a file if that can be done at once; what is left is overwritten next time."""
        with suppress(ftplib.Error, OSError, EOFError, ValueError):
            self._wire.control.settimeout(self._wire.stall_timeout_s)
            self._wire.delete(name)

    def _send(self, data: socket.socket, blocks: Iterable[bytes]) -> None:
        try:
            for block in blocks:
                for start in range(0, len(block), SEND_BYTES):
                    data.sendall(block[start : start + SEND_BYTES])
        except TimeoutError:
            raise
        except OSError:
            self._wire.voidresp()  # closed on us: the control connection says why
            raise
        if isinstance(data, ssl.SSLSocket):
            with suppress(OSError):  # many close without saying so; what counts is their answer
                data.unwrap()

    def _told_features(self) -> dict[str, str]:
        """Ask for the extensions the server has, and for names in UTF-8 where it must be asked."""
        try:
            with _told():
                lines = self._wire.sendcmd("FEAT").splitlines()[1:-1]
                features = dict(line.strip().upper().partition(" ")[::2] for line in lines)
                if "UTF8" in features:
                    with suppress(ftplib.error_perm):
                        self._wire.sendcmd("OPTS UTF8 ON")
                return features
        except DeliveryFailed as exc:
            if exc.status in _UNKNOWN or exc.status == 530:
                return {}
            raise


@contextmanager
def opened(url: RemoteUrl, context: DestinationContext) -> Iterator[FtpSession]:
    """Connect, encrypt if the URL says so, and log in, for the length of a `with` block.

    Raises: DeliveryFailed, AddressRefused.
    """
    wire = _Wire(url, context)
    try:
        with _told():
            wire.dial()
            wire.login(url.user, url.password, secure=wire.is_secure)
            if wire.is_secure:
                wire.prot_p()
        yield FtpSession(wire)
        with suppress(ftplib.Error, OSError, EOFError):  # it has what it needs; its good-bye may fail
            wire.control.settimeout(GOODBYE_S)
            wire.quit()
    finally:
        wire.close()


class _Wire(ftplib.FTP_TLS):
    """The library's client, held to one address, to our deadlines and to replies of some length."""

    encoding = "utf-8"

    def __init__(self, url: RemoteUrl, context: DestinationContext) -> None:
        super().__init__(
            context=tls_trust.context_for("ftp", context.ca_file) if url.scheme == "ftps" else None,
            timeout=context.connect_timeout_s,
            encoding="utf-8",
        )
        self.host = url.host
        self.port = url.port or FTP_PORT
        self.is_secure = url.scheme == "ftps"
        self.stall_timeout_s = context.stall_timeout_s
        self._is_implicit = self.is_secure and self.port == IMPLICIT_TLS_PORT
        self._policy = context.addresses
        self._connect_timeout_s = context.connect_timeout_s
        self._response_timeout_s = context.response_timeout_s
        self._lines = 0
        self._extended = True

    @property
    def control(self) -> socket.socket:
        """The control connection."""
        if self.sock is None:
            raise EOFError
        return self.sock

    def dial(self) -> None:
        """Connect to a vetted address and hear the greeting."""
        self.sock = guarded_socket.connect(self._policy, self.host, self.port, self._connect_timeout_s)
        self.af = self.sock.family
        if self._is_implicit:
            self.sock = self.context.wrap_socket(self.sock, server_hostname=self.host)
        self.sock.settimeout(self._response_timeout_s)
        self.file = self.sock.makefile("r", encoding=self.encoding, errors="replace")
        self.welcome = self.getresp()

    def getmultiline(self) -> str:
        """Read one reply."""
        self._lines = 0
        return super().getmultiline()

    def getline(self) -> str:
        """Read one line of a reply that must end some time."""
        self._lines += 1
        if self._lines > MAX_REPLY_LINES:
            raise ftplib.error_proto(f"a reply of more than {MAX_REPLY_LINES} lines")
        return super().getline()

    def makepasv(self) -> tuple[str, int]:
        """Ask where to send data; of the answer only the port counts."""
        peer = self.control.getpeername()
        if self._extended:
            try:
                return str(peer[0]), ftplib.parse229(self.sendcmd("EPSV"), peer)[1]
            except ftplib.error_perm:
                if self.af == socket.AF_INET6:
                    raise
                self._extended = False
        return str(peer[0]), ftplib.parse227(self.sendcmd("PASV"))[1]

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        """Open a data connection; over TLS in the control connection's session, which many insist on."""
        conn, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        if not self.is_secure:
            return conn, size
        control: Any = self.control
        try:
            conn.settimeout(self._connect_timeout_s)
            return (
                self.context.wrap_socket(conn, server_hostname=self.host, session=control.session),
                size,
            )
        except BaseException:
            conn.close()
            raise


@contextmanager
def _told() -> Iterator[None]:
    """Put what the library and the network say into our words."""
    try:
        yield
    except ssl.SSLCertVerificationError as exc:  # also an OSError and a ValueError
        raise DeliveryFailed(f"its certificate: {exc.verify_message}", retryable=True) from exc
    except (ftplib.error_temp, ftplib.error_perm) as exc:
        code = _code(exc)
        retryable = isinstance(exc, ftplib.error_temp) or code in FULL
        said = "".join(c if c.isprintable() else " " for c in str(exc)[:MAX_TOLD_CHARS])
        raise DeliveryFailed(f"answered {said.strip()}", retryable=retryable, status=code) from exc
    except (ftplib.Error, ValueError) as exc:
        raise DeliveryFailed("answered something that is not FTP", retryable=True) from exc
    except EOFError as exc:
        raise DeliveryFailed("closed the connection", retryable=True) from exc
    except TimeoutError as exc:
        raise DeliveryFailed("timed out", retryable=True) from exc
    except OSError as exc:
        words = (exc.strerror or type(exc).__name__).lower()
        raise DeliveryFailed(words, retryable=True) from exc


def _code(reply: Exception) -> int | None:
    code = str(reply)[:3]
    return int(code) if code.isascii() and code.isdigit() else None


def _below(folder: str) -> str:
    """Name a folder so that it cannot be taken for an option or for somebody's home."""
    return f"./{folder}" if folder.startswith(("-", "~")) else folder
