"""Has FreeSWITCH call somebody for nobody yet: the legs ring while the client has its answer already.

FreeSWITCH does the ringing, the limits and the racing. What becomes of the legs is told by their own events,
to every process; what is awaited here is only whether there are legs at all: of one that never came to be
(a gateway that does not exist, a template that leads nowhere) FreeSWITCH tells nobody but who asked.
Source: FreeSWITCH mod_commands.c, originate_function; switch_ivr_originate.c.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import gevent
import structlog

from callcontrol.call_control_id import CallControlId, CallControlIds
from callcontrol.channel import Link, LiveChannel
from callcontrol.errors import ApiError
from callcontrol.hangup_cause import UNSPECIFIED, word_of_cause
from callcontrol.leg import Leg
from callcontrol.teller import Teller
from calls.cause import HangupCause
from esl import quoting
from esl.errors import CommandRefused, EslError

BEYOND_S = 15.0
"""Longer than the legs' own limits FreeSWITCH is waited for by so much."""

HEARD_WITHIN_S = 2.0
"""A leg that came to be is heard of within milliseconds, on a connection of its own."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Order:
    """What FreeSWITCH is told.

    Attributes: dial_string: of the legs; extension: what whoever answers does, such as `&park()`; limit_s:
    for how long they may ring; legs: what is told of each that never comes to be.
    """

    dial_string: str
    extension: str
    limit_s: float
    legs: tuple[Leg, ...]


class Dialler:
    """Args: teller: which hears of the legs that come to be; ids, node: name legs."""

    def __init__(self, teller: Teller, ids: CallControlIds, node: str) -> None:
        self._teller = teller
        self._ids = ids
        self._node = node

    def call_control_id(self, account_id: str, uuid: str) -> str:
        """Return the id of a leg that is to be."""
        return self._ids.text(CallControlId(account_id, self._node, uuid))

    def dial(self, link: Link, order: Order) -> None:
        """Have them called; returns at once."""
        gevent.spawn(self._dial, link, order)

    def _dial(self, link: Link, order: Order) -> None:
        argument = f"{quoting.word(order.dial_string)} {order.extension}"
        try:
            link.bgapi("originate", argument, order.limit_s + BEYOND_S)
        except CommandRefused as exc:
            cause = HangupCause.of(exc.reply.removeprefix("-ERR").strip())
            self._tell_of_missing(order.legs, word_of_cause(cause))
        except EslError as exc:
            log.warning("dial_unanswered", reason=str(exc), outcome="legs that are not there are told of")
            gevent.sleep(order.limit_s)
            self._tell_of_missing(tuple(leg for leg in order.legs if not _is_there(link, leg)), UNSPECIFIED)
        except Exception:  # the catch-all per call: nobody awaits this greenlet
            log.exception("dial_failed", outcome="told as hung up")
            self._tell_of_missing(order.legs, UNSPECIFIED)

    def _tell_of_missing(self, legs: Sequence[Leg], cause: str) -> None:
        gevent.sleep(HEARD_WITHIN_S)
        for leg in legs:
            if not self._teller.roll.is_known(leg.leg_id):
                self._teller.never(leg, datetime.now(UTC), cause)


def _is_there(link: Link, leg: Leg) -> bool:
    try:
        return LiveChannel(link, "", leg.leg_id).api("uuid_exists") == "true"
    except ApiError:
        return True  # not known: its end will be told, or the next comparison tells it
