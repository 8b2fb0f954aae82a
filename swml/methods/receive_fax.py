"""Receives a fax: needs its maker's cloud.

Source: SWML reference, receive_fax.
"""

from __future__ import annotations

from swml.methods import _cloud
from swml.properties import MethodData, text


class ReceiveFaxData(MethodData):
    """As the language has it."""

    status_url = text("Where it is told how it went.")


METHOD = _cloud.method("receive_fax", ReceiveFaxData, "Receives a fax.")
