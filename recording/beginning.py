"""Sees to it that a recording begins: at once, or with the answer or the bridge that it waits for.

Without RECORD_START after the command's completion it is asked for once more (media may have been on its way
up), then given up with what FreeSWITCH said. A recording that waits is FreeSWITCH's affair until its moment
comes (recording.variables); should that pass without it, it is asked for here.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import gevent
import structlog

from calls.call import Call
from calls.errors import CallError
from esl.errors import EslError
from esl.session import Completion
from recording.control import Presence
from recording.ending import Asked, RawCause
from recording.patience import Patience
from recording.recording import Recording
from recording.spool import size_of

log = structlog.get_logger(__name__)


class Beginning:
    """The first moments of one recording.

    Args: call: None when this process does not have it.
    """

    def __init__(self, recording: Recording, call: Call | None, patience: Patience) -> None:
        self._recording = recording
        self._control = recording.control
        self._call = call
        self._patience = patience

    def see_to(self, completion: Completion | None) -> bool:
        """See to it that it begins, now or when its moment comes; whether it did.

        A file that is written counts more than what nobody told us: both connections may have been away.
        """
        if self._has_begun(completion):
            return True
        if self._recording.asked is Asked.NOTHING and not self._has_ended() and self._is_written():
            self._recording.unheard("nobody was told that FreeSWITCH began; its file was found")
        return self._recording.has_started

    def _has_begun(self, completion: Completion | None) -> bool:
        if not self._recording.is_deferred:
            return self._begin(completion)
        return self._await_moment() and (self._recording.has_started or self._begin_again())

    def _is_written(self) -> bool:
        """Whether there is audio in its file."""
        size: int = gevent.get_hub().threadpool.apply(size_of, (self._recording.path,))
        return size > 0

    def _await_moment(self) -> bool:
        """Wait for the answer or the bridge; whether it came, or the recording began."""
        recording = self._recording
        came_at_s = 0.0
        while not recording.has_started and not recording.is_over:
            if recording.asked is not Asked.NOTHING:
                self._control.cancel_by_link()
                return False
            if self._has_ended() and not self._goes_on_elsewhere():
                return False
            if came_at_s and time.monotonic() >= came_at_s + self._patience.moment:
                log.warning("recording_moment_missed", recording_id=recording.id)
                return True
            if not came_at_s and self._has_come():
                came_at_s = time.monotonic()
            recording.bell.wait(self._patience.moment if came_at_s else self._patience.poll)
        return recording.has_started

    def _has_come(self) -> bool:
        """Whether what it waits for has happened, as far as we were told."""
        request, recording = self._recording.ticket.request, self._recording
        return bool(recording.bridged_at_us) if request.on_bridge else bool(recording.answered_at_us)

    def _goes_on_elsewhere(self) -> bool:
        """Whether the channel lives although its call is no longer ours; FreeSWITCH is asked."""
        if self._recording.is_hung_up:
            return False
        return self._control.presence() in (Presence.STOPPED, Presence.RECORDING, Presence.UNKNOWN)

    def _begin(self, completion: Completion | None) -> bool:
        """See to it that it begins; whether it did. Says why not in the recording's notes."""
        if completion is None:
            return False
        if self._await_start(completion, self._patience.start):
            return True
        if self._has_ended():
            self._recording.note("the call was over before it began")
            return False
        if not completion.is_done:
            return self._begin_by_link(completion)
        refusal = self._refusal(completion)
        if refusal:
            self._recording.note(refusal)
            return False
        return self._begin_again()

    def _begin_again(self) -> bool:
        """Ask once more when FreeSWITCH gave no reason: as a rule media was not up yet."""
        recording, call = self._recording, self._call
        try:
            if recording.is_deferred:
                pass  # media is up, whatever else went wrong
            elif call is not None and not call.is_answered:
                call.wait_for(lambda: call.is_answered, self._patience.media)
            elif call is not None:
                call.sleep(self._patience.media)
            completion = self._control.start()
        except (CallError, EslError) as exc:
            recording.note(f"the call was over before it began ({exc})")
            return False
        recording.sent()
        log.warning("recording_asked_for_again", recording_id=recording.id)
        if self._await_start(completion, self._patience.start):
            recording.note("FreeSWITCH began only when asked a second time")
            return True
        recording.note(
            self._refusal(completion) or "FreeSWITCH did not begin, and gave no reason (media not up?)"
        )
        return False

    def _begin_by_link(self, completion: Completion) -> bool:
        """Ask over the inbound link when the channel does not take its commands up."""
        recording = self._recording
        log.warning("recording_start_overdue", recording_id=recording.id, waited_s=self._patience.start)
        failed = self._control.start_by_link()
        if self._await_start(completion, self._patience.start):
            return True
        recording.note(f"the channel took no command up for {2 * self._patience.start:g} s")
        if failed:
            recording.note(f"nor did the inbound connection help: {failed}")
        return False

    def _await_start(self, completion: Completion, timeout_s: float) -> bool:
        """Wait for RECORD_START, which comes before the command's completion or never."""
        recording = self._recording
        completion.on_done = lambda _: recording.bell.ring()
        self._await(lambda: completion.is_done or recording.has_started, timeout_s)
        return recording.has_started

    def _refusal(self, completion: Completion) -> str:
        """Why a completed command did not begin a recording, "" when nobody said."""
        if not completion.is_done:
            return "the channel did not take the command up"
        try:
            cause = completion.get(0).variable("record_completion_cause")
        except EslError as exc:
            return f"FreeSWITCH did not run the command: {exc}"
        return f"FreeSWITCH could not open the file ({cause})" if cause == RawCause.URI_FAILURE else ""

    def _has_ended(self) -> bool:
        return self._call is None or self._call.is_ended

    def _await(self, condition: Callable[[], bool], timeout_s: float) -> None:
        deadline_s = time.monotonic() + timeout_s
        while not condition() and time.monotonic() < deadline_s:
            self._recording.bell.wait(deadline_s - time.monotonic())
