"""system_config/konami: the machine behind metaflows. Source: Kazoo konami."""

from __future__ import annotations

from marshmallow import Schema

from config.category import Category
from config.fields import flag, group, text, whole


class Transfer(Schema):
    """The transfer metaflow."""

    default_takeback_dtmf = text("*1", "Takes an attended transfer back.", like=r"[0-9*#]{1,16}")
    default_target_timeout_ms = whole(
        20000, "How long its target is rung.", low=1000, high=600_000, unit="ms"
    )


class Konami(Schema):
    """Keys of the konami document."""

    use_fast_rearm = flag("Whether one binding digit opens any number of feature codes.", default=False)
    transfer = group(Transfer)


CATEGORY = Category("konami", Konami, "The machine behind metaflows.")
