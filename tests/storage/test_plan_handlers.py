"""Kazoo's handlers as targets of ours."""

from __future__ import annotations

from typing import Any

import pytest

from storage.plan_handlers import HANDLERS, UnusableHandler, target_of
from storage.plan_path import DEFAULT_FIELDS

SITE = "https://a.example/in"
KEYS = {"bucket": "records", "key": "K", "secret": "S"}


def naming(kind: str, folder: str = "") -> dict[str, Any]:
    """The parameters every plan's target has."""
    return {"field_list": DEFAULT_FIELDS[kind], "field_separator": "/", "folder_path": folder}


@pytest.mark.parametrize(
    ("handler", "settings", "kind", "parameters"),
    [
        ("s3", KEYS, "s3", {"url": "s3://records/", "access_key": "K", "secret": "S"}),
        (
            "s3",
            {**KEYS, "host": "s3.example", "port": "9000", "scheme": "http://", "region": "eu",
             "bucket_after_host": True},
            "s3",
            {"url": "s3://records/", "access_key": "K", "secret": "S", "host": "s3.example", "port": 9000,
             "scheme": "http", "region": "eu", "bucket_access_method": "path"},
        ),
        (
            "azure",
            {"account": "acc", "key": "c2VjcmV0", "container": "box"},
            "azure",
            {"url": "az://box/", "account": "acc", "secret": "c2VjcmV0"},
        ),
        (
            "google_storage",
            {"bucket": "b", "access_key": "a", "secret": "s"},
            "gs",
            {"url": "gs://b/", "access_key": "a", "secret": "s"},
        ),
        (
            "google_storage",
            {"bucket": "b", "service_account": {"type": "service_account"}},
            "gs",
            {"url": "gs://b/", "service_account_secret": {"type": "service_account"}},
        ),
        (
            "http",
            {"url": SITE, "verb": "POST", "send_multipart": True, "base64_encode_data": "true"},
            "http",
            {"url": SITE, "method": "post", "multipart": True, "base64": True, "fields": {}},
        ),
        ("http", {"url": SITE}, "http", {"url": SITE, "method": "put", "fields": {}}),
        ("ftp", {"url": "ftp://a.example/x/"}, "ftp", {"url": "ftp://a.example/x/"}),
    ],
)  # fmt: skip
def test_settings_become_parameters(
    handler: str, settings: dict[str, Any], kind: str, parameters: dict[str, Any]
) -> None:
    """What a plan does not say is left to the destination; secrets are in no URL."""
    target = target_of(handler, settings)
    assert (target.kind, target.parameters) == (kind, {**parameters, **naming(kind)})


@pytest.mark.parametrize(
    ("settings", "folder"),
    [
        ({"folder_path": "/a/b/"}, "a/b"),
        ({"folder_base_path": "base/", "folder_path": "/a"}, "base/a"),
        ({"path": "all", "folder_path": "a"}, "all"),
        ({}, ""),
    ],
)
def test_folders_are_joined_as_kazoo_does(settings: dict[str, Any], folder: str) -> None:
    """The handler's base before the plan's own; `path` instead of both."""
    assert target_of("s3", {**KEYS, **settings}).parameters["folder_path"] == folder


@pytest.mark.parametrize(
    ("handler", "settings", "told"),
    [
        ("s3", {"bucket": "b", "key": "K"}, "secret is missing"),
        ("s3", {**KEYS, "bucket": 5}, "bucket must be text"),
        ("s3", {**KEYS, "bucket": "a\nb"}, "bucket must be text"),
        ("s3", {**KEYS, "port": 0}, "port"),
        ("s3", {**KEYS, "port": True}, "port"),
        ("s3", {**KEYS, "field_list": "x"}, "field_list"),
        ("azure", {"account": "a", "key": "k"}, "container is missing"),
        ("google_storage", {"bucket": "b", "oauth_doc_id": "d"}, "OAuth document"),
        ("http", {}, "url is missing"),
        ("http", {"url": "ftp://a.example/"}, "another handler"),
        ("http", {"url": "http://"}, "url"),
        ("ftp", {"url": "http://a.example/"}, "another handler"),
        ("dropbox", {"oauth_doc_id": "doc"}, "oauth_doc_id: doc"),
        ("google_drive", {}, "OAuth document"),
        ("onedrive", {}, "OAuth document"),
        ("", {}, "no handler"),
    ],
)
def test_unusable_settings_are_told_without_secrets(
    handler: str, settings: dict[str, Any], told: str
) -> None:
    """The sentence names the handler and goes into a dead letter."""
    with pytest.raises(UnusableHandler) as caught:
        target_of(handler, settings)
    assert told in str(caught.value)
    assert "K" not in str(caught.value).replace("Kazoo", "")


def test_every_handler_of_the_schemas_is_known() -> None:
    """Those of Kazoo's schema storage.attachments, and ftp, which has none."""
    assert set(HANDLERS) == {
        "s3", "azure", "google_storage", "http", "ftp", "dropbox", "google_drive", "onedrive"
    }  # fmt: skip


def test_a_buckets_name_cannot_become_another_url() -> None:
    """It stands where a host stands."""
    assert target_of("s3", {**KEYS, "bucket": "a/b@c?d"}).parameters["url"] == "s3://a%2Fb%40c%3Fd/"
