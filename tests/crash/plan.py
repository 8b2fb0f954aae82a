"""What a crash test does: how often it kills, under which load, and what the calls of that load are."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from recording.request import AudioFormat
from tests.service.house import HANGUP, Step, callflow, chain, sleep

ANSWER: Step = ("answer", {})
STOP: Step = ("record_call", {"action": "stop"})
TONE: Step = ("play", {"id": "tone_stream://%(200,0,440)"})
FOR_EVER = sleep(600)

OUTLIVING = "9"
"""Numbers that begin with it belong to calls that outlive their engine: the dialplan goes on without it."""


class Moment(StrEnum):
    """What an aimed kill waits for: moments just after it are those in which something can be lost."""

    CALL = "a call is placed"
    START = "a recording begins"
    STOP = "a recording ends"


AIMS = {Moment.CALL: 0.08, Moment.START: 0.02, Moment.STOP: 0.2}
"""Each with the seconds within which it then kills: a call comes, its recording is asked for and noted, the
file is looked at, put into the outbox, delivered."""

AIM_S = 2.0
"""The longest that an aimed kill waits for its moment."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One run.

    Attributes: kills; seed: of everything that is drawn by lot; calls_per_s: new calls; early_share: of the
    kills that come within `early_s` of an engine's start, while it begins; up_s: how long the other engines
    have taken calls then, at the least and at the most; aimed_share: of the kills that then wait for
    something to happen, see AIMS; down_s: until the next one is started; worker_share: of the kills
    that hit one of two processes only; settle_s: what the last engine has to finish everything.
    """

    kills: int = 200
    seed: int = 0
    calls_per_s: float = 4.0
    early_share: float = 0.2
    early_s: float = 2.0
    up_s: tuple[float, float] = (0.1, 2.0)
    aimed_share: float = 0.5
    down_s: tuple[float, float] = (0.0, 0.3)
    worker_share: float = 0.25
    settle_s: float = 120.0


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of call: what its callflow does while it lasts.

    Attributes: waits: where in the steps the time of the call passes; is_cut: the caller hangs up.
    """

    name: str
    steps: tuple[Step | None, ...]
    outlives: bool = False
    is_cut: bool = False

    def flow(self, seconds: float) -> list[Step]:
        """Return the steps of a call that lasts so long; `None` among them is where the time passes."""
        return [sleep(seconds) if step is None else step for step in self.steps]


def kinds(url: str) -> list[Kind]:
    """Return every kind of call. Args: url: where the recordings go that do not stay in the store."""
    away: dict[str, str] = {"url": url}
    here: dict[str, str] = {}
    return [
        Kind("wav to the URL", (_record("wav", away), ANSWER, None, HANGUP)),
        Kind("mp3 to the URL", (ANSWER, _record("mp3", away), None, HANGUP)),
        Kind("mp4 to the URL", (_record("mp4", away), ANSWER, None, HANGUP)),
        Kind("wav to the store", (_record("wav", here), ANSWER, TONE, None, HANGUP)),
        Kind("mp3 to the store", (_record("mp3", here), ANSWER, None, HANGUP)),
        Kind("mp4 to the store", (_record("mp4", here), ANSWER, None, HANGUP)),
        Kind("stopped", (ANSWER, _record("wav", here), None, STOP, TONE, HANGUP)),
        Kind("two at once", (_record("wav", away), _record("mp3", here), ANSWER, None, STOP, None, HANGUP)),
        Kind("posted", (_record("wav", {**away, "method": "post"}), ANSWER, None, HANGUP)),
        Kind("caller hangs up", (_record("wav", here), ANSWER, FOR_EVER), is_cut=True),
        Kind("outlives its engine", (_record("wav", here), ANSWER, None, HANGUP), outlives=True),
        Kind("outlives it to the URL", (_record("mp3", away), ANSWER, None, HANGUP), outlives=True),
    ]


def documents(url: str, chance: random.Random) -> Iterator[tuple[Kind, str, dict[str, Any]]]:
    """Yield every kind twice, shorter and longer: the kind, its number, its callflow."""
    for index, kind in enumerate(kinds(url)):
        for length, span in enumerate(((0.3, 0.9), (0.9, 2.5))):
            number = f"{OUTLIVING if kind.outlives else '1'}{index:02d}{length}"
            yield kind, number, callflow(number, chain(*kind.flow(chance.uniform(*span))))


def is_processed(audio_format: AudioFormat) -> bool:
    """Whether what arrives is made of what FreeSWITCH wrote, and not that file itself."""
    return audio_format is AudioFormat.MP4


def _record(audio_format: str, where: dict[str, str]) -> Step:
    return ("record_call", {"action": "start", "format": audio_format, **where})
