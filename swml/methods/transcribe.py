"""Tells what is said as text, afterwards: needs its maker's cloud.

Source: SWML reference, transcribe (not in the JSON schema).
"""

from __future__ import annotations

from swml.methods import _cloud

METHOD = _cloud.method("transcribe", _cloud.AnyData, "Tells what is said as text, afterwards.")
