"""Parameters that are accepted and do nothing, because nothing in FreeSWITCH alone could do it.

A client that gives one is not refused, as it would not be by Telnyx; that it does nothing is said in the
API's description and in the log. docs/call-control.md has the list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import Schema, fields

MARK = "x-unused"
SENTENCE = "Accepted, and does nothing here."


class Unused(fields.Raw):
    """A parameter that is accepted, whatever it holds."""

    def __init__(self) -> None:
        super().__init__(allow_none=True, metadata={"description": SENTENCE, MARK: True})


class CloudData(Schema):
    """What only the cloud can do with a call that is made or answered."""

    assistant = Unused()
    billing_group_id = Unused()
    conversation_relay_config = Unused()
    deepfake_detection = Unused()
    sound_modifications = Unused()
    stream_bidirectional_codec = Unused()
    stream_bidirectional_mode = Unused()
    stream_bidirectional_target_legs = Unused()
    stream_codec = Unused()
    stream_track = Unused()
    stream_url = Unused()
    transcription = Unused()
    transcription_config = Unused()
    webhook_retries_policies = Unused()
    webhook_urls_method = Unused()


def unused_of(schema: Schema | type[Schema]) -> tuple[str, ...]:
    """Return the names of a schema's parameters that do nothing, in order of the alphabet."""
    declared = schema._declared_fields  # noqa: SLF001 - marshmallow has no other way to ask a class
    return tuple(
        sorted(field.data_key or name for name, field in declared.items() if isinstance(field, Unused))
    )


def given(schema: type[Schema], data: Mapping[str, Any]) -> Iterator[str]:
    """Yield the parameters of a command that were given and do nothing."""
    for name in unused_of(schema):
        if data.get(name) is not None:
            yield name
