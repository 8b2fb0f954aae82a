"""system_config/callflow.hotdesk: the hotdesk action. Source: Kazoo cf_hotdesk."""

from __future__ import annotations

from marshmallow import Schema

from config.category import Category
from config.fields import whole


class Hotdesk(Schema):
    """Keys of the callflow.hotdesk document."""

    max_login_attempts = whole(3, "Wrong entries before the caller is sent away.", low=1, high=100)
    max_pin_length = whole(6, "Digits of a pin.", low=1, high=64)
    max_hotdesk_id_length = whole(10, "Digits of a hotdesk id.", low=1, high=64)


CATEGORY = Category("callflow.hotdesk", Hotdesk, "The hotdesk action.")
