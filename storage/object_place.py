"""Where a copy goes in an object store: bucket, folder, endpoint and credentials, from a URL and parameters.

| part | from the URL | parameter, which goes first |
|---|---|---|
| bucket, folder | `s3://bucket/folder/` | - |
| key id and secret | user and password | `access_key` (azure: `account`) and `secret` |
| endpoint | `?host=&port=&scheme=` | `host`, `port`, `scheme` |
| the rest | `?region=&bucket_access_method=` | the same names |

Source: Kazoo kz_att_s3, kz_att_azure, schemas storage.attachment.aws and storage.attachment.azure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from storage import http_url, remote_url

SCHEMES = {"s3": frozenset(("s3",)), "az": frozenset(("az", "azure")), "gs": frozenset(("gs",))}
"""Schemes of a URL by store."""

ENDPOINT = frozenset(("host", "port", "scheme"))

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,220}[A-Za-z0-9]\Z")
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])\Z")
_CREDENTIAL = re.compile(r"[\x21-\x7e]{1,1024}\Z")
_OPTIONS = {
    "region": re.compile(r"[a-z0-9-]{1,40}\Z"),
    "bucket_access_method": re.compile(r"(?:auto|vhost|path)\Z"),
}


@dataclass(frozen=True, slots=True)
class ObjectPlace:
    """A usable place. `key_id` and `secret` are "" when none are given; `options` has what else was."""

    store: str
    bucket: str
    folders: tuple[str, ...]
    key_id: str
    secret: str
    scheme: str
    host: str
    port: int | None
    options: Mapping[str, str]

    def shown(self, segments: tuple[str, ...]) -> str:
        """The copy as people may see it."""
        return f"{self.store}://{self.bucket}/" + "/".join(segments)

    def endpoint(self, host: str) -> str:
        """Scheme, host (unless this place has its own) and port, ready to be followed by a path."""
        return f"{self.scheme}://{self.host or host}" + (f":{self.port}" if self.port else "")


def place_of(
    parameters: Mapping[str, Any], store: str, *, key_name: str, options: frozenset[str] = frozenset()
) -> ObjectPlace:
    """Read a place. Args: store: s3, az or gs; key_name: of the parameter with the key's id; options:
    names beside those of the endpoint.

    Raises: ValueError: a sentence about what cannot be used, without any secret.
    """
    url = remote_url.parse(str(parameters.get("url", "")), SCHEMES[store])
    if not _BUCKET.match(url.host):
        raise ValueError("url: its host is no name of a bucket")
    if url.port or url.at_home or url.fragment:
        raise ValueError("url: has a port, a home or a fragment, which an object store has no use for")
    if unknown := sorted(url.options.keys() - options - ENDPOINT):
        raise ValueError(f"url: {unknown[0][:40]!r} in its query is unknown")
    given = {**url.options, **{name: parameters[name] for name in options | ENDPOINT if parameters.get(name)}}
    key_id, secret = _credentials(parameters, key_name, url)
    place = ObjectPlace(
        store=store,
        bucket=url.host,
        folders=url.folders,
        key_id=key_id,
        secret=secret,
        scheme=str(given.get("scheme", "https")).removesuffix("://"),
        host=str(given.get("host", "")),
        port=_port(given.get("port")),
        options={name: _option(name, given[name]) for name in options if name in given},
    )
    if place.scheme not in ("http", "https"):
        raise ValueError("scheme: must be http or https")
    if place.host and not _HOST.match(place.host):
        raise ValueError("host: is no name of a host")
    http_url.parse(place.endpoint("example.com"))
    return place


def encoded(segments: tuple[str, ...]) -> str:
    """Return a path for a URL: what is between the slashes is percent-encoded, as signatures count it."""
    return "/".join(quote(segment, safe="", errors="replace") for segment in segments)


def _credentials(parameters: Mapping[str, Any], key_name: str, url: remote_url.RemoteUrl) -> tuple[str, str]:
    key_id = str(parameters.get(key_name) or url.user)
    secret = str(parameters.get("secret") or url.password)
    for name, value in ((key_name, key_id), ("secret", secret)):
        if value and not _CREDENTIAL.match(value):
            raise ValueError(f"{name}: holds what no key may")
    if bool(key_id) != bool(secret):
        raise ValueError(f"{key_name} and secret: one without the other")
    return key_id, secret


def _port(port: Any) -> int | None:
    if port is None:
        return None
    text = str(port)
    if isinstance(port, bool) or not text.isascii() or not text.isdigit() or not 0 < int(text[:6]) < 65536:
        raise ValueError("port: must be from 1 to 65535")
    return int(text)


def _option(name: str, value: Any) -> str:
    if not isinstance(value, str) or not _OPTIONS[name].match(value):
        raise ValueError(f"{name}: cannot be used")
    return value
