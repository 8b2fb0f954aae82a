"""Command ids of dial: a call that is asked for a second time is not made again.

Before there is a channel there is nothing to write an id on, so it stands in the table of mod_hash, whose
`insert_ifempty` has one winner: with the uuids that the legs will have, so that whoever asks again, of
whichever process, is given the very calls that the first one began. FreeSWITCH itself forgets an id after
KEPT_S, by its scheduler: no process has to live for it.

Source: FreeSWITCH mod_hash.c (hash_api_function), mod_commands.c (sched_api_function).
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import structlog

from callcontrol.channel import REPLY_TIMEOUT_S, Link, LiveChannel
from callcontrol.errors import Unanswered, Unavailable
from esl import command
from esl.errors import CommandRefused, LinkLost, ReplyTimeout

KEPT_S = 3600
"""A client repeats what it got no answer to within minutes."""

MAX_KNOWN = 10_000
_TAKEN = "already exists"

Answer = Mapping[str, Any]

log = structlog.get_logger(__name__)


class DialledIds:
    """Knows which calls were made under which command id.

    What this process answered it remembers besides, so that a repetition gets the very answer. Args: clock:
    monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._answers: OrderedDict[str, tuple[float, Answer]] = OrderedDict()

    def answer(self, account_id: str, command_id: str) -> Answer | None:
        """Return what this process answered under an id, None where it is not known (any more)."""
        until_s, told = self._answers.get(_key(account_id, command_id), (0.0, None))
        return told if self._clock() < until_s else None

    def answered(self, account_id: str, command_id: str, told: Answer) -> None:
        """Remember what was answered."""
        key = _key(account_id, command_id)
        self._answers[key] = (self._clock() + KEPT_S, told)
        self._answers.move_to_end(key)
        if len(self._answers) > MAX_KNOWN:
            self._answers.popitem(last=False)

    def claim(self, link: Link, account_id: str, command_id: str, uuids: Sequence[str]) -> tuple[str, ...]:
        """Claim an id for legs that are to be dialled.

        Returns: the legs that were dialled under it before, () when it is ours now.
        Raises: Unavailable: FreeSWITCH is away, nothing was done; Unanswered.
        """
        key, value = _key(account_id, command_id), ".".join(uuids)
        switch = LiveChannel(link, "", "")
        (claimed,) = switch.post(command.api("hash", f"insert_ifempty/{key}/{value}"))
        try:
            claimed.get(REPLY_TIMEOUT_S)
        except CommandRefused as exc:
            if _TAKEN in exc.reply:
                before = switch.run(command.api("hash", f"select/{key}"))[0]
                return tuple(filter(None, before.split(".")))
            remedy = "load mod_hash, or run one process beside each FreeSWITCH"
            log.warning("command_ids_not_claimed", reason=exc.reply, remedy=remedy)
            return ()
        except (LinkLost, ReplyTimeout) as exc:
            # Nobody is dialled now: whoever asks once more must not be told that somebody was.
            with suppress(Unavailable):
                switch.post(command.api("hash", f"delete_ifmatch/{key}/{value}"))
            raise Unanswered from exc
        with suppress(Unavailable):  # then the legs cannot be dialled either, which is told
            switch.post(command.api("sched_api", f"+{KEPT_S} callcontrol hash delete/{key}"))
        return ()


def _key(account_id: str, command_id: str) -> str:
    named = f"{account_id}\n{command_id}".encode("utf-8", "replace")
    return f"callcontrol/dial_{hashlib.sha256(named).hexdigest()[:32]}"
