"""The recorder of legs that this process need not hold: all that an API may ask of recordings.

What it starts is looked after here like any other recording; its events come over the inbound link. What it
is to tell a recording that another process looks after goes by FreeSWITCH's bus (recording.leg_order). When
nobody obeys, the process that should have has died, and its recording, if it was named, is told directly.

Source: FreeSWITCH mod_commands.c (uuid_record, uuid_buglist).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable

import structlog
from gevent.event import Event

from calls.identity import ChannelData
from esl import command
from esl.errors import CommandRefused, EslError
from recording.care import Care
from recording.control import LINK_TIMEOUT_S, NO_LINK, Link
from recording.ending import Asked
from recording.errors import LegNotRecorded
from recording.leg_order import SentOrder, new_order, obeyed, read_order
from recording.leg_recorder import LegOrder
from recording.naming import is_recording_id
from recording.opening import LegAtHand
from recording.recording import Recording
from recording.request import RecordingRequest
from recording.roster import Roster
from recording.stop_event import EventData

OBEYED_S = 0.3
"""How long others have to obey: an event there and one back, of a millisecond each, and a busy process."""

REMEMBERED = 100
"""Orders of our own that we do not obey when we hear them, a millisecond after they were sent."""

_TARGET = re.compile(r"<target>(?P<path>/[^<]{1,511})</target>")

log = structlog.get_logger(__name__)


class LinkRecorder:
    """Satisfies LegRecorder. Args: link: the inbound connection, None while there is none."""

    def __init__(self, care: Care, roster: Roster, link: Callable[[], Link | None]) -> None:
        self._care = care
        self._roster = roster
        self._link = link
        self._awaited: dict[str, Event] = {}
        self._sent: deque[str] = deque(maxlen=REMEMBERED)

    def start_on(self, channel: ChannelData, account_id: str, request: RecordingRequest) -> str:
        """See LegRecorder."""
        recording, failed = self._care.begin_on(LegAtHand(channel, account_id), request)
        log.info(
            "recording_requested_on_leg",
            recording_id=recording.id,
            uuid=recording.ticket.uuid,
            account_id=account_id,
            format=request.format,
            failed=failed,
        )
        if failed:
            raise LegNotRecorded(failed)
        return recording.id

    def order_on(
        self, order: LegOrder, uuid: str, account_id: str, *, recording_id: str = "", origin: str = ""
    ) -> bool:
        """See LegRecorder."""
        sent = new_order(order, uuid, account_id, recording_id=recording_id, origin=origin)
        if self._obey(sent):
            if not recording_id:
                self._tell_others(sent)  # who may look after more of them; that some obeyed is known already
            return True
        return self._told_others(sent) or self._told_directly(sent)

    def hear(self, event: EventData) -> None:
        """Take an event of the bus: an order, which is obeyed, or that ours was. In the hub: never waits."""
        awaited = self._awaited.get(event.get("Obeyed") or "")
        if awaited is not None:
            awaited.set()
            return
        order = read_order(event)
        link = self._link()
        if order is None or link is None or order.id in self._sent:
            return
        for recording in self._obey(order):
            try:
                link.post(obeyed(order, recording.id))
            except EslError as exc:  # obeyed all the same; the other tells FreeSWITCH once more
                log.info("recording_order_not_answered", recording_id=recording.id, reason=str(exc))

    def _obey(self, order: SentOrder) -> list[Recording]:
        """Tell those recordings of this process that are meant; return them."""
        meant = [one for one in self._roster.of(order.uuid) if _is_meant(one, order)]
        for recording in meant:
            if order.order is LegOrder.STOP:
                recording.ask(Asked.STOP)
            elif order.order is LegOrder.PAUSE:
                recording.pause()
            else:
                recording.resume()
            log.info("recording_ordered", order=order.order.value, recording_id=recording.id)
        return meant

    def _tell_others(self, order: SentOrder) -> None:
        """Tell every other process. Raises: LegNotRecorded."""
        self._sent.append(order.id)
        try:
            self._connected().post(order.command())
        except EslError as exc:
            raise LegNotRecorded(str(exc)) from exc

    def _told_others(self, order: SentOrder) -> bool:
        """Tell every other process; return whether one obeyed."""
        awaited = self._awaited[order.id] = Event()
        try:
            self._tell_others(order)
            return bool(awaited.wait(OBEYED_S))
        finally:
            del self._awaited[order.id]

    def _told_directly(self, order: SentOrder) -> bool:
        """Have FreeSWITCH do it to a recording nobody looks after; return whether it is there."""
        if not is_recording_id(order.recording_id):  # a piece of a path would name what is nobody's business
            return False
        link = self._connected()
        try:
            bugs = link.api("uuid_buglist", order.uuid, LINK_TIMEOUT_S)
            paths = [path for path in _TARGET.findall(bugs) if f"/{order.recording_id}" in path]
            for path in paths:
                link.post(command.api("uuid_record", f"{order.uuid} {order.order.value} {path}"))[0].get(
                    LINK_TIMEOUT_S
                )
        except CommandRefused:
            return False
        except EslError as exc:
            raise LegNotRecorded(str(exc)) from exc
        return bool(paths)

    def _connected(self) -> Link:
        link = self._link()
        if link is None:
            raise LegNotRecorded(NO_LINK)
        return link


def _is_meant(recording: Recording, order: SentOrder) -> bool:
    """Whether an order is for a recording: the one named, or, unnamed, one of that origin; nobody else's."""
    ticket = recording.ticket
    if recording.is_over or recording.asked is not Asked.NOTHING or ticket.account_id != order.account_id:
        return False
    if order.recording_id:
        return recording.id == order.recording_id
    return bool(order.origin) and ticket.request.origin == order.origin
