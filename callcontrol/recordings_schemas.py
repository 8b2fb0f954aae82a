"""What answers about recordings look like, for the API's description; see callcontrol.recordings_object."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from callcontrol.dial_pages import PageMetaSchema
from callcontrol.field import Text

MAX_IDS = 100
"""Recordings deleted by one request: each may take a second."""


def _told(kind: type[fields.Field[Any]] = fields.String, description: str = "", **options: Any) -> Any:
    return kind(metadata={"description": description} if description else {}, **options)


def _moment(description: str) -> Any:
    return fields.String(allow_none=True, metadata={"format": "date-time", "description": description})


class DownloadUrlsSchema(Schema):
    """Links that work for a while, without a key."""

    mp3 = fields.String(metadata={"format": "uri"})
    wav = fields.String(metadata={"format": "uri"})


class RecordingSchema(Schema):
    """A recording."""

    record_type = fields.String(required=True, validate=validate.OneOf(["recording"]))
    id = _told(required=True)
    call_control_id = _told(allow_none=True)
    call_leg_id = _told(allow_none=True)
    call_session_id = _told(allow_none=True)
    channels = fields.String(validate=validate.OneOf(["single", "dual"]))
    conference_id = _told(allow_none=True, description="null: recordings of conferences are of legs here.")
    connection_id = _told(allow_none=True)
    created_at = _moment("When it was finished.")
    updated_at = _moment("When its document was changed last.")
    download_urls = fields.Nested(DownloadUrlsSchema)
    duration_millis = _told(fields.Integer)
    from_ = fields.String(data_key="from", allow_none=True)
    to = _told(allow_none=True)
    initiated_by = _told(description="What began it.")
    recording_started_at = _moment("When its sound begins.")
    recording_ended_at = _moment("When its sound ends.")
    source = fields.String(validate=validate.OneOf(["call"]))
    status = fields.String(validate=validate.OneOf(["completed"]))


class RecordingAnswerSchema(Schema):
    """The answer that tells of a recording."""

    data = fields.Nested(RecordingSchema, required=True)
    meta = fields.Dict(
        keys=fields.String(), metadata={"description": "Of one deleted: `remaining_copies`, if any."}
    )


class RecordingsSchema(Schema):
    """A page of recordings."""

    data = fields.List(fields.Nested(RecordingSchema), required=True)
    meta = fields.Nested(PageMetaSchema, required=True)


class TranscriptionSchema(Schema):
    """A recording's transcription."""

    record_type = fields.String(required=True, validate=validate.OneOf(["recording_transcription"]))
    id = _told(required=True, description="The recording's id, too.")
    recording_id = _told(required=True)
    created_at = _moment("When the recording was finished.")
    updated_at = _moment("When its document was changed last.")
    duration_millis = _told(fields.Integer)
    status = fields.String(validate=validate.OneOf(["completed"]))
    transcription_text = _told(description="A line for each utterance; `left: ` is the leg recorded.")


class TranscriptionAnswerSchema(Schema):
    """The answer that tells of a transcription."""

    data = fields.Nested(TranscriptionSchema, required=True)
    meta = fields.Dict(keys=fields.String())


class TranscriptionsSchema(Schema):
    """A page of transcriptions."""

    data = fields.List(fields.Nested(TranscriptionSchema), required=True)
    meta = fields.Nested(PageMetaSchema, required=True)


class DeleteManySchema(Schema):
    """Which recordings to delete."""

    ids = fields.List(
        Text(1, 64, "A recording's id."),
        required=True,
        validate=validate.Length(1, MAX_IDS),
        metadata={"description": "All of them, or none: if one cannot be deleted none is."},
    )


class DeletedSchema(Schema):
    """They are deleted."""

    status = fields.String(required=True, validate=validate.OneOf(["ok"]))
    meta = fields.Dict(
        keys=fields.String(), metadata={"description": "`remaining_copies` by recording, if any."}
    )
