"""The inbound link of this process: kept up, its events given to the recorder, its gaps reconciled."""

from __future__ import annotations

from datetime import datetime

import structlog

from config.address import Address
from esl.event import Event
from esl.link import Link
from recording.recorder import LINK_EVENTS, Recorder
from service.health import Condition, State

log = structlog.get_logger(__name__)


class LinkWatch:
    """Hears RECORD_STOP of calls that have left their own connection, and asks for what was missed.

    Args: address, password: of FreeSWITCH's event socket.
    """

    def __init__(self, address: Address, password: str) -> None:
        self._recorder: Recorder | None = None
        self._address = address
        self._link = Link(
            address.host,
            address.port,
            password,
            events=LINK_EVENTS,
            on_event=self._heard,
            on_gap=self._gap,
            on_up=self._up,
        )

    @property
    def current(self) -> Link | None:
        """The link, while it is up."""
        return self._link if self._link.is_up else None

    def wait_up(self, timeout_s: float) -> Link | None:
        """Wait until the link is up; None when it is not in time."""
        return self._link if self._link.wait_up(timeout_s) else None

    def start(self, recorder: Recorder) -> None:
        """Connect, and stay connected until `stop`; returns at once."""
        self._recorder = recorder
        self._link.start()

    def stop(self) -> None:
        """Disconnect."""
        self._link.stop()

    def condition(self) -> Condition:
        """Say whether FreeSWITCH's event socket is reached; calls do not need it, recordings may."""
        if self._link.is_up:
            return Condition(State.OK)
        return Condition(
            State.DEGRADED,
            f"no connection to {self._address}; recordings that outlive their call's connection wait",
        )

    def _heard(self, event: Event) -> None:
        if self._recorder:
            self._recorder.on_event(event)

    def _up(self) -> None:
        if self._recorder:
            self._recorder.reconcile()

    def _gap(self, since: datetime, until: datetime) -> None:
        log.warning(
            "link_gap", since=since.isoformat(), until=until.isoformat(), next="recordings are reconciled"
        )
        if self._recorder:
            self._recorder.reconcile()
