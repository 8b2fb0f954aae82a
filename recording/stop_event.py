"""What RECORD_STOP says, from whichever connection it came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from calls.identity import CCV_PREFIX
from recording.ending import RawCause
from recording.ticket import cut

MAX_CUSTOM = 128
"""Custom channel variables that are kept; Kazoo sets about thirty."""

MAX_CUSTOM_VALUE = 1_024
"""Characters of one of them."""


class EventData(Protocol):
    """An event, as far as it is looked at here."""

    def get(self, header: str, /) -> str | None:
        """Return one header's value."""

    def variable(self, name: str, /) -> str | None:
        """Return one channel variable's value."""

    def headers(self) -> dict[str, str]:
        """Return all headers."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The end of a recording as FreeSWITCH tells it.

    Attributes: at_us: FreeSWITCH's clock, epoch microseconds; hung_up: the channel had been hung up before;
    raw_cause: FreeSWITCH's completion cause; record_ms: the audio it counted; custom: the channel's custom
    variables at that moment; answered_at_us: when the channel was answered, 0: never.
    """

    at_us: int
    hung_up: bool
    raw_cause: str
    record_ms: int
    custom: Mapping[str, str] = field(default_factory=dict)
    answered_at_us: int = 0

    @property
    def is_discarded(self) -> bool:
        """Whether FreeSWITCH deleted the file itself."""
        return self.raw_cause in (RawCause.EMPTY, RawCause.TOO_SHORT)


def read_stop(event: EventData) -> Stop:
    """Read a RECORD_STOP.

    The channel's state in it tells the order: a channel still up when its recording closed says `answered`
    or `early` here and has no Hangup-Cause, whatever happens to it a moment later.
    Source: FreeSWITCH switch_ivr_async.c send_record_stop_event, switch_channel_event_set_basic_data.
    """
    return Stop(
        at_us=event_time_us(event),
        hung_up=event.get("Answer-State") == "hangup" or bool(event.get("Hangup-Cause")),
        raw_cause=cut(event.get("Record-Completion-Cause") or event.variable("record_completion_cause")),
        record_ms=number(event.variable("record_ms")),
        custom=custom_variables(event),
        answered_at_us=number(event.get("Caller-Channel-Answered-Time")),
    )


def event_time_us(event: EventData) -> int:
    """When FreeSWITCH made the event, epoch microseconds, 0 when it does not say."""
    return number(event.get("Event-Date-Timestamp"))


def custom_variables(event: EventData) -> dict[str, str]:
    """Return Kazoo's custom channel variables that the event carries, without their prefix."""
    prefix = f"variable_{CCV_PREFIX}"
    found = [(name, value) for name, value in event.headers().items() if name.startswith(prefix)]
    return {
        cut(name.removeprefix(prefix)): cut(value, MAX_CUSTOM_VALUE) for name, value in found[:MAX_CUSTOM]
    }


def number(text: str | None) -> int:
    """Return a whole number from outside, 0 for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else 0
