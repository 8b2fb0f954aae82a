"""The second inbound link of this process: kept up, its events told of by call control, its gaps reconciled.

A connection of its own, because FreeSWITCH filters by connection: this one hears of calls that somebody is
told of, and of all that happens on them; the recorder's hears of recordings, whoever's call it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

import structlog

from callcontrol.errors import ApiError
from callcontrol.leg import Leg
from callcontrol.reconciling import reconcile
from callcontrol.teller import PRESENT, Teller
from config.address import Address
from esl.link import Link
from service.health import Condition, State
from storage.errors import StoreError

log = structlog.get_logger(__name__)


class CallWatch:
    """Hears of calls.

    Args: address, password: of FreeSWITCH's event socket; node: its name; teller: which hears; remembered:
    legs that were told of before this process began, and whose end nobody was told of.
    """

    def __init__(
        self,
        address: Address,
        password: str,
        node: str,
        teller: Teller,
        remembered: Callable[[], Iterable[Leg]] = tuple,
    ) -> None:
        self._remembered: Callable[[], Iterable[Leg]] | None = remembered
        self._address = address
        self._node = node
        self._teller = teller
        self._link = Link(
            address.host,
            address.port,
            password,
            events=teller.events,
            present=PRESENT,
            on_event=teller.hear,
            on_gap=self._gap,
            on_up=self._up,
        )

    def start(self) -> None:
        """Connect, and stay connected until `stop`; returns at once."""
        self._link.start()

    def stop(self) -> None:
        """Disconnect."""
        self._link.stop()

    def condition(self) -> Condition:
        """Say whether calls are heard."""
        if self._link.is_up:
            return Condition(State.OK, f"{len(self._teller.roll)} calls told of")
        return Condition(State.DEGRADED, f"no connection to {self._address}; webhooks of calls wait")

    def _up(self) -> None:
        self._remember()
        try:
            reconcile(self._link, self._node, self._teller)
        except ApiError as exc:
            log.warning("calls_not_compared", reason=str(exc), outcome="when the link is up again")

    def _remember(self) -> None:
        """Take up, once, what was told before."""
        if self._remembered is None:
            return
        try:
            for leg in self._remembered():
                self._teller.know(leg)
        except StoreError as exc:
            log.warning("calls_not_remembered", reason=str(exc), outcome="when the link is up again")
        else:
            self._remembered = None

    def _gap(self, since: datetime, until: datetime) -> None:
        log.warning(
            "call_events_missed",
            since=since.isoformat(),
            until=until.isoformat(),
            outcome="ends and answers are told late; digits and bridges of that time are not",
        )
