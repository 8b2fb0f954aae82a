"""Whom may be called, and under which endpoint of FreeSWITCH: what system_config/dialling says, applied.

A phone number, a SIP address or a resource becomes an endpoint through a template that only operators write;
a destination that has no template, or that the rules bar, is refused with the key that says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

import re2

from calls.destination import Destination, Kind
from calls.errors import NotDialable
from calls.leg import Leg, caller_number
from config.configuration import Configured
from storage.address import AddressPolicy

CATEGORY = "dialling"
_LOCAL = ("localhost", "*.localhost", "*.local", "*.internal", "*.lan", "*.home.arpa")
"""Names that mean this host or its network wherever they are resolved (RFC 6761, RFC 6762, RFC 8375)."""


@dataclass(frozen=True, slots=True)
class DialRules:
    """What is in force; the attributes are the keys of config.categories.dialling."""

    gateway: str = ""
    phone: str = ""
    national_prefix: str = ""
    allowed_prefixes: Sequence[str] = ()
    denied_prefixes: Sequence[str] = ()
    profile: str = ""
    sip: str = ""
    allowed_hosts: Sequence[str] = ()
    allow_private_hosts: bool = False
    resources: dict[str, str] = field(default_factory=dict)
    caller_id: str = ""
    caller_ids: str = ".*"
    ringing_limit_s: int = 600
    duration_limit_s: int = 14_400
    legs_limit: int = 20

    @classmethod
    def of(cls, config: Configured) -> DialRules:
        """Read them from the configuration of an account."""
        return cls(**{name: config.get(CATEGORY, name) for name in cls.__dataclass_fields__})

    def admit(self, leg: Leg) -> Leg:
        """Return a leg with defaults filled in and limits applied. Raises: NotDialable."""
        caller = leg.caller or self.caller_id
        if caller and not re2.fullmatch(self.caller_ids, caller_number(caller)):
            raise NotDialable(leg.destination.text, f"{caller!r} may not be shown (dialling.caller_ids)")
        wish_s = leg.max_duration_s or self.duration_limit_s
        return replace(
            leg,
            caller=caller,
            timeout_s=min(max(leg.timeout_s, 1), self.ringing_limit_s),
            max_duration_s=min(wish_s, self.duration_limit_s),
        )

    def endpoint(self, destination: Destination) -> str:
        """Return how FreeSWITCH reaches somebody. Raises: NotDialable: it may not be, or cannot."""
        if destination.kind is Kind.PHONE:
            return self._phone(destination)
        if destination.kind is Kind.SIP:
            return self._sip(destination)
        template = self.resources.get(destination.user, "")
        names = {"context": destination.user, "name": destination.host}
        return self._filled(destination, template, f"resources has no {destination.user!r}", names)

    def _phone(self, destination: Destination) -> str:
        number = destination.text
        if not number.startswith("+") and number.isdigit():
            number = self.national_prefix + number
        if self.allowed_prefixes and not number.startswith(tuple(self.allowed_prefixes)):
            raise NotDialable(destination.text, "dialling.allowed_prefixes does not have it")
        if number.startswith(tuple(self.denied_prefixes)):
            raise NotDialable(destination.text, "dialling.denied_prefixes has it")
        names = {"number": number, "digits": number.lstrip("+")}
        return self._filled(destination, self.phone, "phone is empty: numbers are not called", names)

    def _sip(self, destination: Destination) -> str:
        host = destination.host.lower()
        if self.allowed_hosts and not any(fnmatchcase(host, name.lower()) for name in self.allowed_hosts):
            raise NotDialable(destination.text, "dialling.allowed_hosts does not have its host")
        if not self.allow_private_hosts and _is_private(destination, host):
            raise NotDialable(destination.text, "its host is not public (dialling.allow_private_hosts)")
        names = {"uri": destination.text, "user": destination.user, "host": destination.host}
        return self._filled(destination, self.sip, "sip is empty: SIP addresses are not called", names)

    def _filled(self, destination: Destination, template: str, lack: str, names: dict[str, str]) -> str:
        """Fill a template in. Each placeholder once: what was put in is never looked at again."""
        if not template:
            raise NotDialable(destination.text, f"dialling.{lack}")
        names = {"gateway": self.gateway, "profile": self.profile, **names}
        missing = [name for name, value in names.items() if not value and f"{{{name}}}" in template]
        if missing:
            raise NotDialable(destination.text, f"dialling.{missing[0]} is empty")
        return template.format_map(names)


def _is_private(destination: Destination, host: str) -> bool:
    if destination.address is not None:
        return bool(AddressPolicy().refusal(destination.address))
    return "." not in host or any(fnmatchcase(host, name) for name in _LOCAL)
