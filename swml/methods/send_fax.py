"""Sends a fax: needs its maker's cloud.

Source: SWML reference, send_fax.
"""

from __future__ import annotations

from swml.methods import _cloud
from swml.properties import MethodData, text


class SendFaxData(MethodData):
    """As the language has it."""

    document = text("The URL of what is sent.", required=True)
    header_info = text("In the header of each page.")
    identity = text("Whose the fax is.")
    status_url = text("Where it is told how it went.")


METHOD = _cloud.method("send_fax", SendFaxData, "Sends a fax.")
