"""system_config/acdc: agents and queues. Source: Kazoo acdc."""

from __future__ import annotations

from marshmallow import Schema

from config.category import Category
from config.fields import whole


class Acdc(Schema):
    """Keys of the acdc document."""

    default_agent_pause_timeout = whole(
        600, "A pause whose length is not given.", low=0, high=86_400, unit="s"
    )


CATEGORY = Category("acdc", Acdc, "Agents and queues.")
