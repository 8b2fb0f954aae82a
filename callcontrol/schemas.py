"""What answers look like, for the API's description; the answers themselves are made by their pages."""

from __future__ import annotations

from marshmallow import Schema, fields, validate


class SourceSchema(Schema):
    """Where a fault is."""

    pointer = fields.String(metadata={"description": "JSON pointer (RFC 6901) into the body."})
    parameter = fields.String(metadata={"description": "Parameter of the path or the query."})


class FaultSchema(Schema):
    """One thing that is wrong."""

    code = fields.String(required=True, metadata={"description": "Telnyx' code, which clients branch on."})
    title = fields.String(required=True)
    detail = fields.String(metadata={"description": "A sentence for people."})
    source = fields.Nested(SourceSchema)
    meta = fields.Dict(keys=fields.String())


class ErrorsSchema(Schema):
    """Any answer that is no success."""

    errors = fields.List(fields.Nested(FaultSchema), required=True, validate=validate.Length(min=1))


class CommandResultSchema(Schema):
    """What a command says."""

    result = fields.String(required=True, validate=validate.OneOf(["ok"]))
    recording_id = fields.String(metadata={"description": "Of the recording that the command began."})


class CommandAnswerSchema(Schema):
    """The answer to a command."""

    data = fields.Nested(CommandResultSchema, required=True)


class CallStateSchema(Schema):
    """A call."""

    record_type = fields.String(required=True, validate=validate.OneOf(["call"]))
    call_control_id = fields.String(required=True)
    call_leg_id = fields.String(required=True)
    call_session_id = fields.String(required=True)
    is_alive = fields.Boolean(required=True)
    client_state = fields.String(metadata={"format": "byte"})
    start_time = fields.String(metadata={"format": "date-time"})
    end_time = fields.String(metadata={"format": "date-time"})
    call_duration = fields.Integer(metadata={"description": "Seconds since it began."})


class CallSchema(Schema):
    """The answer that tells of a call."""

    data = fields.Nested(CallStateSchema, required=True)
