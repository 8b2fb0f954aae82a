"""Taps: one side of a call, sent somewhere while it is said.

One greenlet and one thread look after all taps of a process. Every 20 ms the thread reads what is new of all
sides and sends what is due; the loop is busy with none of it. A tap ends with its call, when it is stopped,
or when its target is gone; whatever becomes of it, the call goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import gevent
import gevent.threadpool
import structlog

from calls.call import Call
from calls.capture import Capture, Side
from calls.errors import TapFailed
from calls.g711 import Codec
from calls.tap_sink import RtpSink, Sink, open_rtp
from calls.tap_target import TapTarget
from calls.websocket import open_websocket
from storage.address import AddressPolicy

TICK_S = 0.02
MAX_TAPS = 200
"""Of a process; each takes 2 ms of a core a second."""

MAX_TAPS_OF_CALL = 10
"""Nobody listens to one call in more places, and a script that goes round must not start one each time."""

log = structlog.get_logger(__name__)


class Tap:
    """One tap that was started. Attributes: target; source: address and port of its RTP, None for others."""

    def __init__(
        self, call: Call, target: TapTarget, capture: Capture, sink: Sink, on_end: Callable[[], None]
    ) -> None:
        self.call = call
        self.target = target
        self.source = sink.source if isinstance(sink, RtpSink) else None
        self._capture = capture
        self._sink = sink
        self._on_end = on_end
        self._is_stopped = False
        self._is_told = False

    @property
    def is_over(self) -> bool:
        """Whether nothing is sent any more."""
        return self._is_stopped or self._capture.is_over or not self._sink.is_open

    def stop(self) -> None:
        """End it. Never waits, never raises."""
        self._is_stopped = True
        self._capture.stop()
        self._tell()

    def _tell(self) -> None:
        """Say once that it is over."""
        if not self._is_told:
            self._is_told = True
            self._on_end()

    # -- for Taps -------------------------------------------------------------------------------------

    def pump(self, now_s: float) -> None:
        """Read and send; in the thread."""
        self._sink.take(self._capture.read(), now_s)

    def keep(self) -> None:
        """Do what is the hub's."""
        self._sink.flush()
        self._capture.keep()

    def finish(self) -> None:
        """Put everything away but the files."""
        if self._capture.failed:
            self.call.log.warning("tap_broke_off", reason=self._capture.failed)
        self.stop()
        self._sink.close()

    def close(self) -> None:
        """Put the files away; in the thread."""
        self._capture.close()


class Taps:
    """All taps of a process. Args: addresses: where they may go."""

    def __init__(self, addresses: AddressPolicy) -> None:
        self._addresses = addresses
        self._live: list[Tap] = []
        self._pool: gevent.threadpool.ThreadPool | None = None
        self._pumping: gevent.Greenlet | None = None

    @property
    def live(self) -> int:
        """Return how many there are."""
        return len(self._live)

    def start(
        self,
        call: Call,
        target: TapTarget,
        side: Side,
        codec: Codec,
        *,
        directory: Path,
        ptime_ms: int,
        on_end: Callable[[], None],
    ) -> Tap:
        """Start a tap, and wait until it sends.

        Args: directory: where FreeSWITCH writes and this process reads; ptime_ms: of RTP; on_end: called
        once, in some greenlet or the hub, when it is over; must not wait.
        Raises: TapFailed: the target is out of reach; CaptureFailed, CallGone, BadCommand.
        """
        of_call = sum(tap.call is call for tap in self._live)
        if of_call >= MAX_TAPS_OF_CALL or len(self._live) >= MAX_TAPS:
            raise TapFailed("there are too many taps")
        sink = self._opened(call, target, codec, ptime_ms)
        capture = Capture(call, directory, side)
        try:
            capture.begin()
        except BaseException:
            sink.close()
            raise
        tap = Tap(call, target, capture, sink, on_end)
        self._live.append(tap)
        if self._pumping is None:
            self._pumping = gevent.spawn(self._run)
        return tap

    def _opened(self, call: Call, target: TapTarget, codec: Codec, ptime_ms: int) -> Sink:
        """Return the sink, unless the call ends before it is open."""
        opening = gevent.spawn(self._open, target, codec, ptime_ms)
        opening.link(lambda _: call.wake())
        try:
            call.wait_for(opening.ready, 60.0)  # it has deadlines of its own
        except BaseException:
            opening.kill(block=False)
            raise
        sink: Sink | TapFailed = opening.get()
        if isinstance(sink, TapFailed):
            raise sink
        return sink

    def _open(self, target: TapTarget, codec: Codec, ptime_ms: int) -> Sink | TapFailed:
        try:
            if target.is_rtp:
                return open_rtp(self._addresses, target, codec, ptime_ms)
            return open_websocket(self._addresses, target, codec)
        except TapFailed as exc:
            return exc

    def _run(self) -> None:
        """Look after all taps as long as there are any."""
        self._pool = self._pool or gevent.threadpool.ThreadPool(1)
        due_s = time.monotonic()
        while self._live:
            self._pool.apply(_pump, (tuple(self._live),))
            over = [tap for tap in self._live if tap.is_over]
            for tap in self._live:
                tap.keep()
            if over:
                self._live = [tap for tap in self._live if tap not in over]
                for tap in over:
                    tap.finish()
                self._pool.apply(_close, (tuple(over),))
            due_s = max(due_s + TICK_S, time.monotonic() - TICK_S)
            gevent.sleep(max(0.0, due_s - time.monotonic()))
        self._pumping = None


def _pump(taps: tuple[Tap, ...]) -> None:
    now_s = time.monotonic()
    for tap in taps:
        tap.pump(now_s)


def _close(taps: tuple[Tap, ...]) -> None:
    for tap in taps:
        tap.close()
