"""Reduces noise: needs its maker's cloud.

Source: SWML reference, denoise.
"""

from __future__ import annotations

from swml.methods import _cloud
from swml.properties import MethodData


class DenoiseData(MethodData):
    """Nothing to say."""


METHOD = _cloud.method("denoise", DenoiseData, "Reduces noise.")
