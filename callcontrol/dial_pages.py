"""The pages that make calls and list them: POST /v2/calls, and the live calls of a connection.

The list is how a client finds calls it was not told of, or has forgotten. It tells of the FreeSWITCH beside
the process that is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from marshmallow import EXCLUDE, Schema, fields, validate

from callcontrol.access import Access, asking
from callcontrol.answer import answer
from callcontrol.api import ApiBlueprint
from callcontrol.dial import Dial, DialData
from callcontrol.errors import NotFound
from callcontrol.facilities import Facilities
from callcontrol.leg import Leg
from callcontrol.roll import Roll
from callcontrol.schemas import CallSchema
from callcontrol.token import Scope

NAME = "dial"
SCOPES: dict[str, Scope] = {f"{NAME}.dial": Scope.CONTROL, f"{NAME}.active": Scope.CONTROL}
"""What each page needs, by its endpoint."""

PAGE_SIZE, MAX_PAGE_SIZE = 20, 250


class PageQuery(Schema):
    """Which page of a list."""

    class Meta:
        """Clients are newer than we are."""

        unknown = EXCLUDE

    number = fields.Integer(data_key="page[number]", load_default=1, validate=validate.Range(1, 1_000_000))
    size = fields.Integer(
        data_key="page[size]", load_default=PAGE_SIZE, validate=validate.Range(1, MAX_PAGE_SIZE)
    )


class ActiveCallSchema(Schema):
    """A live call."""

    record_type = fields.String(required=True, validate=validate.OneOf(["call"]))
    call_control_id = fields.String(required=True)
    call_leg_id = fields.String(required=True)
    call_session_id = fields.String(required=True)
    client_state = fields.String(required=True)
    call_duration = fields.Integer(required=True, metadata={"description": "Seconds since it began."})


class PageMetaSchema(Schema):
    """Where a page is in its list."""

    page_number = fields.Integer(required=True)
    page_size = fields.Integer(required=True)
    total_pages = fields.Integer(required=True)
    total_results = fields.Integer(required=True)


class ActiveCallsSchema(Schema):
    """A page of live calls."""

    data = fields.List(fields.Nested(ActiveCallSchema), required=True)
    meta = fields.Nested(PageMetaSchema, required=True)


def blueprint(dial: Dial, facilities: Facilities, roll: Roll, access: Access) -> Blueprint:
    """Return the pages. Args: roll: the calls that are live."""
    pages = ApiBlueprint(NAME, access, "Making calls and finding them")
    made = pages.response(200, CallSchema, description="The call, which is not there yet")(_dial(dial))
    pages.route("/calls", endpoint="dial", methods=["POST"])(pages.arguments(DialData(), required=True)(made))
    listed = pages.response(200, ActiveCallsSchema, description="Its live calls")(_active(facilities, roll))
    pages.route("/connections/<string:connection_id>/active_calls", endpoint="active", methods=["GET"])(
        pages.arguments(PageQuery(), location="query")(listed)
    )
    return pages


def _dial(dial: Dial) -> Callable[[dict[str, Any]], Response]:
    def view(data: dict[str, Any]) -> Response:
        """Call somebody.

        Needs the scope `control`, and `record` for `record`. Webhooks to expect: `call.initiated`,
        `call.answered` or `call.hangup`, `call.bridged`.
        """
        return answer({"data": dial.run(data, asking())})

    return view


def _active(facilities: Facilities, roll: Roll) -> Callable[[dict[str, Any], str], Response]:
    def view(query: dict[str, Any], connection_id: str) -> Response:
        """List a connection's live calls.

        Needs the scope `control`.
        """
        account_id = asking().account_id
        if facilities.connections.of_id(account_id, connection_id) is None:
            raise NotFound
        found = [leg for leg in roll if (leg.account_id, leg.connection_id) == (account_id, connection_id)]
        number, size = query["number"], query["size"]
        page = found[(number - 1) * size : number * size]
        meta = {
            "page_number": number,
            "page_size": size,
            "total_pages": -(-len(found) // size),
            "total_results": len(found),
        }
        return answer({"data": [_told(leg) for leg in page], "meta": meta})

    return view


def _told(leg: Leg) -> dict[str, Any]:
    return {
        "record_type": "call",
        "call_control_id": leg.call_control_id,
        "call_leg_id": leg.leg_id,
        "call_session_id": leg.session_id,
        "client_state": leg.client_state,
        "call_duration": max(0, int((datetime.now(UTC) - leg.created_at).total_seconds())),
    }
