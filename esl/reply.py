"""What a command comes to: waited for by whoever wants to know, at no cost where nobody does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from esl.errors import CommandRefused, EslError, LinkLost, ReplyTimeout
from esl.frame import API_RESPONSE, Frame
from esl.loop import Signal, new_signal

T = TypeVar("T")

_REFUSALS = ("-ERR", "-USAGE")
# What mod_event_socket's api_exec says for a command that ran and had nothing to say.
_NO_OUTPUT = "-ERR no reply"


class Expectation(Protocol):
    """Something that stands in a connection's queue for its reply; called from the hub, so never waits."""

    def settle(self, frame: Frame) -> None:
        """Take the reply."""

    def fail(self, reason: str) -> None:
        """There will be none: the connection is gone."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of FreeSWITCH that is no refusal.

    Attributes: text: Reply-Text, or the output of an api command, without line breaks at the end;
    frame: the message itself.
    """

    text: str
    frame: Frame


class Awaited(Generic[T]):
    """A result or a failure that comes once.

    Attributes: summary: the command, for errors.
    """

    __slots__ = ("_outcome", "_signal", "summary")

    def __init__(self, summary: str) -> None:
        self.summary = summary
        self._outcome: T | EslError | None = None
        self._signal: Signal | None = None

    @property
    def is_done(self) -> bool:
        """Whether get() would return, or raise, at once."""
        return self._outcome is not None

    def get(self, timeout_s: float) -> T:
        """The result; waits for it, so not to be called from an event's callback.

        Raises: CommandRefused, LinkLost; ReplyTimeout: nothing within timeout_s.
        """
        if self._outcome is None:
            if self._signal is None:
                self._signal = new_signal()
            self._signal.wait(timeout_s)
        outcome = self._outcome
        if outcome is None:
            raise ReplyTimeout(self.summary, timeout_s)
        if isinstance(outcome, EslError):
            # the same failure may be raised to several; each sees only its own way there
            raise outcome.with_traceback(None)
        return outcome

    def fail(self, reason: str) -> None:
        """There will be no result: the connection is gone."""
        self._finish(LinkLost(f"{self.summary}: {reason}"))

    def _finish(self, outcome: T | EslError) -> None:
        """Set the outcome, unless there is one, and wake whoever waits."""
        if self._outcome is not None:
            return
        self._outcome = outcome
        if self._signal is not None:
            self._signal.set()


class PendingReply(Awaited[Reply]):
    """The reply to one command, while it is on its way.

    After a ReplyTimeout it keeps its place in the connection's queue, so that the late reply is taken
    for this command and not for the next one.
    """

    __slots__ = ()

    def settle(self, frame: Frame) -> None:
        """Take the reply."""
        text = frame.text.rstrip("\n")
        refusal = refused(self.summary, frame.content_type, text)
        self._finish(Reply(text if text != _NO_OUTPUT else "", frame) if refusal is None else refusal)


def refused(summary: str, content_type: str, text: str) -> CommandRefused | None:
    """The refusal that a reply with this text is, None if it is none."""
    if not text.startswith(_REFUSALS) or (text == _NO_OUTPUT and content_type == API_RESPONSE):
        return None
    return CommandRefused(summary, text.rstrip("\n"))
