"""Sets the language of the prompts to come. Source: Kazoo cf_language."""

from __future__ import annotations

from marshmallow import fields, validate

from callflows.action import CONTINUE, Action, ActionData, Data, Next
from callflows.flow_run import FlowRun


class LanguageData(ActionData):
    """Which one."""

    language = fields.String(
        required=True,
        validate=validate.Regexp(r"[A-Za-z]{2}(-[A-Za-z]{2})?\Z", error="must be like en or en-us"),
        metadata={"description": "The language, such as en or en-us."},
    )


def run(run: FlowRun, data: Data) -> Next:
    """Set it on the call and, as default_language, on its channel."""
    run.call.language = data["language"]
    return CONTINUE


ACTION = Action(schema=LanguageData, run=run, summary="Sets the language of prompts from here on.")
