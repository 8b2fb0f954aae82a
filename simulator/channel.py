"""One leg's state: who it is, its variables, its times, and the headers FreeSWITCH makes of them.

Source: FreeSWITCH switch_channel.c (switch_channel_event_set_basic_data, _extended_data),
switch_caller.c (switch_caller_profile_event_set_data).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

from simulator.wire import Headers, HeaderValue, flat

_SIGN = re.compile(r"\\\$\$?|\\'|\\\\|\$\{(?P<name>[^{}]*)\}")
_SIGNS = {r"\$": "$", r"\$$": "$", r"\'": "", "\\\\": "\\"}
# What has one of these is looked through, whatever else is in it (switch_string_has_escaped_data).
_ESCAPED = re.compile(r"\\[nst'\\]")


class State(Enum):
    """The channel states that appear here; the value is FreeSWITCH's number."""

    CS_NEW = 0
    CS_INIT = 1
    CS_ROUTING = 2
    CS_EXECUTE = 4
    CS_EXCHANGE_MEDIA = 5
    CS_PARK = 6
    CS_CONSUME_MEDIA = 7
    CS_HANGUP = 10
    CS_REPORTING = 11
    CS_DESTROY = 12


# Events that carry all channel variables; others have the basic headers only.
_VERBOSE_LIST = (
    "CHANNEL_CREATE CHANNEL_ORIGINATE CHANNEL_UUID CHANNEL_ANSWER CHANNEL_PARK CHANNEL_UNPARK CHANNEL_BRIDGE "
    "CHANNEL_UNBRIDGE CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_HANGUP CHANNEL_HANGUP_COMPLETE "
    "CHANNEL_DATA CHANNEL_EXECUTE CHANNEL_EXECUTE_COMPLETE CHANNEL_DESTROY RECORD_START RECORD_STOP "
    "PLAYBACK_START PLAYBACK_STOP CALL_UPDATE MEDIA_BUG_START MEDIA_BUG_STOP CHANNEL_HOLD CHANNEL_UNHOLD "
    "CUSTOM"
)
_VERBOSE = frozenset(_VERBOSE_LIST.split())


@dataclass(slots=True)
class Times:
    """Epoch microseconds of a channel's life; 0 is never."""

    profile_created: int = 0
    created: int = 0
    answered: int = 0
    progress: int = 0
    progress_media: int = 0
    hungup: int = 0
    transferred: int = 0
    bridged: int = 0


@dataclass(slots=True)
class Profile:
    """The caller profile: who calls whom through which dialplan."""

    caller_number: str
    caller_name: str
    destination: str
    context: str = "default"
    dialplan: str = "XML"
    callee_name: str = "Outbound Call"
    callee_number: str = ""
    source: str = "mod_sofia"
    rdnis: str = ""
    transfer_source: str = ""
    index: int = 1


@dataclass(slots=True)
class Channel:
    """A leg. `variables` keeps several values of one name as a list, as FreeSWITCH does; `scopes`: those of
    the applications that run, the innermost last; is_verbose: every event carries all variables.
    """

    uuid: str
    name: str
    direction: str
    profile: Profile
    rate_hz: int = 8000
    codec: str = "PCMU"
    variables: dict[str, HeaderValue] = field(default_factory=dict)
    times: Times = field(default_factory=Times)
    state: State = State.CS_EXECUTE
    running_state: State = State.CS_EXECUTE
    call_state: str = "RINGING"
    answered: bool = False
    early: bool = False
    ring_ready: bool = False
    hangup_cause: str = ""
    other: Headers = field(default_factory=list)
    scopes: list[dict[str, str]] = field(default_factory=list)
    is_verbose: bool = False

    @property
    def is_down(self) -> bool:
        """Whether it was hung up."""
        return self.state.value >= State.CS_HANGUP.value

    @property
    def has_media(self) -> bool:
        """Whether sound can flow."""
        return (self.answered or self.early) and not self.is_down

    def get(self, name: str) -> str | None:
        """A variable, or what FreeSWITCH answers for a few names of the caller profile."""
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        value = self.variables.get(name)
        if value is not None:
            return flat(value)
        special = {
            "uuid": self.uuid,
            "caller_id_number": self.profile.caller_number,
            "caller_id_name": self.profile.caller_name,
            "destination_number": self.profile.destination,
            "context": self.profile.context,
            "dialplan": self.profile.dialplan,
            "channel_name": self.name,
            "direction": self.direction,
            "state": self.running_state.name,
        }
        return special.get(name)

    def set(self, name: str, value: str | None) -> None:
        """Set a variable; None or empty removes it."""
        self.variables.pop(name, None) if not value else self.variables.__setitem__(name, value)

    def push(self, name: str, value: str) -> None:
        """Add a value to a variable that keeps them all."""
        have = self.variables.get(name)
        if have is None:
            self.variables[name] = value
        else:
            self.variables[name] = [*([have] if isinstance(have, str) else have), value]

    def true(self, name: str) -> bool:
        """Whether a variable says yes."""
        return is_true(self.get(name))

    def expand(self, text: str) -> str:
        """Replace ${name} by the variable of that name, or by nothing; backslashes take the sense of signs.

        Source: FreeSWITCH switch_channel.c, switch_channel_expand_variables_check.
        """
        if "${" not in text and not _ESCAPED.search(text):
            return text
        return _SIGN.sub(self._meant, text)

    def _meant(self, sign: re.Match[str]) -> str:
        name = sign.group("name")
        return _SIGNS[sign.group()] if name is None else self.get(name) or ""

    def headers(self, event: str) -> Headers:
        """The channel's part of an event of that name."""
        headers = [*self._basic(), *self._profile_headers("Caller"), *self.other]
        if event in _VERBOSE or self.is_verbose:
            for scope in reversed(self.scopes):
                headers += [(f"scope_variable_{name}", value) for name, value in scope.items()]
            headers += [(f"variable_{name}", value) for name, value in self.variables.items()]
        return headers

    def data_headers(self) -> Headers:
        """The channel's part of the answer to `connect`."""
        return [*self._profile_headers("Channel"), *self.headers("CHANNEL_DATA")]

    def leg_headers(self) -> Headers:
        """The leg as the other one's `Other-Leg-…` headers."""
        pairs = self._profile_headers("Other-Leg")
        return [pair for pair in pairs if pair[0] != "Other-Leg-Profile-Index"]

    def _basic(self) -> Headers:
        headers: Headers = [
            ("Channel-State", self.running_state.name),
            ("Channel-Call-State", self.call_state),
            ("Channel-State-Number", str(self.state.value)),
            ("Channel-Name", self.name),
            ("Unique-ID", self.uuid),
            ("Call-Direction", self.direction),
            ("Presence-Call-Direction", self.direction),
            ("Channel-HIT-Dialplan", "true" if self.direction == "inbound" else "false"),
            ("Channel-Call-UUID", self.variables.get("call_uuid", self.uuid)),
            ("Answer-State", self.answer_state),
        ]
        if self.hangup_cause:
            headers.append(("Hangup-Cause", self.hangup_cause))
        for side in ("Read", "Write"):
            headers += [
                (f"Channel-{side}-Codec-Name", self.codec),
                (f"Channel-{side}-Codec-Rate", str(self.rate_hz)),
                (f"Channel-{side}-Codec-Bit-Rate", "128000" if self.codec == "L16" else "64000"),
            ]
        return headers

    @property
    def answer_state(self) -> str:
        """The Answer-State header."""
        if self.is_down:
            return "hangup"
        if self.answered:
            return "answered"
        return "early" if self.early else "ringing"

    def _profile_headers(self, prefix: str) -> Headers:
        who, times = self.profile, self.times
        pairs: list[tuple[str, str]] = [
            ("Direction", self.direction),
            ("Logical-Direction", self.direction),
            ("Dialplan", who.dialplan),
            ("Caller-ID-Name", who.caller_name),
            ("Caller-ID-Number", who.caller_number),
            ("Orig-Caller-ID-Name", who.caller_name),
            ("Orig-Caller-ID-Number", who.caller_number),
            ("Callee-ID-Name", who.callee_name),
            ("Callee-ID-Number", who.callee_number),
            ("ANI", who.caller_number),
            ("Destination-Number", who.destination),
            ("Unique-ID", self.uuid),
            ("Source", who.source),
            ("Transfer-Source", who.transfer_source),
            ("Context", who.context),
            ("RDNIS", who.rdnis),
            ("Channel-Name", self.name),
            ("Profile-Index", str(who.index)),
            ("Profile-Created-Time", str(times.profile_created)),
            ("Channel-Created-Time", str(times.created)),
            ("Channel-Answered-Time", str(times.answered)),
            ("Channel-Progress-Time", str(times.progress)),
            ("Channel-Progress-Media-Time", str(times.progress_media)),
            ("Channel-Hangup-Time", str(times.hungup)),
            ("Channel-Transfer-Time", str(times.transferred)),
            ("Channel-Resurrect-Time", "0"),
            ("Channel-Bridged-Time", str(times.bridged)),
            ("Channel-Last-Hold", "0"),
            ("Channel-Hold-Accum", "0"),
            ("Screen-Bit", "true"),
            ("Privacy-Hide-Name", "false"),
            ("Privacy-Hide-Number", "false"),
        ]
        return [(f"{prefix}-{name}", value) for name, value in pairs if value]


def is_true(value: str | None) -> bool:
    """What FreeSWITCH takes for yes. Source: switch_true."""
    if value is None:
        return False
    word = value.strip().lower()
    if word in ("yes", "on", "true", "t", "enabled", "active", "allow"):
        return True
    return word.lstrip("-").isdigit() and int(word) != 0
