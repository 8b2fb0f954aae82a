"""Decides whether an SSH server that a document named is to be trusted, and remembers whom it has met.

| what is known of its key | what becomes of it |
|---|---|
| the URL or the plan names a key | that key and no other is accepted |
| the known_hosts file has it | accepted |
| the file has another, or has it revoked | refused, until an operator edits the file |
| nothing, and there is a file | accepted and written into the file: from now on it must stay |
| nothing, and there is no file | refused |

Source: OpenSSH ssh_config(5), StrictHostKeyChecking accept-new.
"""

from __future__ import annotations

import fcntl
import os
from functools import partial
from pathlib import Path

import structlog

from storage import known_hosts
from storage.errors import DeliveryFailed
from storage.known_hosts import HostKey, Pin, Verdict
from storage.media import off_hub

_log = structlog.get_logger(__name__)

MAX_FILE_BYTES = 16 * 1024**2


class HostKeyPolicy:
    """Trust in SSH servers. Args: path: of the known_hosts file; None: only named keys are trusted."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def kinds_of(self, host: str, port: int) -> tuple[str, ...]:
        """Return the kinds of key that a host is known by, best asked for first. Raises: StoreUnavailable."""
        return known_hosts.kinds_of(self._text(), host, port)

    def check(self, host: str, port: int, key: HostKey, pin: Pin | None) -> None:
        """Accept the key a server has shown, or not; see the table at the top.

        Raises: DeliveryFailed: it is not; StoreUnavailable: the file cannot be read or written.
        """
        name = known_hosts.host_name(host, port)
        if pin is not None:
            if not pin.holds_for(key):
                raise DeliveryFailed(
                    f"shows another key ({key.fingerprint}) than host_key says", retryable=False
                )
            return
        verdict = known_hosts.judge(self._text(), host, port, key)
        if verdict is Verdict.UNKNOWN and self._path is not None:
            verdict = off_hub(partial(_written_down, self._path, host, port, key), self._path.name)
            if verdict is Verdict.KNOWN:
                _log.info("ssh_host_met", host=name, fingerprint=key.fingerprint)
        if verdict is Verdict.UNKNOWN:
            raise DeliveryFailed(
                f"its key ({key.fingerprint}) is unknown; name it as host_key, or set outbox.known_hosts",
                retryable=False,
            )
        if verdict is not Verdict.KNOWN:
            _log.error("ssh_host_refused", host=name, verdict=verdict.value, fingerprint=key.fingerprint)
            reason = f"its key ({key.fingerprint}) is {verdict.value}"
            raise DeliveryFailed(f"{reason}; if you know why, edit {self._path}", retryable=False)

    def _text(self) -> str:
        return off_hub(partial(_read, self._path), self._path.name) if self._path is not None else ""


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        return ""
    if len(content) > MAX_FILE_BYTES:
        raise OSError(f"larger than {MAX_FILE_BYTES} bytes")
    return content.decode(errors="replace")


def _written_down(path: Path, host: str, port: int, key: HostKey) -> Verdict:
    """Write a new key down, unless another process was first; return what then holds."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        text = file.read(MAX_FILE_BYTES).decode(errors="replace")
        verdict = known_hosts.judge(text, host, port, key)
        if verdict is not Verdict.UNKNOWN:
            return verdict
        line = known_hosts.line_for(host, port, key)
        file.write((line if not text or text.endswith("\n") else f"\n{line}").encode())
        file.flush()
        os.fsync(file.fileno())
    return Verdict.KNOWN
