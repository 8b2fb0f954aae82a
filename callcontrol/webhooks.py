"""Sends webhooks: where to, in which order, signed; never waits, never fails the call.

Where a webhook goes is said by the call itself where a command set `webhook_url`, else by its connection.
Those of one conversation are one stream of the outbox: they arrive in order, and a receiver that is down
delays its own only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import structlog

from callcontrol.connections import Connections
from callcontrol.events import WebhookEvent
from callcontrol.leg import Leg
from callcontrol.webhook_key import SIGNER
from storage.errors import StoreError
from storage.notice import NewNotice

log = structlog.get_logger(__name__)


class Notices(Protocol):
    """Takes what outsiders are to be told, and tells them whatever happens (storage.notice_poster)."""

    def post(self, notice: NewNotice) -> None:
        """Have a notice sent. Never waits, never raises."""

    def commit(self, notice: NewNotice) -> None:
        """The same; returns when it is on disk. Raises: StoreError."""


class Webhooks:
    """Args: notices: the outbox; connections: where webhooks go."""

    def __init__(self, notices: Notices, connections: Connections) -> None:
        self._notices = notices
        self._connections = connections

    def send(self, leg: Leg, event: WebhookEvent) -> bool:
        """Tell of an event of a leg; return whether anybody wants to hear. May ask the document store."""
        try:
            return self._hand_over(self._notices.post, leg, event)
        except StoreError as exc:
            reason = str(exc)
            log.error("webhook_without_address", leg=leg.leg_id, reason=reason, outcome="lost")  # noqa: TRY400 - its reason says all
            return False

    def send_for_certain(self, leg: Leg, event: WebhookEvent) -> bool:
        """The same; returns when it is on disk. Raises: StoreError: it is not, and is to be told again."""
        return self._hand_over(self._notices.commit, leg, event)

    def _hand_over(self, post: Callable[[NewNotice], None], leg: Leg, event: WebhookEvent) -> bool:
        addresses = self._addresses(leg, event.type)
        for number, (url, failover_url) in enumerate(addresses):
            notice = NewNotice(
                f"call:{leg.session_id}",
                url,
                event.body(url),
                notice_id=f"{event.id}:{number}" if number else event.id,
                account_id=leg.account_id,
                failover_url=failover_url,
                signer=SIGNER,
                kind=event.type,
            )
            post(notice)
        return bool(addresses)

    def _addresses(self, leg: Leg, kind: str) -> list[tuple[str, str]]:
        """Return where a webhook goes, each address with the one to try if that fails.

        Raises: StoreError: the connection cannot be looked up now.
        """
        of_kind = leg.webhook.get("urls")
        urls = of_kind.get(kind) if isinstance(of_kind, dict) else None
        if isinstance(urls, list) and urls:
            return [(str(url), "") for url in urls]
        url = leg.webhook.get("url")
        if isinstance(url, str) and url:
            return [(url, "")]
        connection = self._connections.of_id(leg.account_id, leg.connection_id) if leg.connection_id else None
        return [(connection.url, connection.failover_url)] if connection and connection.is_active else []
