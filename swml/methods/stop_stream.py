"""Ends that: needs its maker's cloud.

Source: SWML reference, stop_stream (not in the JSON schema).
"""

from __future__ import annotations

from swml.methods import _cloud

METHOD = _cloud.method("stop_stream", _cloud.AnyData, "Ends that.")
