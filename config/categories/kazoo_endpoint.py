"""system_config/kazoo_endpoint: how phones are rung. Source: Kazoo kazoo_endpoint."""

from __future__ import annotations

from marshmallow import Schema

from config.category import Category
from config.fields import flag, text


class KazooEndpoint(Schema):
    """Keys of the kazoo_endpoint document."""

    endpoint_module = text("kz_endpoint_v5", "Way of ringing a user's devices.", like=r"kz_endpoint_v[0-9]")
    build_metaflows = flag("Whether phones are armed for metaflows.", default=False)
    restrict_to_known_types = flag("Ring only device types that are known.", default=False)
    should_add_diversion_header = flag("Say in the INVITE that a call was diverted.", default=False)
    default_can_text_self = flag("Whether an endpoint may message itself.", default=True)
    default_ignore_completed_elsewhere = flag(
        "Whether phones count a call that another one took as missed.", default=True
    )
    default_caller_id_name = text(None, "Caller name of endpoints that have none.")
    default_caller_id_number = text(
        None, "Caller number of endpoints that have none.", like=r"[0-9A-Za-z+*#._-]{0,64}"
    )
    custom_sip_interface = text(None, "Sofia profile to send calls through.", like=r"[A-Za-z0-9._-]{0,128}")
    sip_transport = text(None, "Transport to send calls by.", one_of=("udp", "tcp", "tls", "ws", "wss"))


CATEGORY = Category("kazoo_endpoint", KazooEndpoint, "How phones are rung.")
