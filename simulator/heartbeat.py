"""FreeSWITCH's sign of life: an event every twenty seconds.

Source: FreeSWITCH switch_core.c (send_heartbeat).
"""

from __future__ import annotations

from simulator.core import Core

PERIOD_S = 20.0


def beat(core: Core) -> None:
    """Fire one HEARTBEAT."""
    up_ms = int(core.clock.now() * 1000)
    seconds = up_ms // 1000
    up_time = (
        f"0 years, {seconds // 86_400} days, {seconds // 3600 % 24} hours, {seconds // 60 % 60} minutes, "
        f"{seconds % 60} seconds, {up_ms % 1000} milliseconds, 0 microseconds"
    )
    core.bus.announce(
        "HEARTBEAT",
        [
            ("Event-Info", "System Ready"),
            ("Up-Time", up_time),
            ("FreeSWITCH-Version", "1.10.12-release~64bit"),
            ("Uptime-msec", str(up_ms)),
            ("Session-Count", str(len(core.sessions))),
            ("Max-Sessions", "1000"),
            ("Session-Per-Sec", "30"),
            ("Session-Since-Startup", str(core.sessions_made)),
            ("Idle-CPU", "99.000000"),
        ],
    )


def keep_beating(core: Core) -> None:
    """Fire one every twenty simulated seconds, until killed."""
    while True:
        beat(core)
        core.clock.sleep(PERIOD_S)
