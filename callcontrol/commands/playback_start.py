"""Plays a sound on a call. Source: Telnyx' call control, playback_start; see callcontrol.playing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from callcontrol.command import Command, CommandData, Data, Invocation
from callcontrol.errors import CallEnded, invalid
from callcontrol.field import Flag, Word
from callcontrol.leg import leg_of
from callcontrol.playing import Kind, Side, Sound, heard_on, new_sound_id, playback
from callcontrol.playing_events import not_found
from callcontrol.playing_fields import (
    Loop,
    beside,
    mix,
    one_of,
    opposite,
    play,
    sound_file,
    sound_name,
    sound_url,
    stop_first,
    target_legs,
)
from callcontrol.playing_media import MAX_CONTENT_BYTES
from callcontrol.token import Scope
from calls.fetched_sound import KINDS

MAX_CONTENT = (MAX_CONTENT_BYTES + 2) // 3 * 4
SOURCES = ("audio_url", "media_name", "playback_content")


class PlaybackStartData(CommandData):
    """Parameters of playback_start."""

    max_body_bytes = MAX_CONTENT + 64 * 1024

    audio_url = sound_url("The address of a WAV or MP3 file, or a link to a recording.")
    media_name = sound_name("The name of a sound of this account.")
    playback_content = fields.String(
        validate=validate.Length(4, MAX_CONTENT),
        metadata={"description": "A WAV or MP3 file in base64.", "format": "byte"},
    )
    audio_type = Word(KINDS, "What audio_url leads to, where neither its name nor its server says it.")
    cache_audio = Flag(
        "false: it is fetched anew, whatever FreeSWITCH has kept of it (ecallmgr.use_http_cache).",
        default=True,
    )
    loop = Loop()
    overlay = Flag("Mix it into what is being played, without waiting.")
    stop = stop_first()
    target_legs = target_legs()

    @validates_schema
    def _one_sound(self, data: Mapping[str, Any], **_: Any) -> None:
        one_of(data, SOURCES, required=True)
        if data.get("overlay") and data.get("target_legs", Side.SELF) != Side.SELF:
            raise ValidationError("Must be self with overlay.", "target_legs")


def run(invocation: Invocation, data: Data) -> None:
    """Order the sound; its beginning and its end are told by webhooks.

    Raises: CallNotAnswered, CallEnded, Unavailable, Unanswered; Unprocessable: there is no such sound.
    """
    snapshot = invocation.answered()
    side, is_overlay = Side(data["target_legs"]), data["overlay"]
    if is_overlay and not heard_on(snapshot):
        raise invalid("/overlay", "Nothing is being played on this call that it could be mixed into.")
    if side is not Side.SELF:
        opposite(invocation)
    file = _file(invocation, data)
    sound = Sound(
        new_sound_id(),
        Kind.PLAYBACK,
        snapshot.client_state,
        media_url=data.get("audio_url") or "",
        media_name=data.get("media_name") or "",
        is_overlay=is_overlay,
    )
    if side is Side.SELF and not is_overlay:
        play(invocation, sound, playback(file), data)
    elif not mix(invocation, sound, file, side, data):
        facilities = invocation.facilities
        leg = leg_of(snapshot, facilities.ids, facilities.node, account_id=invocation.account_id)
        if leg is None:
            raise CallEnded
        facilities.webhooks.send(leg, not_found(sound, snapshot, leg))


def _file(invocation: Invocation, data: Data) -> str:
    content = data.get("playback_content")
    if content is not None:
        beside(invocation, "/playback_content")
        return invocation.facilities.sounds.of_content(content, "/playback_content")
    return sound_file(invocation, data, "audio_url", "media_name")


COMMAND = Command(
    schema=PlaybackStartData,
    scope=Scope.CONTROL,
    run=run,
    summary="Play a sound",
    webhooks=("call.playback.started", "call.playback.ended"),
)
