"""system_config/call_command: waiting for digits and the switch. Source: Kazoo kapps_call_command."""

from __future__ import annotations

from marshmallow import Schema

from config.category import Category
from config.fields import group, text, texts, whole

RESERVED_VARIABLES = (
    "Account-ID",
    "Account-Name",
    "Account-Realm",
    "Authorizing-ID",
    "Authorizing-Type",
    "Auto-Answer",
    "Call-Forward",
    "Call-Waiting-Disabled",
    "Confirm-Cancel-Timeout",
    "Confirm-File",
    "Confirm-Key",
    "Fax-Enabled",
    "Loopback-Bowout",
    "Media-Encryption-Enforce-Security",
    "Media-Webrtc",
    "Owner-ID",
    "Presence-ID",
    "RTCP-MUX",
    "Realm",
    "Require-Ignore-Early-Media",
    "Retain-CID",
    "SIP-Invite-Domain",
    "Simplify-Loopback",
    "Username",
)
"""Custom channel variables that the engine itself relies on."""


class StoreFile(Schema):
    """Storing a file, by the application that stores it."""

    retries = whole(5, "How often storing is tried again.", low=0, high=1000)
    save_timeout_ms = whole(300_000, "How long one attempt may take.", low=100, high=86_400_000, unit="ms")


class StoreFiles(Schema):
    """One group per application."""

    any_application = group(StoreFile, any_name=True)


class CallCommand(Schema):
    """Keys of the call_command document."""

    collect_timeout = whole(5000, "Wait for the first digit.", low=1, high=86_400_000, unit="ms")
    digit_timeout = whole(3000, "Wait for one digit.", low=1, high=86_400_000, unit="ms")
    interdigit_timeout = whole(2000, "Wait for each further digit.", low=1, high=86_400_000, unit="ms")
    message_timeout = whole(
        5000, "Wait for FreeSWITCH's answer to a command.", low=1, high=86_400_000, unit="ms"
    )
    application_timeout = whole(500_000, "Wait for an application to end.", low=1, high=86_400_000, unit="ms")
    bridge_timeout_extended_ms = whole(
        20000, "Added to the ringing time before a bridge is given up.", low=0, high=86_400_000, unit="ms"
    )
    export_bridge_variables = texts(["hold_music"], "Channel variables that the other leg gets as well.")
    unknown_cid_name = text("unknown", "Caller name of calls that have none.")
    reserved_ccv_keys = texts(RESERVED_VARIABLES, "Custom channel variables that no account may set.")
    store_file = group(StoreFiles)


CATEGORY = Category("call_command", CallCommand, "Waiting for digits and for the switch.")
