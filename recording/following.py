"""Has a recording go on where its conversation does: on another leg, in a further file.

The further file is begun before the first one is ended, so that nothing is missed where both legs live. A
leg that cannot be recorded (it was gone, it took no command) leaves the recording as it is: it goes on, or is
over with what there is. FreeSWITCH may have taken the file over to that leg itself, where a dialplan set
recording_follow_transfer or recording_follow_attxfer: then there is nothing to begin.

Source: FreeSWITCH switch_ivr_async.c switch_ivr_transfer_recordings; mod_commands.c uuid_record.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import structlog

from recording.control import Control, Presence
from recording.conversation import End, Follow
from recording.ending import Asked
from recording.errors import BadTicket
from recording.leg_event import LegEvent
from recording.patience import Patience
from recording.recording import Recording
from recording.segment import Segment
from recording.ticket import Ticket

UNDECIDED_S = 0.5
"""How long a recording whose leg hung up waits for word of its partner; it comes within two media frames."""

log = structlog.get_logger(__name__)


class Following:
    """Acts on what conversations come to.

    Args: control_of: the reins of one segment; spawn: does something in a greenlet; relocate: notes which
    legs a recording is to hear of.
    """

    def __init__(
        self,
        control_of: Callable[[Ticket, Segment], Control],
        patience: Patience,
        spawn: Callable[..., object],
        relocate: Callable[[Recording], None],
    ) -> None:
        self._control_of = control_of
        self._patience = patience
        self._spawn = spawn
        self._relocate = relocate

    def hear(self, recording: Recording, event: LegEvent) -> None:
        """Take an event of one of a recording's legs in; returns at once."""
        if event.is_gone:
            recording.journey.trail.hung_up(event.uuid, event.at_us)
        if recording.is_over:
            return
        for decision in recording.journey.conversation.hear(event):
            if isinstance(decision, Follow):
                self._follow(recording, decision)
            elif isinstance(decision, End):
                self._end(recording)
            else:
                recording.write(decision)
        self._relocate(recording)

    def await_parts(self, recording: Recording) -> None:
        """Wait until FreeSWITCH has closed the earlier files of a recording that is over; blocks."""
        deadline_s = time.monotonic() + self._patience.hangup
        while not recording.journey.trail.are_closed and time.monotonic() < deadline_s:
            recording.bell.wait(deadline_s - time.monotonic())

    def stopped(self, recording: Recording) -> None:
        """See to a recording whose end was told and may not be the end."""
        if recording.is_over or not recording.journey.is_undecided:
            return
        if recording.asked is Asked.NOTHING:
            self._spawn(self._decide, recording)
        else:
            recording.conclude()

    def _follow(self, recording: Recording, follow: Follow) -> None:
        journey = recording.journey
        if recording.is_running and not journey.is_moving:
            journey.is_moving = True
            self._spawn(self._go, recording, follow)

    def _end(self, recording: Recording) -> None:
        if recording.has_started:
            recording.ask(Asked.TRANSFER)

    def _decide(self, recording: Recording) -> None:
        """Call it over unless it goes on elsewhere."""
        deadline_s = time.monotonic() + UNDECIDED_S
        while recording.journey.is_undecided:
            if time.monotonic() >= deadline_s:
                break
            recording.bell.wait(deadline_s - time.monotonic())
        if not recording.journey.is_moving:
            recording.conclude()

    def _go(self, recording: Recording, follow: Follow) -> None:
        left, ticket, trail = recording.control, recording.ticket, recording.journey.trail
        carried = self._control_of(ticket, replace(trail.current, uuid=follow.uuid))
        if carried.presence() is Presence.RECORDING:
            recording.journey.carried(follow.uuid)
            recording.change_leg(carried)
            recording.write()
            recording.conclude()
            log.info("recording_carried_on_by_freeswitch", recording_id=recording.id, uuid=follow.uuid)
            return
        try:
            segment = trail.extend(follow.uuid)
        except BadTicket as exc:
            recording.note(f"it could not follow the conversation: {exc}")
            self._stay(recording)
            return
        control = self._control_of(ticket, segment)
        failed = control.go_on(self._rest_s(recording))
        if failed or not self._has_begun(recording, segment, control):
            trail.drop()
            reason = failed or "FreeSWITCH did not begin"
            log.warning("recording_not_followed", recording_id=recording.id, uuid=follow.uuid, reason=reason)
            self._stay(recording)
            return
        is_written = recording.journey.moved()
        recording.change_leg(control)
        recording.steering.begin()
        recording.write(None if is_written else recording.journey.closing(segment.number - 1))
        log.info("recording_followed", recording_id=recording.id, uuid=follow.uuid, segment=segment.number)
        if is_written:
            left.leave()

    def _stay(self, recording: Recording) -> None:
        """It goes on as it was, or is over."""
        recording.journey.stayed()
        recording.write()
        recording.conclude()

    def _has_begun(self, recording: Recording, segment: Segment, control: Control) -> bool:
        """Whether its RECORD_START comes, or FreeSWITCH says that it is written."""
        deadline_s = time.monotonic() + self._patience.stop
        while not self._is_told(recording, segment):
            if time.monotonic() >= deadline_s:
                return control.presence() is Presence.RECORDING
            recording.bell.wait(deadline_s - time.monotonic())
        return True

    def _is_told(self, recording: Recording, segment: Segment) -> bool:
        found = recording.journey.trail.get(segment.number)
        return found is not None and bool(found.started_at_us)

    def _rest_s(self, recording: Recording) -> int | None:
        """What is left of its time, in whole seconds, rounded up."""
        limit_at_s = recording.limit_at_s
        return None if limit_at_s is None else max(1, int(limit_at_s - time.monotonic()) + 1)
