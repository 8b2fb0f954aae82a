"""Streams the call's sound to a server: needs its maker's cloud.

Source: SWML reference, stream (not in the JSON schema).
"""

from __future__ import annotations

from swml.methods import _cloud

METHOD = _cloud.method("stream", _cloud.AnyData, "Streams the call's sound to a server.")
