"""A real FTP server (pyftpdlib) over a folder, in the clear or with TLS, and ways for it to go wrong."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import gevent
from gevent.event import Event

from tests.storage.receiver import TLS

with warnings.catch_warnings():  # asyncore, which the library stands on, is deprecated in Python 3.11
    warnings.simplefilter("ignore", DeprecationWarning)
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import DTPHandler, FTPHandler, TLS_FTPHandler
    from pyftpdlib.ioloop import IOLoop
    from pyftpdlib.servers import FTPServer

__all__ = ["DTPHandler", "FTPHandler", "FtpPeer", "ftp_serving"]

logging.getLogger("pyftpdlib").setLevel(logging.CRITICAL)


class _Heard:
    """Notes what clients say, and answers some of it otherwise."""

    commands: ClassVar[list[str]]
    refusals: ClassVar[dict[str, str]]

    def pre_process_command(self, line: str, cmd: str, arg: str) -> None:
        self.commands.append(f"{cmd} {arg}".strip())
        if cmd in self.refusals:
            self.respond(self.refusals[cmd])  # type: ignore[attr-defined]
            return
        super().pre_process_command(line, cmd, arg)  # type: ignore[misc]


class FtpPeer:
    """One server; `commands` is what was said to it."""

    def __init__(self, server: FTPServer, commands: list[str], scheme: str) -> None:
        self.commands = commands
        self.port = server.address[1]
        self._scheme = scheme

    def url(self, path: str = "/", user: str = "ann:secret", host: str = "127.0.0.1") -> str:
        """A URL of it."""
        return f"{self._scheme}://{user}@{host}:{self.port}{path}"


@contextmanager
def ftp_serving(
    root: Path,
    *,
    tls: str = "",
    refusals: dict[str, str] | None = None,
    commands: dict[str, Any] | None = None,
    data_handler: type[DTPHandler] | None = None,
    permissions: str = "elradfmwMT",
    **attributes: Any,
) -> Iterator[FtpPeer]:
    """Serve a folder to ann, whose password is secret.

    Args: tls: "", "explicit" or "implicit"; refusals: command -> the answer it gets instead; attributes:
    of the library's handler; commands: methods of it, by name.
    """
    heard: list[str] = []
    authorizer = DummyAuthorizer()
    authorizer.add_user("ann", "secret", str(root), perm=permissions)
    base = TLS_FTPHandler if tls else FTPHandler
    members = {
        "authorizer": authorizer,
        "commands": heard,
        "refusals": refusals or {},
        "use_sendfile": False,
        "auth_failed_timeout": 0.01,
        **attributes,
        **(commands or {}),
    }
    if tls:
        members |= {
            "certfile": str(TLS / "receiver.pem"),
            "keyfile": str(TLS / "receiver.key"),
            "tls_control_required": True,
            "tls_data_required": True,
        }
    if data_handler is not None:
        members["dtp_handler"] = data_handler
    bases = (_Heard, *([_Implicit] if tls == "implicit" else []), base)
    loop = IOLoop()
    server = FTPServer(("127.0.0.1", 0), type("Handler", bases, members), ioloop=loop)
    stopping = Event()

    def serve() -> None:
        while not stopping.is_set():
            server.serve_forever(timeout=0.02, blocking=False, handle_exit=False)

    turning = gevent.spawn(serve)
    try:
        yield FtpPeer(server, heard, "ftps" if tls else "ftp")
    finally:
        stopping.set()
        turning.join(5)
        server.close_all()
        loop.close()


class _Implicit:
    """Begins with TLS, as on port 990."""

    def handle(self) -> None:
        self.secure_connection(self.ssl_context)  # type: ignore[attr-defined]

    def handle_ssl_established(self) -> None:
        FTPHandler.handle(self)
