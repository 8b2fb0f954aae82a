"""A real SFTP server (paramiko's) over a folder, and ways for it to go wrong."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import paramiko
from gevent import socket
from gevent.event import Event
from gevent.server import StreamServer

Fault = Callable[["SftpPeer", str], int | None]
"""Given what was asked for, returns an SFTP status to answer instead, or None."""


class SftpPeer:
    """One server. Attributes: users: those who tried to log in; asked: what was asked for, in order."""

    def __init__(self, root: Path, host_key: paramiko.PKey, fault: Fault | None, *, with_posix: bool) -> None:
        self.root = root
        self.host_key = host_key
        self.more_keys: list[paramiko.PKey] = []
        self.fault = fault
        self.with_posix = with_posix
        self.users: list[str] = []
        self.asked: list[str] = []
        self.own_keys: list[bytes] = []
        self.closing = Event()
        self.transports: list[paramiko.Transport] = []
        self.server = StreamServer(("127.0.0.1", 0), self._serve)
        self.server.start()
        self.port = self.server.server_port

    @property
    def fingerprint(self) -> str:
        """Of its key, as ssh-keygen shows it."""
        digest = hashlib.sha256(self.host_key.asbytes()).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")

    def url(self, path: str = "/", user: str = "ann:secret") -> str:
        """A URL of it."""
        return f"sftp://{user}@127.0.0.1:{self.port}{path}"

    def answers(self, request: str) -> int | None:
        """Note a request, and say what it is to be answered with, if otherwise."""
        self.asked.append(request)
        return self.fault(self, request) if self.fault else None

    def cut(self) -> None:
        """Drop every connection."""
        for transport in self.transports:
            transport.close()

    def close(self) -> None:
        """Stop serving."""
        self.closing.set()
        self.cut()
        self.server.stop(timeout=1)

    def _serve(self, sock: socket.socket, address: object) -> None:
        transport = paramiko.Transport(sock)
        self.transports.append(transport)
        for key in (self.host_key, *self.more_keys):
            transport.add_server_key(key)
        transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files, self)
        with suppress(paramiko.SSHException, EOFError, OSError):
            transport.start_server(server=_Door(self))
            while transport.is_active() and not self.closing.is_set():
                transport.join(0.05)
        transport.close()


class _Door(paramiko.ServerInterface):
    def __init__(self, peer: SftpPeer) -> None:
        self._peer = peer

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"

    def check_auth_password(self, username: str, password: str) -> int:
        self._peer.users.append(username)
        good = (username, password) == ("ann", "secret")
        return paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self._peer.users.append(username)
        return paramiko.AUTH_SUCCESSFUL if key.asbytes() in self._peer.own_keys else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED


class _File(paramiko.SFTPHandle):
    def __init__(self, peer: SftpPeer, path: Path, flags: int) -> None:
        super().__init__(flags)
        self._peer = peer
        file = os.fdopen(os.open(path, flags, 0o644), "r+b" if flags & (os.O_WRONLY | os.O_RDWR) else "rb", 0)
        self.readfile = self.writefile = file

    def write(self, offset: int, data: bytes) -> int:
        status = self._peer.answers(f"write {offset}")
        return super().write(offset, data) if status is None else status

    def stat(self) -> Any:
        return paramiko.SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))


class _Files(paramiko.SFTPServerInterface):
    def __init__(self, server: paramiko.ServerInterface, peer: SftpPeer) -> None:
        super().__init__(server)
        self._peer = peer

    def _do(self, request: str, path: str, work: Callable[[Path], Any]) -> Any:
        status = self._peer.answers(f"{request} {path}")
        if status is not None:
            return status
        try:
            return work(self._peer.root / path.lstrip("/")) or paramiko.SFTP_OK
        except OSError as exc:
            return paramiko.SFTPServer.convert_errno(exc.errno)

    def canonicalize(self, path: str) -> str:
        return path

    def stat(self, path: str) -> Any:
        return self._do("stat", path, lambda p: paramiko.SFTPAttributes.from_stat(p.stat()))

    def open(self, path: str, flags: int, attr: object) -> Any:
        if flags & os.O_WRONLY:
            flags = flags & ~os.O_WRONLY | os.O_RDWR
        return self._do("open", path, lambda p: _File(self._peer, p, flags))

    def mkdir(self, path: str, attr: object) -> Any:
        return self._do("mkdir", path, lambda p: p.mkdir())

    def remove(self, path: str) -> Any:
        return self._do("remove", path, lambda p: p.unlink())

    def rename(self, oldpath: str, newpath: str) -> Any:
        target = self._peer.root / newpath.lstrip("/")
        if target.exists():
            return paramiko.SFTP_FAILURE
        return self._do("rename", oldpath, lambda p: p.rename(target) and None)

    def posix_rename(self, oldpath: str, newpath: str) -> Any:
        if not self._peer.with_posix:
            return paramiko.SFTP_OP_UNSUPPORTED
        target = self._peer.root / newpath.lstrip("/")
        return self._do("posix_rename", oldpath, lambda p: p.rename(target) and None)


@contextmanager
def sftp_serving(
    root: Path, host_key: paramiko.PKey, fault: Fault | None = None, *, with_posix: bool = True
) -> Iterator[SftpPeer]:
    """Serve a folder to ann, whose password is secret."""
    peer = SftpPeer(root, host_key, fault, with_posix=with_posix)
    try:
        yield peer
    finally:
        peer.close()
