"""Kazoo's attachment handlers, as targets of ours: one row each, the only place that knows their settings.

| handler | destination | settings |
|---|---|---|
| s3 | s3 | bucket, key, secret; region, host, port, scheme, bucket_access_method, bucket_after_host |
| azure | azure | account, key, container |
| google_storage | gs | bucket, and HMAC keys (access_key, secret) or service_account; no OAuth documents |
| http | http | url; verb, send_multipart, base64_encode_data |
| ftp | ftp, sftp | url (its scheme tells which); host_key of an sftp server |
| dropbox, google_drive, onedrive | none | they need an OAuth document, which only a Kazoo cluster can use |

All take field_list, field_separator and a folder (path, else folder_base_path and folder_path). Secrets never
go into the URL, which is shown; they are parameters of their own.
Source: Kazoo kz_att_s3, kz_att_azure, kz_att_google_storage, kz_att_http, kz_att_ftp, kz_att_util
(combined_path); schemas storage.attachment.*.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from storage import media_url, plan_path
from storage.destination import Target

Settings = Mapping[str, Any]


class UnusableHandler(ValueError):
    """A handler's settings cannot be used; the message is a sentence without secrets."""


def target_of(handler: str, settings: Settings) -> Target:
    """Return where a handler's media go. Raises: UnusableHandler."""
    build = HANDLERS.get(handler)
    if build is None:
        raise UnusableHandler(f"there is no handler {handler[:40]!a}")
    try:
        target = build(settings)
    except UnusableHandler as exc:
        raise UnusableHandler(f"handler {handler}: {exc}") from exc
    parameters = {**_without_nothing(target.parameters), **_naming(target.kind, settings)}
    faults = plan_path.faults_of(parameters)
    if faults:
        raise UnusableHandler(f"handler {handler}: {'; '.join(faults)}")
    return Target(target.kind, parameters)


def _s3(settings: Settings) -> Target:
    access = _text(settings, "bucket_access_method")
    return Target(
        "s3",
        {
            "url": f"s3://{_named(settings, 'bucket')}/",
            "access_key": _needed(settings, "key"),
            "secret": _needed(settings, "secret"),
            "region": _text(settings, "region"),
            "host": _text(settings, "host"),
            "port": _port(settings),
            "scheme": _text(settings, "scheme").removesuffix("://"),
            "bucket_access_method": "path" if settings.get("bucket_after_host") is True else access,
        },
    )


def _azure(settings: Settings) -> Target:
    return Target(
        "azure",
        {
            "url": f"az://{_named(settings, 'container')}/",
            "account": _needed(settings, "account"),
            "secret": _needed(settings, "key"),
            "host": _text(settings, "host"),
            "port": _port(settings),
            "scheme": _text(settings, "scheme"),
        },
    )


def _google_storage(settings: Settings) -> Target:
    url = f"gs://{_named(settings, 'bucket')}/"
    account = settings.get("service_account")
    if isinstance(account, dict):
        return Target("gs", {"url": url, "service_account_secret": account})
    if _text(settings, "access_key"):
        keys = {"access_key": _needed(settings, "access_key"), "secret": _needed(settings, "secret")}
        return Target("gs", {"url": url, **keys})
    raise UnusableHandler(
        "its credentials are in an OAuth document, which only a Kazoo cluster can use; give it access_key "
        "and secret (HMAC), or service_account"
    )


def _http(settings: Settings) -> Target:
    verb = (_text(settings, "verb") or "put").lower()
    return Target(
        "http",
        {
            "url": _usable_url(settings, ("http",)),
            "method": verb,
            "multipart": settings.get("send_multipart") in (True, "true"),
            "base64": settings.get("base64_encode_data") in (True, "true"),
            "fields": {},  # Kazoo puts no facts behind a plan's URL
        },
    )


def _ftp(settings: Settings) -> Target:
    url = _usable_url(settings, ("ftp", "sftp"))
    kind = media_url.KINDS[urlsplit(url).scheme]
    return Target(kind, {"url": url, "host_key": _text(settings, "host_key") if kind == "sftp" else ""})


def _needs_oauth(settings: Settings) -> Target:
    document = _text(settings, "oauth_doc_id") or "none is named"
    raise UnusableHandler(
        f"it needs an OAuth document (oauth_doc_id: {document[:60]}), which only a Kazoo cluster can use"
    )


HANDLERS: dict[str, Callable[[Settings], Target]] = {
    "s3": _s3,
    "azure": _azure,
    "google_storage": _google_storage,
    "http": _http,
    "ftp": _ftp,
    "dropbox": _needs_oauth,
    "google_drive": _needs_oauth,
    "onedrive": _needs_oauth,
}
"""The table of the module, in code."""


def _naming(kind: str, settings: Settings) -> dict[str, Any]:
    folders = (settings.get("path"),) if settings.get("path") else (
        settings.get("folder_base_path"), settings.get("folder_path"),
    )  # fmt: skip
    fields = settings.get("field_list")
    return {
        "field_list": plan_path.DEFAULT_FIELDS[kind] if fields is None else fields,
        "field_separator": settings.get("field_separator", "/"),
        "folder_path": "/".join(str(each).strip("/") for each in folders if each),
    }


def _without_nothing(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what a plan does not say: the destination's own defaults hold."""
    return {name: value for name, value in parameters.items() if value not in ("", None, False)}


def _text(settings: Settings, name: str) -> str:
    value = settings.get(name, "")
    if not isinstance(value, str) or not value.isprintable():
        raise UnusableHandler(f"{name} must be text")
    return value.strip()


def _needed(settings: Settings, name: str) -> str:
    value = _text(settings, name)
    if not value:
        raise UnusableHandler(f"{name} is missing")
    return value


def _named(settings: Settings, name: str) -> str:
    """Return a bucket's or container's name, fit for the place of a host in a URL."""
    return quote(_needed(settings, name), safe="")


def _port(settings: Settings) -> int | None:
    value = settings.get("port")
    if value is None or value == "":
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:6])
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 65536:
        raise UnusableHandler("port must be a number from 1 to 65535")
    return value


def _usable_url(settings: Settings, kinds: tuple[str, ...]) -> str:
    url = _needed(settings, "url")
    fault = media_url.fault_of(url)
    if fault:
        raise UnusableHandler(fault)
    if media_url.KINDS[urlsplit(url).scheme] not in kinds:
        raise UnusableHandler(f"url: its scheme belongs to another handler than {' or '.join(kinds)}")
    return url
