"""Brings calls under control, from a callflow: tells of them, and holds them until a command says otherwise.

A call that is held rings on while nobody answers it; all that happens on it is done by commands, over
FreeSWITCH's own socket, by whichever process they are sent to. So holding is nothing but waiting: for the
call's end, for its leaving (a command connected it with another), or, where the callflow says so, for a time
in which no command has answered it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from callcontrol import events, headers_told, variables
from callcontrol.call_control_id import CallControlIds
from callcontrol.connections import Connection, Connections
from callcontrol.leg import Leg, leg_of
from callcontrol.snapshot import Snapshot
from callcontrol.teller import Teller
from callcontrol.webhooks import Webhooks
from calls.call import Call
from calls.ending import How
from calls.errors import CallGone
from calls.program import Exit, ProgramEnd
from esl.errors import EslError
from esl.event import Event
from storage.errors import StoreError

LONGEST_S = 8 * 86_400.0
"""Of a wait; a call that lasts longer is waited for again."""


class Holding:
    """Satisfies calls.program.Program. Args: ids, node: name the legs of the FreeSWITCH beside us."""

    def __init__(
        self, connections: Connections, webhooks: Webhooks, teller: Teller, ids: CallControlIds, node: str
    ) -> None:
        self._connections = connections
        self._webhooks = webhooks
        self._teller = teller
        self._ids = ids
        self._node = node

    def run(self, call: Call, data: Mapping[str, Any]) -> ProgramEnd:
        """Bring a call under the control of a connection.

        Args: data: `connection_id`, "" for the one that owns the number; `hold`: whether it waits for
        commands; `timeout_s`: how long for one that answers it, 0 for ever; `client_state`.
        Returns: FAILED where no connection takes it, DONE where it is not (or no longer) held.
        """
        connection = self._connection(call, data)
        if connection is None:
            call.log.warning("call_control_without_connection", outcome="the callflow goes on")
            return ProgramEnd(Exit.FAILED)
        leg = self._announce(call, connection, data)
        if leg is None:
            return ProgramEnd(Exit.FAILED)
        call.log.info("call_controlled", connection_id=connection.id, call_control_id=leg.call_control_id)
        if not data.get("hold", True):
            return ProgramEnd(Exit.DONE)
        return self._hold(call, float(data.get("timeout_s") or 0))

    def _connection(self, call: Call, data: Mapping[str, Any]) -> Connection | None:
        connection_id = data.get("connection_id") or ""
        if connection_id:
            found = self._connections.of_id(call.account_id, connection_id)
            return found if found is not None and found.is_active else None
        numbers = (call.identity.number, call.identity.destination_number)
        found_by = (self._connections.of_number(call.account_id, number) for number in dict.fromkeys(numbers))
        return next((one for one in found_by if one is not None), None)

    def _announce(self, call: Call, connection: Connection, data: Mapping[str, Any]) -> Leg | None:
        """Mark a call, then tell of it: whoever is told may answer it at once, which must be heard.

        Returns: its leg, None when it cannot be told of.
        """
        try:
            dump = call.api("uuid_dump", call.uuid)
        except EslError as exc:
            call.log.warning("call_not_controlled", reason=str(exc), outcome="the callflow goes on")
            return None
        snapshot = Snapshot(Event(dump.encode("utf-8", "surrogateescape")))
        leg = leg_of(snapshot, self._ids, self._node, account_id=call.account_id)
        if leg is None:
            call.log.warning(
                "call_not_controlled", reason="it cannot be named", outcome="the callflow goes on"
            )
            return None
        state = data.get("client_state") or leg.client_state
        leg = replace(leg, connection_id=connection.id, client_state=state)
        is_held = bool(data.get("hold", True))
        call.set(
            {
                variables.ACCOUNT: call.account_id,
                variables.SESSION: leg.session_id,
                variables.CLIENT_STATE: state,
                variables.PARKED: "true" if is_held else "",
                variables.VERBOSE: variables.VERBOSE_APPLICATION,
                variables.CONNECTION: connection.id,  # the last: from here on the call is heard of
            }
        )
        call.execute(variables.VERBOSE_APPLICATION, lock=False)  # what was sent before it is done, too
        self._tell(call, leg, snapshot, is_parked=is_held)
        return leg

    def _tell(self, call: Call, leg: Leg, snapshot: Snapshot, *, is_parked: bool) -> None:
        """Have it on disk ahead of what comes; a disk that fails delays no call."""
        headers = headers_told.of_invite(snapshot)
        event = events.initiated(leg, snapshot.occurred_at, is_parked=is_parked, headers=headers)
        try:
            self._webhooks.send_for_certain(leg, event)
        except StoreError as exc:
            call.log.error("call_not_told", reason=str(exc), outcome="told as soon as that is possible")  # noqa: TRY400 - its reason says all
            self._webhooks.send(leg, event)
        self._teller.know(leg)

    def _hold(self, call: Call, timeout_s: float) -> ProgramEnd:
        if not call.is_answered:
            call.submit("ring_ready")
        try:
            if timeout_s and not call.wait_for(lambda: call.is_answered, timeout_s):
                call.log.info("call_released", reason="no command answered it", waited_s=timeout_s)
                return ProgramEnd(Exit.DONE)
            while not call.wait_ended(LONGEST_S):
                pass
        except CallGone:
            pass
        is_elsewhere = call.end is not None and call.end.how is not How.HANGUP
        return ProgramEnd(Exit.LEFT if is_elsewhere else Exit.HANG_UP)
