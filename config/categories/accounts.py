"""system_config/accounts: what accounts are taken for that do not say. Source: Kazoo kzd_accounts."""

from __future__ import annotations

from marshmallow import Schema

from config.category import Category
from config.fields import text


class Accounts(Schema):
    """Keys of the accounts document."""

    default_timezone = text(
        "America/Los_Angeles",
        "Time zone (of the tz database) of accounts that name none; temporal_route goes by it.",
        like=r"[A-Za-z0-9_+-]{1,32}(?:/[A-Za-z0-9_+-]{1,32}){0,2}",
    )


CATEGORY = Category("accounts", Accounts, "What accounts are taken for that do not say.")
