"""Every parameter that Telnyx' client has for a command is known, if only to say that it does nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from marshmallow import Schema
from telnyx import types
from telnyx.types import calls

from callcontrol.dial import DialData
from callcontrol.registry import discover

PARAMS: Mapping[str, Any] = {
    "answer": calls.ActionAnswerParams,
    "bridge": calls.ActionBridgeParams,
    "client_state_update": calls.ActionUpdateClientStateParams,
    "dial": types.CallDialParams,
    "gather": calls.ActionGatherParams,
    "gather_stop": calls.ActionStopGatherParams,
    "gather_using_audio": calls.ActionGatherUsingAudioParams,
    "gather_using_speak": calls.ActionGatherUsingSpeakParams,
    "hangup": calls.ActionHangupParams,
    "playback_start": calls.ActionStartPlaybackParams,
    "playback_stop": calls.ActionStopPlaybackParams,
    "record_pause": calls.ActionPauseRecordingParams,
    "record_resume": calls.ActionResumeRecordingParams,
    "record_start": calls.ActionStartRecordingParams,
    "record_stop": calls.ActionStopRecordingParams,
    "reject": calls.ActionRejectParams,
    "send_dtmf": calls.ActionSendDtmfParams,
    "speak": calls.ActionSpeakParams,
    "switch_supervisor_role": calls.ActionSwitchSupervisorRoleParams,
    "transfer": calls.ActionTransferParams,
}
SCHEMAS: Mapping[str, type[Schema]] = {name: one.schema for name, one in discover().items()} | {
    "dial": DialData
}
_ALIAS = re.compile(r"""alias=["']([^"']+)["']""")


def names_of(params: Any) -> Iterator[str]:
    """The names of parameters as they are sent."""
    for name, annotation in params.__annotations__.items():
        alias = _ALIAS.search(getattr(annotation, "__forward_arg__", str(annotation)))
        yield alias[1] if alias else name


@pytest.mark.parametrize("command", sorted(SCHEMAS))
def test_no_parameter_is_passed_over_in_silence(command: str) -> None:
    """A new version of the client with more of them fails here first."""
    known = {field.data_key or name for name, field in SCHEMAS[command]().fields.items()}
    assert set(names_of(PARAMS[command])) - known == set()
