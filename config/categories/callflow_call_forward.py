"""system_config/callflow.call_forward: the call_forward action. Source: Kazoo cf_call_forward."""

from __future__ import annotations

from marshmallow import Schema

from config.category import Category
from config.fields import group, text, whole

_KEY = tuple("0123456789*#")


class Keys(Schema):
    """Keys of the menu."""

    menu_toggle_option = text("1", "Turns forwarding on and off.", one_of=_KEY)
    menu_change_number = text("2", "Changes the number.", one_of=_KEY)


class CallForward(Schema):
    """Keys of the callflow.call_forward document."""

    min_callfwd_number_length = whole(3, "Fewer digits are asked for again.", low=1, high=64)
    max_callfwd_number_length = whole(20, "More digits are not taken.", low=1, high=64)
    callfwd_number_timeout = whole(8000, "Wait for the number.", low=100, high=600_000, unit="ms")
    keys = group(Keys)


CATEGORY = Category("callflow.call_forward", CallForward, "The call_forward action.")
