"""Plays sound files, texts, silence and ring tones, one after the other.

`status_url` hears `playing` when it begins, and at its end `finished`, or `error` where something could not
be played; the script goes on all the same. `volume` is the nearest step FreeSWITCH has (calls.loudness).
Source: SignalWire's SWML reference, play.
"""

from __future__ import annotations

import uuid
from typing import Any

from marshmallow import ValidationError, validates_schema

from swml.method import Data, Method, Outcome, Support
from swml.playable import play_url
from swml.playing import Manner, Played, play_all, wish_of
from swml.properties import flag, many, number, text, web_url
from swml.property import MethodData, reading
from swml.run import ScriptRun

EVENT = "calling.call.play"
MAX_DB = 40


class PlayData(MethodData):
    """What to play, and how."""

    url = play_url("What to play: a URL, say:, silence: or ring:.")
    urls = many(play_url(""), "The same, several in order.")
    auto_answer = flag(
        "Answer the call first; otherwise it is heard before the call is answered.", default=True
    )
    volume = number("How much louder or softer, in dB.", default=0.0, minimum=-MAX_DB, maximum=MAX_DB)
    say_voice = text("The voice of texts; the variable say_voice, else Polly.Salli.")
    say_language = text("Their language; the variable say_language, else en-US.")
    say_gender = text("male or female; the variable say_gender, else female.")
    status_url = web_url("Where to tell what becomes of it.", default="")

    @validates_schema
    def _one_of_them(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("url") is not None and data.get("urls") is not None:
            raise ValidationError("there is urls as well", "url")
        if data.get("url") is None and data.get("urls") is None and reading.get().is_written:
            raise ValidationError("url or urls is needed", "url")


def run(run: ScriptRun, data: Data) -> Outcome | None:
    """Play it, go on."""
    control_id = str(uuid.uuid4())
    manner = Manner(
        answers=data["auto_answer"],
        volume_db=data["volume"],
        wish=wish_of(run, data["say_voice"], data["say_language"], data["say_gender"]),
    )
    tell(run, data["status_url"], control_id, "playing")
    played: Played | None = None
    try:
        played = play_all(run, [data["url"] or ""] if data["urls"] is None else data["urls"], manner)
    finally:
        state = "error" if played is not None and played.missing else "finished"
        tell(run, data["status_url"], control_id, state)
    return None


def tell(run: ScriptRun, status_url: str, control_id: str, state: str) -> None:
    """Have a status callback sent."""
    params = {"call_id": run.call.uuid, "node_id": run.facilities.node, "control_id": control_id}
    run.callback(status_url, EVENT, {**params, "state": state})


METHOD = Method(
    schema=PlayData,
    run=run,
    summary="Plays sound files, texts, silence and ring tones.",
    support=Support.PARTLY,
    limits="volume: in eight steps from -14 to 13 dB; say_voice: the voices of FreeSWITCH's speech engine",
)
