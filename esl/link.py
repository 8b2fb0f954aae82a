"""The inbound connection to FreeSWITCH, kept up for ever.

It tells of every loss from when to when events may have been missed, since a recording may have ended
in between. That is told by the clock and not by Event-Sequence: FreeSWITCH counts all of its events in
that number (switch_event.c, switch_event_prep_for_delivery_detailed), so with a narrow subscription gaps
are the rule, and after its restart the count begins anew.

    DOWN --connected, logged in, subscribed--> UP: on_up(), and on_gap(from, to) after a loss
    UP --closed, or silent when asked--> DOWN, again after a back-off
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog

from esl import command, loop
from esl.command import Command
from esl.errors import CommandRefused, EslError, LinkLost, ReplyTimeout
from esl.event import Event
from esl.greenswitch_link import GreenswitchLink
from esl.identifier import new_identifier
from esl.reply import Awaited, PendingReply

log = structlog.get_logger(__name__)

_REMEDIES = {
    "auth": "make freeswitch.password the one in FreeSWITCH's event_socket.conf",
    "connect": "add this host to the access list (apply-inbound-acl) in FreeSWITCH's event_socket.conf",
}


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before the next attempt: twice as long each time, half of it by chance, so that
    many engines do not come back in step after FreeSWITCH's restart.

    Attributes: first_s, longest_s; refused_s: after a refusal, which no retry cures but an operator
    might: a wrong password, an access list.
    """

    first_s: float = 0.25
    longest_s: float = 15.0
    refused_s: float = 30.0
    rng: random.Random = field(default_factory=random.Random)

    def delay_s(self, attempt: int) -> float:
        """Args: attempt: 0 for the first one after a loss."""
        full = min(self.longest_s, self.first_s * 2.0 ** min(attempt, 30))
        return full * (0.5 + self.rng.random() / 2)


class Job(Awaited[str]):
    """The output of one background job, while it runs."""

    __slots__ = ()

    def complete(self, event: Event) -> None:
        """Take its BACKGROUND_JOB."""
        text = event.body.decode("utf-8", "replace").rstrip("\n")
        refused = text.startswith(("-ERR", "-USAGE"))
        self._finish(CommandRefused(self.summary, text) if refused else text)


class Link:
    """The inbound connection, up again after every loss.

    Args: events: to subscribe to, as for command.events; filters: of which one must match, (header, value)
    each; present: or one of these headers must be there at all; on_event: gets each in the hub, must not
    wait; on_up: called after each time the link has come up; on_gap: called after on_up when it had
    been up before, with the times (UTC) between which events may be missing; if it fails, it is called
    again with the same beginning until it does not. Both may wait, and may use the link. keepalive_s:
    how often a quiet connection is asked whether it is still there; timeout_s: for each step of
    connecting, and for that question; now: the time of day.
    """

    def __init__(
        self,
        host: str,
        port: int,
        password: str,
        *,
        events: Sequence[str],
        on_event: Callable[[Event], None],
        on_gap: Callable[[datetime, datetime], None],
        on_up: Callable[[], None],
        filters: Sequence[tuple[str, str]] = (),
        present: Sequence[str] = (),
        backoff: Backoff | None = None,
        keepalive_s: float = 10.0,
        timeout_s: float = 5.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._address = (host, port, password)
        self._subscription = [
            *(command.filter_header(name, value) for name, value in filters),
            *(command.filter_present(name) for name in present),
            command.events([*events, "BACKGROUND_JOB"]),
        ]
        self._wants_jobs = "BACKGROUND_JOB" in events
        self._on_event, self._on_gap, self._on_up = on_event, on_gap, on_up
        self._backoff = backoff or Backoff()
        self._keepalive_s, self._timeout_s = keepalive_s, timeout_s
        self._now = now
        self._current: GreenswitchLink | None = None  # the connection, while the link is up
        self._attempted: GreenswitchLink | None = None  # the connection, up or not yet
        self._jobs: dict[str, Job] = {}
        self._lost_at: datetime | None = None  # since when events may be missing
        self._up, self._down = loop.new_signal(), loop.new_signal()
        self._stopping, self._stopped = loop.new_signal(), loop.new_signal()
        self._stopped.set()

    def start(self) -> None:
        """Connect, and stay connected until stop(); returns at once."""
        if self._stopped.is_set():
            self._stopping.clear()
            self._stopped.clear()
            loop.spawn(self._run)

    def stop(self) -> None:
        """Close the connection, and wait until its greenlet has ended."""
        self._stopping.set()
        self._down.set()
        if self._attempted is not None:
            self._attempted.stop()
        self._stopped.wait(self._timeout_s)

    @property
    def is_up(self) -> bool:
        """Whether the link is connected, logged in and subscribed."""
        return self._current is not None

    def wait_up(self, timeout_s: float) -> bool:
        """Wait until it is, at most so long; whether it is."""
        return self._up.wait(timeout_s)

    def api(self, name: str, arg: str = "", timeout_s: float = 5.0) -> str:
        """The output of an API command; other answers and events wait behind it, so a short one.

        Raises: BadCommand, CommandRefused, ReplyTimeout; LinkLost: also when the link is down.
        """
        return self._connected().request(command.api(name, arg), timeout_s).text

    def bgapi(self, name: str, arg: str = "", timeout_s: float = 30.0) -> str:
        """The output of an API command that may take its time.

        Raises: BadCommand, CommandRefused, ReplyTimeout; LinkLost: the job may still run, or have run.
        """
        link = self._connected()
        uuid = new_identifier()
        request = command.bgapi(name, arg, uuid)
        job = self._jobs[uuid] = Job(request.summary)
        try:
            started = time.monotonic()
            link.request(request, timeout_s)
            return job.get(max(0.0, timeout_s - (time.monotonic() - started)))
        except ReplyTimeout as exc:
            raise ReplyTimeout(request.summary, timeout_s) from exc
        finally:
            self._jobs.pop(uuid, None)

    def post(self, *commands: Command) -> list[PendingReply]:
        """Send commands in one write without waiting for anything.

        Returns: the replies to come, in the order of the commands. Raises: LinkLost.
        """
        return self._connected().post(*commands)

    def _connected(self) -> GreenswitchLink:
        if self._current is None:
            raise LinkLost("the event socket is not connected")
        return self._current

    def _run(self) -> None:
        """The link's greenlet: one connection after the other."""
        attempt = 0
        while not self._stopping.is_set():
            was_up = False
            delay_s = self._backoff.delay_s(attempt)
            try:
                was_up = self._live()
            except CommandRefused as exc:
                delay_s = max(delay_s, self._backoff.refused_s)
                remedy = _REMEDIES.get(exc.command, "compare the events asked for with FreeSWITCH's version")
                log.error("link_refused", reason=str(exc), remedy=remedy, retry_s=round(delay_s, 1))  # noqa: TRY400 - its reason says all
            except EslError as exc:
                if self._stopping.is_set():
                    break
                log.warning("link_failed", reason=str(exc), retry_s=round(delay_s, 1))
            except Exception:  # the catch-all per connection: the link is kept up whatever happens
                log.exception("link_broken", retry_s=round(delay_s, 1))
            attempt = 0 if was_up else attempt + 1
            self._stopping.wait(self._backoff.delay_s(0) if was_up else delay_s)
        self._stopped.set()

    def _live(self) -> bool:
        """One connection from its beginning to its end; True once it had been up.

        Raises: EslError: it did not come up.
        """
        self._down.clear()
        link = self._attempted = GreenswitchLink(*self._address, self._timeout_s, self._down.set)
        link.register_handle("*", self._dispatch)
        try:
            link.connect()
            for reply in link.post(*self._subscription):
                reply.get(self._timeout_s)
            self._rise(link)
            self._watch(link)
        finally:
            self._fall(link)
            link.stop()
            self._attempted = None
        return True

    def _rise(self, link: GreenswitchLink) -> None:
        """The link is up."""
        self._current = link
        self._up.set()
        log.info("link_up", host=self._address[0], port=self._address[1])
        self._on_up()

    def _watch(self, link: GreenswitchLink) -> None:
        """Stay until the connection is gone, or does not answer any more."""
        subscribed_at = self._now()
        while True:
            if self._lost_at is not None:
                self._tell_gap(self._lost_at, subscribed_at)
            if self._down.wait(self._keepalive_s) or self._stopping.is_set():
                return
            if link.silent_s < self._keepalive_s:
                continue
            try:
                link.request(command.api("status"), self._timeout_s)
            except CommandRefused:
                continue  # that is an answer, too
            except (LinkLost, ReplyTimeout) as exc:
                log.warning("link_silent", reason=str(exc))
                return

    def _tell_gap(self, start: datetime, end: datetime) -> None:
        """Report a gap; it stays on record until that has worked."""
        try:
            self._on_gap(start, end)
        except Exception:  # part of the catch-all per connection: the link itself is in order
            log.exception("gap_not_handled", outcome="tried again", retry_s=self._keepalive_s)
        else:
            self._lost_at = None

    def _fall(self, link: GreenswitchLink) -> None:
        """The link is down; nothing is known from when it was last heard of."""
        if self._current is None:
            return
        self._current = None
        self._up.clear()
        silent_s = link.silent_s
        self._lost_at = self._lost_at or self._now() - timedelta(seconds=silent_s)
        for job in list(self._jobs.values()):
            job.fail("the link is down")
        if not self._stopping.is_set():
            log.warning("link_lost", reason=link.close_reason or "no answer", silent_s=round(silent_s, 1))

    def _dispatch(self, event: Event) -> None:
        """The connection's callback: one event."""
        if event.name == "BACKGROUND_JOB":
            job = self._jobs.get(event.get("Job-UUID") or "")
            if job is not None:
                job.complete(event)
                return
            if not self._wants_jobs:
                return
        self._on_event(event)
