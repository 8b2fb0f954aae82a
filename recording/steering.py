"""What a running recording is to leave out: paused (nothing is written) and masked (silence is written).

Several may want a mask at once, a node marked sensitive and a command: it lasts until the last of them
lifts it. A wish that comes before FreeSWITCH has begun is carried out as it begins. The state is what
FreeSWITCH was told; whether it obeyed is looked at by recording.watch, which tells it again over the other
connection.

Source: FreeSWITCH switch_ivr_async.c (switch_ivr_record_session_pause, switch_ivr_record_session_mask).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from esl.reply import PendingReply
from recording.control import Verb

BY_COMMAND = "by command"
"""Why a recording is masked when nobody says why."""

MAX_REASONS = 16
"""Different wishes for a mask at once; more are the same to FreeSWITCH."""

MAX_REASON = 160
"""Characters of a reason."""


@dataclass(frozen=True, slots=True)
class Order:
    """Something FreeSWITCH was told. `reply`: None when only the inbound link reaches the channel."""

    verb: Verb
    reply: PendingReply | None


class Steering:
    """The wishes for one recording.

    Args: tell: sends a verb to FreeSWITCH, returns at once.
    """

    __slots__ = ("_tell", "is_paused", "orders", "reasons")

    def __init__(self, tell: Callable[[Verb], PendingReply | None]) -> None:
        self._tell = tell
        self.is_paused = False
        self.reasons: list[str] = []
        self.orders: deque[Order] = deque()

    @property
    def is_masked(self) -> bool:
        """Whether silence is to be written."""
        return bool(self.reasons)

    def pause(self, *, running: bool) -> bool:
        """Leave out what comes; return whether that is news. Args: running: FreeSWITCH has begun."""
        if self.is_paused:
            return False
        self.is_paused = True
        self._order(Verb.PAUSE, running)
        return True

    def resume(self, *, running: bool) -> bool:
        """Go on; return whether that is news."""
        if not self.is_paused:
            return False
        self.is_paused = False
        self._order(Verb.RESUME, running)
        return True

    def mask(self, why: str, *, running: bool) -> bool:
        """Write silence, for one reason more; return whether it was not masked before."""
        why = (why or BY_COMMAND)[:MAX_REASON]
        if why in self.reasons or len(self.reasons) >= MAX_REASONS:
            return False
        self.reasons.append(why)
        if len(self.reasons) > 1:
            return False
        self._order(Verb.MASK, running)
        return True

    def unmask(self, why: str, *, running: bool) -> bool:
        """Give one reason up; return whether it was the last."""
        why = (why or BY_COMMAND)[:MAX_REASON]
        if why not in self.reasons:
            return False
        self.reasons.remove(why)
        if self.reasons:
            return False
        self._order(Verb.UNMASK, running)
        return True

    def go_on(self, tell: Callable[[Verb], PendingReply | None]) -> None:
        """Tell another leg from now on, to which the recording went."""
        self._tell = tell

    def begin(self) -> None:
        """FreeSWITCH has begun to write: have it do what was wished before."""
        if self.is_paused:
            self._order(Verb.PAUSE, running=True)
        if self.is_masked:
            self._order(Verb.MASK, running=True)

    def restore(self, reasons: list[str], *, paused: bool) -> None:
        """Take over what another process told FreeSWITCH."""
        self.reasons = [reason[:MAX_REASON] for reason in reasons[:MAX_REASONS]]
        self.is_paused = paused

    def _order(self, verb: Verb, running: bool) -> None:
        if running:
            self.orders.append(Order(verb, self._tell(verb)))
