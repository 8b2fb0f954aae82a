"""system_config/callflow.menu: the menu action. Source: Kazoo cf_menu."""

from __future__ import annotations

from marshmallow import Schema

from config.category import Category
from config.fields import whole


class Menu(Schema):
    """Keys of the callflow.menu document."""

    min_greeting_length = whole(
        1500, "A greeting recorded by phone that is shorter is not kept.", low=0, high=600_000, unit="ms"
    )


CATEGORY = Category("callflow.menu", Menu, "The menu action.")
