"""Legs that clients have called: what dial and transfer say of them, made into legs that can be dialled.

| parameter | becomes |
|---|---|
| `to` | a phone number, a SIP address or a resource (calls.destination), reached by calls.dial_rules |
| `to` with `,digits`, `send_digits_on_answer` | digits sent as soon as it has answered |
| `to` with `;secure=`, `media_encryption` | SRTP by SDES or DTLS |
| `from`, `from_display_name`, `privacy` | who is shown; a number that dialling.caller_ids allows |
| `timeout_secs`, `time_limit_secs` | how long it rings, and talks, within what system_config allows |
| `audio_url`, `media_name` | played to whoever answers, before anything else happens |
| `custom_headers`, `sip_headers`, `sip_auth_...`, `sip_transport_protocol` | as SIP has them |
| `record...` | see callcontrol.recording_start |

What nobody could do with FreeSWITCH alone is accepted and does nothing: see callcontrol.unused.
Source: Telnyx' call control, dial and transfer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from marshmallow import ValidationError

from callcontrol import variables
from callcontrol.errors import INVALID_NUMBER, Unprocessable, invalid
from callcontrol.facilities import Facilities
from callcontrol.field import Text, WebUrl, Whole, Word
from callcontrol.recording_start import RecordFromAnswerData
from callcontrol.sip_headers import Message, custom_headers, sip_headers
from callcontrol.unused import Unused
from callcontrol.webhook_fields import overrides, webhook_url, webhook_url_method, webhook_urls
from calls.destination import Destination, Kind, parse_destination
from calls.dial_rules import DialRules
from calls.errors import NotDialable
from calls.leg import Confirmation, Encryption, Leg, caller_number

MIN_RINGING_S, MAX_RINGING_S, RINGING_S = 5, 600, 30
MIN_LIMIT_S, MAX_LIMIT_S = 30, 14_400
"""As Telnyx has them."""

MAX_DIGITS = 64
AUDIO_TIMEOUT_S = 600
"""For a sound that is played to whoever answers: a longer one is cut off, with the leg."""

CODECS = ("G722", "PCMU", "PCMA", "G729", "OPUS", "VP8", "H264", "AMR-WB")
_DIGITS = r"[0-9A-Da-dwW*#]"
_ADDED_DIGITS = re.compile(rf"(?P<to>[^,]*),(?P<digits>{_DIGITS}{{1,{MAX_DIGITS}}})\Z")
_SECURE = re.compile(r";secure=(true|srtp|dtls)(?=;|\Z)", re.IGNORECASE)


class Digits(Text):
    """Digits that are sent, with pauses."""

    def __init__(self, description: str) -> None:
        super().__init__(1, MAX_DIGITS, description, pattern=f"^{_DIGITS}*$", check=_are_digits)


class Codecs(Text):
    """Codecs, separated by commas."""

    def __init__(self, description: str) -> None:
        name = "|".join(CODECS)
        super().__init__(1, 200, description, pattern=f"^({name})(,({name}))*$", check=_are_codecs)


def _are_digits(value: str) -> None:
    if not re.fullmatch(f"{_DIGITS}+", value):
        raise ValidationError("Must be digits, A to D, *, # and w or W for pauses.")


def _are_codecs(value: str) -> None:
    if not set(value.split(",")) <= set(CODECS):
        raise ValidationError(f"Must be of {', '.join(CODECS)}, separated by commas.")


class OutgoingData(RecordFromAnswerData):
    """What dial and transfer have in common."""

    from_display_name = Text(1, 128, "Shown as the caller's name; without it the number.")
    audio_url = WebUrl("A sound that whoever answers hears first.")
    media_name = Text(1, 255, "A sound of the account's own that whoever answers hears first.")
    preferred_codecs = Codecs("Codecs in order of preference, separated by commas.")
    media_encryption = Word(("disabled", "SRTP", "DTLS"), "Whether media is encrypted.")
    privacy = Word(("id", "none"), "id: neither number nor name is shown.")
    send_digits_on_answer = Digits("Sent as DTMF once it has answered.")
    sip_auth_username = Text(1, 256, "For SIP's own challenges.")
    sip_auth_password = Text(1, 256, "For SIP's own challenges.")
    sip_transport_protocol = Word(("UDP", "TCP", "TLS"), "How a SIP address is reached.")
    custom_headers = custom_headers("Put into the SIP message that invites.")
    sip_headers = sip_headers("Put into the SIP message that invites.")
    timeout_secs = Whole(MIN_RINGING_S, MAX_RINGING_S, "Seconds that it may ring.", load_default=RINGING_S)
    time_limit_secs = Whole(
        MIN_LIMIT_S, MAX_LIMIT_S, "Seconds that it may last once answered.", load_default=MAX_LIMIT_S
    )
    webhook_url = webhook_url()
    webhook_url_method = webhook_url_method()
    webhook_urls = webhook_urls()
    answering_machine_detection = Unused()
    answering_machine_detection_config = Unused()
    diversion = Unused()
    route_to_mobile = Unused()
    sip_region = Unused()
    sound_modifications = Unused()
    webhook_retries_policies = Unused()
    webhook_urls_method = Unused()


def leg_variables(
    *, account_id: str, connection_id: str, session_id: str, client_state: str, webhook: Mapping[str, str]
) -> dict[str, str]:
    """Return what a leg's channel must know to be told of, and to be commanded by any process."""
    told = {
        variables.ACCOUNT: account_id,
        "callflows_account_id": account_id,
        variables.CONNECTION: connection_id,
        variables.SESSION: session_id,
        variables.CLIENT_STATE: client_state,
        variables.VERBOSE: variables.VERBOSE_APPLICATION,
        **webhook,
    }
    return {name: value for name, value in told.items() if value}


def outgoing(
    to: str,
    caller: str,
    data: Mapping[str, Any],
    rules: DialRules,
    known: Mapping[str, str],
    *,
    uuid: str,
    sound: str = "",
) -> Leg:
    """Return the leg that is to be dialled.

    Args: to, caller: as the client wrote them, "" for a caller that the configuration names; data: loaded by
    OutgoingData; known: see leg_variables; uuid: which its channel will have; sound: see sound_of.
    Raises: Unprocessable: it may not be called, or cannot be.
    """
    to, digits, encryption = _taken_apart(to)
    digits = data.get("send_digits_on_answer") or digits
    wish = data.get("media_encryption")
    if wish and wish != "disabled":
        encryption = wish
    destination = _destination(to, data)
    told = dict(known) | _invite(data) | {variables.TO: to}
    if caller:
        told[variables.FROM] = caller
    if digits:
        told["execute_on_answer_digits"] = f"send_dtmf {digits}"
    if data.get("preferred_codecs"):
        told["absolute_codec_string"] = data["preferred_codecs"]
    if data.get("privacy") == "id":
        told |= _hidden(destination)
    leg = Leg(
        destination=destination,
        caller=caller,
        caller_name=data.get("from_display_name", ""),
        timeout_s=data["timeout_secs"],
        max_duration_s=data["time_limit_secs"],
        encryption=Encryption.MANDATORY if encryption.upper() == "SRTP" else None,
        is_webrtc=encryption.upper() == "DTLS",
        username=data.get("sip_auth_username", ""),
        password=data.get("sip_auth_password", ""),
        confirmation=Confirmation("exec", f"playback {sound}", AUDIO_TIMEOUT_S) if sound else None,
        variables=told,
        uuid=uuid,
    )
    return _admitted(leg, rules)


def sound_of(data: Mapping[str, Any], facilities: Facilities, account_id: str) -> str:
    """Return what FreeSWITCH plays to whoever answers, "" for nothing. Raises: Unprocessable, Unavailable."""
    url, name = data.get("audio_url", ""), data.get("media_name", "")
    if url and name:
        raise invalid("/media_name", "Can't be used together with audio_url.")
    if url:
        return facilities.sounds.of_url(url, account_id, "/audio_url")
    return facilities.sounds.of_name(name, account_id, "/media_name") if name else ""


def webhook_variables(data: Mapping[str, Any], otherwise: str = "") -> dict[str, str]:
    """Return the variables for what a command says of webhooks. Args: otherwise: packed, of another leg."""
    return overrides(data) or ({variables.WEBHOOK: otherwise} if otherwise else {})


def refused(exc: NotDialable, pointer: str = "/to") -> Unprocessable:
    """Return the answer for what may not be called, or cannot be."""
    return invalid(pointer, f"{exc}.", INVALID_NUMBER)


def recipients(to: str | Sequence[str]) -> tuple[str, ...]:
    """Return whom a command names: one or several."""
    return (to,) if isinstance(to, str) else tuple(to)


def _taken_apart(to: str) -> tuple[str, str, str]:
    """Return whom `to` names, the digits behind it, and how it wants media to be encrypted."""
    found = _ADDED_DIGITS.match(to)
    digits = found["digits"] if found else ""
    to = found["to"] if found else to
    secure = _SECURE.search(to) if to.lower().startswith(("sip:", "sips:")) else None
    if secure is None:
        return to, digits, ""
    rest = to[: secure.start()] + to[secure.end() :]
    return rest, digits, "DTLS" if secure[1].lower() == "dtls" else "SRTP"


def _destination(to: str, data: Mapping[str, Any]) -> Destination:
    protocol = data.get("sip_transport_protocol")
    try:
        destination = parse_destination(to)
        if protocol and destination.kind is Kind.SIP and ";transport=" not in destination.text:
            destination = parse_destination(f"{destination.text};transport={protocol.lower()}")
    except NotDialable as exc:
        raise refused(exc) from exc
    return destination


def _invite(data: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers that a client adds, as FreeSWITCH's variables: for phone numbers, too."""
    given = (*data["custom_headers"], *data["sip_headers"])
    return {f"{Message.INVITE}{header['name']}": header["value"] for header in given}


def _hidden(destination: Destination) -> dict[str, str]:
    """Return the variables of a leg whose callee is shown nobody.

    By itself FreeSWITCH asks for privacy and shows who calls in From all the same. A carrier is told who it
    is, for itself alone (RFC 3325); whoever is called directly is told nothing.
    """
    return {
        "origination_privacy": "hide_name:hide_number:screen",  # screen: asserted, not preferred
        "sip_from_display": "Anonymous",
        "sip_invite_from_uri": "sip:anonymous@anonymous.invalid",
        "sip_cid_type": "none" if destination.kind is Kind.SIP else "pid",
    }


def _admitted(leg: Leg, rules: DialRules) -> Leg:
    """Apply the rules now, so that the answer to the command tells of them."""
    try:
        leg = rules.admit(leg)
    except NotDialable as exc:
        raise refused(exc, "/from") from exc
    try:
        rules.endpoint(leg.destination)
        leg.channel_variables()
    except NotDialable as exc:
        raise refused(exc) from exc
    if not leg.caller:
        return leg
    # Without a name of its own FreeSWITCH would show the one of the call that it is called for.
    return replace(
        leg,
        caller_name=leg.caller_name or caller_number(leg.caller),
        variables={variables.FROM: leg.caller, **leg.variables},
    )
