"""Watches over one recording from its command to its end: that it begins, stops on its limit, and ends.

Nothing is taken on trust. Without RECORD_START after the command's completion it is asked for once more
(media may have been on its way up), then given up with what FreeSWITCH said. The limit is a timer of our
own. Without RECORD_STOP after a stop, or after the end of the call, FreeSWITCH is asked whether the
recording goes on; when it does not, or cannot be asked and the file stands still, the disk decides.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import gevent
import structlog

from calls.call import Call
from calls.errors import CallError
from esl.errors import EslError
from esl.session import Completion
from recording.control import Presence
from recording.ending import Asked, RawCause
from recording.recording import Recording

FOR_EVER_S = 86_400.0
"""When nothing is due; the bell rings for whatever happens."""

MAX_TELLS = 2
"""How often a stop is repeated at once; afterwards once per poll."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited for what, in seconds.

    Attributes: start: for the command's completion, before it is given once more over the inbound link;
    media: for media to come up, before the second try; stop: for RECORD_STOP after a stop, before it is told
    again; hangup: for RECORD_STOP after the end of the channel; poll: between two questions about a
    recording whose call this process does not have; still: how long a file must not have grown, where
    FreeSWITCH cannot be asked; lead: the limit's stop is sent so much early, half a media frame, since
    FreeSWITCH takes it up at the next one.
    """

    start: float = 10.0
    media: float = 1.0
    stop: float = 2.0
    hangup: float = 5.0
    poll: float = 15.0
    still: float = 30.0
    lead: float = 0.010


DEFAULT_PATIENCE = Patience()


class Watch:
    """The greenlet beside one recording.

    Args: call: None when this process does not have it.
    """

    def __init__(self, recording: Recording, call: Call | None, patience: Patience) -> None:
        self._recording = recording
        self._control = recording.control
        self._call = call
        self._patience = patience
        self._tells = 0
        self._check_at_s = FOR_EVER_S + time.monotonic()
        self._size: tuple[int, float] = (-1, 0.0)

    def run(self, completion: Completion | None) -> None:
        """Return once the recording is over.

        Args: completion: of the command that asked for it, None when it was never sent, or long ago.
        """
        recording = self._recording
        if not recording.has_started and not self._begin(completion):
            recording.lost()
        while not recording.is_over:
            self._act()
            recording.bell.wait(self._due_s() - time.monotonic())

    # -- the beginning --------------------------------------------------------------------------------

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
            if call is not None and not call.is_answered:
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

    # -- the rest of its life -------------------------------------------------------------------------

    def _due_s(self) -> float:
        """When something is to be done next, if nothing happens before (time.monotonic())."""
        due_s = self._watched_until_s()
        if self._recording.asked is not Asked.NOTHING:
            return min(due_s, self._recording.told_at_s + self._patience.stop)
        limit_at_s = self._recording.limit_at_s
        return due_s if limit_at_s is None else min(due_s, limit_at_s - self._patience.lead)

    def _watched_until_s(self) -> float:
        """When FreeSWITCH is to be asked whether it goes on: not at all while its call is ours and well."""
        if self._has_ended() and self._check_at_s > time.monotonic() + self._patience.poll:
            gone = self._recording.is_hung_up
            self._check_at_s = time.monotonic() + (self._patience.hangup if gone else self._patience.poll)
        return self._check_at_s

    def _act(self) -> None:
        now_s = time.monotonic()
        recording = self._recording
        limit_at_s = recording.limit_at_s
        if limit_at_s is not None and now_s >= limit_at_s - self._patience.lead:
            recording.ask(Asked.LIMIT)
        if recording.asked is not Asked.NOTHING and now_s >= recording.told_at_s + self._patience.stop:
            self._tell_again(now_s)
        if not recording.is_over and now_s >= self._watched_until_s():
            self._check_at_s = now_s + self._patience.poll
            self._look()

    def _tell_again(self, now_s: float) -> None:
        """Have FreeSWITCH stop it over the inbound link; after two times ask what became of it."""
        recording = self._recording
        recording.told_at_s = now_s
        failed = self._control.stop_by_link()
        self._tells += 1
        if self._tells < MAX_TELLS or recording.is_over:
            return
        log.warning("recording_stop_unanswered", recording_id=recording.id, told=self._tells, reason=failed)
        recording.told_at_s = now_s + self._patience.poll
        self._look()

    def _look(self) -> None:
        """Find out whether it goes on, and call it lost when it does not."""
        presence = self._control.presence()
        if self._recording.is_over or presence is Presence.RECORDING:
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
        size = gevent.get_hub().threadpool.apply(_size_of, (self._recording.path,))
        known, since_s = self._size
        if size != known:
            self._size = (size, time.monotonic())
            return False
        return time.monotonic() - since_s >= self._patience.still


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
