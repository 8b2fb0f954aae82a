"""Watches over one recording from its command to its end: that it begins, stops on its limit, and ends.

Nothing is taken on trust. The limit is a timer of our own, and so is silence (recording.listening). A pause
or a mask that FreeSWITCH did not take is told again over the other connection. Without RECORD_STOP after a
stop, or after the end of the call, FreeSWITCH is asked whether the recording goes on; when it does not, or
cannot be asked and the file stands still, the disk decides.
"""

from __future__ import annotations

import time

import gevent
import structlog

from calls.call import Call
from esl.errors import EslError
from esl.session import Completion
from recording.beginning import Beginning
from recording.control import Presence
from recording.ending import Asked
from recording.listening import SilenceWatch
from recording.patience import Patience
from recording.recording import Recording
from recording.silence import Heard
from recording.spool import size_of
from recording.steering import Order
from recording.timeline import What

FOR_EVER_S = 86_400.0
"""When nothing is due; the bell rings for whatever happens."""

BEEP = "tone_stream://%(180,0,1400)"
"""The tone that tells people they are recorded: short and of 1,400 Hz, as telephone regulators have it."""

FIRST_BEEP_S = 1.0
"""How late the first beep of a conversation may be."""

MAX_TELLS = 2
"""How often a stop is repeated at once; afterwards once per poll."""

log = structlog.get_logger(__name__)


class Watch:
    """The greenlet beside one recording.

    Args: call: None when this process does not have it.
    """

    def __init__(self, recording: Recording, call: Call | None, patience: Patience) -> None:
        self._recording = recording
        self._call = call
        self._patience = patience
        self._beginning = Beginning(recording, call, patience)
        self._tells = 0
        self._check_at_s = FOR_EVER_S + time.monotonic()
        self._size: tuple[int, float] = (-1, 0.0)
        self._silence: SilenceWatch | None = None
        self._listen_at_s = 0.0
        self._beep_at_s = 0.0
        self._has_beeped = False

    def run(self, completion: Completion | None) -> None:
        """Return once the recording is over.

        Args: completion: of the command that asked for it, None when it was never sent, or long ago.
        """
        recording = self._recording
        silence = recording.ticket.request.silence
        if silence is not None:
            resumed = completion is None and recording.has_started
            self._silence = SilenceWatch(recording.path, silence, resumed=resumed)
        if not recording.has_started and not self._beginning.see_to(completion):
            recording.lost()
        while not recording.is_over:
            self._act()
            if not recording.is_over:  # it may have ended while that waited, and nobody heard the bell
                recording.bell.wait(self._due_s() - time.monotonic())

    def _due_s(self) -> float:
        """When something is to be done next, if nothing happens before (time.monotonic())."""
        due_s = self._watched_until_s()
        if self._recording.steering.orders:
            return 0.0
        if self._recording.asked is not Asked.NOTHING:
            return min(due_s, self._recording.told_at_s + self._patience.stop)
        if self._silence is not None:
            due_s = min(due_s, self._listen_at_s)
        if self._recording.ticket.request.beep_every_s:
            due_s = min(due_s, self._beep_at_s)
        limit_at_s = self._limit_at_s()
        return due_s if limit_at_s is None else min(due_s, limit_at_s - self._patience.lead)

    def _limit_at_s(self) -> float | None:
        """When its limit is reached; while FreeSWITCH waits for the answer, nothing counts."""
        return None if self._recording.awaits_answer else self._recording.limit_at_s

    def _watched_until_s(self) -> float:
        """When FreeSWITCH is to be asked whether it goes on: not at all while its call is ours and well."""
        if (
            self._call is None or self._call.is_ended
        ) and self._check_at_s > time.monotonic() + self._patience.poll:
            gone = self._recording.is_hung_up
            self._check_at_s = time.monotonic() + (self._patience.hangup if gone else self._patience.poll)
        return self._check_at_s

    def _act(self) -> None:
        now_s = time.monotonic()
        recording = self._recording
        limit_at_s = self._limit_at_s()
        if limit_at_s is not None and now_s >= limit_at_s - self._patience.lead:
            recording.ask(Asked.LIMIT)
        while recording.steering.orders and not recording.is_over:
            self._see_to(recording.steering.orders.popleft())
        if recording.is_running:
            self._listen(now_s)
            self._beep(now_s)
        if recording.asked is not Asked.NOTHING and now_s >= recording.told_at_s + self._patience.stop:
            self._tell_again(now_s)
        if not recording.is_over and now_s >= self._watched_until_s():
            self._check_at_s = now_s + self._patience.poll
            self._look()

    def _see_to(self, order: Order) -> None:
        """See to it that FreeSWITCH does what it was told: a mask that is not in force is no mask."""
        failed = "the call's connection does not reach the channel"
        if order.reply is not None:
            try:
                order.reply.get(self._patience.order)
            except EslError as exc:
                failed = str(exc)
            else:
                return
        if self._recording.is_over or not self._recording.control.tell_by_link(order.verb):
            return
        log.error(
            "recording_order_failed", recording_id=self._recording.id, order=order.verb.value, reason=failed
        )
        self._recording.note(f"FreeSWITCH could not be made to {order.verb} it: {failed}")

    def _listen(self, now_s: float) -> None:
        """Have it stopped when it is silent as its request has it."""
        if self._silence is None or now_s < self._listen_at_s:
            return
        self._listen_at_s = now_s + self._patience.listen
        self._silence.listen_to(self._recording.path)
        recording = self._recording
        heard: Heard | None = gevent.get_hub().threadpool.apply(self._silence.look, (recording.is_masked,))
        if heard is not None:
            recording.ask(Asked.NO_INPUT if heard is Heard.NO_INPUT else Asked.SILENCE)

    def _beep(self, now_s: float) -> None:
        """Tell those who talk that they are recorded; a prompt is not beeped into."""
        every_s = self._recording.ticket.request.beep_every_s
        if not every_s or now_s < self._beep_at_s:
            return
        call = self._call
        if call is not None and not call.is_ended and not call.is_bridged:
            self._beep_at_s = now_s + min(every_s, FIRST_BEEP_S)
            return
        if not self._has_beeped:
            self._has_beeped = True
            self._recording.mark(What.BEEPED, every_s=str(every_s))
        self._beep_at_s = now_s + every_s
        self._recording.control.beep(BEEP)

    def _tell_again(self, now_s: float) -> None:
        """Have FreeSWITCH stop it over the inbound link; after two times ask what became of it."""
        recording = self._recording
        recording.told_at_s = now_s
        failed = (
            self._recording.control.stop_by_link()
            if recording.has_started
            else self._recording.control.cancel_by_link()
        )
        self._tells += 1
        if self._tells < MAX_TELLS or recording.is_over:
            return
        log.warning("recording_stop_unanswered", recording_id=recording.id, told=self._tells, reason=failed)
        recording.told_at_s = now_s + self._patience.poll
        self._look()

    def _look(self) -> None:
        """Find out whether it goes on, and call it lost when it does not."""
        presence = self._recording.control.presence()
        moving = self._recording.journey.is_moving
        if self._recording.is_over or moving or presence is Presence.RECORDING:
            return
        if presence is Presence.UNKNOWN:
            if self._is_still():
                self._recording.lost("FreeSWITCH could not be asked, and the file no longer grew")
            return
        gevent.sleep(self._patience.stop)  # its RECORD_STOP may be on the way
        if not self._recording.is_over:
            self._recording.lost(f"FreeSWITCH told nobody of its end ({presence.value})")

    def _is_still(self) -> bool:
        """Whether the file has stopped growing."""
        size = gevent.get_hub().threadpool.apply(size_of, (self._recording.path,))
        known, since_s = self._size
        if size != known:
            self._size = (size, time.monotonic())
            return False
        return time.monotonic() - since_s >= self._patience.still
