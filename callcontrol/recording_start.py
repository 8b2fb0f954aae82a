"""Begins recordings for commands: record_start, and those that answer or make a call and record it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from callcontrol.command import CommandData, Invocation
from callcontrol.errors import CallEnded, Unavailable, invalid
from callcontrol.field import Text, Whole, Word
from callcontrol.leg import Leg, leg_of
from callcontrol.recording_events import observer_of
from callcontrol.recording_parameters import MAX_TIMEOUT_S, TRACKS, request_of
from callcontrol.recording_transcript import transcript_of
from callcontrol.recordings_tags import CALL_SESSION_ID, CONNECTION_ID
from callcontrol.snapshot import Snapshot
from calls.identity import ChannelData
from recording.errors import LegNotRecorded

MAX_LENGTH_FROM_ANSWER_S = 43_200
"""Of recordings from the answer on, three times what record_start takes; as Telnyx has it."""


class RecordFromAnswerData(CommandData):
    """Parameters of a command that can record its call from the answer on."""

    record = Word(("record-from-answer",), "Record the call from its answer on.")
    record_channels = Word(
        ("single", "dual"), "dual: the first leg left, the rest right.", load_default="dual"
    )
    record_format = Word(("wav", "mp3"), "The format of the file.", load_default="mp3")
    record_max_length = Whole(
        0, MAX_LENGTH_FROM_ANSWER_S, "Seconds; 0 for no limit but the operator's.", load_default=0
    )
    record_timeout_secs = Whole(
        0, MAX_TIMEOUT_S, "Seconds of silence, after speech, that end it; 0: never.", load_default=0
    )
    record_track = Word(
        tuple(TRACKS), "Whose sound: one alone is recorded in one channel.", load_default="both"
    )
    record_trim = Word(("trim-silence",), "Silence at both ends is cut off.")
    record_custom_file_name = Text(1, 40, "Names the file; the Unix time is put behind it.")


class _AsTold:
    """A leg's data with who calls whom as webhooks tell it; see callcontrol.variables.FROM."""

    def __init__(self, event: ChannelData, leg: Leg) -> None:
        self._event = event
        self._told = {"Caller-Caller-ID-Number": leg.from_, "Caller-Callee-ID-Number": leg.to}

    def get(self, header: str, /) -> str | None:
        """See ChannelData."""
        return self._told.get(header) or self._event.get(header)

    def variable(self, name: str, /) -> str | None:
        """See ChannelData."""
        return self._event.variable(name)


def asked_for(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what RecordFromAnswerData says as parameters of record_start, None where it asks for nothing."""
    if not data.get("record"):
        return None
    told = {
        "format": data["record_format"],
        "channels": data["record_channels"],
        "max_length": data["record_max_length"],
        "timeout_secs": data["record_timeout_secs"],
        "recording_track": data["record_track"],
        "trim": data.get("record_trim"),
        "custom_file_name": data.get("record_custom_file_name"),
        "transcription": False,
    }
    return {name: value for name, value in told.items() if value is not None}


def start(
    invocation: Invocation, snapshot: Snapshot, data: Mapping[str, Any], *, on_answer: bool = False
) -> str:
    """Have a leg recorded; return the recording's id.

    Args: snapshot: of the leg as it is now; data: parameters of record_start; on_answer: begin with the
    answer, where there was none yet. Raises: CallEnded; Unavailable: FreeSWITCH does not record;
    Unprocessable: its FreeSWITCH is not the one beside this process.
    """
    facilities = invocation.facilities
    if invocation.call.node != facilities.node:
        raise invalid("", "Recordings are made by the process beside the call's own FreeSWITCH.")
    leg = leg_of(snapshot, facilities.ids, facilities.node, account_id=invocation.account_id)
    if leg is None:
        raise CallEnded
    config = facilities.config.for_account(invocation.account_id)
    request = request_of(
        data,
        config,
        leg_id=leg.leg_id,
        unix_time=int(time.time()),
        link_s=facilities.links.lifetime_s,
        observers=(observer_of(leg),),
        transcript=transcript_of(data, config, facilities.config),
        tags={CALL_SESSION_ID: leg.session_id, CONNECTION_ID: leg.connection_id},
    )
    try:
        return facilities.recorder.start_on(
            _AsTold(snapshot.event, leg), invocation.account_id, replace(request, on_answer=on_answer)
        )
    except LegNotRecorded as exc:
        if invocation.channel.run(invocation.channel.of("uuid_exists"))[0] != "true":
            raise CallEnded from exc
        raise Unavailable(str(exc)) from exc
