"""Reduces noise no longer: needs its maker's cloud.

Source: SWML reference, stop_denoise.
"""

from __future__ import annotations

from swml.methods import _cloud
from swml.properties import MethodData


class StopDenoiseData(MethodData):
    """Nothing to say."""


METHOD = _cloud.method("stop_denoise", StopDenoiseData, "Reduces noise no longer.")
