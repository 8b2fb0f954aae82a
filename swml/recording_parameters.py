"""Makes a RecordingRequest of what `record` and `record_call` say.

Everything the language says is taken as it is: durations exact to the millisecond, and no smallest length, so
that the recording's URL always leads to something. What it leaves open (where the recording goes, its sample
rate, the longest recording there may be, trimming, a transcript) is system_config's to say.

| property | becomes |
|---|---|
| `direction` | speak: what the party says; listen: what it hears; both |
| `stereo` | of both directions: the party left, the rest right; one direction has one channel |
| `max_length` | a limit in whole seconds, rounded up; none, or 0: media.max_recording_time_limit |
| `initial_timeout`, `end_silence_timeout` | silence that ends it; 0: none does |
| `input_sensitivity` | the loudness from which it is speech; see swml.sensitivity |
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from recording.parameters import resolve
from recording.request import Direction, Observer, RecordingRequest, Silence
from swml.method import Data
from swml.run import ScriptRun
from swml.sensitivity import threshold_of

DIRECTIONS: Mapping[str, Direction] = {
    "speak": Direction.SPEAK,
    "listen": Direction.HEAR,
    "both": Direction.BOTH,
}


def request_of(
    run: ScriptRun,
    data: Data,
    *,
    origin: str,
    label: str = "",
    observers: tuple[Observer, ...] = (),
    fixed: Mapping[str, Any] | None = None,
) -> RecordingRequest:
    """Return what is to be recorded.

    Args: data: of record or record_call; origin, label: said in the recording's document; observers: see
    RecordingRequest; fixed: what the method decides, by Kazoo's names.
    """
    limit_s = math.ceil(data["max_length"] or 0)
    parameters: dict[str, Any] = {"format": data["format"], "record_min_sec": 0, "label": label}
    if limit_s:
        parameters["time_limit"] = limit_s
    request = resolve(
        parameters | dict(fixed or {}),
        run.facilities.config.for_account(run.account_id),
        origin=origin,
        stereo=data["stereo"],
        direction=DIRECTIONS[data["direction"]],
    )
    return replace(
        request,
        silence=silence_of(data),
        terminators=data["terminators"].upper(),
        observers=observers,
        link_s=math.ceil(run.facilities.links.lifetime_s),
    )


def silence_of(data: Data) -> Silence | None:
    """Return the silence that ends a recording, None where none does."""
    initial_ms = round(data["initial_timeout"] * 1000)
    final_ms = round(data["end_silence_timeout"] * 1000)
    if not initial_ms and not final_ms:
        return None
    return Silence(initial_ms, final_ms, threshold_of(data["input_sensitivity"]))
