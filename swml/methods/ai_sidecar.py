"""Has an agent listen in: needs its maker's cloud.

Source: SWML reference, ai_sidecar (not in the JSON schema).
"""

from __future__ import annotations

from swml.methods import _cloud

METHOD = _cloud.method("ai_sidecar", _cloud.AnyData, "Has an agent listen in.")
