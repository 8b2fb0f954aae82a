"""system_config/callflow.park: the park action. Source: Kazoo cf_park."""

from __future__ import annotations

from marshmallow import Schema

from config.category import Category
from config.fields import text, whole


class Park(Schema):
    """Keys of the callflow.park document."""

    db_doc_name = text(
        "parked_calls", "Document that older Kazoo keeps its slots in.", like=r"[A-Za-z0-9_-]{1,128}"
    )
    default_callback_timeout = whole(
        30000, "How long the parker is rung when nobody takes the call.", low=1000, high=3_600_000, unit="ms"
    )
    default_ringback_timeout = whole(
        120_000, "How long a call is parked before its parker is rung.", low=1000, high=86_400_000, unit="ms"
    )
    parked_presence_type = text(
        "early", "How a slot in use shows on phones.", one_of=("early", "terminated", "confirmed")
    )
    valet_reservation_cleanup_time_ms = whole(
        3000, "After this an announced slot that was not used is free again.", low=0, high=600_000, unit="ms"
    )


CATEGORY = Category("callflow.park", Park, "The park action.")
