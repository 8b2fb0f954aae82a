"""The kinds of value a setting may have: how each is read from TOML and from text, and how it is shown.

A kind refuses a value by ValueError, whose text completes the sentence "must be ...". It never repeats the
value, which may be a secret.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Generic, Protocol, TypeVar
from urllib.parse import urlsplit

from config.address import MAX_PORT, Address, parse_address

Network = IPv4Network | IPv6Network
T_co = TypeVar("T_co", covariant=True)
Word = TypeVar("Word", bound=StrEnum)

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}\Z")
_DECIMAL = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})?\Z")
_PLAIN_PATH = re.compile(r"[A-Za-z0-9._/-]+\Z")
_MAX_TEXT_LENGTH = 4096
"""Longer than any path, URL or password that works elsewhere; a whole file pasted in is refused."""


class Kind(Protocol[T_co]):
    """What a setting's value may be."""

    @property
    def expected(self) -> str:
        """What is allowed, to be read after "must be"; ranges and units included."""

    def from_toml(self, raw: object) -> T_co:
        """Return the value a TOML file gives. Raises: ValueError."""

    def from_text(self, text: str) -> T_co:
        """Return the value an environment variable gives. Raises: ValueError."""


def toml_literal(raw: object) -> str:
    """Write a default down as TOML (a basic string, a number, or an array of strings)."""
    # JSON's escapes are a subset of those of TOML's basic strings, but for DEL, which TOML wants escaped.
    return json.dumps(raw, ensure_ascii=False).replace("\x7f", "\\u007F")


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text. `pattern` must match all of it, and `expected` says so in words."""

    expected: str = "text without control characters"
    pattern: str = r"[^\x00-\x1f\x7f\ud800-\udfff]*"

    def from_toml(self, raw: object) -> str:
        """Take a TOML string."""
        if isinstance(raw, str):
            return self.from_text(raw)
        raise ValueError(f"{self.expected}, in quotes")

    def from_text(self, text: str) -> str:
        """Take the text as it is."""
        if len(text) > _MAX_TEXT_LENGTH or not re.fullmatch(self.pattern, text):
            raise ValueError(self.expected)
        return text


@dataclass(frozen=True, slots=True)
class Choice(Generic[Word]):
    """One of a closed set of words, the members of `words`."""

    words: type[Word]

    @property
    def expected(self) -> str:
        """The words, joined."""
        return " or ".join(word.value for word in self.words)

    def from_toml(self, raw: object) -> Word:
        """Take a TOML string."""
        return self.from_text(raw if isinstance(raw, str) else "")

    def from_text(self, text: str) -> Word:
        """Take the word as it is."""
        try:
            return self.words(text)
        except ValueError as exc:
            raise ValueError(self.expected) from exc


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from `low` to `high`, of `unit`."""

    low: int
    high: int
    unit: str = ""

    @property
    def expected(self) -> str:
        """The range, with its unit."""
        return f"a whole number from {self.low} to {self.high} {self.unit}".rstrip()

    def from_toml(self, raw: object) -> int:
        """Take a TOML integer; a boolean is none."""
        if isinstance(raw, bool) or not isinstance(raw, int) or not self.low <= raw <= self.high:
            raise ValueError(self.expected)
        return raw

    def from_text(self, text: str) -> int:
        """Take decimal digits."""
        if not _WHOLE.match(text):
            raise ValueError(self.expected)
        return self.from_toml(int(text))


@dataclass(frozen=True, slots=True)
class Seconds:
    """A duration of `low` to `high` seconds, fractions allowed."""

    low: float
    high: float

    @property
    def expected(self) -> str:
        """The range, in seconds."""
        return f"a number from {self.low:g} to {self.high:.15g} s"

    def from_toml(self, raw: object) -> float:
        """Take a TOML integer or float; nan, infinities and booleans are none."""
        if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw):
            raise ValueError(self.expected)
        if not self.low <= raw <= self.high:
            raise ValueError(self.expected)
        return float(raw)

    def from_text(self, text: str) -> float:
        """Take a decimal number without sign and exponent."""
        if not _DECIMAL.match(text):
            raise ValueError(self.expected)
        return self.from_toml(float(text))


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Where to listen or to connect to. `any_port` lets 0 (the system chooses) pass."""

    any_port: bool = False

    @property
    def expected(self) -> str:
        """The form, and how IPv6 is written."""
        return f"host:port or [IPv6]:port, port {0 if self.any_port else 1} to {MAX_PORT}"

    def from_toml(self, raw: object) -> Address:
        """Take a TOML string."""
        if isinstance(raw, str):
            return self.from_text(raw)
        raise ValueError(f"{self.expected}, in quotes")

    def from_text(self, text: str) -> Address:
        """Take the address as it is; names are not looked up."""
        return parse_address(text, any_port=self.any_port)


@dataclass(frozen=True, slots=True)
class OptionalAddress:
    """As ListenAddress; the empty text means none."""

    any_port: bool = False

    @property
    def expected(self) -> str:
        """The form, and what the empty text means."""
        return f'{ListenAddress(self.any_port).expected}, or "" for none'

    def from_toml(self, raw: object) -> Address | None:
        """Take a TOML string."""
        return None if raw == "" else ListenAddress(self.any_port).from_toml(raw)

    def from_text(self, text: str) -> Address | None:
        """Take the address as it is, or nothing."""
        return self.from_toml(text)


@dataclass(frozen=True, slots=True)
class AbsolutePath:
    """The absolute path of a file or folder.

    `plain`: only letters, digits, `.`, `_`, `-` and `/`, for paths that FreeSWITCH is told: its
    applications split their arguments at blanks and read commas and braces as their own.
    """

    plain: bool = False

    @property
    def expected(self) -> str:
        """Whether all characters are good."""
        limits = ", of letters, digits and . _ - /" if self.plain else ""
        return f"an absolute path without ..{limits}"

    def from_toml(self, raw: object) -> Path:
        """Take a TOML string."""
        return self.from_text(raw if isinstance(raw, str) else "")

    def from_text(self, text: str) -> Path:
        """Take the path as it is; nothing is looked up."""
        text = Text(self.expected).from_text(text)
        if (
            not text.startswith("/")
            or ".." in text.split("/")
            or (self.plain and not _PLAIN_PATH.match(text))
        ):
            raise ValueError(self.expected)
        return Path(text)


@dataclass(frozen=True, slots=True)
class Networks:
    """A list of IP networks; in text, separated by commas."""

    expected: str = 'networks such as "10.0.0.0/8", "fd00::/8"'

    def from_toml(self, raw: object) -> tuple[Network, ...]:
        """Take a TOML array of strings."""
        if isinstance(raw, list):
            return tuple(self._network(each) for each in raw)
        raise ValueError(f"an array of {self.expected}")

    def from_text(self, text: str) -> tuple[Network, ...]:
        """Take networks separated by commas; the empty text is none."""
        return tuple(self._network(each.strip()) for each in text.split(",")) if text.strip() else ()

    def _network(self, raw: object) -> Network:
        try:
            return ip_network(raw if isinstance(raw, str) else "")
        except ValueError as exc:
            raise ValueError(f"{self.expected} (host bits zero)") from exc


@dataclass(frozen=True, slots=True)
class Words:
    """A list of words, each of which the pattern matches whole; in text, separated by commas."""

    expected: str
    pattern: str

    def from_toml(self, raw: object) -> tuple[str, ...]:
        """Take a TOML array of strings."""
        if isinstance(raw, list):
            return tuple(self._word(each) for each in raw)
        raise ValueError(f"an array of {self.expected}")

    def from_text(self, text: str) -> tuple[str, ...]:
        """Take words separated by commas; the empty text is none."""
        return tuple(self._word(each.strip()) for each in text.split(",")) if text.strip() else ()

    def _word(self, raw: object) -> str:
        if isinstance(raw, str) and re.fullmatch(self.pattern, raw):
            return raw
        raise ValueError(self.expected)


@dataclass(frozen=True, slots=True)
class PublicUrl:
    """Where others reach us: http or https, host, port, and the path a proxy has for us; "" for none."""

    expected: str = 'https://host[:port][/path] or the same with http, or ""'

    def from_toml(self, raw: object) -> str:
        """Take a TOML string."""
        if isinstance(raw, str):
            return self.from_text(raw)
        raise ValueError(f"{self.expected}, in quotes")

    def from_text(self, text: str) -> str:
        """Take the URL as it is, without a `/` at its end; nothing is looked up."""
        if not text:
            return ""
        Text(self.expected, pattern=r"[\x21-\x7e]+").from_text(text)
        try:
            url = urlsplit(text)
            port = url.port
        except ValueError as exc:
            raise ValueError(self.expected) from exc
        if any(each in text for each in "?#@\\%") or ".." in url.path.split("/"):
            raise ValueError(f"{self.expected}, without credentials, query and escapes")
        if url.scheme not in {"http", "https"} or not url.hostname or port == 0:
            raise ValueError(self.expected)
        return text.rstrip("/")


@dataclass(frozen=True, slots=True)
class DocumentsUrl:
    """Where documents are kept: a folder (`file:///...`) or a CouchDB (`http(s)://[user:password@]host`)."""

    expected: str = "file:///folder, http://[user:password@]host[:port] or the same with https"

    def from_toml(self, raw: object) -> str:
        """Take a TOML string."""
        return self.from_text(raw if isinstance(raw, str) else "")

    def from_text(self, text: str) -> str:
        """Take the URL as it is, without a `/` at its end; nothing is looked up."""
        Text(self.expected, pattern=r"[\x21-\x7e]+").from_text(text)
        try:
            url = urlsplit(text)
            port = url.port
        except ValueError as exc:
            raise ValueError(self.expected) from exc
        if url.query or url.fragment or "?" in text or "#" in text:
            raise ValueError(f"{self.expected}, without ? and #")
        if url.scheme == "file":
            good = not url.netloc and len(url.path) > 1 and ".." not in url.path.split("/")
        else:
            good = url.scheme in {"http", "https"} and bool(url.hostname) and port != 0
        if not good:
            raise ValueError(self.expected)
        return text.rstrip("/")
