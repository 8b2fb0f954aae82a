"""Ends that: needs its maker's cloud.

Source: SWML reference, transcribe_stop (not in the JSON schema).
"""

from __future__ import annotations

from swml.methods import _cloud

METHOD = _cloud.method("transcribe_stop", _cloud.AnyData, "Ends that.")
