"""The pages below /v2/calls: one route for each command, made of its schema, and the state of a call.

A request costs one look-up of its token, one load of its schema and what its command asks of FreeSWITCH; all
that is derived from schemas (the API's description above all) is made once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import structlog
from flask import Response
from flask_smorest import Blueprint

from callcontrol.access import Access, asking
from callcontrol.answer import answer, tell_errors
from callcontrol.call_control_id import CallControlId
from callcontrol.channel import LiveChannel, channel_of
from callcontrol.command import Command, Data, Invocation
from callcontrol.errors import CALL_ENDED, INVALID_CALL_CONTROL_ID, ApiError, Fault, NotFound, Unprocessable
from callcontrol.facilities import Facilities
from callcontrol.idempotency import CommandIds
from callcontrol.leg import told_time
from callcontrol.schemas import CallSchema, CommandAnswerSchema
from callcontrol.token import Scope
from callcontrol.validation import BodyParser
from callcontrol.variables import CLIENT_STATE

CALL_PATH = "/calls/<string:call_control_id>"
COMMANDS = "commands"
CALLS = "calls"

log = structlog.get_logger(__name__)


class ApiBlueprint(Blueprint):  # type: ignore[misc]  # flask-smorest has no types
    """A blueprint below /v2 whose pages all need a token, and whose errors are told as Telnyx does."""

    ARGUMENTS_PARSER = BodyParser()

    def __init__(self, name: str, access: Access, description: str) -> None:
        super().__init__(name, name, url_prefix="/v2", description=description)
        self.before_request(access.check)
        self.after_request(access.note)
        self.record_once(lambda state: tell_errors(state.app))


def scopes_of(commands: Mapping[str, Command]) -> dict[str, Scope]:
    """Return what each page of this module needs, by its endpoint."""
    scopes = {f"{COMMANDS}.{name}": command.scope for name, command in commands.items()}
    return scopes | {f"{CALLS}.retrieve": Scope.CONTROL}


def blueprints(
    commands: Mapping[str, Command], facilities: Facilities, access: Access
) -> tuple[Blueprint, ...]:
    """Return the pages, to be registered with an application and described by callcontrol.description."""
    pages = CallPages(facilities)
    of_commands = ApiBlueprint(COMMANDS, access, "Commands on live calls")
    for name, command in commands.items():
        view = _view(of_commands, command, partial(pages.run, name, command))
        of_commands.route(f"{CALL_PATH}/actions/{name}", endpoint=name, methods=[command.method])(view)
    of_calls = ApiBlueprint(CALLS, access, "Calls")
    of_calls.route(CALL_PATH, endpoint="retrieve", methods=["GET"])(
        of_calls.response(200, CallSchema, description="The call")(_retrieve(pages))
    )
    return of_commands, of_calls


class CallPages:
    """What the pages do. Args: facilities: what commands are given."""

    def __init__(self, facilities: Facilities) -> None:
        self._facilities = facilities
        self._ids = CommandIds()

    def run(self, name: str, command: Command, data: dict[str, Any], call_control_id: str) -> Response:
        """Run a command, once for each command id."""
        call, channel = self.reach(call_control_id)
        command_id = data.pop("command_id", "")
        invocation = Invocation(
            channel, call, asking(), self._facilities, log.bind(command=name, uuid=call.uuid)
        )
        result = self._ids.run(channel, command_id, partial(_work, command, invocation, data))
        return answer({"data": {"result": "ok", **result}})

    def retrieve(self, call_control_id: str) -> Response:
        """Say how a call is. One that is over is as much as its id says."""
        call, channel = self.reach(call_control_id)
        known: dict[str, Any] = {
            "record_type": "call",
            "call_control_id": call_control_id,
            "call_leg_id": call.uuid,
            "call_session_id": call.uuid,
            "is_alive": False,
        }
        try:
            snapshot = channel.snapshot()
        except ApiError as exc:
            if exc.faults[0].kind is not CALL_ENDED:
                raise
            return answer({"data": known})
        known["call_session_id"] = snapshot.session_id
        known["is_alive"] = not snapshot.is_over
        known["start_time"] = told_time(snapshot.created_at)
        known["call_duration"] = max(0, int((snapshot.occurred_at - snapshot.created_at).total_seconds()))
        if snapshot.client_state:
            known["client_state"] = snapshot.client_state
        return answer({"data": known})

    def reach(self, call_control_id: str) -> tuple[CallControlId, LiveChannel]:
        """Return the call that an id names, if it is the asking token's account's.

        Raises: Unprocessable: no id of ours; NotFound: another account's; CallEnded, Unavailable.
        """
        call = self._facilities.ids.read(call_control_id)
        if call is None:
            detail = "The call_control_id provided was not valid."
            raise Unprocessable(Fault(INVALID_CALL_CONTROL_ID, detail, parameter="call_control_id"))
        if call.account_id != asking().account_id:
            raise NotFound
        return call, channel_of(self._facilities.switches, call.node, call.uuid)


def _work(command: Command, invocation: Invocation, data: Data) -> Mapping[str, Any]:
    """Do what a command does; the client's state is on the channel before any webhook could tell of it."""
    client_state = data.get("client_state")
    if client_state is not None:
        invocation.channel.post(invocation.channel.setting({CLIENT_STATE: client_state}))
    return command.run(invocation, data) or {}


def _view(
    blueprint: Blueprint, command: Command, run: Callable[[dict[str, Any], str], Response]
) -> Callable[..., Response]:
    """Return the view of a command, which its schema has been through before."""

    def view(data: dict[str, Any], call_control_id: str) -> Response:
        return run(data, call_control_id)

    view.__doc__ = _described(command)
    described = blueprint.response(200, CommandAnswerSchema, description="The command was taken")(view)
    schema = command.schema()
    needs_body = any(field.required for field in schema.fields.values())
    decorated: Callable[..., Response] = blueprint.arguments(schema, required=needs_body)(described)
    return decorated


def _described(command: Command) -> str:
    """Return what the API's description says of a command: a line, and more behind `---`'s blank line."""
    told = f"{command.summary}\n\nNeeds the scope `{command.scope}`."
    if command.webhooks:
        told += " Webhooks to expect: " + ", ".join(f"`{one}`" for one in command.webhooks) + "."
    return told


def _retrieve(pages: CallPages) -> Callable[[str], Response]:
    def retrieve(call_control_id: str) -> Response:
        """Say how a call is.

        Needs the scope `control`.
        """
        return pages.retrieve(call_control_id)

    return retrieve
