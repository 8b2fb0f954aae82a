"""system_config/callflow.resources: the resources and offnet actions. Source: Kazoo cf_resources."""

from __future__ import annotations

from marshmallow import Schema

from config.category import Category
from config.fields import flag


class Resources(Schema):
    """Keys of the callflow.resources document."""

    default_asserted_identity = flag("Send the asserted identity of accounts that name one.", default=False)
    default_emit_account_id = flag(
        "Send the account id in a SIP header, for carriers of one's own.", default=False
    )


CATEGORY = Category("callflow.resources", Resources, "The resources and offnet actions.")
