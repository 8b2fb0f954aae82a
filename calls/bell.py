"""The one thing greenlets of a call wait on: a bell that is rung whenever something happened.

Waiting is the only state a live call costs while nothing happens, so it is kept small: no signal exists
unless somebody waits, and those who wait share one. A ring wakes all of them; each looks at its own
condition and waits again if it does not hold.
"""

from __future__ import annotations

from esl.loop import Signal, new_signal


class Bell:
    """Rings for everybody who waits at that moment; a ring nobody waits for is not kept."""

    __slots__ = ("_signal",)

    def __init__(self) -> None:
        self._signal: Signal | None = None

    def ring(self) -> None:
        """Wake all who wait. Callable from the hub and from any of its greenlets; never blocks."""
        signal, self._signal = self._signal, None
        if signal is not None:
            signal.set()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the next ring. Returns: False when `timeout_s` passed first."""
        if timeout_s <= 0:
            return False
        if self._signal is None:
            self._signal = new_signal()
        return self._signal.wait(timeout_s)
