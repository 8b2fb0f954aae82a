"""Command ids of dial: a call that is asked for a second time is not made again.

Before there is a channel there is nothing to write an id on, so it stands in the table of mod_hash, whose
`insert_ifempty` has one winner: with the uuids that the legs will have, so that whoever asks again, of
whichever process, is given the very calls that the first one began. FreeSWITCH itself forgets an id after
KEPT_S, by its scheduler: no process has to live for it.

Source: FreeSWITCH mod_hash.c (hash_api_function), mod_commands.c (sched_api_function).
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence

import structlog

from callcontrol.channel import Link, reply_of
from callcontrol.errors import Unanswered, Unavailable
from esl import command
from esl.errors import CommandRefused, LinkLost, ReplyTimeout

KEPT_S = 3600
"""A client repeats what it got no answer to within minutes."""

REPLY_TIMEOUT_S = 5.0
MAX_KNOWN = 10_000
_TAKEN = "already exists"

log = structlog.get_logger(__name__)


class DialledIds:
    """Knows which calls were made under which command id; what this process made itself it knows besides."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[str, ...]] = OrderedDict()

    def claim(self, link: Link, account_id: str, command_id: str, uuids: Sequence[str]) -> tuple[str, ...]:
        """Claim an id for legs that are to be dialled.

        Returns: the legs that were dialled under it before, () when it is ours now.
        Raises: Unavailable: FreeSWITCH is away, nothing was done; Unanswered.
        """
        key = _key(account_id, command_id)
        if key in self._known:
            return self._known[key]
        before = self._before(link, key, uuids)
        self._known[key] = before or tuple(uuids)
        if len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)
        return before

    def _before(self, link: Link, key: str, uuids: Sequence[str]) -> tuple[str, ...]:
        try:
            (claimed,) = link.post(command.api("hash", f"insert_ifempty/{key}/{'.'.join(uuids)}"))
        except LinkLost as exc:
            raise Unavailable("FreeSWITCH cannot be reached now; nothing was done.") from exc
        try:
            claimed.get(REPLY_TIMEOUT_S)
        except CommandRefused as exc:
            if _TAKEN in exc.reply:
                (read,) = link.post(command.api("hash", f"select/{key}"))
                return tuple(filter(None, reply_of(read).split(".")))
            remedy = "load mod_hash, or run one process beside each FreeSWITCH"
            log.warning("command_ids_not_claimed", reason=exc.reply, remedy=remedy)
            return ()
        except (LinkLost, ReplyTimeout) as exc:
            raise Unanswered from exc
        link.post(command.api("sched_api", f"+{KEPT_S} callcontrol hash delete/{key}"))
        return ()


def _key(account_id: str, command_id: str) -> str:
    named = f"{account_id}\n{command_id}".encode("utf-8", "replace")
    return f"callcontrol/dial_{hashlib.sha256(named).hexdigest()[:32]}"
