"""Signatures of webhooks, judged by Telnyx' own verifiers."""

from __future__ import annotations

import json
import time

import pytest
from telnyx import Telnyx
from telnyx.lib import WebhookVerificationError, verify_webhook_signature

from callcontrol.webhook_key import WebhookKey
from storage.notice import Sending

KEY = WebhookKey(b"a secret that all processes share")
BODY = json.dumps({"data": {"event_type": "call.answered", "payload": {"from": "Jörg"}}}).encode()


def test_both_verifiers_accept_it() -> None:
    """The client's own `unwrap` and the one of its library know us by the public key."""
    headers = KEY.headers(BODY, int(time.time()))
    verify_webhook_signature(BODY, headers, KEY.public)
    with Telnyx(api_key="KEYx", public_key=KEY.public) as client:
        event = client.webhooks.unwrap(BODY.decode(), headers=headers)
    assert event.data is not None
    assert event.data.event_type == "call.answered"


@pytest.mark.parametrize("change", [0, 400])
def test_what_was_changed_or_kept_is_refused(change: int) -> None:
    """Another body, and a signature of six minutes ago, are not ours."""
    headers = KEY.headers(BODY, int(time.time()) - change)
    with pytest.raises(WebhookVerificationError):
        verify_webhook_signature(BODY + (b" " if not change else b""), headers, KEY.public)


def test_every_process_has_the_same_key() -> None:
    """The key is made of the secret and of nothing else."""
    assert WebhookKey(b"a secret that all processes share").public == KEY.public
    assert WebhookKey(b"another").public != KEY.public


def test_each_request_says_which_it_is() -> None:
    """The attempt and the address in the envelope are those of the request, and are signed with it."""
    now = int(time.time())
    body, headers = KEY(Sending(BODY, "https://standby.example/hooks", attempt=3, unix_time=now))
    verify_webhook_signature(body, headers, KEY.public)
    told = json.loads(body)
    assert told.pop("meta") == {"attempt": 3, "delivered_to": "https://standby.example/hooks"}
    assert told == json.loads(BODY)
