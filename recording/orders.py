"""What the running recordings of a call can be told besides to stop: pause, mask, remember.

Nothing here waits for FreeSWITCH or raises: recording.watch sees to it that an order is obeyed.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

import gevent

from calls.call import Call
from recording.guard import Guard
from recording.parameters import AccountsConfiguration
from recording.recording import Recording
from recording.roster import Roster
from recording.timeline import What


class Orders:
    """Orders to the recordings of one process, each found by its call and a name.

    A name is a media_name, media_id, recording id or document id; "" means the newest that can obey.
    """

    def __init__(self, roster: Roster, config: AccountsConfiguration) -> None:
        self._roster = roster
        self._config = config

    def pause(self, call: Call, name: str = "") -> Recording | None:
        """Have nothing more written, to be left out; as `stop`. Never waits, never raises."""
        return self._steer(call, name, "pause", lambda one: not one.is_paused, lambda one: one.pause())

    def resume(self, call: Call, name: str = "") -> Recording | None:
        """Go on after a pause; as `stop`, of those that pause."""
        return self._steer(call, name, "resume", lambda one: one.is_paused, lambda one: one.resume())

    def mask(self, call: Call, name: str = "", why: str = "") -> Recording | None:
        """Have silence written; as `stop`. Several masks, each for a reason, last until all are lifted."""
        return self._steer(call, name, "mask", lambda _: True, lambda one: one.mask(why))

    def unmask(self, call: Call, name: str = "", why: str = "") -> Recording | None:
        """Lift the mask that was asked for with this reason; as `stop`, of those that are masked."""
        return self._steer(call, name, "unmask", lambda one: one.is_masked, lambda one: one.unmask(why))

    @contextmanager
    def guard(self, call: Call, why: str) -> Generator[None, None, None]:
        """Mask every recording of a call inside, those that begin meanwhile too.

        The mask is lifted on leaving, whatever happens, and by itself after recording.care.mask_limit_s.
        """
        limit_s = float(self._config.for_account(call.account_id).get("recording", "care", "mask_limit_s"))
        guard = Guard(self._roster, call.uuid, why)
        timer = gevent.spawn_later(limit_s, self._lift_overdue, guard, call)
        guard.put_on()
        try:
            yield
        finally:
            timer.kill(block=False)
            guard.lift()

    def mark(self, call: Call, what: What, **detail: str) -> None:
        """Put something into the timeline of every running recording of a call. Never waits or raises."""
        for recording in self._roster.of(call.uuid):
            if not recording.is_over:
                recording.mark(what, **detail)

    def _lift_overdue(self, guard: Guard, call: Call) -> None:
        if guard.lift():
            call.log.warning("recording_mask_overdue", why=guard.why, outcome="lifted")

    def _steer(
        self,
        call: Call,
        name: str,
        verb: str,
        applies: Callable[[Recording], bool],
        act: Callable[[Recording], bool],
    ) -> Recording | None:
        recording = self._roster.newest(call.uuid, name, applies)
        if recording is None:
            call.log.info("recording_order_without_recording", order=verb, recording_name=name)
            return None
        changed = act(recording)
        call.log.info("recording_ordered", order=verb, recording_id=recording.id, changed=changed)
        return recording
