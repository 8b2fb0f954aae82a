"""One leg that is to be dialled: whom, as whom, for how long, and what its channel is told.

Everything that is told travels as variables of this one leg, so that legs of one dial string may differ.
Source: FreeSWITCH switch_ivr_originate.c (origination_..., leg_timeout, group_confirm_...), mod_sofia.h
(sip_h_, sip_auth_..., sofia_session_timeout), switch_core_media.c (rtp_secure_media, media_webrtc,
absolute_codec_string).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from calls.destination import Destination, Kind
from calls.errors import NotDialable

HEADER_PREFIX = "sip_h_"
MAX_VALUE_LENGTH = 1024
"""Of a header's value and of credentials; FreeSWITCH puts a header's line into a buffer of its own size."""

MAX_VARIABLE_LENGTH = 8192
"""Of any other variable; every event of the leg carries it."""

_CALLER = re.compile(r"[A-Za-z0-9+._*#-]{1,64}\Z")
_CALLER_URI = re.compile(r"sips?:(?P<user>[A-Za-z0-9+._*#-]{1,64})@", re.IGNORECASE)
_UNFIT_FOR_NAME = re.compile(r'[\x00-\x1f\x7f"\\<>]+')
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{1,63}\Z")
_CODEC = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}(?:@[0-9]{1,6}[hibcd]){0,4}\Z")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f]")
_VARIABLE = re.compile(r"[$%]\\*\{")  # FreeSWITCH drops a variable whose value holds one, without a word

_RESERVED = (
    "accept accept-encoding accept-language allow allow-events authentication-info authorization "
    "call-id contact content-disposition content-encoding content-length content-type cseq date event "
    "expires from identity identity-info in-reply-to max-forwards mime-version min-expires min-se "
    "p-asserted-identity p-preferred-identity path privacy rack record-route refer-to referred-by "
    "remote-party-id replaces require retry-after route rseq server service-route session-expires "
    "sip-etag sip-if-match subscription-state supported timestamp to unsupported user-agent via warning "
    "www-authenticate"
)
RESERVED_HEADERS = frozenset(_RESERVED.split())
"""Headers that say what a message is, who it is from or where it goes: never a document's to write."""


class Encryption(StrEnum):
    """Whether the media of a leg is encrypted; the values are FreeSWITCH's too."""

    MANDATORY = "mandatory"
    OPTIONAL = "optional"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What must happen on an answered leg before it is connected.

    Attributes: key: that must be pressed, or `exec` to run an application, whose end with the leg still up
    confirms; media: played meanwhile, or the application; timeout_s: after it the leg is given up.
    Source: switch_ivr_originate.c, collect_thread_run.
    """

    key: str
    media: str
    timeout_s: int


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg to dial.

    Attributes: caller: number (or SIP address, whose user is taken) shown, "" for the default; caller_name;
    timeout_s: of ringing; max_duration_s: after its answer, 0 for the limit of the configuration; headers,
    codecs, encryption, username, password, session_timeout_s, is_webrtc: of SIP addresses and resources only;
    confirmation; variables: further ones of its channel; uuid: which its channel will have.
    """

    destination: Destination
    caller: str = ""
    caller_name: str = ""
    timeout_s: int = 60
    max_duration_s: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    codecs: tuple[str, ...] = ()
    encryption: Encryption | None = None
    username: str = ""
    password: str = field(default="", repr=False)
    session_timeout_s: int = 0
    is_webrtc: bool = False
    confirmation: Confirmation | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def limit_s(self) -> int:
        """For how long it may stay unconnected at the longest: ringing, then confirming."""
        return self.timeout_s + (self.confirmation.timeout_s if self.confirmation else 0)

    def channel_variables(self) -> dict[str, str]:
        """Return what its channel is told. Raises: NotDialable: something that cannot be passed on."""
        told = dict(self.variables)
        told["origination_uuid"] = self.uuid
        told["leg_timeout"] = str(self.timeout_s)
        if self.caller:
            told["origination_caller_id_number"] = caller_number(self.caller)
        if name := " ".join(_UNFIT_FOR_NAME.sub(" ", self.caller_name).split())[:80].strip():
            told["origination_caller_id_name"] = name
        if self.max_duration_s:
            told["execute_on_answer_limit"] = f"sched_hangup +{self.max_duration_s:d} ALLOTTED_TIMEOUT"
        if self.confirmation:
            told["group_confirm_key"] = self.confirmation.key
            told["group_confirm_file"] = self.confirmation.media
            told["group_confirm_timeout"] = str(self.confirmation.timeout_s)
        if self.destination.kind is not Kind.PHONE:
            told |= self._sip_variables()
        for name, value in told.items():
            longest = MAX_VALUE_LENGTH if name.startswith("sip_") else MAX_VARIABLE_LENGTH
            if _UNSAFE.search(value) or len(value) > longest or _VARIABLE.search(value):
                raise NotDialable(self.destination.text, f"the value of {name} cannot be passed on")
        return told

    def _sip_variables(self) -> dict[str, str]:
        told = {f"{HEADER_PREFIX}{self._header(name)}": value for name, value in self.headers.items()}
        for codec in self.codecs:
            if not _CODEC.match(codec):
                raise NotDialable(self.destination.text, f"{codec[:40]!r} is no codec")
        told["absolute_codec_string"] = ",".join(self.codecs)
        if self.encryption is not None:
            told["rtp_secure_media"] = self.encryption.value
        told["sip_auth_username"], told["sip_auth_password"] = self.username, self.password
        if self.session_timeout_s:
            told["sofia_session_timeout"] = str(self.session_timeout_s)
        if self.is_webrtc:
            told["media_webrtc"] = "true"
        return {name: value for name, value in told.items() if value}

    def _header(self, name: str) -> str:
        if not _HEADER.match(name):
            raise NotDialable(self.destination.text, f"{name[:40]!r} is no name of a header")
        if name.lower() in RESERVED_HEADERS or name.lower().startswith(("security-", "proxy-")):
            raise NotDialable(self.destination.text, f"the header {name} is not a document's to set")
        return name


def caller_number(text: str) -> str:
    """Return the number that is shown for a caller: a number, or the user of a SIP address.

    Raises: NotDialable: it is neither.
    """
    uri = _CALLER_URI.match(text)
    number = uri["user"] if uri else text.replace(" ", "")
    if not _CALLER.match(number):
        raise NotDialable(text, "it cannot be shown as the caller's number")
    return number
