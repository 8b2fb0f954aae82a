"""The variables a finished leg has for call detail records: stamps, epochs, durations.

Source: FreeSWITCH switch_channel.c (switch_channel_set_timestamps).
"""

from __future__ import annotations

from datetime import UTC, datetime

from simulator.channel import Channel


def set_timestamps(channel: Channel) -> None:
    """Set them all; what never happened is 0 and has no stamp."""
    times = channel.times
    moments = {
        "start": times.created,
        "profile_start": times.profile_created,
        "answer": times.answered,
        "bridge": times.bridged,
        "last_hold": 0,
        "resurrect": 0,
        "progress": times.progress,
        "progress_media": times.progress_media,
        "end": times.hungup,
    }
    channel.set("digits_dialed", channel.get("digits_dialed") or "none")
    for name, epoch_us in moments.items():
        if epoch_us:
            stamp = datetime.fromtimestamp(epoch_us / 1e6, tz=UTC)
            channel.set(f"{name}_stamp", stamp.strftime("%Y-%m-%d %H:%M:%S"))
    for name, epoch_us in moments.items():
        channel.set(f"{name}_epoch", str(epoch_us // 1_000_000))
        channel.set(f"{name}_uepoch", str(epoch_us))
    for unit in ("seconds", "usec", "ms"):
        channel.set(f"hold_accum_{unit}", "0")
    channel.set("last_app", channel.get("current_application"))
    channel.set("last_arg", channel.get("current_application_data"))
    channel.set("caller_id", f'"{channel.profile.caller_name}" <{channel.profile.caller_number}>')
    _set_durations(channel)
    if channel.name.startswith("loopback/"):
        channel.set("is_loopback", "1")


def _set_durations(channel: Channel) -> None:
    """Each length in whole epoch seconds, milliseconds and microseconds."""
    times = channel.times
    end = times.hungup
    spans = {
        "duration": (times.created, end),
        "bill": (times.answered, end),
        "progress": (times.created, times.progress),
        "answer": (times.created, times.answered),
        "wait": (times.created, times.bridged),
        "progress_media": (times.created, times.progress_media),
        "flow_bill": (times.answered, end),
    }
    for name, (start, stop) in spans.items():
        happened = bool(start and stop)
        seconds = stop // 1_000_000 - start // 1_000_000 if happened else 0
        micros = stop - start if happened else 0
        if name == "duration":
            named = ("duration", "mduration", "uduration")
        else:
            named = (f"{name}sec", f"{name}msec", f"{name}usec")
        for key, value in zip(named, (seconds, micros // 1000, micros), strict=True):
            channel.set(key, str(max(0, value)))
