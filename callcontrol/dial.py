"""Calls that clients make: POST /v2/calls. Source: Telnyx' call control, dial.

The answer comes at once and names the call; what becomes of it is told by webhooks. Of several recipients all
ring at once, each is a leg of its own with webhooks of its own, and whoever answers first has the call.

| parameter | what whoever answers does |
|---|---|
| none | waits for commands |
| `bridge_on_answer` with `link_to` | talks with that call |
| `supervise_call_control_id` | hears that call, see callcontrol.supervising |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import structlog
from marshmallow import ValidationError, fields, validate, validates_schema

from callcontrol import supervising, unused, variables
from callcontrol.call_control_id import CallControlId
from callcontrol.channel import Link, LiveChannel
from callcontrol.command import Invocation
from callcontrol.connections import Connection
from callcontrol.dialled_ids import DialledIds
from callcontrol.dialling import Dialler, Order
from callcontrol.errors import (
    NO_SUCH_ASSOCIATE,
    Forbidden,
    Unavailable,
    invalid,
)
from callcontrol.facilities import Facilities
from callcontrol.field import NO_CONTROLS, Flag, Text, Word
from callcontrol.leg import Leg
from callcontrol.other_call import other_call
from callcontrol.outgoing import (
    OutgoingData,
    leg_variables,
    outgoing,
    recipients,
    refused,
    sound_of,
    webhook_variables,
)
from callcontrol.parting import SELF, SILENCE, WAIT
from callcontrol.recording_soon import record_soon
from callcontrol.recording_start import asked_for
from callcontrol.snapshot import Snapshot
from callcontrol.token import Scope, Token
from callcontrol.unused import CloudData, Unused
from calls.dial_rules import DialRules
from calls.dial_string import dial_string
from calls.errors import NotDialable
from calls.leg import Leg as Outgoing

MAX_RECIPIENTS = 20
PARK = "&park()"

log = structlog.get_logger(__name__)


class Recipients(fields.Field[Any]):
    """One recipient, or several."""

    def __init__(self) -> None:
        one = {"type": "string", "minLength": 1, "maxLength": 256, "pattern": NO_CONTROLS}
        several = {"type": "array", "items": one, "minItems": 1, "maxItems": MAX_RECIPIENTS}
        super().__init__(
            required=True,
            metadata={"description": "Whom to call: numbers or SIP addresses.", "oneOf": [one, several]},
        )
        text = Text(1, 256, "")
        self._one, self._several = text, fields.List(text, validate=validate.Length(1, MAX_RECIPIENTS))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        field = self._several if isinstance(value, list) else self._one
        return field.deserialize(value, attr, data, **kwargs)


class DialData(OutgoingData, CloudData):
    """Parameters of dial."""

    connection_id = Text(1, 128, "The connection that is told of the call.", required=True)
    to = Recipients()
    from_ = Text(1, 128, "The number shown; without it the connection's.", data_key="from")
    link_to = Text(1, 600, "The call control id of a call whose session it shares.")
    bridge_intent = Flag("It is to be connected with link_to: that call's number is shown.")
    bridge_on_answer = Flag("It is connected with link_to as soon as it is answered.")
    park_after_unbridge = Text(1, 16, "self: it waits for commands when the other side goes.")
    prevent_double_bridge = Flag("It is hung up if link_to talks with somebody else by then.")
    send_silence_when_idle = Flag("Silence is sent while nothing else is.")
    supervise_call_control_id = Text(1, 600, "The call control id of a call that it hears once answered.")
    supervisor_role = Word(
        supervising.ROLES,
        "Who hears a supervisor. barge: both sides; whisper: the supervised call alone; monitor: nobody.",
        load_default=supervising.BARGE,
    )
    conference_config = Unused()
    dialogflow_config = Unused()
    enable_dialogflow = Unused()
    retry_on_timeout = Unused()
    stream_auth_token = Unused()
    stream_bidirectional_sampling_rate = Unused()
    stream_establish_before_call_originate = Unused()

    @validates_schema
    def linked(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse what needs link_to without it. Raises: ValidationError."""
        needing = ("bridge_intent", "bridge_on_answer", "park_after_unbridge", "prevent_double_bridge")
        if "link_to" not in data and any(data.get(name) for name in needing):
            raise ValidationError(fields.Field.default_error_messages["required"], "link_to")
        if data.get("bridge_on_answer") and "supervise_call_control_id" in data:
            raise ValidationError(
                "Can't be used together with bridge_on_answer.", "supervise_call_control_id"
            )


class Dial:
    """Makes calls. Args: dialler: has FreeSWITCH dial."""

    def __init__(self, facilities: Facilities, dialler: Dialler) -> None:
        self._facilities = facilities
        self._dialler = dialler
        self._ids = DialledIds()

    def run(self, data: Mapping[str, Any], token: Token) -> dict[str, Any]:
        """Have somebody called; return what the answer says of the call. Raises: ApiError."""
        facilities, account_id = self._facilities, token.account_id
        recording = asked_for(data)
        if recording and not token.allows(Scope.RECORD):
            raise Forbidden(Scope.RECORD)
        command_id = data.get("command_id", "")
        before = self._ids.answer(account_id, command_id) if command_id else None
        if before is not None:
            return dict(before)
        connection = _connection(facilities, account_id, data["connection_id"])
        linked = _linked(facilities, account_id, data)
        watched = _supervised(facilities, account_id, data)
        legs, session_id = self._legs(connection, linked, watched, data)
        extension = _extension(linked, watched, data)
        order = self._order(legs, session_id, extension, connection, data)
        link = facilities.switches.link(facilities.node)
        if link is None:
            raise Unavailable("FreeSWITCH cannot be reached now; nothing was done.")
        for name in unused.given(DialData, data):
            log.info("parameter_unused", command="dial", parameter=name)
        uuids = tuple(leg.uuid for leg in legs)
        dialled = self._ids.claim(link, account_id, command_id, uuids) if command_id else ()
        if dialled:
            return self._told(account_id, dialled[0], data, linked.session_id if linked else dialled[0])
        self._dialler.dial(link, order)
        told = self._told(account_id, uuids[0], data, session_id)
        recording_id = self._record(uuids[0], token, link, recording) if recording else ""
        if recording_id:
            told["recording_id"] = recording_id
        if command_id:
            self._ids.answered(account_id, command_id, told)
        return told

    def _legs(
        self,
        connection: Connection,
        linked: Snapshot | None,
        watched: Snapshot | None,
        data: Mapping[str, Any],
    ) -> tuple[list[Outgoing], str]:
        """Return the legs, and the session they belong to.

        Args: linked: the call of link_to; watched: the one that they supervise. Raises: Unprocessable.
        """
        rules = DialRules.of(self._facilities.config.for_account(connection.account_id))
        caller = data.get("from_") or connection.caller_id_number
        if data["bridge_intent"] and linked is not None:
            caller = linked.variable(variables.FROM) or linked.identity.caller_id_number
        uuids = [str(uuid4()) for _ in recipients(data["to"])]
        session_id = linked.session_id if linked is not None else uuids[0]
        known = leg_variables(
            account_id=connection.account_id,
            connection_id=connection.id,
            session_id=session_id,
            client_state=data.get("client_state", ""),
            webhook=webhook_variables(data),
        )
        known |= {"hangup_after_bridge": "true"}
        if data.get("park_after_unbridge") == SELF:
            known["transfer_after_bridge"] = WAIT
        if data["prevent_double_bridge"]:
            known["intercept_unbridged_only"] = "true"
        if data["send_silence_when_idle"]:
            known |= SILENCE
        if watched is not None:
            known |= supervising.variables_of(data["supervisor_role"], watched)
        sound = sound_of(data, self._facilities, connection.account_id)
        made = [
            outgoing(to, caller, data, rules, known, uuid=one, sound=sound)
            for to, one in zip(recipients(data["to"]), uuids, strict=True)
        ]
        return made, session_id

    def _order(
        self,
        legs: Sequence[Outgoing],
        session_id: str,
        extension: str,
        connection: Connection,
        data: Mapping[str, Any],
    ) -> Order:
        rules = DialRules.of(self._facilities.config.for_account(connection.account_id))
        try:
            text = dial_string([legs], rules, {"ignore_early_media": "true"})
        except NotDialable as exc:
            raise refused(exc) from exc
        return Order(
            dial_string=text,
            extension=extension,
            limit_s=max(leg.limit_s for leg in legs),
            legs=tuple(self._unborn(leg, session_id, connection, data) for leg in legs),
        )

    def _unborn(self, leg: Outgoing, session_id: str, connection: Connection, data: Mapping[str, Any]) -> Leg:
        """Return a leg as it is told of if it never comes to be."""
        webhook = {"url": data.get("webhook_url"), "urls": data.get("webhook_urls")}
        return Leg(
            account_id=connection.account_id,
            call_control_id=self._dialler.call_control_id(connection.account_id, leg.uuid),
            leg_id=leg.uuid,
            session_id=session_id,
            connection_id=connection.id,
            client_state=data.get("client_state", ""),
            from_=leg.caller,
            to=leg.variables.get(variables.TO, leg.destination.text),
            caller_id_name=leg.caller_name,
            is_incoming=False,
            created_at=datetime.now(UTC),
            webhook={name: value for name, value in webhook.items() if value},
        )

    def _told(self, account_id: str, uuid: str, data: Mapping[str, Any], session_id: str) -> dict[str, Any]:
        told = {
            "record_type": "call",
            "call_control_id": self._dialler.call_control_id(account_id, uuid),
            "call_leg_id": uuid,
            "call_session_id": session_id,
            "is_alive": False,
        }
        if data.get("client_state"):
            told["client_state"] = data["client_state"]
        return told

    def _record(self, uuid: str, token: Token, link: Link, recording: Mapping[str, Any]) -> str:
        """Have the first leg recorded from its answer on; "" for a leg that never came to be."""
        facilities = self._facilities
        call = CallControlId(token.account_id, facilities.node, uuid)
        channel = LiveChannel(link, facilities.node, uuid)
        invocation = Invocation(channel, call, token, facilities, log.bind(command="dial", uuid=uuid))
        return record_soon(invocation, recording)


def _connection(facilities: Facilities, account_id: str, connection_id: str) -> Connection:
    found = facilities.connections.of_id(account_id, connection_id)
    if found is None or not found.is_active:
        raise invalid("/connection_id", "There is no active connection of that id.", NO_SUCH_ASSOCIATE)
    return found


def _extension(linked: Snapshot | None, watched: Snapshot | None, data: Mapping[str, Any]) -> str:
    """Return what whoever answers does."""
    if watched is not None:
        return supervising.extension(watched)
    return f"&intercept({linked.uuid})" if linked is not None and data["bridge_on_answer"] else PARK


def _supervised(facilities: Facilities, account_id: str, data: Mapping[str, Any]) -> Snapshot | None:
    """Return the call that is to be supervised. Raises: Unprocessable, CallEnded, Unavailable."""
    text = data.get("supervise_call_control_id")
    return supervising.supervised(facilities, account_id, text) if text else None


def _linked(facilities: Facilities, account_id: str, data: Mapping[str, Any]) -> Snapshot | None:
    """Return the call that link_to names. Raises: Unprocessable, CallEnded, Unavailable."""
    text = data.get("link_to")
    if not text:
        return None
    return other_call(facilities, account_id, text, "/link_to", node=facilities.node)[1]
