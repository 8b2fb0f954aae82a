"""Examples of bodies, for the API's description: what clients send as a rule, by the page's name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_STATE = "b3JkZXIgMjM0Mg=="

EXAMPLES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "answer": {"client_state": _STATE, "record": "record-from-answer"},
        "bridge": {"call_control_id": "v3:kWq3..."},
        "client_state_update": {"client_state": _STATE},
        "delete_recordings": {"ids": ["5f7a3c1e0b8d4c2f9a6e1d3b7c5f0a2e"]},
        "dial": {
            "to": "+15550123456",
            "from": "+15550100",
            "connection_id": "crm",
            "timeout_secs": 30,
            "command_id": "dial-2342",
        },
        "gather": {"minimum_digits": 1, "maximum_digits": 4, "terminating_digit": "#"},
        "gather_stop": {"client_state": _STATE},
        "gather_using_audio": {"audio_url": "https://example.com/menu.wav", "maximum_digits": 1},
        "gather_using_speak": {
            "payload": "Press one for sales.",
            "voice": "female",
            "language": "en-US",
            "maximum_digits": 1,
        },
        "hangup": {"command_id": "end-2342"},
        "playback_start": {"audio_url": "https://example.com/hello.wav", "loop": 2},
        "playback_stop": {"stop": "all"},
        "record_pause": {"command_id": "pause-1"},
        "record_resume": {"command_id": "resume-1"},
        "record_start": {
            "format": "mp3",
            "channels": "dual",
            "play_beep": True,
            "max_length": 3600,
            "trim": "trim-silence",
            "command_id": "record-2342",
        },
        "record_stop": {"command_id": "stop-1"},
        "reject": {"cause": "USER_BUSY"},
        "send_dtmf": {"digits": "1w2#", "duration_millis": 250},
        "speak": {"payload": "Your order is on its way.", "voice": "female", "language": "en-US"},
        "switch_supervisor_role": {"role": "whisper"},
        "transfer": {"to": "+15550123456", "from": "+15550100"},
    }
)
