"""How long to wait before the next attempt, and when to give up.

Exponential with full jitter: deliveries that failed together because a destination went down do not come
back together when it is up again.
"""

from __future__ import annotations

from dataclasses import dataclass

DAY_S = 86400.0


@dataclass(frozen=True, slots=True)
class Backoff:
    """The pauses between attempts at one delivery.

    Attributes: base_s: ceiling of the first pause, doubled with each further one up to cap_s; least_s:
    no pause is shorter (jitter may come out as nothing); give_up_s: age at which a failed attempt is the
    last and the delivery becomes a dead letter, a week outlasts a long weekend's outage; least_attempts: but
    not before so many failures, since age alone may be a clock that was set right, or a week behind a
    destination that was only probed.
    """

    base_s: float = 5.0
    cap_s: float = 6 * 3600.0
    least_s: float = 0.5
    give_up_s: float = 7 * DAY_S
    least_attempts: int = 5

    def ceiling_s(self, step: int) -> float:
        """The longest pause after `step` earlier failures."""
        return min(self.cap_s, self.base_s * 2.0 ** min(step, 64))

    def is_over(self, step: int, age_s: float) -> bool:
        """Whether an attempt that fails after `step` earlier failures is the last."""
        return age_s >= self.give_up_s and step + 1 >= self.least_attempts

    def delay_s(self, step: int, chance: float, asked_s: float = 0.0) -> float:
        """Return the pause to make.

        Args: chance: 0 to 1, evenly distributed; asked_s: what the destination asked for (Retry-After),
        honoured up to cap_s.
        """
        drawn = max(min(self.least_s, self.base_s), chance * self.ceiling_s(step))
        return max(drawn, min(asked_s, self.cap_s))
