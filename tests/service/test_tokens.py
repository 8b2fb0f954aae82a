"""`callflows tokens`: keys are made, listed, revoked; and the public key of webhooks."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from callcontrol import token as tokens
from callcontrol.webhook_key import WebhookKey
from config.settings import load
from service.outbox_file import outbox_of
from service.secret import shared_secret
from storage.open_store import open_store

Run = Callable[..., Result]


def test_a_key_is_made_listed_and_revoked(run: Run, tmp_path: Path) -> None:
    """It is printed once, kept hashed, and gone when it is revoked."""
    url = tmp_path.as_uri()
    made = run(
        *("tokens", "add", "--account", "demo", "--scope", "record", "--scope", "listen"),
        *("--name", "crm", "--days", "30"),
        documents_url=url,
    )
    assert made.exit_code == 0, made.output
    text = made.stdout.strip()
    store = open_store(url, cache=False)
    (document,) = store.all_documents("api_tokens")
    store.close()
    assert document["sha256"] == tokens.digest_of(text)
    assert text not in json.dumps(document)
    listed = json.loads(run("tokens", "list", "--json", documents_url=url).stdout)
    assert (listed["id"], listed["scopes"], listed["is_valid"]) == (
        tokens.id_of(text),
        ["listen", "record"],
        True,
    )
    assert "crm" in run("tokens", "list", documents_url=url).stdout
    assert run("tokens", "revoke", listed["id"], documents_url=url).exit_code == 0
    assert run("tokens", "list", "--json", documents_url=url).stdout == ""


def test_what_is_not_there_cannot_be_revoked(run: Run, tmp_path: Path) -> None:
    """A mistyped id is told."""
    gone = run("tokens", "revoke", "0" * 12, documents_url=tmp_path.as_uri())
    assert gone.exit_code == 1
    assert "there is no API key" in gone.output


def test_an_account_that_cannot_be_is_refused(run: Run, tmp_path: Path) -> None:
    """No key is made that could reach nothing."""
    arguments = ("tokens", "add", "--account", "../x", "--scope", "record")
    assert run(*arguments, documents_url=tmp_path.as_uri()).exit_code == 2


def test_the_public_key_is_that_of_the_engine(run: Run, tmp_path: Path) -> None:
    """What is printed verifies what the engines of this installation sign, with either kind of secret."""
    path = tmp_path / "outbox.sqlite"
    printed = run("tokens", "key", outbox_path=path).stdout.strip()
    assert len(base64.b64decode(printed)) == 32
    assert run("tokens", "key", outbox_path=path).stdout.strip() == printed
    settings = load(None, {"CALLFLOWS_OUTBOX_PATH": str(path)})
    with outbox_of(settings) as outbox:
        assert WebhookKey(shared_secret(settings, outbox).encode()).public == printed
    other = run("tokens", "key", outbox_path=path, http_secret="of settings, long enough").stdout.strip()
    assert other == WebhookKey(b"of settings, long enough").public
