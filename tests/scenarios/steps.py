"""The words that scenarios are written in."""

from __future__ import annotations

from typing import Any

from tests.service.house import HANGUP, Step, sleep

__all__ = ["ANSWER", "HANGUP", "TONE", "collect", "message", "start", "steer", "stop", "wait"]

ANSWER: Step = ("answer", {})
TONE: Step = ("play", {"id": "tone_stream://%(300,0,440)"})


def start(**data: Any) -> Step:
    """Record, as WAV unless the data say otherwise (`format=None` says nothing)."""
    chosen = {"action": "start", "format": "wav", **data}
    return ("record_call", {key: value for key, value in chosen.items() if value is not None})


def stop(**data: Any) -> Step:
    """End a recording."""
    return ("record_call", {"action": "stop", **data})


def steer(action: str, **data: Any) -> Step:
    """Mask, pause, toggle and their like."""
    return ("record_call", {"action": action, **data})


def wait(seconds: float) -> Step:
    """Let time pass."""
    return sleep(seconds)


def message(**data: Any) -> Step:
    """Record a message of the caller, as WAV."""
    return ("record_caller", {"format": "wav", **data})


def collect(**data: Any) -> Step:
    """Wait for digits."""
    return ("collect_dtmf", {"timeout": 1200, "max_digits": 1, **data})
