"""What a script does while its call is in a conference: it tells, and records.

Each script tells of its own participant. `conference-start` is told by the one the conference waited for, or
that made it; `conference-end` by the one who ends it by leaving, or leaves last.

| event | statuses |
|---|---|
| start, end | conference-start, conference-end |
| join, leave | participant-join, participant-leave |
| mute | participant-mute, participant-unmute |
| hold | participant-hold, participant-unhold |
| speaker | participant-speech-start, participant-speech-stop |
| (a recording) | record-start, record-stop: told whatever is asked for |

Source: SignalWire's SWML reference, join_conference, StatusCallbacks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from calls.conference import Happening, Seat
from esl import loop
from esl.event import Event
from recording.call_recorder import StartedRecording
from recording.parameters import resolve
from recording.request import Direction, RecordingRequest
from swml.record_status import observer
from swml.run import ScriptRun

EVENT_TYPE: Final = "calling.conference"
STATUSES: Mapping[Happening, tuple[str, str]] = {
    Happening.STARTED: ("start", "conference-start"),
    Happening.JOINED: ("join", "participant-join"),
    Happening.LEFT: ("leave", "participant-leave"),
    Happening.MUTED: ("mute", "participant-mute"),
    Happening.UNMUTED: ("mute", "participant-unmute"),
    Happening.HELD: ("hold", "participant-hold"),
    Happening.UNHELD: ("hold", "participant-unhold"),
    Happening.SPEAKS: ("speaker", "participant-speech-start"),
    Happening.SILENT: ("speaker", "participant-speech-stop"),
}
"""Of each happening: the event that asks for it, and what is told."""

LAST_LEFT: Final = "last-participant-left"
ENDER_LEFT: Final = "participant-with-end-conference-on-exit-left"

RECORDED: Mapping[str, str] = {
    "in-progress": "recording",
    "completed": "finished",
    "absent": "no_input error",
}
"""What recordings are asked to tell, and what they tell then (recording.status)."""


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told. Attributes: url: "" for nobody; events: which, empty: all."""

    url: str
    events: frozenset[str]


@dataclass(frozen=True, slots=True)
class Taping:
    """How a participant is recorded. Attributes: trims: silence at its ends is cut off; url, events: who is
    told of the recording, and what: keys of RECORDED.
    """

    trims: bool
    url: str = ""
    events: frozenset[str] = frozenset()


class Participant:
    """A script's own participant."""

    def __init__(self, run: ScriptRun, name: str, seat: Seat, told: Told, taping: Taping | None) -> None:
        self._run = run
        self._name = name
        self._seat = seat
        self._told = told
        self._taping = taping
        self._recording: StartedRecording | None = None
        self._is_muted = seat.is_muted
        self._is_held = False
        self._conference_id = ""

    def hear(self, happening: Happening, event: Event) -> None:
        """Take what happened. Never waits."""
        self._conference_id = event.get("Conference-Unique-ID") or self._conference_id
        size = int(event.get("Conference-Size") or 0)
        if happening in (Happening.MUTED, Happening.UNMUTED):
            self._is_muted = happening is Happening.MUTED
        elif happening in (Happening.HELD, Happening.UNHELD):
            self._is_held = happening is Happening.HELD
        self._tell(*STATUSES[happening], size)
        if happening is Happening.JOINED and self._taping is not None:
            loop.spawn(self._record, size)
        elif happening is Happening.LEFT:
            self._end(size)

    def _end(self, size: int) -> None:
        if self._recording is not None:
            loop.spawn(self._stop, self._recording.id)
            self._tell("", "record-stop", size)
        # A call that is still there was sent out of the conference: who ended that tells of it.
        is_gone = self._run.call.end is not None
        if is_gone and (self._seat.ends or size == 0):
            ended: dict[str, Any] = {
                "reason_ended": ENDER_LEFT if self._seat.ends else LAST_LEFT,
                "call_id_ending_conf": self._run.call.uuid,
            }
            if self._recording is not None:
                extension = self._request(self._taping or Taping(trims=False)).format.value
                ended["recording_url"] = self._run.facilities.links.url(self._recording.id, extension)
            self._tell("end", "conference-end", size, ended)

    def _record(self, size: int) -> None:
        """Begin the recording. Runs in a greenlet of its own."""
        if self._taping is None or self._run.call.end is not None:
            return
        self._recording = self._run.facilities.recorder.start(self._run.call, self._request(self._taping))
        self._run.recorded.append(self._recording.id)
        self._tell("", "record-start", size)

    def _stop(self, recording_id: str) -> None:
        self._run.facilities.recorder.stop(self._run.call, recording_id)

    def _request(self, taping: Taping) -> RecordingRequest:
        run = self._run
        request = resolve(
            {"record_min_sec": 0, "label": self._name},
            run.facilities.config.for_account(run.account_id),
            origin="swml : join_conference",
            stereo=False,
            direction=Direction.HEAR if self._seat.is_muted else Direction.BOTH,
        )
        wanted = " ".join(RECORDED[each] for each in sorted(taping.events))
        return replace(
            request,
            trim_silence=taping.trims,
            observers=(observer(run, taping.url, self._name, only=wanted),) if taping.url else (),
            link_s=math.ceil(run.facilities.links.lifetime_s),
        )

    def _tell(self, event: str, status: str, size: int, more: Mapping[str, Any] | None = None) -> None:
        if event and self._told.events and event not in self._told.events:
            return
        params = {
            "call_id": self._run.call.uuid,
            "node_id": self._run.facilities.node,
            "name": self._name,
            "conference_id": self._conference_id,
            "status": status,
            "size": size,
            "muted": self._is_muted,
            "hold": self._is_held,
            "start_on_join": self._seat.starts,
            "end_on_leave": self._seat.ends,
            "coaching": bool(self._seat.coached),
        }
        self._run.callback(self._told.url, EVENT_TYPE, {**params, **(more or {})})
