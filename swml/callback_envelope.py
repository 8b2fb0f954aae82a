"""What every status callback is wrapped in, whatever it tells.

Source: SignalWire's SWML reference, record, StatusCallbacks; its other callbacks look the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def enveloped(
    event_type: str,
    params: Mapping[str, Any],
    *,
    session_id: str,
    project_id: str,
    space_id: str,
    timestamp: float,
) -> dict[str, Any]:
    """Return the body of a callback. Args: event_type: such as `calling.call.record`; timestamp: epoch s."""
    return {
        "event_type": event_type,
        "event_channel": f"swml:{session_id}",
        "timestamp": timestamp,
        "project_id": project_id,
        "space_id": space_id,
        "params": dict(params),
    }
