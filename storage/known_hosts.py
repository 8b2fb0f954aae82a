"""Judges the key an SSH server shows by a known_hosts file, or by what a URL says of it.

| the file has for the host | verdict |
|---|---|
| this key | KNOWN |
| nothing | UNKNOWN: it may be written down, by who decides on first meetings |
| other keys, of whatever kind | CHANGED: never accepted; an operator who knows why edits the file |
| this key, marked @revoked | REVOKED |

Names may be plain, with wildcards, negated, with a port in brackets, or hashed; lines that cannot be read are
passed over. Certificate authorities are not: their lines count for nothing.
Source: OpenSSH sshd(8), SSH_KNOWN_HOSTS FILE FORMAT; RFC 4253 section 6.6 (keys).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from binascii import Error as NotBase64
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

SSH_PORT = 22

_KIND = re.compile(r"[a-z0-9@.-]{3,64}\Z")
_FINGERPRINT = re.compile(r"SHA256:([A-Za-z0-9+/]{43})=?\Z")


class Verdict(Enum):
    """See the table at the top."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    CHANGED = "changed"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class HostKey:
    """A server's public key: its kind (ssh-ed25519, ...) and what stands in base64 after it."""

    kind: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """As ssh-keygen -l shows it."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Pin:
    """The one key a server must show: by fingerprint, or itself."""

    fingerprint: str

    def holds_for(self, key: HostKey) -> bool:
        """Whether this is the key."""
        return hmac.compare_digest(self.fingerprint, key.fingerprint)


def pin_of(text: str) -> Pin:
    """Read `SHA256:<base64>` or `<kind> <base64>`. Raises: ValueError: a sentence."""
    if found := _FINGERPRINT.match(text):
        return Pin(f"SHA256:{found.group(1)}")
    kind, _, rest = text.partition(" ")
    key = _key(kind, rest.split(" ")[0])
    if key is None:
        raise ValueError('host_key: must be "SHA256:<base64>" or "<kind> <base64>"')
    return Pin(key.fingerprint)


def host_name(host: str, port: int) -> str:
    """Return a host as known_hosts names it."""
    return host.lower() if port == SSH_PORT else f"[{host.lower()}]:{port}"


def line_for(host: str, port: int, key: HostKey) -> str:
    """Return the line that makes a key known."""
    return f"{host_name(host, port)} {key.kind} {base64.b64encode(key.blob).decode()}\n"


def judge(text: str, host: str, port: int, key: HostKey) -> Verdict:
    """Judge the key a host has shown by a file's text; see the table at the top."""
    verdict = Verdict.UNKNOWN
    for marker, known in _entries(text, host_name(host, port)):
        if marker == "@revoked":
            if known == key:
                return Verdict.REVOKED
        elif known == key:
            verdict = Verdict.KNOWN
        elif verdict is Verdict.UNKNOWN:
            verdict = Verdict.CHANGED
    return verdict


def kinds_of(text: str, host: str, port: int) -> tuple[str, ...]:
    """Return the kinds of key a host is known by: a server that has several is asked for one of them."""
    return tuple(known.kind for marker, known in _entries(text, host_name(host, port)) if not marker)


def _entries(text: str, name: str) -> Iterator[tuple[str, HostKey]]:
    """Yield the marker and key of each line about a host."""
    for line in text.splitlines():
        fields = line.split()
        marker = fields.pop(0) if fields and fields[0].startswith("@") else ""
        if len(fields) < 3 or fields[0].startswith("#") or marker not in ("", "@revoked"):
            continue
        key = _key(fields[1], fields[2])
        if key is not None and _names(fields[0], name):
            yield marker, key


def _key(kind: str, encoded: str) -> HostKey | None:
    if not _KIND.match(kind):
        return None
    try:
        blob = base64.b64decode(encoded, validate=True)
    except (NotBase64, ValueError):
        return None
    prefix = len(kind).to_bytes(4, "big") + kind.encode()
    return HostKey(kind, blob) if blob.startswith(prefix) else None


def _names(patterns: str, name: str) -> bool:
    """Whether a line's patterns mean a host; a negated one that fits outdoes the others."""
    if patterns.startswith("|1|"):
        return _is_hash_of(patterns, name)
    fits = False
    for pattern in patterns.lower().split(","):
        if _fits(pattern.removeprefix("!"), name):
            if pattern.startswith("!"):
                return False
            fits = True
    return fits


def _fits(pattern: str, name: str) -> bool:
    if "*" not in pattern and "?" not in pattern:
        return pattern == name
    pieces = (
        ".*" if piece == "*" else "." if piece == "?" else re.escape(piece)
        for piece in re.split(r"([*?])", re.sub(r"\*+", "*", pattern))
    )
    return re.fullmatch("".join(pieces), name) is not None


def _is_hash_of(hashed: str, name: str) -> bool:
    parts = hashed.split("|")
    if len(parts) != 4:
        return False
    try:
        salt, digest = base64.b64decode(parts[2], validate=True), base64.b64decode(parts[3], validate=True)
    except (NotBase64, ValueError):
        return False
    return hmac.compare_digest(hmac.new(salt, name.encode(), hashlib.sha1).digest(), digest)
