"""Joins a video room: needs its maker's cloud.

Source: SWML reference, join_room.
"""

from __future__ import annotations

from swml.methods import _cloud
from swml.properties import MethodData, text


class JoinRoomData(MethodData):
    """As the language has it."""

    name = text("The room.", required=True)


METHOD = _cloud.method("join_room", JoinRoomData, "Joins a video room.")
