"""Tells of sounds: call.playback.started and ended, call.speak.started and ended; see callcontrol.playing.

| FreeSWITCH's event | what it means |
|---|---|
| CHANNEL_EXECUTE, of the first round | started |
| CHANNEL_EXECUTE_COMPLETE, of the last round, or of any that was stopped, failed or hung up | ended |
| PRIVATE_COMMAND of one with several rounds | ended: FreeSWITCH gives up rounds of less than half a second |
| MEDIA_BUG_START, MEDIA_BUG_STOP | started and ended, of what is mixed in |

What one event has told the other does not tell again, since both say it under the same id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Protocol

from callcontrol import events
from callcontrol.events import PlaybackStatus, SpeakStatus, WebhookEvent
from callcontrol.leg import Leg
from callcontrol.playing import Kind, Sound, is_void, mixed_sound_of, sound_of, was_stopped
from callcontrol.snapshot import Snapshot

_RESPONSE = "current_application_response"
_FAILURES = {
    "FILE NOT FOUND": (PlaybackStatus.FILE_NOT_FOUND, "FreeSWITCH has no such file, or could not fetch it."),
    "PLAYBACK ERROR": (PlaybackStatus.FAILED, "FreeSWITCH could not play it."),
}

Handler = Callable[[Snapshot, Leg], Iterable[WebhookEvent]]


class Registry(Protocol):
    """What hears events (callcontrol.teller.Teller)."""

    def on(self, event_name: str, handler: Handler) -> None:
        """See Teller."""


def register(teller: Registry) -> None:
    """Have sounds told of."""
    teller.on("CHANNEL_EXECUTE", _begins)
    teller.on("CHANNEL_EXECUTE_COMPLETE", _over)
    teller.on("PRIVATE_COMMAND", _over_for_good)
    teller.on("MEDIA_BUG_START", _mixed_in)
    teller.on("MEDIA_BUG_STOP", _mixed_out)


def _begins(snapshot: Snapshot, leg: Leg) -> Iterable[WebhookEvent]:
    sound = sound_of(snapshot.event.get("Application-UUID"))
    if sound is not None and snapshot.variable("current_loop") in ("", "1") and not is_void(snapshot.event):
        yield from started(sound, snapshot, leg)


def _over(snapshot: Snapshot, leg: Leg) -> Iterable[WebhookEvent]:
    sound = sound_of(snapshot.event.get("Application-UUID"))
    if sound is None or is_void(snapshot.event):
        return
    response = snapshot.event.get("Application-Response") or ""
    is_last = snapshot.variable("current_loop") == snapshot.variable("total_loops")
    if is_last or response in _FAILURES or snapshot.is_over or was_stopped(snapshot, sound):
        yield from ended(sound, snapshot, leg, response)


def _over_for_good(snapshot: Snapshot, leg: Leg) -> Iterable[WebhookEvent]:
    if snapshot.event.get("loops") in (None, "1") or snapshot.is_over:
        return  # hung up: those that were heard are told of already, the others were never heard
    sound = sound_of(snapshot.event.get("Event-UUID"))
    if sound is not None and not is_void(snapshot.event):
        yield from ended(sound, snapshot, leg, snapshot.variable(_RESPONSE))


def _mixed_in(snapshot: Snapshot, leg: Leg) -> Iterable[WebhookEvent]:
    sound = mixed_sound_of(snapshot.event.get("Media-Bug-Target"))
    if sound is not None:
        yield from started(sound, snapshot, leg)


def _mixed_out(snapshot: Snapshot, leg: Leg) -> Iterable[WebhookEvent]:
    sound = mixed_sound_of(snapshot.event.get("Media-Bug-Target"))
    if sound is not None:
        yield from ended(sound, snapshot, leg)


def started(sound: Sound, snapshot: Snapshot, leg: Leg) -> Iterable[WebhookEvent]:
    """Return what is told of a sound that begins: nothing of a spoken prompt, which has no webhooks."""
    told, at = replace(leg, client_state=sound.client_state), snapshot.occurred_at
    if sound.kind is Kind.PLAYBACK:
        yield events.playback_started(
            told,
            at,
            sound.id,
            media_url=sound.media_url,
            media_name=sound.media_name,
            overlay=sound.is_overlay,
        )
    elif not sound.gather_id:
        yield events.speak_started(told, at, sound.id)


def ended(sound: Sound, snapshot: Snapshot, leg: Leg, response: str = "") -> Iterable[WebhookEvent]:
    """Return what is told of a sound that is over. Args: response: what FreeSWITCH says of it."""
    told, at = replace(leg, client_state=sound.client_state), snapshot.occurred_at
    if sound.kind is Kind.PLAYBACK:
        status, detail = _status(sound, snapshot, response)
        yield events.playback_ended(
            told,
            at,
            sound.id,
            status=status,
            detail=detail,
            media_url=sound.media_url,
            media_name=sound.media_name,
            overlay=sound.is_overlay,
        )
    elif not sound.gather_id:
        is_over = snapshot.is_over and not was_stopped(snapshot, sound)
        yield events.speak_ended(
            told, at, sound.id, SpeakStatus.CALL_HANGUP if is_over else SpeakStatus.COMPLETED
        )


def not_found(sound: Sound, snapshot: Snapshot, leg: Leg) -> WebhookEvent:
    """Return what is told of a sound that was to be mixed in, and that FreeSWITCH does not have."""
    (event,) = ended(sound, snapshot, leg, "FILE NOT FOUND")
    return event


def _status(sound: Sound, snapshot: Snapshot, response: str) -> tuple[PlaybackStatus, str]:
    if was_stopped(snapshot, sound):
        return PlaybackStatus.CANCELLED, ""
    if response == "FILE NOT FOUND":  # before the hangup, which it would be told as otherwise
        return _FAILURES[response]
    if snapshot.is_over:
        return PlaybackStatus.CALL_HANGUP, ""
    return _FAILURES.get(response, (PlaybackStatus.COMPLETED, ""))
