"""system_config/dialling: whom documents may call, and how FreeSWITCH reaches them.

Kazoo has no such category. No document ever holds a dial string: it names a phone number, a SIP address or
a resource; what FreeSWITCH is told is made of the templates here, which only operators write.
"""

from __future__ import annotations

import re
from typing import Any

from marshmallow import Schema, ValidationError

from config.category import Category
from config.fields import flag, json_object, pattern, text, texts, whole

_NAME = r"[A-Za-z0-9_.@-]{0,128}"
_LITERAL = r"[A-Za-z0-9_./@:;=+*!~-]"


def _template(*names: str) -> str:
    """Return the expression of templates with these placeholders, and nothing that splits a dial string."""
    return rf"(?:{_LITERAL}|\{{(?:{'|'.join(names)})\}}){{0,256}}"


PHONE = _template("gateway", "profile", "number", "digits")
SIP = _template("gateway", "profile", "uri", "user", "host")
RESOURCE = _template("gateway", "profile", "context", "name")


def _check_resources(value: dict[str, Any]) -> None:
    for context, template in value.items():
        if not isinstance(template, str) or not re.fullmatch(RESOURCE, template):
            raise ValidationError({context: [f"is not like {RESOURCE}"]})


class Dialling(Schema):
    """Keys of the dialling document."""

    gateway = text(
        "", "FreeSWITCH's gateway for phone numbers; empty: none are called through `{gateway}`.", like=_NAME
    )
    phone = text(
        "sofia/gateway/{gateway}/{number}",
        "How a phone number is called: {number} as it is, {digits} without `+`; empty: none is.",
        like=PHONE,
    )
    national_prefix = text(
        "", "Put before numbers that do not begin with `+`, such as +1; empty: nothing.", like=r"[+0-9]{0,8}"
    )
    allowed_prefixes = texts([], "What numbers must begin with, prefix included; empty: anything.")
    denied_prefixes = texts([], "What numbers must not begin with, such as +1900.")
    profile = text("external", "FreeSWITCH's SIP profile for SIP addresses.", like=_NAME)
    sip = text(
        "sofia/{profile}/{uri}",
        "How a SIP address is called: {uri} whole, or {user} and {host}; empty: none is.",
        like=SIP,
    )
    allowed_hosts = texts(
        [],
        "Hosts of SIP addresses that may be called, such as sip.example.com or *.example.com; empty: all.",
    )
    allow_private_hosts = flag(
        "Call SIP addresses whose host is an IP address of a private network, or this host's.", default=False
    )
    resources = json_object(
        {},
        "By context, how a resource such as /private/ada is called: {context} and {name} in a template "
        "such as user/{name}@pbx.example.com.",
        check=_check_resources,
    )
    caller_id = text("", "Number shown when a document names none; empty: the caller's own.")
    caller_ids = pattern(".*", "Numbers that documents may show; others are refused.")
    ringing_limit_s = whole(600, "How long a leg may ring at the longest.", low=1, high=3600, unit="s")
    duration_limit_s = whole(
        14_400, "How long a connected leg lasts at the longest.", low=1, high=604_800, unit="s"
    )
    legs_limit = whole(20, "How many legs one step may dial.", low=1, high=100)
    conference_profile = text("default", "FreeSWITCH's profile of conferences.", like=r"[A-Za-z0-9_.-]{1,64}")
    enter_sound = text(
        "tone_stream://%(200,0,500,600,700)", "What conferences hear when somebody comes, as a beep."
    )
    exit_sound = text(
        "tone_stream://%(500,0,300,200,100,50,25)", "What conferences hear when somebody goes, as a beep."
    )
    hold_music = text("local_stream://moh", "What is heard in queues and waiting for a conference to begin.")


CATEGORY = Category("dialling", Dialling, "Whom documents may call, and how; conferences and queues.")
