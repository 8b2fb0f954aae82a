"""Runs an SWML document on the call; the callflow goes on at `_` when that is done, unless it hung up.

The document is fetched from `url`, told of the call as SWML's servers are, or stands in the node itself: as
YAML or JSON text, or as the object. What a document says of hanging up and transferring counts for the call;
a document that cannot be run is told in the log and passed over.
Source: not Kazoo's; the counterpart of its `pivot` (cf_pivot) for documents in SignalWire's language.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from callflows.action import CONTINUE, HARD_STOP, TRANSFER, Action, ActionData, Data, Doubt, Next
from callflows.actions import _fields
from callflows.flow_run import FlowRun
from calls.program import Exit

LANGUAGE = "swml"

MAX_URL = 2048

WAYS = {Exit.DONE: CONTINUE, Exit.FAILED: CONTINUE, Exit.HANG_UP: HARD_STOP, Exit.LEFT: TRANSFER}


class SwmlData(ActionData):
    """Where the document is."""

    document = fields.Raw(
        load_default=None, metadata={"description": "The document itself: YAML or JSON text, or the object."}
    )
    url = _fields.text("Where the document is fetched by POST, with the call's data.", load_default="")

    @validates_schema
    def one_of_both(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse nodes that name no document, or two. Raises: ValidationError."""
        if bool(data.get("url")) == (data.get("document") is not None):
            raise ValidationError("either url or document must be given", "url")
        document = data.get("document")
        if document is not None and not isinstance(document, str | dict):
            raise ValidationError("must be text or an object", "document")


def run(run: FlowRun, data: Data) -> Next:
    """Run it to its end."""
    program = run.facilities.programs.get(LANGUAGE)
    if program is None:
        run.call.log.error("program_missing", language=LANGUAGE, outcome="continued at _")
        return CONTINUE
    end = program.run(run.call, {"url": data["url"], "document": data["document"]})
    run.kvs.recordings.extend(end.recordings)
    return WAYS[end.exit]


def _doubts(data: Data) -> Iterator[Doubt]:
    url = data["url"]
    if url and not url.lower().startswith(("http://", "https://")):
        yield Doubt("url", "must be an http or https URL", is_fault=True)
    if len(url) > MAX_URL:
        yield Doubt("url", f"longer than {MAX_URL} characters", is_fault=True)


ACTION = Action(
    schema=SwmlData,
    run=run,
    summary="Runs an SWML document on the call.",
    doubts=_doubts,
)
