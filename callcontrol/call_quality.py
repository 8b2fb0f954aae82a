"""How well a leg's sound arrived, as call.hangup tells it. Source: FreeSWITCH switch_core_media.c, set_stats;
the CallHangup model of Telnyx' Python package.
"""

from __future__ import annotations

from typing import Any

from callcontrol.snapshot import Snapshot

_FIELDS = {
    "inbound": {
        "jitter_max_variance": "rtp_audio_in_jitter_max_variance",
        "jitter_packet_count": "rtp_audio_in_jitter_packet_count",
        "mos": "rtp_audio_in_mos",
        "packet_count": "rtp_audio_in_packet_count",
        "skip_packet_count": "rtp_audio_in_skip_packet_count",
    },
    "outbound": {
        "packet_count": "rtp_audio_out_packet_count",
        "skip_packet_count": "rtp_audio_out_skip_packet_count",
    },
}


def quality_of(snapshot: Snapshot) -> dict[str, Any] | None:
    """Return call_quality_stats of a leg that is over, None where FreeSWITCH counted nothing."""
    found = {}
    for direction, variables in _FIELDS.items():
        told = {name: snapshot.variable(variable) for name, variable in variables.items()}
        known = {name: value for name, value in told.items() if value}
        if known:
            found[direction] = known
    return found or None
