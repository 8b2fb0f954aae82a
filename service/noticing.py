"""Webhooks and status callbacks of one engine process: who posts them, who sends them, and how that goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from config.sections import Outbox as OutboxSettings
from service.health import Condition, State
from storage.address import AddressPolicy
from storage.errors import StoreError
from storage.notice import Signer
from storage.notice_poster import NoticePoster
from storage.notice_sender import NoticeSender
from storage.notice_worker import NoticeReport, NoticeSettings, NoticeWorker
from storage.notices import NOTICE_BACKOFF, StoredNotices
from storage.outbox_backoff import Backoff

STOP_S = 12.0
"""A little more than one request may take."""

POSTER_BEHIND = 500
"""Notices that wait for the disk; a burst of calls has fewer."""

OLD_S = 900.0
"""A notice that has waited so long is of little use to whoever waits for it."""


class Noticing:
    """Posts notices from its making to `stop`, and sends them from `start` on.

    Attributes: poster: takes them without waiting; signers: by the names that notices give; more may be put
    in before the start.
    """

    def __init__(
        self,
        settings: OutboxSettings,
        notices: StoredNotices,
        observe: Callable[[NoticeReport], object] | None = None,
    ) -> None:
        self.signers: dict[str, Signer] = {}
        self.poster = NoticePoster(notices)
        working = NoticeSettings(concurrency=settings.notice_workers, delivered_s=settings.keep_delivered_s)
        addresses = AddressPolicy([str(network) for network in settings.allow_networks])
        sender = NoticeSender(addresses, self.signers, connections=working.per_key)
        self.worker = NoticeWorker(notices, sender, working, observe=observe)

    def start(self) -> None:
        """Send what waits, and what comes."""
        self.worker.start()

    def stop(self) -> None:
        """Write down what was posted, and end what is under way; the rest is for the next engine."""
        self.poster.close()
        self.worker.stop(STOP_S)

    def condition(self) -> Condition:
        """Return how it goes."""
        unwritten = self.poster.stats().waiting
        if unwritten > POSTER_BEHIND:
            return Condition(State.DEGRADED, f"{unwritten} webhooks and callbacks wait for the disk")
        try:
            stats = self.worker.stats()
        except StoreError as exc:
            return Condition(State.DEGRADED, f"{exc}; webhooks and callbacks wait in memory")
        told = f"{stats.pending} pending, {stats.dead} dead letters"
        if stats.receivers_down:
            told = f"{told}, {stats.receivers_down} receivers down"
        if stats.oldest_unsettled_s > OLD_S:
            return Condition(State.DEGRADED, f"{told}, the oldest waits for {stats.oldest_unsettled_s:.0f} s")
        if stats.dead_lately:
            return Condition(State.DEGRADED, f"{told}, {stats.dead_lately} of the last hour")
        return Condition(State.OK, told)


def notice_backoff(settings: OutboxSettings) -> Backoff:
    """Return the pauses between attempts, as the settings have them."""
    return replace(NOTICE_BACKOFF, give_up_s=settings.notice_give_up_h * 3600.0)
